import assert from 'node:assert/strict';
import type { SiteEnergy } from '../../../src/model/site.ts';
import { EnergyTotals } from '../../../src/site/energy/energy-totals.ts';
import { sourcesOf } from '../../../src/site/sources/sources.ts';
import { gridMeter, metaOf } from '../../support/site/site-messages.ts';

const [grid] = sourcesOf(metaOf('grid', gridMeter), 100_000);
const told = (grid_import_wh: number, consumption_wh: number) => ({ grid_import_wh, consumption_wh }) as SiteEnergy;

describe('the totals of a site of which nothing was saved', () => {
  let totals: EnergyTotals;
  beforeEach(() => {
    totals = new EnergyTotals({ elapsedMs: () => 0, monotonic: () => 0 });
  });

  it('go on from what was told, once', () => {
    assert.ok(grid);
    totals.holdTold(told(100, 0.5));
    totals.recoverTold(() => true);
    totals.holdTold(told(500, 500));
    totals.recoverTold(() => true);
    totals.add({ source: grid, direction: 'positive', wh: 10 });
    assert.deepEqual([totals.total('grid positive'), totals.consumptionWh()], [110, 0.5]);
    assert.equal(totals.save(0).consumptionWh, 0.5);
  });

  it('hold what was told until their counters have made up for it', () => {
    assert.ok(grid);
    totals.holdTold(told(100, 0));
    totals.recoverTold(() => false);
    totals.add({ source: grid, direction: 'positive', wh: 10 });
    assert.equal(totals.total('grid positive'), 100);
    totals.add({ source: grid, direction: 'positive', wh: 95 });
    assert.equal(totals.total('grid positive'), 105);
  });
});
