import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Message } from '../../../src/model/message.ts';
import type { ComponentMeta, Role } from '../../../src/model/meta.ts';
import { every, isNear, type Played, startPlay, steady, tellEnergy } from '../../support/site/played-site.ts';
import type { RunningSite } from '../../support/site/running-site.ts';

type Event = Message<'event/1'>;

const part = (type: string, role: Role, parent?: string, more: Partial<ComponentMeta> = {}): ComponentMeta =>
  every(1, { type, role, ...(parent && { parent }), ...more });
const grid = part('meter', 'grid');

/** Powers by path, every second for a minute. */
const run = (running: ReturnType<typeof startPlay>, powers: Record<string, number>, seconds = 120): void => {
  running.play(Object.entries(powers).flatMap(([path, w]) => steady(`${path}/power`, 1, seconds, w)));
  tellEnergy(running);
};

const shown = (running: RunningSite) => {
  const { grid_w, solar_w, battery_w, ev_w, heat_w, consumption_w, balance_error_w } = running.power();
  return { grid_w, solar_w, battery_w, ev_w, heat_w, consumption_w, balance_error_w };
};

describe('sources behind other sources', () => {
  const cases: [
    name: string,
    devices: Record<string, ComponentMeta[]>,
    powers: Record<string, number>,
    expected: object,
  ][] = [
    [
      'a battery behind a meter of the sun',
      {
        gen: [part('meter', 'solar')],
        pv: [part('solar', 'solar', 'gen')],
        bat: [part('battery', 'battery', 'gen')],
      },
      { 'grid/meter': -500, 'gen/meter': 1000, 'pv/solar': 3000, 'bat/battery': -2000 },
      { grid_w: -500, solar_w: 3000, battery_w: -2000, consumption_w: 500, balance_error_w: 0 },
    ],
    [
      'a battery alone behind a meter of the sun, whose sun has no meter of its own',
      { gen: [part('meter', 'solar')], bat: [part('battery', 'battery', 'gen')] },
      { 'grid/meter': -800, 'gen/meter': 5200, 'bat/battery': 1200 },
      { solar_w: 4000, battery_w: 1200, consumption_w: 4400, balance_error_w: 0 },
    ],
    [
      'a wallbox behind a meter of the sun',
      { gen: [part('meter', 'solar')], car: [part('ev_charger', 'ev', 'gen')] },
      { 'grid/meter': 700, 'gen/meter': -1500, 'car/ev_charger': 7000 },
      { solar_w: 5500, ev_w: 7000, consumption_w: 6200, balance_error_w: 0 },
    ],
    [
      'the sun behind a meter of a battery',
      { store: [part('meter', 'battery')], pv: [part('solar', 'solar', 'store')] },
      { 'grid/meter': 300, 'store/meter': 0, 'pv/solar': 1000 },
      { solar_w: 1000, battery_w: -1000, consumption_w: 300, balance_error_w: 0 },
    ],
    [
      'a car behind the meter of the heating',
      { heating: [part('meter', 'heat')], car: [part('ev_charger', 'ev', 'heating')] },
      { 'grid/meter': 9000, 'heating/meter': 8000, 'car/ev_charger': 5000 },
      { heat_w: 3000, ev_w: 5000, consumption_w: 9000, balance_error_w: 0 },
    ],
    [
      'the sun on the far side of a hybrid inverter',
      {
        hybrid: [
          part('inverter', 'inverter'),
          part('battery', 'battery', undefined, { coupling: 'dc', behind: 'hybrid' }),
        ],
        pv: [part('solar', 'solar', 'hybrid')],
      },
      { 'grid/meter': 0, 'hybrid/inverter': 900, 'hybrid/battery': -2100, 'pv/solar': 3000 },
      { solar_w: 3000, battery_w: -2100, consumption_w: 900, balance_error_w: 0 },
    ],
    [
      'a hybrid inverter behind a meter of the sun',
      {
        gen: [part('meter', 'solar')],
        hybrid: [
          part('inverter', 'inverter', 'gen'),
          part('solar', 'solar', 'gen', { coupling: 'dc', behind: 'hybrid' }),
          part('battery', 'battery', 'gen', { coupling: 'dc', behind: 'hybrid' }),
        ],
      },
      { 'grid/meter': 100, 'gen/meter': 2900, 'hybrid/inverter': 2900, 'hybrid/solar': 4000, 'hybrid/battery': -1000 },
      { solar_w: 4000, battery_w: -1000, consumption_w: 3000, balance_error_w: 0 },
    ],
    [
      'meters behind meters, three deep and through one that is no source',
      {
        gen: [part('meter', 'solar')],
        sub: [part('meter', 'submeter', 'gen')],
        roof: [part('meter', 'solar', 'sub')],
        pv: [part('solar', 'solar', 'roof')],
        bat: [part('battery', 'battery', 'roof')],
      },
      {
        'grid/meter': 0,
        'gen/meter': 500,
        'sub/meter': 500,
        'roof/meter': 500,
        'pv/solar': 2500,
        'bat/battery': -2000,
      },
      { solar_w: 2500, battery_w: -2000, consumption_w: 500, balance_error_w: 0 },
    ],
    [
      'everything behind the grid, though somebody says so',
      { pv: [part('solar', 'solar', 'grid')], car: [part('ev_charger', 'ev', 'grid')] },
      { 'grid/meter': 2000, 'pv/solar': 1000, 'car/ev_charger': 2500 },
      { grid_w: 2000, solar_w: 1000, ev_w: 2500, consumption_w: 3000, balance_error_w: 0 },
    ],
    [
      'parents that go round in a circle, which mean nothing',
      { a: [part('solar', 'solar', 'b')], b: [part('solar', 'solar', 'a')] },
      { 'grid/meter': 0, 'a/solar': 700, 'b/solar': 800 },
      { solar_w: 1500, consumption_w: 1500, balance_error_w: 0 },
    ],
    [
      'one behind a circle of parents whose own power is unknown',
      {
        pv: [part('solar', 'solar', 'a')],
        a: [{ type: 'meter', role: 'solar', parent: 'b', quantities: {} }],
        b: [{ type: 'meter', role: 'solar', parent: 'a', quantities: {} }],
      },
      { 'grid/meter': 0, 'pv/solar': 700 },
      { solar_w: 700, consumption_w: 700, balance_error_w: 0 },
    ],
  ];
  for (const [name, devices, powers, expected] of cases)
    it(`count once: ${name}`, () => {
      const running = startPlay({ grid: [grid], ...devices });
      run(running, powers);
      const all = shown(running);
      const told = Object.fromEntries(Object.keys(expected).map((key) => [key, all[key as keyof typeof all]]));
      assert.deepEqual(told, expected);
      const { consumption_wh, solar_wh, battery_charged_wh, battery_discharged_wh } = running.energy();
      const hours = 120 / 3600;
      const { consumption_w, solar_w, battery_w } = all;
      assert.ok(isNear(consumption_wh, (consumption_w ?? 0) * hours, 0.03), `${consumption_wh}`);
      if (solar_w) assert.ok(isNear(solar_wh, solar_w * hours, 0.03), `${solar_wh}`);
      if (battery_w && battery_w < 0)
        assert.ok(isNear(battery_charged_wh, -battery_w * hours, 0.03), `${battery_charged_wh}`);
      if (battery_w && battery_w > 0) assert.ok(isNear(battery_discharged_wh, battery_w * hours, 0.03));
      assert.deepEqual(running.events, []);
    });

  it('are no part of consumption: it is known although one of them is not', () => {
    const running = startPlay({
      grid: [grid],
      gen: [part('meter', 'solar')],
      bat: [part('battery', 'battery', 'gen')],
    });
    run(running, { 'grid/meter': -500, 'gen/meter': 1000 });
    const { consumption_w, solar_w, battery_w } = running.power();
    assert.deepEqual([consumption_w, solar_w, battery_w], [500, null, null]);
    assert.ok(isNear(running.energy().consumption_wh, (500 * 120) / 3600, 0.03));
  });

  it('are settled once what a source has kept has come, and nothing is told before that is less then', () => {
    const running = startPlay({
      grid: [grid],
      gen: [part('meter', 'solar')],
      bat: [part('battery', 'battery', 'gen')],
    });
    const kept = (each: Played): Played =>
      each.ts >= 600 && each.ts < 4200 ? { ...each, at: 4200 + (each.ts - 600) / 100, more: { late: true } } : each;
    running.play([
      ...steady('grid/meter/power', 5, 5400, 500),
      ...steady('gen/meter/power', 5, 5400, 800).map(kept),
      ...steady('bat/battery/power', 5, 5400, -2000),
    ]);
    tellEnergy(running);
    const told = running.messages.flatMap((message) => (message.schema === 'site-energy/1' ? [message.solar_wh] : []));
    assert.ok(isNear(running.energy().solar_wh, (2800 * 5400) / 3600, 0.005), `${running.energy().solar_wh}`);
    assert.ok(
      told.every((wh) => wh === null || wh <= (2800 * 5450) / 3600),
      `${told}`,
    );
  });

  it('share what the counters of both have counted', () => {
    const counter = { unit: 'Wh', interval_s: 10, max_age_s: 60, resolution: 1 } as const;
    const running = startPlay({
      grid: [grid],
      gen: [part('meter', 'solar', undefined, { quantities: { energy_import: counter, energy_export: counter } })],
      bat: [part('battery', 'battery', 'gen', { quantities: { energy_charged: counter, energy_discharged: counter } })],
    });
    const counted = (path: string, watts: number): Played[] =>
      steady(path, 10, 3600, (s) => Math.floor(70_000 + (watts * s) / 3600));
    running.play([
      ...steady('grid/meter/power', 5, 3600, -500),
      ...steady('gen/meter/power', 5, 3600, 1000),
      ...steady('bat/battery/power', 5, 3600, -2000),
      ...counted('gen/meter/energy_export', 1000),
      ...counted('gen/meter/energy_import', 0),
      ...counted('bat/battery/energy_charged', 2000),
      ...counted('bat/battery/energy_discharged', 0),
    ]);
    tellEnergy(running);
    const { solar_wh, battery_charged_wh, battery_discharged_wh, consumption_wh } = running.energy();
    assert.ok(isNear(solar_wh, 3000), `${solar_wh}`);
    assert.deepEqual([battery_charged_wh, battery_discharged_wh], [2000, 0]);
    assert.ok(isNear(consumption_wh, 500), `${consumption_wh}`);
  });

  it('change nothing of what the site consumes, wherever each of them stands (fast-check)', () => {
    const watts = fc.integer({ min: -5000, max: 5000 });
    fc.assert(
      fc.property(
        watts,
        fc.integer({ min: 0, max: 9000 }),
        watts,
        fc.integer({ min: 0, max: 5000 }),
        fc.constantFrom(undefined, 'gen'),
        fc.constantFrom(undefined, 'gen'),
        (gridW, sunW, batteryW, carW, storeAt, carAt) => {
          const running = startPlay({
            grid: [grid],
            gen: [part('meter', 'solar')],
            pv: [part('solar', 'solar', 'gen')],
            bat: [part('battery', 'battery', storeAt)],
            car: [part('ev_charger', 'ev', carAt)],
          });
          const through = sunW + (storeAt ? batteryW : 0) - (carAt ? carW : 0);
          run(
            running,
            {
              'grid/meter': gridW,
              'gen/meter': through,
              'pv/solar': sunW,
              'bat/battery': batteryW,
              'car/ev_charger': carW,
            },
            4,
          );
          const { consumption_w, balance_error_w, solar_w, battery_w, flows } = running.power();
          const sum = gridW + sunW + batteryW;
          assert.deepEqual([consumption_w, balance_error_w], [Math.max(0, sum), Math.min(0, sum)]);
          assert.deepEqual([solar_w, battery_w], [sunW, batteryW]);
          if (sum >= 0 && flows)
            assert.ok(Math.abs(flows.solar_load + flows.battery_load + flows.grid_load - sum) < 0.5);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('one meter that was entered twice', () => {
  const told = ({ events }: RunningSite): unknown[] =>
    (events as Event[]).map(({ name, state, data }) => [name, state, data?.topic, data?.same_as]);
  /** A house with a restless load. */
  const load = (s: number): number => 400 + ((s * 7919) % 1301);

  for (const sign of [1, -1])
    for (const shiftS of [0, 0.4])
      it(`is noticed where it is the sun as well, ${sign > 0 ? 'as it is' : 'turned'}, read ${shiftS} s later`, () => {
        const running = startPlay({ grid: [grid], pv: [part('meter', 'solar')] });
        running.play([
          ...steady('grid/meter/power', 1, 300, load),
          ...steady('pv/meter/power', 1, 300, (s) => sign * load(s)).map((each) => ({
            ...each,
            at: each.at + shiftS,
            ts: each.ts + shiftS,
          })),
        ]);
        assert.deepEqual(told(running)[0], [
          'topology_suspect',
          'active',
          'devices/grid/meter/power',
          'devices/pv/meter/power',
        ]);
      });

  it('is noticed by its counters where its power is read at other moments', () => {
    const counter = { unit: 'Wh', interval_s: 10, max_age_s: 60 } as const;
    const meter = (role: Role): ComponentMeta =>
      every(10, { type: 'meter', role, quantities: { energy_import: counter, energy_export: counter } });
    const running = startPlay({ grid: [meter('grid')], pv: [meter('solar')] });
    const seconds = 3600;
    const both = (path: string, shiftS: number): Played[] =>
      [
        ...steady(`${path}/power`, 10, seconds, (s) => load(s + shiftS)),
        ...steady(`${path}/energy_import`, 10, seconds, (s) => Math.floor(50_000 + s / 8)),
        ...steady(`${path}/energy_export`, 10, seconds, 900),
      ].map((each) => ({ ...each, at: each.at + shiftS, ts: each.ts + shiftS }));
    running.play([...both('grid/meter', 0), ...both('pv/meter', 3)]);
    const [first] = (running.events as Event[]).filter(({ data }) => data?.same_as !== undefined);
    assert.equal(first?.data?.same_as, 'devices/pv/meter/energy_import');
  });

  it('is cleared when it is taken away', () => {
    const running = startPlay({ grid: [grid], pv: [part('meter', 'solar')] });
    running.play([...steady('grid/meter/power', 1, 200, load), ...steady('pv/meter/power', 1, 200, load)]);
    running.site.forget('pv');
    running.play(steady('grid/meter/power', 1, 10, load));
    assert.deepEqual(
      told(running).map((each) => (each as unknown[])[1]),
      ['active', 'cleared'],
    );
  });

  it('is cleared when it measures something else', () => {
    const running = startPlay({ grid: [grid], pv: [part('meter', 'solar')] });
    running.play([...steady('grid/meter/power', 1, 200, load), ...steady('pv/meter/power', 1, 200, load)]);
    running.play([
      ...steady('grid/meter/power', 1, 200, load),
      ...steady('pv/meter/power', 1, 200, (s) => load(s + 77) + 5),
    ]);
    assert.deepEqual(
      told(running).map((each) => (each as unknown[])[1]),
      ['active', 'cleared'],
    );
  });

  it('is none where two only idle alike, or are known to measure the same', () => {
    const running = startPlay({
      grid: [grid],
      gen: [part('meter', 'solar')],
      bat: [part('battery', 'battery', 'gen')],
      car: [part('ev_charger', 'ev')],
      box: [part('ev_charger', 'ev')],
    });
    running.play([
      ...steady('grid/meter/power', 1, 300, load),
      ...steady('gen/meter/power', 1, 300, (s) => 2 * load(s)),
      ...steady('bat/battery/power', 1, 300, (s) => 2 * load(s)),
      ...steady('car/ev_charger/power', 1, 300, 11_040),
      ...steady('box/ev_charger/power', 1, 300, 11_040),
    ]);
    assert.deepEqual(told(running), []);
  });

  it('is none where two of the same size give side by side (fast-check)', () => {
    const levels = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 300, maxLength: 300 });
    fc.assert(
      fc.property(levels, levels, (a, b) => {
        const running = startPlay({ grid: [grid], pv: [part('solar', 'solar')] });
        running.play([
          ...steady('grid/meter/power', 1, 299, (s) => 200 + (a[s] ?? 0)),
          ...steady('pv/solar/power', 1, 299, (s) => 200 + (b[s] ?? 0)),
        ]);
        assert.deepEqual(told(running), []);
      }),
      { numRuns: 6 },
    );
  });

  it('is none where two cars are steered alike', () => {
    const running = startPlay({ grid: [grid], a: [part('ev_charger', 'ev')], b: [part('ev_charger', 'ev')] });
    running.play(
      ['grid/meter', 'a/ev_charger', 'b/ev_charger'].flatMap((path) =>
        steady(`${path}/power`, 1, 200, (s) => (path === 'grid/meter' ? 2 : 1) * load(s)),
      ),
    );
    assert.deepEqual(told(running), []);
  });
});
