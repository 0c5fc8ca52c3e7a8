import assert from 'node:assert/strict';
import { ClockContradiction, DeviceClock } from '../../../src/site/inputs/device-clock.ts';

describe('readings that contradict a clock', () => {
  it('show that it was set after ten seconds, if there are three of them', () => {
    const three = new ClockContradiction(true);
    assert.deepEqual(
      [0, 5000, 10_000].map((at) => three.add(60_000, at)),
      [false, false, true],
    );
    const two = new ClockContradiction(true);
    assert.deepEqual(
      [0, 20_000].map((at) => two.add(60_000, at)),
      [false, false],
    );
    assert.equal(two.add(60_000, 20_001), true);
  });

  it('begin anew with a reading that leads the others, as in a queue that drains', () => {
    const draining = new ClockContradiction(false);
    const added = [0, 5000, 10_000, 15_000].map((at) => draining.add(at, at));
    assert.deepEqual(added, [false, false, false, false]);
    assert.equal(draining.lead, 15_000);
  });
});

describe('a clock that nothing is known of', () => {
  it('is taken for that of this runtime, until three readings over ten seconds have shown it', () => {
    const reference = { ours: 1000, behindMs: 5000 };
    const clock = new DeviceClock();
    assert.deepEqual([clock.learn(61_000, 0, reference), clock.offset], [0, 1000]);
    assert.deepEqual([clock.learn(61_000, 5000, reference), clock.offset], [0, 1000]);
    assert.deepEqual([clock.learn(61_000, 9999, reference), clock.offset], [0, 1000]);
    assert.deepEqual([clock.learn(61_000, 10_000, reference), clock.offset], [-60_000, 61_000]);
  });
});

describe('the largest lead of a clock', () => {
  const reference = { ours: 0, behindMs: 5000 };

  it('is known for five to ten minutes', () => {
    const clock = new DeviceClock();
    clock.learn(900, 1000, reference);
    for (const [at, lead] of [
      [300_000, 900],
      [301_000, 900],
      [599_999, 900],
      [600_000, 500],
    ] as const) {
      clock.learn(500, at, reference);
      assert.equal(clock.lead, lead, `${at} ms`);
    }
  });

  it('is believed after three readings at the earliest', () => {
    const clock = new DeviceClock();
    for (const at of [50_000, 70_000]) clock.learn(900, at, reference);
    assert.equal(clock.isConfirmed, false);
  });

  it('is believed after ten seconds, counted from the first reading that led the others', () => {
    const clock = new DeviceClock();
    for (const at of [50_000, 51_000, 59_999]) clock.learn(900, at, reference);
    assert.equal(clock.isConfirmed, false);
    clock.learn(900, 60_000, reference);
    assert.equal(clock.isConfirmed, true);
  });
});

describe('a clock that was set', () => {
  it('is known from then on, and is corrected where it is off', () => {
    const reference = { ours: 1000, behindMs: 5000 };
    const clock = new DeviceClock();
    assert.deepEqual([clock.isConfirmed, clock.isCorrected, clock.offset], [false, false, Number.NaN]);
    clock.set(61_000, 0, reference);
    assert.deepEqual([clock.isConfirmed, clock.isCorrected, clock.offset, clock.lead], [true, true, 61_000, 61_000]);
    clock.set(1500, 1, reference);
    assert.deepEqual([clock.isConfirmed, clock.isCorrected, clock.offset, clock.lead], [true, false, 1000, 1500]);
  });

  it('keeps its offset as long as no reading leads by more than networks and queues make', () => {
    const reference = { ours: 0, behindMs: 5000 };
    const clock = new DeviceClock();
    clock.set(60_000, 0, reference);
    assert.deepEqual([clock.learn(62_000, 1000, reference), clock.offset], [0, 60_000]);
    assert.deepEqual([clock.learn(62_001, 2000, reference), clock.offset], [-2001, 62_001]);
  });
});
