import assert from 'node:assert/strict';
import { DeviceClock } from '../../../src/site/inputs/device-clock.ts';
import { SampleOrder } from '../../../src/site/inputs/sample-order.ts';

describe('the order of the readings of a topic', () => {
  const start = (ours = 0, intervalMs = 1000) => {
    const delivered: [item: string, at: number, place: string][] = [];
    const order = new SampleOrder<string>({
      clock: new DeviceClock(),
      ...{ ours, behindMs: 5000, intervalMs },
      move() {},
      deliver: (...item) => void delivered.push(item),
    });
    const place = (item: string, ts: number, receivedAt: number, isLate = false): void =>
      order.place(item, { ts, receivedAt, seq: undefined, boot: undefined, isLate });
    return { delivered, place };
  };

  it('finds the place of a single reading that contradicted the clock, once the next one fits', () => {
    const { delivered, place } = start();
    place('first', 10_000, 10_000);
    place('before', 4000, 11_000);
    assert.deepEqual(delivered, [['first', 10_000, 'newest']]);
    place('next', 12_000, 12_000);
    assert.deepEqual(delivered.slice(1), [
      ['before', 4000, 'late'],
      ['next', 12_000, 'newest'],
    ]);
  });

  it('takes the clock for right where all that is known of a device comes late', () => {
    const { delivered, place } = start();
    place('kept', 4000, 10_000, true);
    place('kept before', 3000, 10_000, true);
    assert.deepEqual(delivered, [
      ['kept', 4000, 'newest'],
      ['kept before', 3000, 'late'],
    ]);
  });

  it('puts a reading that was ahead of the clock before another one of the same moment, which fits', () => {
    const { delivered, place } = start();
    for (const at of [0, 5000, 10_000]) place('known', at, at);
    place('ahead', 20_000, 11_000);
    assert.equal(delivered.length, 3);
    place('next', 20_000, 19_000);
    assert.deepEqual(delivered.slice(3), [
      ['ahead', 20_000, 'newest'],
      ['next', 20_000, 'newest'],
    ]);
  });

  it('takes readings as they come while nothing is known of the clock', () => {
    const { delivered, place } = start();
    place('first', 0, 0);
    place('next', 20_000, 1000);
    assert.equal(delivered.length, 2);
  });

  it('lets a reading be ahead of the clock by no more than lost readings account for', () => {
    for (const [ts, isAhead] of [
      [37_000, false],
      [37_001, true],
    ] as const) {
      const { delivered, place } = start(1_000_000, 10_000);
      for (const at of [0, 10_000, 20_000]) place('known', 1_000_000 + at, at);
      place('next', 1_000_000 + ts, 21_000);
      assert.equal(delivered.length, isAhead ? 3 : 4, String(ts));
    }
  });

  it('takes a reading half a millisecond before the newest one for a copy', () => {
    const { delivered, place } = start();
    place('first', 10_000, 10_000);
    place('copy', 9999.5, 10_000);
    place('next', 12_000, 12_000);
    assert.deepEqual(
      delivered.map(([item]) => item),
      ['first', 'next'],
    );
  });

  it('holds 720 readings that contradict the clock, and gives up the first of more', () => {
    const { delivered, place } = start();
    place('first', 10_000, 10_000);
    for (let i = 0; i < 721; i++) place(`before ${i}`, i, 11_000);
    place('next', 12_000, 12_000);
    assert.equal(delivered.length, 722);
    assert.deepEqual(delivered[1], ['before 1', 1, 'late']);
  });
});
