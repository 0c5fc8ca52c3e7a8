import assert from 'node:assert/strict';
import type { SiteEnergy } from '../../../src/model/site.ts';
import { EnergyTotals } from '../../../src/site/energy/energy-totals.ts';
import { composeSite } from '../../../src/site/sources/composition.ts';
import { sourcesOf } from '../../../src/site/sources/sources.ts';
import { gridMeter, metaOf, power, solar } from '../../support/site/site-messages.ts';

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

describe('the totals of a battery whose meter has the sun behind it', () => {
  it('are what the battery gives and takes itself', () => {
    const store = metaOf('store', { type: 'meter', role: 'battery', quantities: power });
    const composition = composeSite([store, metaOf('pv', { ...solar, parent: 'store' })], 100_000);
    const [outer, inner] = composition.sources;
    assert.ok(outer && inner);
    let at = 0;
    const totals = new EnergyTotals({ elapsedMs: () => at, monotonic: () => at });
    const pass = (outerWh: number, innerWh: number): void => {
      at += 1000;
      totals.add({ source: outer, direction: outerWh < 0 ? 'negative' : 'positive', wh: Math.abs(outerWh) });
      totals.add({ source: inner, direction: 'positive', wh: innerWh });
      for (const source of [outer, inner]) totals.hear(source, at);
    };
    totals.compose(composition);
    assert.ok(totals.group(outer));
    pass(0, 0);
    pass(10, 4);
    pass(-10, 4);
    const { totals: saved } = totals.save(0);
    assert.deepEqual(saved, { 'solar positive': 8, 'battery positive': 6, 'battery negative': 14 });
    totals.compose(composeSite([store], 100_000));
    assert.equal(totals.group(outer), undefined);
  });
});
