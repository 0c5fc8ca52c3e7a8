import assert from 'node:assert/strict';
import { type QueuedCall, TransactionQueue } from '../../../src/simulator/ocpp/transaction-queue.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

describe('messages of a simulated station that must not be lost', () => {
  let clock: VirtualClock;
  let isOpen: boolean;
  let fails: number;
  let sent: string[];

  const post = (action: string): QueuedCall => ({ build: () => ({ action, payload: {} }) });
  const open = () =>
    new TransactionQueue(
      {
        isOnline: () => isOpen,
        async send({ action }) {
          sent.push(action);
          if (fails-- > 0) throw new Error('no answer');
          return {};
        },
        attempts: () => 3,
        retryS: () => 5,
      },
      clock,
    );

  beforeEach(() => {
    [clock, isOpen, fails, sent] = [createVirtualClock(), true, 0, []];
  });

  it('go out one after the other, made when they are sent', async () => {
    const queue = open();
    let number = 0;
    queue.push({ ...post('start'), onAnswer: () => (number = 7) });
    queue.push({ build: () => ({ action: `sample ${number}`, payload: {} }) });
    await clock.advanceAsync(0);
    assert.deepEqual(sent, ['start', 'sample 7']);
    assert.equal(queue.length(), 0);
  });

  it('are tried again after a growing pause, then let be', async () => {
    const queue = open();
    fails = 3;
    queue.push(post('start'));
    queue.push(post('stop'));
    await clock.advanceAsync(4900);
    assert.deepEqual(sent, ['start']);
    await clock.advanceAsync(200);
    assert.deepEqual(sent, ['start', 'start']);
    await clock.advanceAsync(9800);
    assert.equal(sent.length, 2);
    await clock.advanceAsync(300);
    assert.deepEqual(sent, ['start', 'start', 'start', 'stop']);
  });

  it('stay while there is no connection, however often it breaks', async () => {
    const queue = open();
    for (let i = 0; i < 5; i++) {
      [isOpen, fails] = [true, 1];
      const breaking = i === 0 ? queue.push(post('start')) : queue.flush();
      isOpen = false;
      await breaking;
      await clock.advanceAsync(60_000);
    }
    assert.equal(queue.length(), 1);
    isOpen = true;
    queue.flush();
    await clock.advanceAsync(0);
    assert.equal(queue.length(), 0);
  });
});
