import assert from 'node:assert/strict';
import { type CountedIncrement, DirectionalEnergy } from '../../../src/site/energy/directional-energy.ts';

const limits = { maxPowerW: 1_000_000, resolutionWh: 1, gapMs: 600_000 };
const rules = { isHeld: false, intervalMs: 10_000, floorW: 10 };

describe('the energy of one direction by its counter', () => {
  let energy: DirectionalEnergy;
  let at: number;
  let shownWh: number;
  let totalWh: number;

  beforeEach(() => {
    energy = new DirectionalEnergy();
    at = 0;
    shownWh = 1000;
    totalWh = 0;
  });
  const count = (wh: number, resolutionWh?: number): CountedIncrement => {
    shownWh += wh;
    const reading = { wh: shownWh, ts: at, isPowerKnown: true, flowedSince: () => undefined };
    const stated = resolutionWh === undefined ? rules : { ...rules, resolutionWh };
    const increment = energy.takeCounted(reading, { topic: 'counter', limits, rules: stated });
    totalWh += increment.wh;
    return increment;
  };
  /** Energy by power in some seconds. */
  const flow = (wh: number, s: number): void => {
    at += s * 1000;
    const taken = { wh, ms: s * 1000, isLate: false, isFilling: false, isEstimated: false };
    totalWh += energy.takeIntegrated(taken, rules).wh;
  };
  /** Power flows in three times of so many seconds, and the counter stands still. */
  const standStill = (s: number): CountedIncrement['trust'] => {
    for (let n = 0; n < 2; n++) {
      flow(10, s);
      assert.equal(count(0, 1).trust, undefined);
    }
    flow(10, s);
    return count(0, 1).trust;
  };

  it('is corrected from the last time at which counter and power agreed', () => {
    count(0, 1);
    for (let n = 0; n < 10; n++) {
      flow(110, 10);
      count(100, 1);
    }
    assert.deepEqual(standStill(20), { isDoubted: true, reason: 'stands_still', ratio: 0, correctedWh: 30 });
    assert.equal(totalWh, 1030);
  });

  it('is that of a counter which was only slow, and corrected from there on if the counter stands still again', () => {
    count(0, 1);
    assert.equal(standStill(20)?.correctedWh, 30);
    flow(0, 20);
    assert.deepEqual(count(28, 1).trust, { isDoubted: false, correctedWh: -2 });
    assert.equal(totalWh, 28);
    assert.equal(standStill(60)?.correctedWh, 30);
    assert.equal(totalWh, 58);
  });

  it('is that of the power while the counter counts far more, and nobody knows its steps', () => {
    count(0);
    flow(0.5, 10);
    const { wh, trust } = count(500);
    assert.deepEqual([wh, trust], [0.5, undefined]);
  });

  it('tells that the counter is trusted again where it agrees over a kilowatt-hour, and not where it always was', () => {
    count(0, 1);
    for (let n = 0; n < 10; n++) {
      flow(100, 10);
      assert.equal(count(100, 1).trust, undefined);
    }
    for (let n = 0; n < 10; n++) {
      flow(100, 10);
      assert.equal(count(50, 1).trust?.reason, n < 9 ? undefined : 'ratio');
    }
    for (let n = 0; n < 10; n++) {
      flow(100, 10);
      assert.deepEqual(count(100, 1).trust, n < 9 ? undefined : { isDoubted: false, correctedWh: 0 });
    }
    assert.equal(totalWh, 3000);
  });

  it('is estimated while the counter is doubted, and not while it is only suspected', () => {
    count(0);
    flow(0.5, 10);
    count(500);
    assert.deepEqual([energy.state.check.trust, energy.state.estimatedMs], ['suspected', 0]);
    flow(0.5, 20);
    assert.deepEqual([energy.state.coveredMs, energy.state.estimatedMs], [30_000, 0]);
    energy = new DirectionalEnergy();
    count(0, 1);
    standStill(20);
    const { coveredMs, estimatedMs } = energy.state;
    flow(10, 20);
    assert.deepEqual([energy.state.coveredMs - coveredMs, energy.state.estimatedMs - estimatedMs], [20_000, 20_000]);
  });
});
