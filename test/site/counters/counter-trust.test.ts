import assert from 'node:assert/strict';
import {
  type CountedEnergy,
  type CounterComparison,
  createCounterComparison,
  noteCount,
  noteFlow,
  nothingCompared,
} from '../../../src/site/counters/counter-power-comparison.ts';
import { assessCounter, contradictsPower } from '../../../src/site/counters/counter-trust.ts';

const rules = { isHeld: false, intervalMs: 10_000, floorW: 10, resolutionWh: 1 };

describe('the trust in a counter', () => {
  it('begins a new comparison once both agree over a kilowatt-hour', () => {
    const comparison = createCounterComparison();
    comparison.whole = { countedWh: 999, integratedWh: 999, rises: 10 };
    assert.equal(assessCounter(comparison, 999, rules), 'unchanged');
    comparison.whole = { countedWh: 1000, integratedWh: 990, rises: 10 };
    comparison.recent = { countedWh: 1, integratedWh: 1, rises: 1 };
    assert.equal(assessCounter(comparison, 1000, rules), 'agrees');
    assert.deepEqual([comparison.whole, comparison.recent], [nothingCompared(), nothingCompared()]);
  });

  it('ends where they differ by more than a quarter of the power, or a fifth less', () => {
    for (const [countedWh, change] of [
      [1251, 'agrees'],
      [1252, 'doubted'],
      [799, 'agrees'],
      [798, 'doubted'],
    ] as const) {
      const comparison = createCounterComparison();
      comparison.whole = { countedWh, integratedWh: 1000, rises: 10 };
      assert.equal(assessCounter(comparison, countedWh, rules), change, String(countedWh));
    }
  });

  it('ends with the reason: a counter that counts nothing stands still', () => {
    for (const [countedWh, rises, doubt] of [
      [0, 0, { reason: 'stands_still', ratio: 0 }],
      [500, 10, { reason: 'ratio', ratio: 0.5 }],
    ] as const) {
      const comparison = createCounterComparison();
      comparison.whole = { countedWh, integratedWh: 1000, rises };
      assessCounter(comparison, 5000, rules);
      assert.deepEqual(comparison.doubt, doubt);
    }
  });

  it('ends where a counter stands still for three readings, a minute, 20 Wh and three steps', () => {
    const change = (still: Partial<CounterComparison['still']>, resolutionWh = 1) => {
      const comparison = createCounterComparison();
      comparison.still = { integratedWh: 20, flowMs: 60_000, readings: 3, longestFlowMs: 0, ...still };
      return assessCounter(comparison, 1000, { ...rules, resolutionWh });
    };
    assert.equal(change({}), 'doubted');
    for (const still of [{ integratedWh: 19.9 }, { flowMs: 59_999 }, { readings: 2 }])
      assert.equal(change(still), 'unchanged', JSON.stringify(still));
    assert.deepEqual([change({ integratedWh: 29 }, 10), change({ integratedWh: 30 }, 10)], ['unchanged', 'doubted']);
    const slow = { longestFlowMs: 100_000 };
    assert.deepEqual(
      [change({ ...slow, flowMs: 299_999 }), change({ ...slow, flowMs: 300_000 })],
      ['unchanged', 'doubted'],
    );
  });

  it('is back where a counter that was only slow has caught up over 20 Wh', () => {
    for (const [wh, change] of [
      [19.9, 'unchanged'],
      [20, 'trusted'],
    ] as const) {
      const whole = { countedWh: wh, integratedWh: wh, rises: 1 };
      const doubt = { reason: 'stands_still', ratio: 0 } as const;
      const comparison: CounterComparison = { ...createCounterComparison(), whole, trust: 'doubted', doubt };
      assert.equal(assessCounter(comparison, 1000, rules), change, String(wh));
    }
  });

  it('ends where a counter counts in another unit: too much twice, or too little over 20 Wh', () => {
    const doubt = (whole: CounterComparison['whole'], resolutionWh: number) => {
      const comparison = { ...createCounterComparison(), whole };
      return [assessCounter(comparison, 1000, { ...rules, resolutionWh }), comparison.doubt];
    };
    const much = { countedWh: 500, integratedWh: 0.5 };
    assert.deepEqual(doubt({ ...much, rises: 1 }, 1), ['suspected', undefined]);
    assert.deepEqual(doubt({ ...much, rises: 2 }, 1), ['doubted', { reason: 'unit', ratio: 1000 }]);
    const coarse = { integratedWh: 3, rises: 2 };
    assert.deepEqual(doubt({ ...coarse, countedWh: 1700 }, 700), ['suspected', undefined], '333 times, but for a step');
    assert.deepEqual(doubt({ ...coarse, countedWh: 1701 }, 700), ['doubted', { reason: 'unit', ratio: 1000 }]);
    const little = { countedWh: 0.02, rises: 1 };
    assert.deepEqual(doubt({ ...little, integratedWh: 19.9 }, 0.001), ['unchanged', undefined]);
    assert.deepEqual(doubt({ ...little, integratedWh: 20 }, 0.001), ['doubted', { reason: 'unit', ratio: 0.001 }]);
  });

  it('is suspected where a counter runs away by more than two steps, 20 times the power and 10 Wh', () => {
    for (const [countedWh, change] of [
      [50, 'unchanged'],
      [51, 'suspected'],
    ] as const) {
      const comparison = createCounterComparison();
      comparison.whole = { countedWh, integratedWh: 1, rises: 1 };
      assert.equal(assessCounter(comparison, 1000, { ...rules, resolutionWh: 10 }), change, String(countedWh));
    }
  });

  it('is not suspected as long as no power has flowed at all', () => {
    const comparison = createCounterComparison();
    comparison.whole = { countedWh: 100, integratedWh: 0, rises: 1 };
    assert.equal(assessCounter(comparison, 1000, rules), 'unchanged');
  });

  it('is suspected by steps no larger than the last digits of what the counter shows', () => {
    for (const [shownWh, mostWh] of [
      [9000, 2030],
      [8900, 230],
      [8890, 50],
      [8889, 32],
      [8888.9, 30.2],
      [8888.89, 30.02],
    ] as const)
      for (const [countedWh, change] of [
        [mostWh - 0.005, 'unchanged'],
        [mostWh + 0.005, 'suspected'],
      ] as const) {
        const comparison = createCounterComparison();
        comparison.whole = { countedWh, integratedWh: 1, rises: 1 };
        comparison.stepWh = 5000;
        const { resolutionWh, ...unstated } = rules;
        assert.equal(assessCounter(comparison, shownWh, unstated), change, `${countedWh} Wh until ${shownWh} Wh`);
      }
  });

  it('ends where it counts above its ceiling more than 2.5 times what flowed, if anything flowed', () => {
    const isDoubted = (countedWh: number, integratedWh: number): boolean =>
      contradictsPower(createCounterComparison(), countedWh, integratedWh);
    assert.deepEqual([isDoubted(250, 100), isDoubted(251, 100), isDoubted(251, 0)], [false, true, false]);
  });

  it('ends by another unit where it counts above its ceiling about a thousand times what flowed', () => {
    const ratio = { reason: 'ratio' } as const;
    const unit = { reason: 'unit', ratio: 1000 } as const;
    for (const [countedWh, doubt] of [
      [300, { ...ratio, ratio: 100 }],
      [1000, { ...ratio, ratio: 1000 / 3 }],
      [1001, unit],
      [8999, unit],
      [9000, { ...ratio, ratio: 3000 }],
    ] as const) {
      const comparison = createCounterComparison();
      comparison.recent = { countedWh: 1, integratedWh: 1, rises: 1 };
      contradictsPower(comparison, countedWh, 3);
      assert.deepEqual(comparison.doubt, doubt);
      assert.deepEqual(comparison.recent, nothingCompared(), 'what was compared before the doubt is no part of it');
    }
  });
});

describe('the comparison of a counter with the power beside it', () => {
  let comparison: CounterComparison;
  beforeEach(() => {
    comparison = createCounterComparison();
  });
  const flow = (wh: number, ms = 10_000): void => noteFlow(comparison, { wh, ms }, rules);
  const count = (deltaWh: number, more: Partial<CountedEnergy> = {}) => {
    const known = { ms: 10_000, isBelowMark: false, isPowerKnown: true };
    return noteCount(comparison, { deltaWh, riseWh: deltaWh, ...known, ...more }, rules);
  };

  it('counts the readings without a change since the last rise', () => {
    for (const deltaWh of [0, 0, 0, 2]) {
      flow(0.5);
      count(deltaWh);
    }
    flow(100, 600_000);
    assert.equal(assessCounter(comparison, 2, rules), 'unchanged', 'the counter was not read meanwhile');
    for (const change of ['unchanged', 'unchanged', 'doubted']) {
      count(0, { ms: 600_000 });
      assert.equal(assessCounter(comparison, 2, rules), change);
      flow(1);
    }
  });

  it('waits for the power where the counter is read more often', () => {
    for (let n = 0; n < 2; n++) assert.equal(count(1), undefined);
    flow(3, 30_000);
    assert.equal(count(1), undefined);
    assert.deepEqual(comparison.whole, { countedWh: 3, integratedWh: 3, rises: 1 });
  });

  it('leaves out what was counted while the power was unknown', () => {
    assert.deepEqual(count(1, { isPowerKnown: false }), { countedWh: 1, seenWh: 0 });
    assert.deepEqual(comparison.whole, nothingCompared());
  });

  it('leaves out a counter that waits at its mark, and times that differ by more than a factor of two', () => {
    flow(1);
    count(0, { riseWh: -5, isBelowMark: true });
    flow(1, 20_001);
    count(1);
    assert.deepEqual(comparison.whole, nothingCompared());
    flow(1, 20_000);
    count(1);
    assert.deepEqual(comparison.whole, { countedWh: 1, integratedWh: 1, rises: 1 });
  });

  it('leaves out two steps or less while hardly any power flows, and compares more than that', () => {
    for (const deltaWh of [1, 2]) {
      flow(0.01);
      count(deltaWh);
    }
    assert.deepEqual(comparison.whole, nothingCompared());
    flow(0.01);
    count(3);
    assert.deepEqual(comparison.whole, { countedWh: 3, integratedWh: 0, rises: 1 });
    flow(1, 5000);
    flow(0.001, 5000);
    count(1);
    assert.deepEqual(comparison.whole, { countedWh: 4, integratedWh: 1, rises: 2 }, 'power flowed half of the time');
    flow(1);
    count(0);
    assert.deepEqual(comparison.whole, { countedWh: 4, integratedWh: 2, rises: 2 });
  });
});
