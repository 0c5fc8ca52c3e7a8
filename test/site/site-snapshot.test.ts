import assert from 'node:assert/strict';
import { createDirectionalEnergyState } from '../../src/site/energy/directional-energy-state.ts';
import { moveSnapshot, readSnapshot, type SiteSnapshot } from '../../src/site/site-snapshot.ts';
import { startSite } from '../support/site/running-site.ts';

const read = (more: object): SiteSnapshot => {
  const parsed = readSnapshot({ ...startSite().site.snapshot(), ...more });
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.reason);
  return parsed.value;
};
const state = createDirectionalEnergyState();

describe('the snapshot of a site', () => {
  it('is read while a counter begins to show something else', () => {
    const sample = { wh: 0, ts: 0 };
    const candidate = { first: sample, latest: sample, count: 1, fastestW: 0 };
    const { channels } = read({ channels: { a: { ...state, counter: { earlier: [], candidate } } } });
    assert.deepEqual(channels.a?.counter.candidate, candidate);
  });

  it('has the coverage of an earlier version for what was measured, and none for the rest', () => {
    const { coveredMs, ...before } = state;
    const channels = { known: { ...before, hasData: true }, unknown: { ...before, hasData: false } };
    const after = read({ coveredMs: 5000, channels }).channels;
    assert.deepEqual([after.known?.coveredMs, after.unknown?.coveredMs], [5000, 0]);
  });

  it('gets the times of this run, but none that are still to come', () => {
    const before = read({ savedAt: 1_000_000, powers: { a: { w: 1, at: 999_000 } } });
    for (const [now, savedAt] of [
      [1_060_000, -59_900],
      [900_000, 100],
    ] as const) {
      const after = moveSnapshot(before, now, 100);
      assert.deepEqual([after.savedAt, after.powers.a?.at], [savedAt, savedAt - 1000]);
    }
  });
});
