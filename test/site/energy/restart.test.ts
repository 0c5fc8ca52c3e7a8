import assert from 'node:assert/strict';
import type { Message } from '../../../src/model/message.ts';
import { readSnapshot } from '../../../src/site/site-snapshot.ts';
import { every, isNear, type Played, restart, startPlay, steady, tellEnergy } from '../../support/site/played-site.ts';
import type { RunningSite } from '../../support/site/running-site.ts';

const grid = every(5, { type: 'meter', role: 'grid' });
const sun = every(5, { type: 'solar', role: 'solar' });
const counter = { unit: 'Wh', interval_s: 10, max_age_s: 60, resolution: 1 } as const;
const countedGrid = every(5, { type: 'meter', role: 'grid', quantities: { energy_import: counter } });

const told = (running: RunningSite): Message<'site-energy/1'> => ({ ...running.energy(), topic: 'sites/home/energy' });

const house = (gridW: number, sunW: number, seconds: number): Played[] => [
  ...steady('grid/meter/power', 5, seconds, gridW),
  ...steady('pv/solar/power', 5, seconds, sunW),
];

describe('a site that goes on where another run ended', () => {
  it('adds nothing to a consumption that is below what was told of it, however often it is started', () => {
    const devices = { grid: [grid], pv: [sun] };
    let running = startPlay(devices);
    // Meters that contradict each other take away from what was told.
    running.play([
      ...house(1000, 0, 3600),
      ...house(-2000, 1000, 1800).map((each) => ({ ...each, at: each.at + 3605, ts: each.ts + 3605 })),
    ]);
    tellEnergy(running);
    assert.ok(isNear(running.energy().consumption_wh, 1000, 0.01));
    const before = running.site.snapshot().consumptionWh;
    assert.ok(isNear(before, 500, 0.02), `${before}`);
    for (let i = 0; i < 3; i++) {
      const last = told(running);
      running = restart(running, devices, 1000);
      running.say({ ...last, boot: `run ${i}` });
      running.play(house(100, 0, 30));
      tellEnergy(running);
    }
    const after = running.site.snapshot().consumptionWh;
    assert.ok(Math.abs(after - before) < 10, `${after} after ${before}`);
  });

  for (const behindS of [600, 7200, 90_000])
    it(`loses no counter where the clock was ${behindS} s behind when it started, and is set then`, () => {
      const count = (startWh: number, seconds: number): Played[] => [
        ...steady('grid/meter/power', 5, seconds, 3600),
        ...steady('grid/meter/energy_import', 10, seconds, (s) => startWh + s),
      ];
      const first = startPlay({ grid: [countedGrid] });
      first.play(count(1000, 3600));
      const second = restart(first, { grid: [countedGrid] }, 30_000 - behindS * 1000);
      second.play(count(4640, 20));
      second.clock.jump(behindS * 1000);
      second.play(count(4665, 3600));
      tellEnergy(second);
      const { grid_import_wh, energies } = second.energy();
      assert.equal(grid_import_wh, 4665 + 3600 - 1000);
      assert.ok((energies?.grid_import_wh?.coverage ?? 0) > 0.98, JSON.stringify(energies));
      assert.deepEqual(second.events, []);
    });

  for (const aheadS of [-250, -45, 50, 100, 170])
    it(`knows that the clock of a device is ${aheadS} s ahead`, () => {
      const devices = { grid: [grid], box: [every(60, { type: 'ev_charger', role: 'ev' })] };
      const charge = (): Played[] => [
        ...steady('grid/meter/power', 5, 3600, 11_000),
        ...steady('box/ev_charger/power', 60, 3600, 11_000).map((each) => ({ ...each, ts: each.ts + aheadS })),
      ];
      let running = startPlay(devices);
      running.play(charge());
      for (let i = 0; i < 3; i++) {
        running = restart(running, devices, 1000);
        // The next sample is due a minute after the last one.
        running.pass(55_000);
        running.play(charge());
      }
      tellEnergy(running);
      const expected = (11_000 * (4 * 3600 + 3 * 60)) / 3600;
      assert.ok(isNear(running.energy().ev_wh, expected, 0.001), `${running.energy().ev_wh} of ${expected}`);
      assert.ok((running.energy().energies?.ev_wh?.coverage ?? 0) > 0.999);
      assert.equal(running.power().ev_w, 11_000);
    });

  it('has the coverage that an earlier version knew', () => {
    const month = 30 * 86_400_000;
    const channel = { counter: { earlier: [] }, usesCounter: false, hasData: true };
    const paths = ['grid/meter', 'pv/solar'].flatMap((path) =>
      ['positive', 'negative'].map((way) => `devices/${path}/power ${way}`),
    );
    for (const share of [0.999, 0.6]) {
      const saved = readSnapshot({
        version: 1,
        since: '2026-10-23T10:00:00.000Z',
        totals: { 'grid positive': 5000, 'solar positive': 9000 },
        consumptionWh: 14_000,
        highestConsumptionWh: 14_000,
        coveredMs: share * month,
        elapsedMs: month,
        channels: Object.fromEntries(paths.map((path) => [path, channel])),
      });
      assert.ok(saved.ok, saved.ok ? '' : saved.reason);
      const running = startPlay({ grid: [grid], pv: [sun] }, {}, saved.value);
      running.play(house(500, 1000, 3600));
      tellEnergy(running);
      const { grid_import_wh, consumption_wh, energies } = running.energy();
      assert.deepEqual([Math.round(grid_import_wh ?? 0), Math.round(consumption_wh ?? 0)], [5500, 15_500]);
      assert.ok(isNear(energies?.solar_wh?.coverage, share, 0.002), JSON.stringify(energies));
      assert.equal(energies?.solar_wh?.quality, share > 0.99 ? 'good' : 'estimated');
    }
  });
});
