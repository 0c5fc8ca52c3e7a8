import assert from 'node:assert/strict';
import { createCounterComparison, nothingCompared } from '../../../src/site/counters/counter-power-comparison.ts';
import { assessCounter } from '../../../src/site/counters/counter-trust.ts';

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
});
