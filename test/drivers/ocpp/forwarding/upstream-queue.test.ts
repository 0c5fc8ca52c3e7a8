import assert from 'node:assert/strict';
import { type NewCall, UpstreamQueue } from '../../../../src/drivers/ocpp/forwarding/upstream-queue.ts';
import { CallFailure } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { StationRecords } from '../../../../src/drivers/ocpp/station/station-records.ts';
import { createMemoryJournal, type MemoryJournal } from '../../../support/memory-journal.ts';
import { createVirtualClock, type VirtualClock } from '../../../support/virtual-clock.ts';

describe('the queue of calls to the backend', () => {
  let clock: VirtualClock;
  let journal: MemoryJournal;
  let queue: UpstreamQueue;
  let sent: number[];
  let lost: string[];
  /** How the backend takes it: an answer, or a failure. */
  let take: (n: number) => unknown;

  const open = (): void => {
    queue = new UpstreamQueue({
      records: new StationRecords(journal),
      clock,
      async send({ payload }) {
        const n = Number(payload.n);
        sent.push(n);
        const taken = take(n);
        if (taken instanceof Error) throw taken;
        return taken;
      },
      onAnswer() {},
      onLost: ({ action }, why) => lost.push(`${action}: ${why}`),
    });
  };
  const call = (n: number, keep: NewCall['keep']): NewCall => ({ action: 'Said', payload: { n }, keep });
  const push = (n: number, keep: NewCall['keep']): void => void queue.push(call(n, keep));
  const settle = (): Promise<void> => clock.advanceAsync(0);

  beforeEach(() => {
    clock = createVirtualClock();
    journal = createMemoryJournal();
    [sent, lost] = [[], []];
    take = () => ({});
    open();
  });

  it('waits in order, over the end of the process; what is of the moment does not', async () => {
    push(1, 'always');
    push(2, 'patient');
    push(3, 'never');
    push(4, 'always');
    open();
    queue.open([call(0, 'never')]);
    await settle();
    assert.deepEqual(sent, [0, 1, 2, 4]);
    open();
    queue.open([]);
    await settle();
    assert.deepEqual(sent, [0, 1, 2, 4], 'told once');
  });

  it('a beginning is written before it is sent, a sample only where the backend goes away', async () => {
    take = () => new Promise(() => {});
    queue.open([]);
    push(1, 'always');
    push(2, 'patient');
    push(3, 'never');
    assert.equal(journal.records.length, 1);
    queue.close();
    assert.equal(journal.records.length, 2);
    take = () => ({});
    open();
    queue.open([]);
    await settle();
    assert.deepEqual(sent.slice(1), [1, 2]);
  });

  it('one that is refused three times is given up, and told of; the next goes on', async () => {
    take = (n) => (n === 1 ? new CallFailure('error', 'no', 'InternalError') : {});
    queue.open([]);
    push(1, 'always');
    push(2, 'always');
    for (let i = 0; i < 4; i++) await clock.advanceAsync(10_000);
    assert.deepEqual(sent, [1, 1, 1, 2]);
    assert.deepEqual(lost, ['Said: no']);
  });

  it('one that is not answered waits for as long as it takes', async () => {
    take = () => new CallFailure('timeout', 'silence');
    queue.open([]);
    push(1, 'always');
    push(2, 'never');
    for (let i = 0; i < 10; i++) await clock.advanceAsync(10_000);
    assert.ok(sent.length >= 10 && sent.every((n) => n === 1));
    take = () => ({});
    await clock.advanceAsync(10_000);
    assert.deepEqual(sent.slice(-2), [1, 2]);
    assert.deepEqual(lost, []);
  });

  it('the answer is for whoever has sent it, and nothing where the backend goes away first', async () => {
    take = () => ({ answer: 1 });
    queue.open([]);
    assert.deepEqual(await queue.push(call(1, 'always')), { answer: 1 });
    take = () => new Promise(() => {});
    const answer = queue.push(call(2, 'always'));
    queue.close();
    assert.equal(await answer, undefined);
    assert.equal(await queue.push(call(3, 'always')), undefined);
  });

  it('of very many, beginnings and ends stay, and samples grow sparse', async () => {
    push(0, 'always');
    for (let n = 1; n <= 5000; n++) push(n, 'patient');
    push(5001, 'always');
    queue.open([]);
    for (let i = 0; i < 4000; i++) await settle();
    assert.ok(sent.length <= 2000 && sent.length > 900, String(sent.length));
    assert.equal(sent[0], 0);
    assert.equal(sent.at(-1), 5001);
    assert.deepEqual(
      sent,
      sent.toSorted((a, b) => a - b),
    );
    assert.ok(Math.max(...sent.slice(1).map((n, i) => n - (sent[i] ?? 0))) <= 16, 'no hole in the middle');
    assert.deepEqual(lost, []);
  });

  it('where nothing but beginnings and ends is left, the oldest goes, and is told of', () => {
    for (let n = 0; n <= 2000; n++) push(n, 'always');
    assert.equal(lost.length, 1);
  });

  it('very long ones are fewer', () => {
    const text = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 40; n++) void queue.push({ action: 'Said', payload: { n, text }, keep: 'always' });
    assert.ok(lost.length > 20 && lost.length < 30, String(lost.length));
  });

  it('a store that cannot be written: told all the same', async () => {
    journal.isWritable = false;
    push(1, 'always');
    queue.open([]);
    await settle();
    assert.deepEqual(sent, [1]);
  });
});
