import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkMessage } from '../../src/model/check.ts';
import type { Message } from '../../src/model/message.ts';
import type { ComponentMeta } from '../../src/model/meta.ts';
import { readSnapshot } from '../../src/site/site-snapshot.ts';
import { type Power, type RunningSite, sayPowers, settled, startSite } from '../support/site/running-site.ts';
import {
  availabilityOf,
  battery,
  charger,
  gridMeter,
  heatPump,
  hybrid,
  metaOf,
  power,
  readingOf,
  solar,
} from '../support/site/site-messages.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

const simpleHouse = (running = startSite()): RunningSite => {
  running.say(
    metaOf('grid', gridMeter),
    metaOf('pv', solar),
    metaOf('bat', battery),
    metaOf('wallbox', charger),
    metaOf('heat', heatPump),
  );
  settled(running);
  return running;
};

const all = (
  grid: number | null,
  pv: number | null,
  bat: number | null,
  ev: number | null = 0,
  heat: number | null = 0,
) => ({
  'grid/meter/power': grid,
  'pv/solar/power': pv,
  'bat/battery/power': bat,
  'bat/battery/soc': 50,
  'wallbox/ev_charger/power': ev,
  'heat/heat_pump/power': heat,
});

const watts = fc.integer({ min: -20_000, max: 20_000 });
const production = fc.integer({ min: 0, max: 20_000 });

describe('the power of a site', () => {
  it('is grid + solar + battery, and says who feeds whom', () => {
    const running = simpleHouse();
    sayPowers(running, all(-500, 3000, -1500, 400, 200));
    running.pass(1200);
    const { grid_w, solar_w, battery_w, consumption_w, ev_w, heat_w, flows, quality } = running.power();
    assert.deepEqual([grid_w, solar_w, battery_w, consumption_w, ev_w, heat_w], [-500, 3000, -1500, 1000, 400, 200]);
    assert.deepEqual(flows, {
      solar_load: 1000,
      solar_battery: 1500,
      solar_grid: 500,
      battery_load: 0,
      battery_grid: 0,
      grid_load: 0,
      grid_battery: 0,
    });
    assert.equal(quality, 'good');
  });

  it('closes its balance, and its flows are never negative and add up (P6)', () => {
    const running = simpleHouse();
    // What a device has never shown is not believed at once.
    for (let i = 0; i < 3; i++) {
      running.clock.advance(1000);
      sayPowers(running, all(20_000, 20_000, 20_000));
    }
    fc.assert(
      fc.property(watts, production, watts, (grid, pv, bat) => {
        running.clock.advance(1000);
        sayPowers(running, all(grid, pv, bat));
        running.pass(1200);
        const { consumption_w, balance_error_w, flows } = running.power();
        const sum = grid + pv + bat;
        assert.equal(consumption_w, Math.max(0, sum));
        assert.equal(balance_error_w, Math.min(0, sum));
        if (!flows || sum < 0) return;
        for (const [name, w] of Object.entries(flows)) assert.ok((w as number) >= 0, `${name} ${w}`);
        const { solar_load, solar_battery, solar_grid, battery_load, battery_grid, grid_load, grid_battery } = flows;
        const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 0.5, `${a} is not ${b}`);
        near(solar_load + battery_load + grid_load, sum);
        near(solar_load + solar_battery + solar_grid, pv);
        near(battery_load + battery_grid, Math.max(0, bat));
        near(solar_battery + grid_battery, Math.max(0, -bat));
        near(grid_load + grid_battery, Math.max(0, grid));
      }),
      { numRuns: 300 },
    );
  });

  it('says how far apart its values were measured, s', () => {
    const running = simpleHouse();
    sayPowers(running, all(800, 1200, 300));
    running.clock.advance(2500);
    sayPowers(running, { 'grid/meter/power': 800 });
    running.pass(1200);
    assert.deepEqual([running.power().skew_s, running.status()?.skew_s], [2.5, 2.5]);
  });

  it('has values of one moment where it has a single one, and of none without any', () => {
    const running = startSite();
    running.say(metaOf('grid', gridMeter));
    settled(running);
    assert.equal(running.power().skew_s, null);
    sayPowers(running, { 'grid/meter/power': 800 });
    running.pass(1200);
    assert.equal(running.power().skew_s, 0);
  });

  it('is told to a tenth of a W, and so is who feeds whom', () => {
    const running = simpleHouse();
    sayPowers(running, all(800.26, 0, 0));
    running.pass(1200);
    const { grid_w, consumption_w, flows } = running.power();
    assert.deepEqual([grid_w, consumption_w, flows?.grid_load], [800.3, 800.3, 800.3]);
  });

  it('is told again only where something has changed, and the energy every 10 s', () => {
    const running = simpleHouse();
    const count = (schema: Message['schema']): number =>
      running.messages.filter((message) => message.schema === schema).length;
    sayPowers(running, all(800, 1200, 300));
    running.pass(1200);
    const [powers, energies] = [count('site-power/1'), count('site-energy/1')];
    running.say({ ...metaOf('far', solar), site: 'other' });
    running.pass(20_000);
    assert.deepEqual([count('site-power/1') - powers, count('site-energy/1') - energies], [0, 2]);
  });

  it('is unknown as soon as a device says that it is offline', () => {
    const running = simpleHouse(startSite({ powerEveryMs: 200 }));
    sayPowers(running, all(800, 1200, 300));
    running.pass(1400);
    assert.equal(running.power().consumption_w, 2300);
    running.say(availabilityOf('devices/bat/availability', 'offline'));
    running.pass(200);
    assert.deepEqual([running.power().battery_w, running.power().consumption_w], [null, null]);
  });

  it('is estimated where its values were measured further apart than they may be', () => {
    for (const [options, ms, quality] of [
      [{}, 30_000, 'good'],
      [{ skewLimitMs: 20_000 }, 20_000, 'good'],
      [{ skewLimitMs: 20_000 }, 20_001, 'estimated'],
    ] as const) {
      const running = simpleHouse(startSite(options));
      sayPowers(running, all(800, 1200, 300));
      running.clock.advance(ms);
      sayPowers(running, { 'grid/meter/power': 800 });
      running.site.tick();
      assert.equal(running.power().quality, quality, `${ms} ms`);
    }
  });

  it('uses a value no longer than it may be used, where no grace was given', () => {
    for (const [ms, solarW] of [
      [30_000, 1200],
      [30_001, null],
    ] as const) {
      const running = simpleHouse();
      sayPowers(running, all(800, 1200, 300));
      running.clock.advance(ms);
      sayPowers(running, { 'grid/meter/power': 800 });
      running.site.tick();
      assert.equal(running.power().solar_w, solarW, `${ms} ms`);
    }
  });

  it('counts its values by their quality', () => {
    const running = simpleHouse();
    sayPowers(running, all(800, null, 300));
    running.pass(1200);
    assert.deepEqual(running.status()?.sources, { total: 6, good: 5, estimated: 0, stale: 0, invalid: 1 });
  });

  it('holds a state of charge that is old, and none that its battery does not know or took with it', () => {
    const running = simpleHouse();
    const soc = (): unknown => running.power().soc;
    sayPowers(running, all(800, 1200, 300));
    running.pass(120_000);
    assert.equal(soc(), 50);
    running.say(availabilityOf('devices/bat/availability', 'offline'));
    running.pass(1200);
    assert.equal(soc(), null);
    running.say(availabilityOf('devices/bat/availability', 'online'));
    running.pass(1200);
    assert.equal(soc(), 50);
    sayPowers(running, { 'bat/battery/soc': null });
    running.pass(1200);
    assert.equal(soc(), null);
  });

  it('has no total of a term whose device has said nothing yet', () => {
    const running = simpleHouse();
    for (let s = 0; s < 60; s++) {
      sayPowers(running, { 'grid/meter/power': 3600 });
      running.pass(1000);
    }
    running.pass(12_000);
    const { grid_import_wh, solar_wh, energies } = running.energy();
    assert.ok((grid_import_wh ?? 0) > 50, `${grid_import_wh}`);
    assert.deepEqual([solar_wh, energies?.solar_wh], [null, undefined]);
  });

  it('null + x is null: a missing meter never makes consumption look lower', () => {
    for (const missing of ['grid/meter/power', 'pv/solar/power', 'bat/battery/power']) {
      const running = simpleHouse();
      sayPowers(running, { ...all(800, 1200, 300), [missing]: null });
      running.pass(1200);
      assert.equal(running.power().consumption_w, null, missing);
      assert.equal(running.power().flows, null, missing);
    }
  });

  it('knows no consumption while a declared device has said nothing yet', () => {
    const running = simpleHouse();
    sayPowers(running, { 'grid/meter/power': 800 });
    running.pass(1200);
    assert.equal(running.power().consumption_w, null);
  });

  it('lets an old value drop out of the sum, and says which one it was', () => {
    const running = simpleHouse();
    sayPowers(running, all(800, 1200, 300));
    running.pass(1200);
    assert.equal(running.power().consumption_w, 2300);
    for (let i = 0; i < 32; i++) {
      sayPowers(running, { 'grid/meter/power': 800, 'bat/battery/power': 300, 'bat/battery/soc': 50 });
      sayPowers(running, { 'wallbox/ev_charger/power': 0, 'heat/heat_pump/power': 0 });
      running.pass(1000);
    }
    assert.equal(running.power().consumption_w, null);
    assert.deepEqual(running.status()?.offenders, ['devices/pv/solar/power']);
    assert.equal(running.status()?.quality, 'stale');
  });

  it('counts a device that is offline as unknown at once, and as 0 only where that was asked for', () => {
    for (const [offlineMeansZero, expected] of [
      [false, null],
      [true, 1100],
    ] as const) {
      const running = simpleHouse(startSite({ offlineMeansZero }));
      sayPowers(running, all(800, 1200, 300));
      running.say(availabilityOf('devices/pv/availability', 'offline'));
      running.pass(1200);
      assert.equal(running.power().consumption_w, expected);
      assert.equal(running.power().quality, offlineMeansZero ? 'estimated' : 'stale');
      running.say(availabilityOf('devices/pv/availability', 'online'));
      running.pass(1200);
      assert.equal(running.power().consumption_w, 2300);
    }
  });

  const night = (last: { ac: number; battery?: number }, parts = hybrid) => {
    const running = startSite({ offlineMeansZero: true });
    running.say(metaOf('grid', gridMeter), metaOf('hybrid', ...parts));
    settled(running);
    sayPowers(running, {
      'grid/meter/power': 300,
      'hybrid/inverter/power': last.ac,
      'hybrid/solar/dc_power': 0,
      ...(last.battery === undefined ? {} : { 'hybrid/battery/power': last.battery, 'hybrid/battery/soc': 12 }),
    });
    running.pass(1200);
    assert.equal(running.power().quality, 'good');
    running.say(availabilityOf('devices/hybrid/availability', 'offline'));
    sayPowers(running, {
      'hybrid/inverter/power': null,
      'hybrid/solar/dc_power': null,
      'hybrid/battery/power': null,
      'hybrid/battery/soc': null,
    });
    running.pass(1200);
    return running.power();
  };

  it('counts a hybrid inverter that went to sleep as 0, with its battery and the charge that is left in it', () => {
    const { solar_w, battery_w, consumption_w, soc, quality } = night({ ac: -20, battery: 15 });
    assert.deepEqual([solar_w, battery_w, consumption_w, soc, quality], [0, 0, 300, 12, 'estimated']);
  });

  it('does not take a hybrid inverter for asleep whose battery was at work when it was last heard', () => {
    const { solar_w, battery_w, consumption_w, soc, quality } = night({ ac: 2900, battery: 3000 });
    assert.deepEqual([solar_w, battery_w, consumption_w, soc, quality], [0, null, null, null, 'invalid']);
  });

  it('counts a hybrid inverter without a battery as 0 whatever it gave last', () => {
    const [inverter, strings] = hybrid as [ComponentMeta, ComponentMeta];
    const { solar_w, consumption_w, quality } = night({ ac: 120 }, [inverter, strings]);
    assert.deepEqual([solar_w, consumption_w, quality], [0, 300, 'estimated']);
  });

  it('knows nothing of the sun where its meter is offline', () => {
    const running = startSite({ offlineMeansZero: true });
    running.say(metaOf('grid', gridMeter), metaOf('pv', { type: 'meter', role: 'solar', quantities: { ...power } }));
    settled(running);
    sayPowers(running, { 'grid/meter/power': 300, 'pv/meter/power': 2000 });
    running.say(availabilityOf('devices/pv/availability', 'offline'));
    running.pass(1200);
    assert.deepEqual([running.power().solar_w, running.power().consumption_w], [null, null]);
  });

  it('is no better than the worst it was computed from, its DC sides and its charge among them', () => {
    for (const [missing, unknown, quality] of [
      ['hybrid/solar/dc_power', 'solar_w', 'invalid'],
      ['hybrid/battery/power', 'battery_w', 'invalid'],
      // No power is worse because of a charge that is not known.
      ['hybrid/battery/soc', 'soc', 'estimated'],
    ] as const) {
      const running = startSite();
      running.say(metaOf('grid', gridMeter), metaOf('hybrid', ...hybrid));
      settled(running);
      const said = { 'grid/meter/power': 0, 'hybrid/inverter/power': 900, 'hybrid/solar/dc_power': 1000 };
      sayPowers(running, { ...said, 'hybrid/battery/power': 0, 'hybrid/battery/soc': 50, [missing]: null });
      running.pass(1200);
      assert.deepEqual([running.power()[unknown], running.power().quality], [null, quality], missing);
      assert.equal(running.power().consumption_w, 900);
      assert.deepEqual(running.status()?.offenders, [`devices/${missing}`]);
    }
  });

  it('never gets better when an input gets worse (P13, fast-check)', () => {
    const paths = [...Object.keys(all(0, 0, 0))];
    const badness = fc.integer({ min: 0, max: 3 });
    const given = fc.tuple(fc.array(badness, { minLength: paths.length, maxLength: paths.length }), fc.nat(), badness);
    const evaluateWith = (levels: number[]): Power => {
      const running = simpleHouse();
      const messages = levels.map((level, i) =>
        readingOf(paths[i] as string, level === 3 ? null : 40, running.clock.now(), {
          quality: (['good', 'estimated', 'stale', 'invalid'] as const)[level] as 'good',
        }),
      );
      running.say(...messages);
      running.pass(1200);
      return running.power();
    };
    const rank = { good: 0, estimated: 1, stale: 2, invalid: 3 };
    fc.assert(
      fc.property(given, ([levels, which, level]) => {
        const at = which % paths.length;
        const worse = levels.with(at, Math.max(level, levels[at] as number));
        const [before, after] = [evaluateWith(levels), evaluateWith(worse)];
        assert.ok(rank[after.quality] >= rank[before.quality], `${before.quality} became ${after.quality}`);
        for (const name of ['grid_w', 'solar_w', 'battery_w', 'consumption_w', 'soc'] as const)
          assert.ok(before[name] !== null || after[name] === null, `${name} came back`);
      }),
      { numRuns: 100 },
    );
  });

  it('believes nothing of a gateway that has left', () => {
    const running = simpleHouse();
    sayPowers(running, all(800, 1200, 300));
    running.say(availabilityOf('system/status/gw', 'offline'));
    running.pass(1200);
    assert.equal(running.power().consumption_w, null);
  });

  it('does not believe an old availability that arrives after a newer one', () => {
    const running = simpleHouse();
    sayPowers(running, all(800, 1200, 300));
    const at = (state: 'online' | 'offline', ms: number) => ({
      ...availabilityOf('devices/pv/availability', state),
      ts: new Date(running.clock.now() + ms).toISOString(),
    });
    running.say(at('online', 0), at('offline', -500));
    running.pass(1200);
    assert.equal(running.power().consumption_w, 2300);
  });

  it('believes who is there now after the clock was set back', () => {
    const running = simpleHouse();
    const say = (state: 'online' | 'offline'): void =>
      running.say({
        ...availabilityOf('devices/pv/availability', state),
        ts: new Date(running.clock.now()).toISOString(),
      });
    for (const state of ['online', 'offline'] as const) {
      say(state);
      running.pass(2000);
      running.clock.jump(-3_600_000);
      say(state === 'online' ? 'offline' : 'online');
      sayPowers(running, all(800, 1200, 300));
      running.pass(1200);
      assert.equal(running.power().consumption_w, state === 'online' ? null : 2300);
    }
  });

  it('uses an old value for the grace that was asked for, as estimated', () => {
    const running = simpleHouse(startSite({ graceMs: 60_000 }));
    sayPowers(running, all(800, 1200, 300));
    running.pass(40_000);
    assert.deepEqual([running.power().consumption_w, running.power().quality], [2300, 'estimated']);
    running.pass(60_000);
    assert.equal(running.power().consumption_w, null);
  });

  it('ignores what is older than what it has', () => {
    const running = simpleHouse();
    sayPowers(running, all(800, 0, 0));
    running.say(readingOf('grid/meter/power', 5000, running.clock.now() - 5000));
    running.pass(1200);
    assert.equal(running.power().grid_w, 800);
  });

  it('ignores what has the same time and came before', () => {
    const running = simpleHouse();
    const at = running.clock.now();
    const first = readingOf('grid/meter/power', 5000, at);
    running.say(readingOf('grid/meter/power', 800, at), first);
    sayPowers(running, { 'pv/solar/power': 0, 'bat/battery/power': 0 });
    running.pass(1200);
    assert.equal(running.power().grid_w, 800);
  });

  it('says nothing before all devices had the time to be heard', () => {
    const running = startSite();
    running.say(metaOf('grid', gridMeter), metaOf('pv', solar));
    sayPowers(running, { 'grid/meter/power': 500 });
    running.pass(2800);
    assert.deepEqual(running.messages, []);
    sayPowers(running, { 'grid/meter/power': 500, 'pv/solar/power': 100 });
    running.pass(1200);
    assert.equal(running.power().consumption_w, 600);
  });

  it('does not add what a parent of the same kind measures already', () => {
    const running = startSite();
    const wallbox = { ...charger, parent: 'chargers' };
    running.say(metaOf('grid', gridMeter), metaOf('chargers', charger), metaOf('box', wallbox));
    settled(running);
    sayPowers(running, { 'grid/meter/power': 9000, 'chargers/ev_charger/power': 7000, 'box/ev_charger/power': 6900 });
    running.pass(1200);
    assert.equal(running.power().ev_w, 7000);
  });

  it('has no grid power without a grid meter: unknown is not none', () => {
    const running = startSite();
    running.say(metaOf('pv', solar));
    settled(running);
    sayPowers(running, { 'pv/solar/power': 1000 });
    running.pass(1200);
    assert.deepEqual([running.power().grid_w, running.power().consumption_w], [null, null]);
  });

  it('counts a hybrid inverter once, by its AC side', () => {
    const running = startSite();
    running.say(metaOf('grid', gridMeter), metaOf('hybrid', ...hybrid));
    settled(running);
    sayPowers(running, {
      'grid/meter/power': -400,
      'hybrid/inverter/power': 2900,
      'hybrid/solar/dc_power': 4000,
      'hybrid/battery/power': -1000,
    });
    running.pass(1200);
    const { consumption_w, solar_w, battery_w, balance_error_w } = running.power();
    assert.deepEqual([consumption_w, solar_w, battery_w, balance_error_w], [2500, 4000, -1000, 0]);
  });

  it('is told at a glance, with whether a meter measures the grid', () => {
    const running = startSite();
    running.say(metaOf('pv', solar));
    settled(running);
    sayPowers(running, { 'pv/solar/power': null });
    const offenders = ['devices/pv/solar/power'];
    assert.deepEqual(running.site.summary(), { sources: 1, offenders, hasGrid: false, quality: 'invalid' });
    running.say(metaOf('grid', gridMeter));
    sayPowers(running, { 'grid/meter/power': 500, 'pv/solar/power': 100 });
    assert.deepEqual(running.site.summary(), { sources: 2, offenders: [], hasGrid: true, quality: 'good' });
  });

  it('knows no consumption while the inverter is missing that a battery stands behind', () => {
    const running = startSite();
    const behind = { ...battery, coupling: 'dc' as const, behind: 'hybrid' };
    running.say(metaOf('grid', gridMeter), metaOf('box', behind));
    settled(running);
    sayPowers(running, { 'grid/meter/power': 500, 'box/battery/power': 1000 });
    running.pass(1200);
    assert.deepEqual([running.power().battery_w, running.power().consumption_w], [1000, null]);
    running.say(metaOf('hybrid', { type: 'inverter', role: 'inverter', quantities: { ...power } }));
    sayPowers(running, { 'grid/meter/power': 500, 'box/battery/power': 1000, 'hybrid/inverter/power': 950 });
    running.pass(1200);
    assert.deepEqual([running.power().battery_w, running.power().consumption_w], [1000, 1450]);
  });

  it('shows the strings of a device with two inverters once', () => {
    const running = startSite();
    const inverter = (index: number) => ({
      type: 'inverter',
      index,
      role: 'inverter' as const,
      quantities: { ...power },
    });
    const strings = {
      type: 'solar',
      role: 'solar' as const,
      coupling: 'dc' as const,
      quantities: { dc_power: power.power },
    };
    running.say(metaOf('grid', gridMeter), metaOf('twin', inverter(1), inverter(2), strings));
    settled(running);
    sayPowers(running, {
      'grid/meter/power': 0,
      'twin/inverter/1/power': 900,
      'twin/inverter/2/power': 1000,
      'twin/solar/dc_power': 2000,
    });
    running.pass(1200);
    assert.deepEqual([running.power().solar_w, running.power().consumption_w], [2000, 1900]);
  });

  it('lets the total of a device win over its strings', () => {
    const running = startSite();
    const string = (index: number) => ({ ...solar, index });
    running.say(metaOf('grid', gridMeter), metaOf('pv', solar, string(1), string(2)));
    settled(running);
    sayPowers(running, {
      'grid/meter/power': 0,
      'pv/solar/power': 3000,
      'pv/solar/1/power': 1600,
      'pv/solar/2/power': 1400,
    });
    running.pass(1200);
    assert.equal(running.power().solar_w, 3000);
  });

  it('weighs states of charge by capacity, and leaves out the battery it cannot read', () => {
    const running = startSite();
    const sized = (wh: number) => ({ ...battery, usable_energy_wh: wh });
    running.say(metaOf('grid', gridMeter), metaOf('a', sized(10_000)), metaOf('b', sized(5000)));
    settled(running);
    const say = (a: number, b: number | null): void => {
      running.clock.advance(1000);
      sayPowers(running, { 'grid/meter/power': 0, 'a/battery/power': 0, 'b/battery/power': 0 });
      sayPowers(running, { 'a/battery/soc': a, 'b/battery/soc': b });
      running.pass(1200);
    };
    say(90, 30);
    assert.equal(running.power().soc, 70);
    say(90, null);
    assert.equal(running.power().soc, 90);
  });

  it('weighs states of charge by the capacity that a battery measures rather than by that of its meta', () => {
    const running = startSite();
    const measured = { unit: 'Wh', interval_s: 1, max_age_s: 30 } as const;
    const quantities = { ...battery.quantities, capacity_usable: measured };
    running.say(
      metaOf('grid', gridMeter),
      ...['a', 'b'].map((device) => metaOf(device, { ...battery, quantities, usable_energy_wh: 1000 })),
    );
    settled(running);
    sayPowers(running, { 'grid/meter/power': 0, 'a/battery/power': 0, 'b/battery/power': 0 });
    sayPowers(running, { 'a/battery/capacity_usable': 10_000, 'b/battery/capacity_usable': 5000 });
    sayPowers(running, { 'a/battery/soc': 90, 'b/battery/soc': 30 });
    running.pass(1200);
    assert.deepEqual([running.power().soc, running.power().quality], [70, 'good']);
  });

  it('is estimated while batteries cannot be weighed, and says which one does not state its capacity', () => {
    const running = startSite();
    running.say(metaOf('grid', gridMeter), metaOf('a', { ...battery, usable_energy_wh: 10_000 }), metaOf('b', battery));
    settled(running);
    sayPowers(running, { 'grid/meter/power': 0, 'a/battery/power': 0, 'b/battery/power': 0 });
    sayPowers(running, { 'a/battery/soc': 90, 'b/battery/soc': 30 });
    running.pass(1200);
    assert.deepEqual([running.power().soc, running.power().quality], [60, 'estimated']);
    assert.deepEqual(running.status()?.offenders, ['devices/b/battery/soc']);
  });

  it('forgets a device that was removed', () => {
    const running = simpleHouse();
    sayPowers(running, all(800, 1200, 300));
    running.pass(1200);
    running.site.forget('pv');
    running.pass(1200);
    assert.deepEqual([running.power().solar_w, running.power().consumption_w], [0, 1100]);
    running.say(metaOf('pv', solar));
    running.pass(1200);
    assert.deepEqual([running.power().solar_w, running.power().consumption_w], [null, null]);
  });

  it('takes what a device tells right after its meta, while others still introduce themselves', () => {
    const running = startSite();
    const soc = { unit: '%', interval_s: 1, max_age_s: 3600, report: 'on_change' } as const;
    running.say(metaOf('grid', gridMeter));
    for (let i = 0; i < 5; i++) {
      running.say(metaOf(`bat${i}`, { ...battery, quantities: { ...battery.quantities, soc } }));
      sayPowers(running, { [`bat${i}/battery/power`]: 10 * i, [`bat${i}/battery/soc`]: 50 });
    }
    sayPowers(running, { 'grid/meter/power': 400 });
    settled(running);
    assert.deepEqual([running.power().battery_w, running.power().consumption_w, running.power().soc], [100, 500, 50]);
  });

  it('says only what its own schemas allow', () => {
    const running = simpleHouse();
    sayPowers(running, all(800, null, 300));
    running.pass(12_000);
    assert.ok(running.messages.length > 3);
    for (const message of running.messages) {
      const checked = checkMessage(message, { now: running.clock.now() });
      assert.ok(checked.ok, checked.ok ? '' : `${message.topic}: ${checked.reasons.join()}`);
    }
  });
});

describe('the energy of a site', () => {
  const run = (running: RunningSite, seconds: number, at: (second: number) => Record<string, number>): void => {
    for (let i = 0; i < seconds; i++) {
      sayPowers(running, at(i));
      running.pass(1000);
    }
  };

  it('integrates power where there is no counter', () => {
    const running = startSite();
    running.say(metaOf('grid', { ...gridMeter, quantities: { power: gridMeter.quantities.power ?? {} } }));
    settled(running);
    run(running, 3600, () => ({ 'grid/meter/power': 1000 }));
    running.pass(10_000);
    const { grid_import_wh, grid_export_wh, consumption_wh } = running.energy();
    assert.ok(Math.abs((grid_import_wh ?? 0) - 1000) < 1, String(grid_import_wh));
    assert.equal(grid_export_wh, 0);
    assert.ok(Math.abs((consumption_wh ?? 0) - 1000) < 1);
  });

  it('takes the counter where there is one, and loses nothing over an outage', () => {
    const running = startSite();
    running.say(metaOf('grid', gridMeter));
    settled(running);
    const counters = (wh: number) => ({
      'grid/meter/power': 1000,
      'grid/meter/energy_import': wh,
      'grid/meter/energy_export': 500,
    });
    run(running, 5, (i) => counters(10_000 + i));
    running.pass(600_000);
    run(running, 20, (i) => counters(10_170 + i));
    running.pass(10_000);
    assert.equal(running.energy().grid_import_wh, 189);
    assert.equal(running.energy().grid_export_wh, 0);
  });

  it('knows no consumption without a grid meter, or while an inverter is missing', () => {
    const withoutGrid = startSite();
    withoutGrid.say(metaOf('pv', solar));
    settled(withoutGrid);
    run(withoutGrid, 20, () => ({ 'pv/solar/power': 1000 }));
    withoutGrid.pass(10_000);
    assert.deepEqual([withoutGrid.energy().consumption_wh, withoutGrid.energy().grid_import_wh], [null, null]);
    assert.ok((withoutGrid.energy().solar_wh ?? 0) > 0);

    const withoutInverter = startSite();
    withoutInverter.say(metaOf('grid', gridMeter), metaOf('box', { ...battery, coupling: 'dc', behind: 'hybrid' }));
    settled(withoutInverter);
    run(withoutInverter, 20, () => ({
      'grid/meter/power': 500,
      'grid/meter/energy_import': 0,
      'grid/meter/energy_export': 0,
      'box/battery/power': 1000,
    }));
    withoutInverter.pass(10_000);
    assert.equal(withoutInverter.energy().consumption_wh, null);
  });

  it('never takes back what it said of consumption, though counters step at different times', () => {
    const running = startSite();
    const inverter = { type: 'meter', role: 'solar' as const, quantities: gridMeter.quantities };
    running.say(metaOf('grid', gridMeter), metaOf('pv', inverter));
    settled(running);
    const said: number[] = [];
    const counters = (produced: number, exported: number) => ({
      'grid/meter/power': -1000,
      'grid/meter/energy_import': 0,
      'grid/meter/energy_export': exported,
      'pv/meter/power': 1000,
      'pv/meter/energy_import': 0,
      'pv/meter/energy_export': produced,
    });
    // What is produced is exported, and one counter is ahead of the other in turns.
    for (const [produced, exported] of [
      [0, 0],
      [10, 0],
      [10, 0],
      [10, 0],
      [10, 10],
      [10, 20],
      [20, 20],
      [30, 20],
      [30, 30],
    ]) {
      sayPowers(running, counters(produced as number, exported as number));
      running.pass(10_000);
      said.push(running.energy().consumption_wh as number);
    }
    assert.equal(Math.max(...said), 10);
    assert.deepEqual(
      said,
      said.toSorted((a, b) => a - b),
    );
  });

  it('neither loses nor doubles anything when a counter dips to 0 and recovers', () => {
    const running = startSite();
    running.say(metaOf('grid', gridMeter));
    settled(running);
    const values = [10_000, 10_001, 0, 10_003, 10_004, 0, 10_006, 10_007];
    run(running, values.length, (i) => ({
      'grid/meter/power': 3600,
      'grid/meter/energy_import': values[i] ?? 0,
      'grid/meter/energy_export': 0,
    }));
    running.pass(10_000);
    assert.equal(running.energy().grid_import_wh, 7);
  });

  it('begins anew with an exchanged meter, and says so', () => {
    const running = startSite();
    running.say(metaOf('grid', gridMeter));
    settled(running);
    const at = (wh: number) => ({
      'grid/meter/power': 3600,
      'grid/meter/energy_import': wh,
      'grid/meter/energy_export': 0,
    });
    run(running, 10, (i) => at(10_000 + i));
    run(running, 90, (i) => at(i));
    running.pass(10_000);
    const total = running.energy().grid_import_wh ?? Number.NaN;
    assert.equal(total, 9 + 89);
    const [{ schema, ...event } = {}] = running.events as Partial<Message<'event/1'>>[];
    assert.deepEqual([event.name, event.severity], ['counter_reset', 'warning']);
    const { topic, before_wh, booked_wh } = event.data ?? {};
    assert.deepEqual([topic, before_wh], ['devices/grid/meter/energy_import', 10_009]);
    assert.ok((booked_wh as number) >= 60, String(booked_wh));
  });

  it('takes the rating of a meter for no limit, and that of an inverter for one', () => {
    const running = startSite();
    const rated = { rated_power_w: 1000 };
    const inverter = { type: 'inverter', role: 'inverter' as const, ...rated, quantities: gridMeter.quantities };
    running.say(metaOf('grid', { ...gridMeter, ...rated }), metaOf('pv', inverter));
    settled(running);
    // 40 Wh in a second are 144 kW.
    const both = (wh: number) => ({ 'grid/meter/energy_import': wh, 'pv/inverter/energy_export': wh });
    run(running, 3, () => both(10_000));
    run(running, 1, () => both(10_040));
    const { totals } = running.site.snapshot();
    assert.deepEqual([totals['grid positive'], totals['inverter positive']], [40, 0]);
  });

  it('counts each direction over the end of its own digits', () => {
    const running = startSite();
    const counter = (modulus: number) => ({ unit: 'Wh' as const, interval_s: 1, max_age_s: 30, modulus });
    const counters = { energy_discharged: counter(10_000), energy_charged: counter(50_000) };
    running.say(metaOf('grid', gridMeter), metaOf('bat', { ...battery, quantities: { ...power, ...counters } }));
    settled(running);
    const said = (out: number, into: number) => () => ({
      'bat/battery/energy_discharged': out,
      'bat/battery/energy_charged': into,
    });
    run(running, 1, said(9990, 49_990));
    run(running, 1, said(5, 3));
    const { totals } = running.site.snapshot();
    assert.deepEqual([totals['battery positive'], totals['battery negative']], [15, 13]);
    assert.deepEqual(
      running.events.map(({ topic }) => topic),
      ['sites/home/event/counter_rollover', 'sites/home/event/counter_rollover'],
    );
  });

  it('takes more from a site that was said to have more', () => {
    for (const [maxPowerW, expected] of [
      [undefined, 0],
      [1_000_000, 300],
    ] as const) {
      const running = startSite(maxPowerW ? { maxPowerW } : {});
      running.say(metaOf('grid', gridMeter));
      settled(running);
      run(running, 2, (i) => ({ 'grid/meter/energy_import': 10_000 + i * 300 }));
      assert.equal(running.site.snapshot().totals['grid positive'], expected);
    }
  });

  it('total never falls, whatever the counter does (fast-check)', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 5, maxLength: 60 }), (values) => {
        const running = startSite();
        running.say(metaOf('grid', gridMeter));
        settled(running);
        let before = 0;
        for (const value of values) {
          run(running, 1, () => ({
            'grid/meter/power': 0,
            'grid/meter/energy_import': value,
            'grid/meter/energy_export': 0,
          }));
          running.pass(10_000);
          const total = running.energy()?.grid_import_wh ?? before;
          assert.ok(total >= before);
          before = total;
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keeps its totals over a restart, and counts what happened meanwhile', () => {
    const first = startSite();
    first.say(metaOf('grid', gridMeter));
    settled(first);
    const at = (wh: number) => ({
      'grid/meter/power': 1000,
      'grid/meter/energy_import': wh,
      'grid/meter/energy_export': 0,
    });
    run(first, 10, (i) => at(10_000 + i));
    const saved = readSnapshot(JSON.parse(JSON.stringify(first.site.snapshot())));
    assert.ok(saved.ok, saved.ok ? '' : saved.reason);
    const clock: VirtualClock = createVirtualClock(first.clock.now() + 600_000);
    const second = startSite({}, saved.value, clock);
    second.say(metaOf('grid', gridMeter));
    settled(second);
    run(second, 10, (i) => at(10_170 + i));
    second.pass(10_000);
    assert.equal(second.energy().grid_import_wh, 179);
    assert.equal(second.energy().since, new Date(first.clock.now() - first.clock.monotonic()).toISOString());
  });

  it('reads what was saved before counters had candidates', () => {
    const running = startSite();
    const counter = { last: { wh: 5, ts: 7 }, candidates: [], generation: 2 };
    const channels = { 'devices/grid/meter/power positive': { counter, usesCounter: true, hasData: true } };
    const read = readSnapshot({ ...JSON.parse(JSON.stringify(running.site.snapshot())), channels });
    assert.ok(read.ok);
    assert.deepEqual(Object.values(read.value.channels)[0]?.counter, { last: { wh: 5, ts: 7 }, earlier: [] });
  });

  it('reads what was saved at any moment: before a device is known, before a reading, and after', () => {
    const readBack = (running: RunningSite): void => {
      const read = readSnapshot(JSON.parse(JSON.stringify(running.site.snapshot())));
      assert.ok(read.ok, read.ok ? '' : read.reason);
    };
    const running = startSite();
    readBack(running);
    running.say(metaOf('grid', gridMeter), metaOf('gen', { ...gridMeter, role: 'solar' }));
    running.say(metaOf('bat', { ...battery, parent: 'gen' }));
    readBack(running);
    settled(running);
    readBack(running);
    for (let i = 0; i < 5; i++) {
      sayPowers(running, { 'grid/meter/power': 500, 'gen/meter/power': 100, 'bat/battery/power': -300 });
      sayPowers(running, { 'grid/meter/energy_import': 1000 + i });
      running.pass(1000);
      readBack(running);
    }
  });

  it('refuses a damaged file in words', () => {
    const running = simpleHouse();
    const good = JSON.parse(JSON.stringify(running.site.snapshot()));
    for (const damaged of [null, {}, { ...good, version: 2 }, { ...good, totals: { a: 'x' } }, { ...good, since: 3 }]) {
      const read = readSnapshot(damaged);
      assert.ok(!read.ok);
      assert.match(read.reason, /cannot be read/);
    }
  });
});
