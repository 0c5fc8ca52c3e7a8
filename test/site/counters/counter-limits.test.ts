import assert from 'node:assert/strict';
import { fitsLimits } from '../../../src/site/counters/counter-limits.ts';

describe('the energy that can flow between two readings of a counter', () => {
  const limits = { maxPowerW: 3600, resolutionWh: 1, gapMs: 60_000 };

  it('is that of the largest power and a quarter, and two steps', () => {
    for (const [ms, mostWh] of [
      [-10_000, 2],
      [0, 2],
      [8000, 12],
    ] as const)
      assert.deepEqual([fitsLimits(mostWh, ms, limits), fitsLimits(mostWh + 0.001, ms, limits)], [true, false]);
  });
});
