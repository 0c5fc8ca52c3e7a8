import assert from 'node:assert/strict';
import { CombinedEnergy } from '../../../src/site/energy/combined-energy.ts';
import { sourcesOf } from '../../../src/site/sources/sources.ts';
import { gridMeter, metaOf, solar } from '../../support/site/site-messages.ts';

const [grid] = sourcesOf(metaOf('grid', gridMeter), 100_000);
const [pv] = sourcesOf(metaOf('pv', solar), 100_000);

describe('the combined energy of two sources', () => {
  const start = () => {
    assert.ok(grid && pv);
    const added: number[] = [];
    let elapsedMs = 0;
    const combined = new CombinedEnergy({ add: (wh) => added.push(wh), elapsedMs: () => elapsedMs });
    /** @param arrivedAt where that is later than the time of measurement, ms */
    const hear = (source: typeof grid, at: number, arrivedAt = at): void => {
      elapsedMs = arrivedAt;
      combined.hear(source, at);
    };
    combined.setMembers([grid, pv], 0);
    return { combined, added, hear, grid, pv };
  };

  it('begins with nothing', () => {
    assert.deepEqual(start().combined.save(), { pendingWh: 0, coveredMs: 0 });
  });

  it('is added once both were heard', () => {
    const { combined, added, hear, grid, pv } = start();
    hear(grid, 1000);
    hear(pv, 1000);
    assert.deepEqual(added, [], 'nothing is known of the time before');
    combined.add(grid, 10);
    hear(grid, 2000);
    assert.deepEqual(added, []);
    combined.add(pv, 5);
    hear(pv, 2000);
    assert.deepEqual(added, [15]);
    assert.deepEqual(combined.save(), { pendingWh: 0, coveredMs: 1000, settled: { at: 2000, startedMs: 1000 } });
  });

  it('waits for a source that is late, though the devices are described anew meanwhile', () => {
    const { combined, added, hear, grid, pv } = start();
    hear(grid, 1000);
    hear(pv, 1000);
    combined.add(grid, 10);
    hear(grid, 200_000);
    combined.setMembers([{ ...grid }, { ...pv }], 300_000);
    const [first, second] = [{ ...grid }, { ...pv }];
    combined.setMembers([first, second], 300_000);
    hear(second, 300_000);
    assert.deepEqual(added, [10]);
  });

  it('waits for a source that tells what it has kept, until that one pauses for 10 s', () => {
    const { combined, added, hear, grid, pv } = start();
    hear(grid, 1000);
    hear(pv, 1000);
    combined.add(grid, 10);
    hear(grid, 300_000);
    combined.add(pv, 5);
    hear(pv, 100_000, 300_000);
    hear(grid, 309_999);
    assert.deepEqual(added, []);
    hear(grid, 310_000);
    assert.deepEqual(added, [15]);
  });

  it('goes on where a source that has only just fallen silent was taken away', () => {
    const { combined, added, hear, grid, pv } = start();
    hear(grid, 200_000);
    hear(pv, 200_000);
    combined.add(grid, 10);
    hear(grid, 210_000);
    combined.setMembers([grid], 220_000);
    assert.deepEqual(added, [10]);
  });

  it('is lost where the source that is waited for was taken away', () => {
    const { combined, added, hear, grid, pv } = start();
    hear(grid, 1000);
    hear(pv, 1000);
    combined.add(grid, 10);
    hear(grid, 200_000);
    combined.setMembers([grid], 300_000);
    assert.deepEqual(added, []);
  });

  it('stays lost where a late reading fills a gap beside time that nobody can tell', () => {
    const { combined, added, hear, grid, pv } = start();
    hear(grid, 1000);
    hear(pv, 1000);
    const gap = { pieces: 1 };
    combined.add(grid, 10);
    combined.miss(pv, gap);
    combined.miss(grid, 'unknown');
    hear(grid, 2000);
    hear(pv, 2000);
    combined.fill(gap);
    assert.deepEqual([added, combined.save().coveredMs], [[], 0]);
  });

  it('covers the time since it was settled until that is longer than the longest gap of its sources', () => {
    const { combined, hear, grid, pv } = start();
    hear(grid, 1000);
    hear(pv, 1000);
    assert.deepEqual([combined.coveredMs(61_000), combined.coveredMs(61_001)], [60_000, 0]);
  });

  it('waits for what fills the last 32 gaps, and no longer for those before', () => {
    const { combined, added, hear, grid, pv } = start();
    hear(grid, 1000);
    hear(pv, 1000);
    const gaps = Array.from({ length: 33 }, () => ({ pieces: 1 }));
    for (const [i, gap] of gaps.entries()) {
      combined.add(grid, i);
      combined.miss(pv, gap);
      hear(grid, (i + 2) * 1000);
      hear(pv, (i + 2) * 1000);
    }
    const known = added.length;
    for (const gap of gaps) combined.fill(gap);
    assert.deepEqual(
      added.slice(known),
      gaps.slice(1).map((_, i) => i + 1),
    );
  });
});
