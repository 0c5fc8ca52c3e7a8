import assert from 'node:assert/strict';
import { CallQueue } from '../../../../src/drivers/ocpp/ocpp-j/call-queue.ts';
import { CallFailure, type CallOptions } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { createVirtualClock, type VirtualClock } from '../../../support/virtual-clock.ts';

describe('OCPP call queue', () => {
  let clock: VirtualClock;
  let queue: CallQueue;
  /** What was sent, in order, with what settles it. */
  let sent: {
    action: string;
    resolve(result: unknown): void;
    reject(failure: CallFailure): void;
    signal: AbortSignal;
  }[];
  /** How each call ended. */
  let outcomes: Record<string, string>;

  beforeEach(() => {
    clock = createVirtualClock();
    sent = [];
    outcomes = {};
    queue = new CallQueue(
      'CP1',
      (action, _payload, signal) => new Promise((resolve, reject) => sent.push({ action, resolve, reject, signal })),
      { clock, maxWaiting: 4 },
    );
  });

  const call = (action: string, options: Partial<CallOptions> = {}): void => {
    queue.call(action, {}, { timeoutMs: 1000, ...options }).then(
      (result) => {
        outcomes[action] = `ok ${result}`;
      },
      (error: unknown) => {
        assert.ok(error instanceof CallFailure);
        assert.match(error.message, /^CP1, /);
        outcomes[action] = error.kind;
      },
    );
  };
  const settle = (): Promise<void> => clock.advanceAsync(0);
  const answer = async (result: unknown = ''): Promise<void> => {
    sent.at(-1)?.resolve(result);
    await settle();
  };
  const order = async (): Promise<string> => {
    for (let i = 0; i < 20; i++) await answer();
    return sent.map(({ action }) => action).join('');
  };

  it('sends one at a time', async () => {
    call('A');
    call('B');
    assert.deepEqual(
      sent.map(({ action }) => action),
      ['A'],
    );
    await answer(1);
    assert.deepEqual(
      sent.map(({ action }) => action),
      ['A', 'B'],
    );
    assert.deepEqual({ ...outcomes }, { A: 'ok 1' });
  });

  it('sends the urgent ones first, each kind in its order', async () => {
    call('A');
    call('b');
    call('c');
    call('X', { isUrgent: true });
    call('Y', { isUrgent: true });
    assert.equal(await order(), 'AXYbc');
  });

  it('sends only the newest of one key, in the place of the first', async () => {
    call('A', { key: 'limit' });
    call('B', { key: 'limit' });
    call('c');
    call('D', { key: 'limit' });
    assert.equal(await order(), 'ADc');
    assert.equal(outcomes.B, 'dropped');
    assert.equal(outcomes.A, 'ok ', 'what is open already is not recalled');
  });

  it('lets one that has become urgent go ahead', async () => {
    call('A');
    call('b');
    call('c', { key: 'limit' });
    call('D', { key: 'limit', isUrgent: true });
    assert.equal(await order(), 'ADb');
  });

  it('gives up an answer after its time, from when it was sent, and goes on', async () => {
    call('A', { timeoutMs: 1000 });
    call('B', { timeoutMs: 1000 });
    await clock.advanceAsync(1000);
    assert.equal(outcomes.A, 'timeout');
    assert.ok(sent[0]?.signal.aborted);
    await clock.advanceAsync(999);
    assert.equal(outcomes.B, undefined);
    sent[0]?.resolve('late');
    await answer(2);
    assert.deepEqual({ ...outcomes }, { A: 'timeout', B: 'ok 2' });
  });

  it('never sends what has come too late', async () => {
    call('A');
    call('B', { notAfter: clock.monotonic() + 500 });
    call('C', { notAfter: clock.monotonic() });
    await clock.advanceAsync(500);
    assert.deepEqual({ ...outcomes }, { B: 'dropped', C: 'dropped' });
    assert.equal(await order(), 'A');
  });

  it('an expiry does not touch what was sent in time', async () => {
    call('A', { notAfter: clock.monotonic() + 500 });
    await clock.advanceAsync(600);
    await answer(1);
    assert.deepEqual({ ...outcomes }, { A: 'ok 1' });
  });

  it('holds a bounded number; an urgent one pushes out the last that is not', async () => {
    call('A');
    for (const action of ['b', 'c', 'd', 'e', 'f']) call(action);
    await settle();
    assert.deepEqual({ ...outcomes }, { f: 'dropped' });
    call('X', { isUrgent: true });
    await settle();
    assert.equal(outcomes.e, 'dropped');
    for (const action of ['Y', 'Z', 'V', 'W']) call(action, { isUrgent: true });
    assert.equal(await order(), 'AXYZV');
    assert.equal(outcomes.W, 'dropped');
  });

  it('at the end nothing stays open', async () => {
    for (const action of ['A', 'B', 'C']) call(action, { notAfter: clock.monotonic() + 5000 });
    queue.end('the connection broke off');
    call('D');
    await settle();
    assert.deepEqual({ ...outcomes }, { A: 'offline', B: 'offline', C: 'offline', D: 'offline' });
    sent[0]?.reject(new CallFailure('offline', 'later'));
    await clock.advanceAsync(10_000);
    assert.equal(sent.length, 1);
  });
});
