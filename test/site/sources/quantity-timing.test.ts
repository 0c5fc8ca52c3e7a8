import assert from 'node:assert/strict';
import type { QuantityMeta } from '../../../src/model/meta.ts';
import { gapOf } from '../../../src/site/sources/quantity-timing.ts';

describe('the time without a sample that is an outage', () => {
  const onChange = { report: 'on_change', max_age_s: 3600 } as const;
  for (const [name, more, gapMs] of [
    ['is three intervals', { interval_s: 30 }, 90_000],
    ['is no less than a minute', { interval_s: 5 }, 60_000],
    ['is the largest age where no interval is stated', { max_age_s: 300 }, 300_000],
    ['is the largest age of what is reported on change', { ...onChange, interval_s: 30 }, 3_600_000],
    ['is a minute where nothing is stated', {}, 60_000],
  ] as [string, Partial<QuantityMeta>, number][])
    it(name, () => assert.equal(gapOf({ unit: 'W', ...more }), gapMs));
});
