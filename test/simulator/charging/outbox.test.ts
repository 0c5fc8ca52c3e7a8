import assert from 'node:assert/strict';
import { createOutbox, type Post } from '../../../src/simulator/charging/outbox.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

describe('messages of a simulated station that must not be lost', () => {
  let clock: VirtualClock;
  let isOpen: boolean;
  let fails: number;
  let sent: string[];

  const post = (action: string): Post => ({ build: () => ({ action, payload: {} }) });
  const open = () =>
    createOutbox(
      {
        isOpen: () => isOpen,
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
    const outbox = open();
    let number = 0;
    outbox.push({ ...post('start'), answered: () => (number = 7) });
    outbox.push({ build: () => ({ action: `sample ${number}`, payload: {} }) });
    await clock.advanceAsync(0);
    assert.deepEqual(sent, ['start', 'sample 7']);
    assert.equal(outbox.length(), 0);
  });

  it('are tried again after a growing pause, then let be', async () => {
    const outbox = open();
    fails = 3;
    outbox.push(post('start'));
    outbox.push(post('stop'));
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
    const outbox = open();
    for (let i = 0; i < 5; i++) {
      [isOpen, fails] = [true, 1];
      const breaking = i === 0 ? outbox.push(post('start')) : outbox.flush();
      isOpen = false;
      await breaking;
      await clock.advanceAsync(60_000);
    }
    assert.equal(outbox.length(), 1);
    isOpen = true;
    outbox.flush();
    await clock.advanceAsync(0);
    assert.equal(outbox.length(), 0);
  });
});
