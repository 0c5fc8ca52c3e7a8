import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Message } from '../../../src/model/message.ts';
import type { ComponentMeta } from '../../../src/model/meta.ts';
import {
  every,
  isNear,
  type Played,
  restart,
  savedOf,
  startPlay,
  steady,
  tellEnergy,
} from '../../support/site/played-site.ts';
import { type RunningSite, startSite } from '../../support/site/running-site.ts';
import { availabilityOf, metaOf, readingOf } from '../../support/site/site-messages.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const counter = { unit: 'Wh', interval_s: 10, max_age_s: 60, resolution: 1 } as const;
const grid = every(5, { type: 'meter', role: 'grid' });
const countedGrid = every(5, {
  type: 'meter',
  role: 'grid',
  quantities: { energy_import: counter, energy_export: counter },
});
const sun = every(5, { type: 'solar', role: 'solar' });
const countedSun = every(5, { type: 'solar', role: 'solar', quantities: { energy_produced: counter } });
const storage = every(5, { type: 'battery', role: 'battery' });

const without = (played: Played[], from: number, to: number): Played[] =>
  played.filter(({ ts }) => ts < from || ts >= to);

const wh =
  (watts: number, from = 0) =>
  (s: number): number =>
    Math.floor(from + (watts * s) / 3600);

describe('how much of the time the energies of a site cover', () => {
  it('is all of it where nothing is missing, each energy for itself', () => {
    const running = startPlay({ grid: [countedGrid], pv: [sun], bat: [storage] });
    running.play([
      ...steady('grid/meter/power', 5, 3600, 400),
      ...steady('grid/meter/energy_import', 10, 3600, wh(400, 5000)),
      ...steady('grid/meter/energy_export', 10, 3600, 77),
      ...steady('pv/solar/power', 5, 3600, 1200),
      ...steady('bat/battery/power', 5, 3600, -600),
    ]);
    tellEnergy(running);
    const { coverage, quality, energies = {} } = running.energy();
    assert.deepEqual([coverage, quality], [1, 'good']);
    assert.deepEqual(
      Object.entries(energies).map(([name, { coverage: own, quality: ownQuality, method }]) => [
        name,
        own > 0.999,
        ownQuality,
        method,
      ]),
      [
        ['grid_import_wh', true, 'good', 'counter'],
        ['grid_export_wh', true, 'good', 'counter'],
        ['solar_wh', true, 'good', 'integrated'],
        ['battery_discharged_wh', true, 'good', 'integrated'],
        ['battery_charged_wh', true, 'good', 'integrated'],
        ['consumption_wh', true, 'good', 'mixed'],
      ],
    );
  });

  for (const [name, device, path, partners] of [
    ['the sun', sun, 'pv/solar/power', ['solar_wh']],
    ['a battery', storage, 'pv/battery/power', ['battery_discharged_wh', 'battery_charged_wh']],
  ] as const)
    for (const missingS of [300, 1800, 4500])
      it(`lacks the ${missingS} s in which ${name} was not measured, in its own energy and in consumption alone`, () => {
        const running = startPlay({ grid: [grid], pv: [device] });
        const seconds = 18_000;
        running.play([
          ...steady('grid/meter/power', 5, seconds, (s) => (s >= 3600 && s < 3600 + missingS ? 2000 : 900)),
          ...without(steady(path, 5, seconds, 1100), 3600, 3600 + missingS),
        ]);
        tellEnergy(running);
        const covered = (seconds - missingS) / seconds;
        const { consumption_wh, coverage, quality, energies = {} } = running.energy();
        assert.ok(isNear(consumption_wh, 10_000 * covered, 0.003), `${consumption_wh} of ${10_000 * covered}`);
        assert.ok(isNear(coverage, covered, 0.003), `${coverage} of ${covered}`);
        for (const partner of partners) assert.ok(isNear(energies[partner]?.coverage, covered, 0.003), partner);
        assert.deepEqual([energies.grid_import_wh?.coverage, energies.grid_import_wh?.quality], [1, 'good']);
        assert.deepEqual([energies.consumption_wh?.quality, quality], ['estimated', 'estimated']);
      });

  it('is all of it where only the time is stated that a value may be used', () => {
    const power = { unit: 'W', max_age_s: 900 } as const;
    const running = startPlay({ grid: [{ type: 'meter', role: 'grid', quantities: { power } }] });
    running.play(without(steady('grid/meter/power', 300, 36_000, 500), 7200, 10_800));
    tellEnergy(running);
    assert.ok(isNear(running.energy().grid_import_wh, 4458, 0.001), `${running.energy().grid_import_wh}`);
    assert.ok(isNear(running.energy().coverage, 0.89, 0.01), `${running.energy().coverage}`);
  });

  it('is never more than all of it, though the first values were measured before they came', () => {
    const running = startPlay({ grid: [grid] });
    running.play(steady('grid/meter/power', 5, 60, 900).map((each) => ({ ...each, ts: each.ts - 1.5 })));
    tellEnergy(running);
    const { coverage, energies } = running.energy();
    assert.deepEqual([coverage, energies?.consumption_wh?.coverage], [1, 1]);
  });

  it('is all of it in the moment in which the first value comes', () => {
    const running = startPlay({ grid: [grid] });
    running.pass(5800);
    running.clock.advance(200);
    running.say(readingOf('grid/meter/power', 900, running.clock.now()));
    running.site.tick();
    const { coverage, energies } = running.energy();
    assert.deepEqual([coverage, energies?.consumption_wh?.coverage], [1, 1]);
  });

  it('lacks the time of values that are said to be stale, which are not added either', () => {
    const running = startPlay({ grid: [grid] });
    running.play(
      [...steady('grid/meter/power', 5, 600, 3600), ...steady('grid/meter/power', 5, 900, 3600).slice(-50)].map(
        (each) => (each.ts > 600 && each.ts < 900 ? { ...each, more: { quality: 'stale' } } : each),
      ),
    );
    tellEnergy(running);
    const { grid_import_wh, coverage } = running.energy();
    assert.equal(grid_import_wh, 600);
    assert.ok(isNear(coverage, 600 / 900, 0.02), `${coverage}`);
    assert.equal(coverage, Number(coverage.toFixed(4)), 'told to four digits');
  });

  it('is estimated where more than a hundredth of it was, however good it is now', () => {
    for (const [estimatedS, expected] of [
      [300, 'estimated'],
      [20, 'good'],
    ] as const) {
      const running = startPlay({ grid: [grid] });
      running.play(
        steady('grid/meter/power', 5, 7200, 500).map((each) =>
          each.ts >= 600 && each.ts < 600 + estimatedS ? { ...each, more: { quality: 'estimated' } } : each,
        ),
      );
      tellEnergy(running);
      const { coverage, quality, energies } = running.energy();
      assert.deepEqual([coverage, quality, energies?.grid_import_wh?.quality], [1, expected, expected]);
    }
  });

  it('lacks nothing where the counter of a source makes up for the time it was away', () => {
    const running = startPlay({ grid: [grid], pv: [countedSun] });
    const seconds = 7200;
    running.play([
      ...steady('grid/meter/power', 5, seconds, 900),
      ...without(steady('pv/solar/power', 5, seconds, 1100), 1000, 5000),
      ...without(steady('pv/solar/energy_produced', 10, seconds, wh(1100, 800)), 1000, 5000),
    ]);
    tellEnergy(running);
    const { solar_wh, consumption_wh, coverage } = running.energy();
    assert.ok(isNear(solar_wh, 2200), `${solar_wh}`);
    assert.ok(isNear(consumption_wh, 4000), `${consumption_wh}`);
    assert.ok(coverage > 0.99, `${coverage}`);
  });

  it('shows while a source is away that its time is missing, and that nothing is booked', () => {
    const running = startPlay({ grid: [grid], pv: [sun] });
    running.play([...steady('grid/meter/power', 5, 7200, 900), ...steady('pv/solar/power', 5, 3600, 1100)]);
    tellEnergy(running);
    const { coverage, quality, consumption_wh, energies = {} } = running.energy();
    assert.ok(isNear(coverage, 0.5, 0.02), `${coverage}`);
    assert.ok(isNear(energies.solar_wh?.coverage, 0.5, 0.02), JSON.stringify(energies.solar_wh));
    assert.equal(quality, 'estimated');
    assert.ok(isNear(consumption_wh, 2000, 0.01), `${consumption_wh}`);
  });

  it('says at once that an energy is not followed any more, however much of it is covered', () => {
    for (const [device, more] of [
      [sun, []],
      [countedSun, steady('pv/solar/energy_produced', 10, 18_000, wh(1100, 800))],
    ] as const) {
      const running = startPlay({ grid: [grid], pv: [device] });
      running.play([
        ...steady('grid/meter/power', 5, 18_090, 900),
        ...steady('pv/solar/power', 5, 18_000, 1100),
        ...more,
      ]);
      running.pass(10_000);
      const { coverage, energies = {}, quality } = running.energy();
      assert.ok(coverage > 0.99, `${coverage}`);
      assert.deepEqual(
        [energies.solar_wh?.quality, energies.grid_import_wh?.quality, quality],
        ['estimated', 'good', 'estimated'],
      );
    }
  });

  it('is that of the worst of several sources', () => {
    const running = startPlay({ grid: [grid], pv: [sun], roof: [sun] });
    running.play([
      ...steady('grid/meter/power', 5, 3600, 900),
      ...steady('pv/solar/power', 5, 3600, 1100),
      ...without(steady('roof/solar/power', 5, 3600, 500), 900, 1800),
    ]);
    tellEnergy(running);
    const { coverage, energies = {} } = running.energy();
    assert.ok(isNear(energies.solar_wh?.coverage, 0.75, 0.01), JSON.stringify(energies));
    assert.ok(isNear(coverage, 0.75, 0.01), `${coverage}`);
  });

  for (const [downS, upS] of [
    [480, 7280],
    [60, 1000],
    [7200, 7200],
  ] as const)
    it(`lacks the ${downS} s without this runtime`, () => {
      const devices = { grid: [grid], pv: [sun] };
      const first = startPlay(devices);
      const both = (seconds: number): Played[] => [
        ...steady('grid/meter/power', 5, seconds, 900),
        ...steady('pv/solar/power', 5, seconds, 1100),
      ];
      first.play(both(upS / 2));
      const second = restart(first, devices, downS * 1000);
      second.play(both(upS / 2));
      tellEnergy(second);
      const { coverage, consumption_wh, since, energies = {} } = second.energy();
      // The runtime says nothing in its first four seconds.
      const expected = upS / (upS + downS + 4);
      assert.ok(Math.abs(coverage - expected) < 0.005, `${coverage} of ${expected}`);
      for (const { coverage: own } of Object.values(energies)) assert.ok(Math.abs(own - expected) < 0.005, `${own}`);
      assert.ok(isNear(consumption_wh, (2000 * upS) / 3600, 0.01), `${consumption_wh}`);
      assert.equal(since, first.energy().since);
    });

  it('lacks nothing of a short restart, nor of a long one where counters count on', () => {
    const devices = { grid: [countedGrid] };
    for (const [downS, ...paths] of [
      [20, 'power'],
      [7200, 'power', 'import', 'export'],
    ] as [number, ...string[]][]) {
      const parts = paths.length > 1 ? devices : { grid: [grid] };
      const from = (startS: number) => [
        ...steady('grid/meter/power', 5, 600, 3600),
        ...(paths.length > 1 ? steady('grid/meter/energy_import', 10, 600, (s) => 1000 + startS + s) : []),
        ...(paths.length > 1 ? steady('grid/meter/energy_export', 10, 600, 5) : []),
      ];
      const first = startPlay(parts);
      first.play(from(0));
      // Four seconds pass before the first reading of a run.
      const second = restart(first, parts, downS * 1000 - 4000);
      second.play(from(600 + downS));
      tellEnergy(second);
      const { grid_import_wh, consumption_wh, coverage } = second.energy();
      assert.ok(isNear(grid_import_wh, 1200 + downS, 0.002), `${grid_import_wh}`);
      assert.ok(isNear(consumption_wh, 1200 + downS, 0.002), `${consumption_wh}`);
      assert.ok(coverage > 0.995, `${coverage}`);
    }
  });

  it('lacks the time in which a source behind a meter was missing before it was taken away', () => {
    const store: ComponentMeta = { ...storage, parent: 'gen' };
    const gen = every(5, { type: 'meter', role: 'solar' });
    const running = startPlay({ grid: [grid], gen: [gen], bat: [store], old: [store] });
    const run = (seconds: number, oldS: number): Played[] => [
      ...steady('grid/meter/power', 5, seconds, 400),
      ...steady('gen/meter/power', 5, seconds, 1000),
      ...steady('bat/battery/power', 5, seconds, -300),
      ...steady('old/battery/power', 5, oldS, -200),
    ];
    running.play(run(2000, 1000));
    running.site.forget('old');
    running.play(run(2000, 0).filter(({ path }) => !path.startsWith('old')));
    tellEnergy(running);
    const { solar_wh: facts } = running.energy().energies ?? {};
    assert.ok(isNear(facts?.coverage, 0.75, 0.01), JSON.stringify(facts));
    assert.equal(facts?.quality, 'estimated');
  });

  it('begins for a new source when it comes, and leaves the others what they had', () => {
    const running = startPlay({ grid: [grid] });
    running.play(steady('grid/meter/power', 5, 3600, 1000));
    running.say(metaOf('pv', sun));
    running.play([...steady('grid/meter/power', 5, 3600, 400), ...steady('pv/solar/power', 5, 3600, 600)]);
    tellEnergy(running);
    const { consumption_wh, coverage, energies = {} } = running.energy();
    assert.ok(isNear(consumption_wh, 2000, 0.005), `${consumption_wh}`);
    assert.ok(coverage > 0.99 && (energies.solar_wh?.coverage ?? 0) > 0.99, JSON.stringify(energies));
  });

  it('does not wait for a source that was taken away', () => {
    const running = startPlay({ grid: [grid], pv: [sun] });
    running.play([...steady('grid/meter/power', 5, 3600, 1000), ...steady('pv/solar/power', 5, 1800, 500)]);
    running.site.forget('pv');
    running.play(steady('grid/meter/power', 5, 3600, 1000));
    tellEnergy(running);
    const { consumption_wh, coverage } = running.energy();
    assert.ok(isNear(consumption_wh, 1500 * 0.5 + 1000, 0.01), `${consumption_wh}`);
    assert.ok(isNear(coverage, 0.75, 0.01), `${coverage}`);
  });

  it('is a share of the time whatever is missing, and full where nothing is (P14, fast-check)', () => {
    const outage = fc.record({ from: fc.integer({ min: 100, max: 3000 }), s: fc.integer({ min: 0, max: 900 }) });
    fc.assert(
      fc.property(fc.array(outage, { maxLength: 4 }), (outages) => {
        const running = startPlay({ grid: [grid], pv: [sun] });
        const missing = new Set(outages.flatMap(({ from, s }) => Array.from({ length: s }, (_, i) => from + i)));
        running.play([
          ...steady('grid/meter/power', 5, 4000, 700),
          ...steady('pv/solar/power', 5, 4000, 300).filter(({ ts }) => !missing.has(ts)),
        ]);
        tellEnergy(running);
        const heard = steady('', 5, 4000, 0).filter(({ ts }) => !missing.has(ts));
        const gaps = heard.slice(1).map(({ ts }, i) => ts - (heard[i]?.ts ?? 0));
        const lostS = gaps.filter((s) => s > 60).reduce((sum, s) => sum + s, 0);
        const { coverage, energies = {}, consumption_wh } = running.energy();
        const expected = 1 - lostS / 4012;
        assert.ok(Math.abs(coverage - expected) < 0.004, `${coverage} of ${expected}`);
        assert.ok(Math.abs((energies.solar_wh?.coverage ?? 0) - expected) < 0.004, JSON.stringify(energies));
        assert.equal(energies.grid_import_wh?.coverage, 1);
        assert.ok(Math.abs((consumption_wh ?? 0) - (4000 - lostS) / 3.6) < 6, `${consumption_wh}`);
        if (lostS === 0) assert.equal(coverage, 1);
      }),
      { numRuns: 10 },
    );
  });

  it('is the same however often this runtime is restarted in between (P5, fast-check)', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 30, max: 400 }), { minLength: 1, maxLength: 5 }), (parts) => {
        const devices = { grid: [countedGrid], pv: [countedSun] };
        let running = startPlay(devices);
        let passed = 0;
        for (const s of parts) {
          running.play([
            ...steady('grid/meter/power', 5, s, 3600),
            ...steady('pv/solar/power', 5, s, 7200),
            ...[0, s].flatMap((at): Played[] =>
              [
                ['grid/meter/energy_import', 1000 + passed + at],
                ['grid/meter/energy_export', 50],
                ['pv/solar/energy_produced', 4000 + 2 * (passed + at)],
              ].map(([path, value]) => ({ at, ts: at, path: path as string, value: value as number })),
            ),
          ]);
          passed += s + 10;
          running = restart(running, devices, 6000);
        }
        running.play([
          { at: 0, ts: 0, path: 'grid/meter/energy_import', value: 1000 + passed },
          { at: 0, ts: 0, path: 'grid/meter/energy_export', value: 50 },
          { at: 0, ts: 0, path: 'pv/solar/energy_produced', value: 4000 + 2 * passed },
          { at: 0, ts: 0, path: 'grid/meter/power', value: 3600 },
          { at: 0, ts: 0, path: 'pv/solar/power', value: 7200 },
        ]);
        tellEnergy(running);
        const { grid_import_wh, solar_wh, consumption_wh } = running.energy();
        assert.deepEqual([grid_import_wh, solar_wh], [passed, 2 * passed]);
        assert.ok(isNear(consumption_wh, 3 * passed, 0.001), `${consumption_wh} of ${3 * passed}`);
      }),
      { numRuns: 10 },
    );
  });
});

describe('energies that were told before', () => {
  const devices = { grid: [grid] };
  const told = (running: RunningSite): Message<'site-energy/1'> => ({
    ...running.energy(),
    topic: 'sites/home/energy',
  });

  it('do not go back where a run ended without saving: what is retained was measured', () => {
    const first = startPlay(devices);
    first.play(steady('grid/meter/power', 5, 3600, 3600));
    const saved = savedOf(first);
    first.play(steady('grid/meter/power', 5, 25, 3600));
    tellEnergy(first);
    const before = told(first);
    const second = restart(first, devices, 60_000, saved);
    second.say(before);
    second.play(steady('grid/meter/power', 5, 20, 3600));
    tellEnergy(second);
    const after = second.energy();
    assert.ok((before.grid_import_wh ?? 0) >= 3620, `${before.grid_import_wh}`);
    assert.ok(isNear(after.grid_import_wh, (before.grid_import_wh ?? 0) + 20, 0.001), `${after.grid_import_wh}`);
    assert.ok(isNear(after.consumption_wh, (before.consumption_wh ?? 0) + 20, 0.001), `${after.consumption_wh}`);
  });

  it('are not counted twice where a counter makes up for what was not saved', () => {
    const counted = { grid: [countedGrid] };
    const run = (startWh: number): Played[] => [
      ...steady('grid/meter/power', 5, 600, 3600),
      ...steady('grid/meter/energy_import', 10, 600, (s) => startWh + s),
      ...steady('grid/meter/energy_export', 10, 600, 5),
    ];
    const first = startPlay(counted);
    first.play(run(1000));
    const saved = savedOf(first);
    first.play(run(1600));
    tellEnergy(first);
    const before = told(first);
    assert.equal(before.grid_import_wh, 1200);
    const second = restart(first, counted, 60_000, saved);
    second.say(before);
    tellEnergy(second);
    assert.equal(second.energy().grid_import_wh, 1200);
    second.play([{ at: 0, ts: 0, path: 'grid/meter/energy_import', value: 2200 }]);
    tellEnergy(second);
    assert.equal(second.energy().grid_import_wh, 1200);
    second.play(run(2260));
    tellEnergy(second);
    assert.equal(second.energy().grid_import_wh, 1860);
  });

  it('are added to an energy without a counter, though consumption has one that makes up for them', () => {
    const mixed = { grid: [grid], pv: [countedSun] };
    const run = (fromS: number, seconds: number): Played[] => [
      ...steady('grid/meter/power', 5, seconds, 3600),
      ...steady('pv/solar/power', 5, seconds, 3600),
      ...steady('pv/solar/energy_produced', 10, seconds, (s) => fromS + s),
    ];
    const first = startPlay(mixed);
    first.play(run(1000, 600));
    const saved = savedOf(first);
    first.play(run(1600, 300));
    tellEnergy(first);
    const second = restart(first, mixed, 5000, saved);
    second.say(told(first));
    second.pass(4000);
    const { totals, consumptionWh } = second.site.snapshot();
    assert.deepEqual([totals['grid positive'], consumptionWh], [told(first).grid_import_wh, saved.consumptionWh]);
  });

  it('are not counted twice where they come before anything is known of the devices', () => {
    const counted = { grid: [countedGrid] };
    const run = (startWh: number): Played[] => [
      ...steady('grid/meter/power', 5, 600, 3600),
      ...steady('grid/meter/energy_import', 10, 600, (s) => startWh + s),
      ...steady('grid/meter/energy_export', 10, 600, 5),
    ];
    const first = startPlay(counted);
    first.play(run(1000));
    const saved = savedOf(first);
    first.play(run(1600));
    tellEnergy(first);
    const second = startSite({ boot: 'next' }, saved, createVirtualClock(first.clock.now() + 60_000));
    second.say(told(first), told(first), metaOf('grid', countedGrid));
    second.pass(4000);
    second.say(
      readingOf('grid/meter/energy_import', 2200, second.clock.now()),
      readingOf('grid/meter/energy_import', 2201, second.clock.now() + 1),
    );
    tellEnergy(second);
    assert.ok((second.energy().grid_import_wh ?? 0) <= 1201, `${second.energy().grid_import_wh}`);
  });

  it('mean nothing to a site that began at another time, or to another site', () => {
    const first = startPlay(devices);
    first.play(steady('grid/meter/power', 5, 3600, 3600));
    tellEnergy(first);
    for (const message of [
      { ...told(first), since: '2026-01-01T00:00:00.000Z' },
      { ...told(first), topic: 'sites/other/energy' },
    ]) {
      const second = startPlay(devices, { boot: 'next' });
      second.say(message);
      second.play(steady('grid/meter/power', 5, 180, 200));
      tellEnergy(second);
      assert.equal(second.energy().grid_import_wh, 10);
    }
  });

  it('come back to a site as its own words, which add nothing', () => {
    const running = startPlay(devices);
    for (let i = 0; i < 20; i++) {
      running.play(steady('grid/meter/power', 5, 5, 3601.7));
      running.pass(5000);
      if (running.energy()) running.say(told(running));
    }
    const wh = running.site.snapshot().totals['grid positive'] ?? Number.NaN;
    assert.ok(Math.abs(wh - (3601.7 * 195) / 3600) < 1e-6, `${wh}`);
  });
});

describe('a site while its battery does not tell its state of charge', () => {
  const battery: ComponentMeta = {
    ...storage,
    quantities: { ...storage.quantities, soc: { unit: '%', interval_s: 10, max_age_s: 30 } },
  };

  it('is no worse than estimated, and goes on with the last one for a while', () => {
    const running = startPlay({ grid: [grid], bat: [battery] });
    const powers = (seconds: number): Played[] => [
      ...steady('grid/meter/power', 5, seconds, 400),
      ...steady('bat/battery/power', 5, seconds, 600),
    ];
    running.play([...powers(60), { at: 0, ts: 0, path: 'bat/battery/soc', value: 55 }]);
    running.play(powers(120));
    assert.deepEqual(
      [running.power().soc, running.power().quality, running.power().consumption_w],
      [55, 'estimated', 1000],
    );
    assert.deepEqual(running.status()?.offenders, ['devices/bat/battery/soc']);
    running.play(powers(1200));
    assert.deepEqual(
      [running.power().soc, running.power().quality, running.power().consumption_w],
      [null, 'estimated', 1000],
    );
    tellEnergy(running);
    assert.equal(running.energy().quality, 'good');
  });

  it('does not go on with that of a battery that is offline', () => {
    const running = startPlay({ grid: [grid], bat: [battery] });
    running.play([
      ...steady('grid/meter/power', 5, 60, 400),
      ...steady('bat/battery/power', 5, 60, 600),
      { at: 0, ts: 0, path: 'bat/battery/soc', value: 55 },
    ]);
    running.say(availabilityOf('devices/bat/availability', 'offline'));
    running.pass(1200);
    assert.deepEqual([running.power().soc, running.power().consumption_w], [null, null]);
  });
});
