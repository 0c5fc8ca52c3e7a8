import assert from 'node:assert/strict';
import { DeviceClock } from '../../../src/site/inputs/device-clock.ts';
import { SampleOrder } from '../../../src/site/inputs/sample-order.ts';

describe('the order of the readings of a topic', () => {
  it('finds the place of a single reading that contradicted the clock, once the next one fits', () => {
    const delivered: unknown[] = [];
    const order = new SampleOrder<string>({
      clock: new DeviceClock(),
      ...{ ours: 0, behindMs: 5000, intervalMs: 1000 },
      move() {},
      deliver: (item, at, place) => void delivered.push([item, at, place]),
    });
    const place = (item: string, ts: number, receivedAt: number): void =>
      order.place(item, { ts, receivedAt, seq: undefined, boot: undefined, isLate: false });
    place('first', 10_000, 10_000);
    place('before', 4000, 11_000);
    assert.deepEqual(delivered, [['first', 10_000, 'newest']]);
    place('next', 12_000, 12_000);
    assert.deepEqual(delivered.slice(1), [
      ['before', 4000, 'late'],
      ['next', 12_000, 'newest'],
    ]);
  });
});
