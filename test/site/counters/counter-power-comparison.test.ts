import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Message } from '../../../src/model/message.ts';
import type { ComponentMeta, QuantityMeta } from '../../../src/model/meta.ts';
import { readSnapshot } from '../../../src/site/site-snapshot.ts';
import { every, isNear, type Played, startPlay, steady, tellEnergy } from '../../support/site/played-site.ts';
import { type RunningSite, startSite } from '../../support/site/running-site.ts';
import { metaOf, readingOf } from '../../support/site/site-messages.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

type Event = Message<'event/1'>;

const told = ({ events }: RunningSite): unknown[] =>
  (events as Event[]).map(({ name, state, data }) => [name, state, data?.reason ?? null]);

const meterWith = (intervalS: number, more: Partial<QuantityMeta> = {}): ComponentMeta =>
  every(intervalS, {
    type: 'meter',
    role: 'grid',
    quantities: { energy_import: { unit: 'Wh', interval_s: 10, max_age_s: 60, ...more } },
  });

const power = 'grid/meter/power';
const counter = 'grid/meter/energy_import';

/** Counted at a steady power, shown in steps. */
const counting = (watts: number, seconds: number, show: (wh: number) => number, everyS = 10): Played[] =>
  steady(counter, everyS, seconds - 0.5, (s) => show((watts * s) / 3600)).map((each) => ({
    ...each,
    at: each.at + 0.5,
    ts: each.ts + 0.5,
  }));

/** Any power, with a counter that is read after it. */
const counted = (
  loadAt: (s: number) => number,
  seconds: number,
  show: (wh: number) => number,
  everyS: number,
): Played[] => {
  const shown = [show(0)];
  let wh = 0;
  for (let s = 0; s < seconds; s++) {
    wh += loadAt(s) / 3600;
    shown.push(show(wh));
  }
  return [
    ...steady(power, 5, seconds, loadAt),
    ...steady(counter, everyS, seconds, (s) => shown[s] ?? 0).map((each) => ({ ...each, at: each.at + 0.5 })),
  ];
};

/** By the trapezoidal rule over samples of 5 s. */
const flowed = (loadAt: (s: number) => number, seconds: number): number => {
  let wh = 0;
  for (let s = 0; s < seconds; s += 5) wh += (loadAt(s) + loadAt(s + 5)) / 2 / 720;
  return wh;
};

/** @param step of the counter */
const inSteps = (step: number) => (wh: number) => Math.floor(wh / step) * step;

describe('a counter beside the power that it should count', () => {
  for (const [watts, seconds, factor, step] of [
    [36_000, 200, 0.001, 0.1],
    [3600, 900, 0.001, 0.001],
    [1000, 3600, 0.001, 0.01],
    [8000, 600, 0.001, 1 / 1024],
    [36_000, 200, 1000, 1],
    [2000, 600, 1000, 1000],
    [60, 7200, 1000, 1],
    [20, 36_000, 1000, 100],
    [36_000, 200, 0.001, 1 / 64],
    [15_000, 400, 0.001, 0.1],
  ] as const)
    it(`is doubted where it shows ${factor} of ${watts} W, and the power is booked from the beginning`, () => {
      const running = startPlay({ grid: [meterWith(1)] });
      const everyS = seconds > 1000 ? 5 : 1;
      running.play(
        [
          ...steady(power, everyS, seconds, watts),
          ...counting(watts, seconds, (wh) => 5000 + inSteps(step)(wh * factor)),
        ],
        10_000,
      );
      tellEnergy(running);
      const expected = (watts * seconds) / 3600;
      const { grid_import_wh, consumption_wh, quality, energies } = running.energy();
      assert.ok(isNear(grid_import_wh, expected, 0.02), `${grid_import_wh} of ${expected}`);
      assert.ok(isNear(consumption_wh, expected, 0.02), `${consumption_wh} of ${expected}`);
      assert.deepEqual([quality, energies?.grid_import_wh?.quality], ['estimated', 'estimated']);
      assert.deepEqual(told(running), [['counter_power_mismatch', 'active', 'unit']]);
      assert.equal((running.events[0] as Event).data?.topic, `devices/${counter}`);
    });

  for (const [watts, seconds, shown, more] of [
    [20_000, 200, 2_000_000, { resolution: 1 }],
    [20_000, 200, 2_000_345, {}],
    [20_000, 200, 2_000_000, {}],
    [500, 300, 1234, { resolution: 1 }],
    [22_000, 240, 81_000, { interval_s: 60 }],
    [3000, 300, 77, { resolution: 1 }],
    [1500, 3600, 12_345.6, {}],
    [9000, 1800, 4_000_000, {}],
    [2500, 3600, 5400, { resolution: 100 }],
  ] as const)
    it(`is doubted where it stands still at ${shown} Wh beside ${watts} W`, () => {
      const running = startPlay({ grid: [meterWith(5, more)] });
      running.play([...steady(power, 5, seconds, watts), ...counting(watts, seconds, () => shown)]);
      tellEnergy(running);
      const expected = (watts * seconds) / 3600;
      const { grid_import_wh, consumption_wh, quality } = running.energy();
      assert.ok(isNear(grid_import_wh, expected, 0.02), `${grid_import_wh} of ${expected}`);
      assert.ok(isNear(consumption_wh, expected, 0.02), `${consumption_wh} of ${expected}`);
      assert.equal(quality, 'estimated');
      assert.deepEqual(told(running), [['counter_power_mismatch', 'active', 'stands_still']]);
    });

  it('is found though it is read rarely', () => {
    for (const [everyS, show] of [
      [90, (wh: number) => 5000 + wh / 1000],
      [60, () => 77_123],
    ] as const) {
      const running = startPlay({ grid: [meterWith(5, { interval_s: everyS })] });
      running.play([...steady(power, 5, 300, 36_000), ...counting(36_000, 300, show, everyS)]);
      tellEnergy(running);
      assert.ok(isNear(running.energy().grid_import_wh, 3000, 0.02), `${everyS}: ${running.energy().grid_import_wh}`);
    }
  });

  it('is doubted as well where it is told only when it changes', () => {
    const running = startPlay({ grid: [meterWith(5, { report: 'on_change', max_age_s: 86_400, resolution: 1 })] });
    running.play([...steady(power, 5, 300, 20_000), { at: 0.5, ts: 0.5, path: counter, value: 9000 }]);
    tellEnergy(running);
    assert.ok(isNear(running.energy().grid_import_wh, (20_000 * 300) / 3600, 0.02));
    assert.deepEqual(told(running), [['counter_power_mismatch', 'active', 'stands_still']]);
  });

  it('is not doubted where each of its values comes after that of the power, once a minute', () => {
    const box = every(60, {
      type: 'ev_charger',
      role: 'ev',
      quantities: { energy_imported: { unit: 'Wh', interval_s: 60, max_age_s: 86_400, report: 'on_change' } },
    });
    const running = startPlay({ grid: [every(60, { type: 'meter', role: 'grid' })], box: [box] });
    running.play([
      ...steady('grid/meter/power', 60, 3600, 12_000),
      ...steady('box/ev_charger/power', 60, 3600, 11_000),
      ...steady('box/ev_charger/energy_imported', 60, 3600, (s) => Math.floor(5123 + (11_000 * s) / 3600)),
    ]);
    tellEnergy(running);
    assert.deepEqual(told(running), []);
    assert.ok(isNear(running.energy().ev_wh, 11_000, 0.001), `${running.energy().ev_wh}`);
  });

  for (const factor of [0.5, 0.7, 1.4, 3])
    it(`is doubted where it shows ${factor} of the energy, over a kilowatt-hour`, () => {
      const running = startPlay({ grid: [meterWith(5, { resolution: 1 })] });
      const show = (wh: number): number => inSteps(1)(5000 + wh * factor);
      running.play([...steady(power, 5, 7200, 5000), ...counting(5000, 7200, show)]);
      tellEnergy(running);
      assert.ok(isNear(running.energy().grid_import_wh, 10_000, 0.02), `${running.energy().grid_import_wh}`);
      assert.deepEqual(told(running), [['counter_power_mismatch', 'active', 'ratio']]);
    });

  it('is judged by twenty of its steps where these are large', () => {
    const running = startPlay({ grid: [meterWith(5, { resolution: 1000 })] });
    running.play([...steady(power, 5, 7200, 8000), ...counting(8000, 7200, (wh) => inSteps(1000)(wh * 0.5))]);
    assert.deepEqual(told(running), []);
    running.play([...steady(power, 5, 7200, 8000), ...counting(8000, 7200, (wh) => 8000 + inSteps(1000)(wh * 0.5))]);
    assert.deepEqual(told(running), [['counter_power_mismatch', 'active', 'ratio']]);
  });

  it('is believed whatever its steps and the power are, as long as both agree (fast-check)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0.1, 1, 10, 100, 1000),
        fc.boolean(),
        fc.constantFrom(1, 10, 60),
        fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 30, maxLength: 60 }),
        fc.double({ min: 0.9, max: 1.1, noNaN: true }),
        (step, isStated, everyS, loads, error) => {
          const running = startPlay({ grid: [meterWith(5, isStated ? { resolution: step } : {})] });
          const loadAt = (s: number): number => loads[Math.floor(s / 60)] ?? 0;
          let wh = 0;
          const shown = Array.from({ length: loads.length * 60 }, (_, s) => {
            wh += (loadAt(s) / 3600) * error;
            return 7000 + inSteps(step)(wh);
          });
          const seconds = loads.length * 60 - 5;
          running.play([
            ...steady(power, 5, seconds, loadAt),
            ...steady(counter, everyS, seconds, (s) => shown[s] as number),
          ]);
          tellEnergy(running);
          const mismatches = told(running);
          assert.ok(
            mismatches.every(
              (each) => JSON.stringify(each).includes('stands_still') || JSON.stringify(each).includes('cleared'),
            ),
            JSON.stringify(mismatches),
          );
          const lastS = Math.floor(seconds / everyS) * everyS;
          const counted = (shown[lastS] as number) - 7000;
          const total = running.energy().grid_import_wh ?? Number.NaN;
          assert.ok(Math.abs(total - counted) <= 2 * step + 0.25 * counted + 20, `${total} of ${counted}`);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('is right where it only steps rarely: then it accounts for all the time', () => {
    const running = startPlay({ grid: [meterWith(5)] });
    const seconds = 3600;
    running.play([
      ...steady(power, 5, seconds, 6000),
      ...counting(6000, seconds, (wh) => 12_345 + Math.floor(wh / 1500) * 1500),
    ]);
    tellEnergy(running);
    assert.ok(isNear(running.energy().grid_import_wh, 6000, 0.26), `${running.energy().grid_import_wh}`);
    const events = told(running);
    assert.deepEqual(events.at(-1), ['counter_power_mismatch', 'cleared', null]);
    assert.ok(events.length <= 2, JSON.stringify(events));
  });

  it('is not expected to count what is next to nothing', () => {
    const running = startPlay({ grid: [meterWith(300, { resolution: 1, interval_s: 600 })] });
    running.play([...steady(power, 300, 300 * 3600, 4), ...counting(4, 300 * 3600, () => 500, 600)], 300_000);
    assert.deepEqual(told(running), []);
  });

  it('is not compared while the power is not known: what it counts then is booked', () => {
    const running = startPlay({ grid: [meterWith(5, { resolution: 1 })] });
    running.play([
      ...steady(power, 5, 7200, 9000).filter(({ ts }) => ts < 600 || ts > 6000),
      ...counting(9000, 7200, (wh) => inSteps(1)(800 + wh)),
    ]);
    tellEnergy(running);
    assert.deepEqual(told(running), []);
    assert.ok(isNear(running.energy().grid_import_wh, 18_000), `${running.energy().grid_import_wh}`);
    const { coverage = 0, quality, method } = running.energy().energies?.grid_import_wh ?? {};
    assert.deepEqual([coverage > 0.999, quality, method], [true, 'good', 'counter']);
  });

  it('makes up for itself by its ratio where the power was not known', () => {
    const running = startPlay({ grid: [meterWith(5)] });
    running.play([
      ...steady(power, 5, 7200, 9000).filter(({ ts }) => ts < 600 || ts > 3000),
      ...counting(9000, 7200, (wh) => 100 + inSteps(0.001)(wh / 1000)),
    ]);
    tellEnergy(running);
    assert.ok(isNear(running.energy().grid_import_wh, 18_000, 0.02), `${running.energy().grid_import_wh}`);
  });

  it('is believed again after it agrees for a kilowatt-hour, which is said', () => {
    const running = startPlay({ grid: [meterWith(5, { resolution: 1 })] });
    const seconds = 3 * 3600;
    const stuckUntil = 1800;
    running.play([
      ...steady(power, 5, seconds, 4000),
      ...steady(counter, 10, seconds, (s) => inSteps(1)(10_000 + (4000 * Math.max(0, s - stuckUntil)) / 3600)),
    ]);
    tellEnergy(running);
    assert.deepEqual(told(running), [
      ['counter_power_mismatch', 'active', 'stands_still'],
      ['counter_power_mismatch', 'cleared', null],
    ]);
    assert.ok(isNear(running.energy().grid_import_wh, 12_000, 0.02), `${running.energy().grid_import_wh}`);
    assert.equal(running.energy().energies?.grid_import_wh?.method, 'counter');
  });

  it('is not believed above the largest power against the power that is measured', () => {
    const running = startPlay({ grid: [meterWith(5)] });
    running.play([...steady(power, 5, 1800, 10_000), ...counting(10_000, 1800, (wh) => 300_000 + inSteps(1)(wh * 40))]);
    tellEnergy(running);
    assert.ok(isNear(running.energy().grid_import_wh, 5000, 0.02), `${running.energy().grid_import_wh}`);
    assert.deepEqual(told(running), [['counter_power_mismatch', 'active', 'ratio']]);
  });

  for (const factor of [1000, 0.001])
    it(`is told of once where it shows ${factor} of the energy, though no meter can show that`, () => {
      const running = startPlay({ grid: [meterWith(5, { resolution: factor < 1 ? 0.01 : 1 })] });
      // It rests now and then, and begins again as if another counter stood there.
      const loadAt = (s: number): number => [3000, 400, 0, 1700, 60, 60, 60][Math.floor(s / 300) % 7] ?? 0;
      const show = (wh: number): number => 40_000 + inSteps(factor < 1 ? 0.01 : 1)(wh * factor);
      running.play(counted(loadAt, 14_400, show, 30));
      tellEnergy(running);
      assert.deepEqual(told(running), [['counter_power_mismatch', 'active', 'unit']]);
      assert.ok(isNear(running.energy().grid_import_wh, flowed(loadAt, 14_400), 0.005));
    });

  for (const [name, loadAt, everyS] of [
    ['flows for moments', (s: number) => (s < 1200 || s % 60 < 10 ? 3000 : 0), 60],
    ['flows for less than half of the time', (s: number) => (s < 1200 || s % 300 < 140 ? 6000 : 0), 300],
  ] as const)
    it(`is no reason to book twice what ${name}`, () => {
      const running = startPlay({ grid: [meterWith(5, { interval_s: everyS })] });
      running.play(counted(loadAt, 14_400, (wh) => 100 + inSteps(0.001)(wh / 1000), everyS));
      tellEnergy(running);
      const expected = flowed(loadAt, 14_400);
      assert.ok(
        isNear(running.energy().grid_import_wh, expected, 0.005),
        `${running.energy().grid_import_wh} of ${expected}`,
      );
    });

  it('is no reason to book twice what it has shown too much once, while nothing flowed', () => {
    for (const tooMuch of [600, 1500]) {
      const running = startPlay({ grid: [meterWith(5, { resolution: 10, interval_s: 60 })] });
      // Nine tenths of a kilowatt-hour after both have agreed, it begins to flow again.
      const loadAt = (s: number): number => (s < 1900 || s >= 7200 ? 3600 : 0);
      running.play(
        counted(loadAt, 14_400, (wh) => 40_000 + inSteps(10)(wh), 60).map((each) =>
          each.path === counter && each.ts === 3600 ? { ...each, value: 41_900 + tooMuch } : each,
        ),
      );
      tellEnergy(running);
      const expected = flowed(loadAt, 14_400);
      assert.ok(isNear(running.energy().grid_import_wh, expected, 0.01), `${running.energy().grid_import_wh}`);
    }
  });

  it('is not compared with the power of another time', () => {
    const running = startPlay({ grid: [meterWith(5, { resolution: 1 })] });
    const loadAt = (s: number): number => 4000 + 10 * (s % 700);
    const all = counted(loadAt, 14_400, (wh) => 40_000 + inSteps(1)(wh), 30);
    const isKept = ({ ts }: Played): boolean => ts >= 3000 && ts < 9000;
    for (const path of [power, counter]) assert.ok(all.some((each) => each.path === path && isKept(each)));
    // What was kept comes in any order, beside what is now.
    const late = [power, counter].flatMap((path) => {
      const kept = all.filter((each) => each.path === path && isKept(each));
      return kept.map((_, i): Played => {
        const each = kept[(i * 577) % kept.length] as Played;
        return { ...each, at: 9001 + i * (path === power ? 0.03 : 0.18), more: { late: true } };
      });
    });
    running.play([...all.filter((each) => !isKept(each)), ...late]);
    tellEnergy(running);
    assert.deepEqual(
      told(running).filter((each) => !String(each).includes('counter_recovered')),
      [],
    );
    assert.ok(isNear(running.energy().grid_import_wh, flowed(loadAt, 14_400), 0.01));
  });

  for (const [name, show] of [
    ['stopped', (wh: number) => 40_000 + inSteps(1)(Math.min(wh, 3000))],
    ['tells another unit', (wh: number) => 40_000 + inSteps(0.01)(wh / 1000)],
    ['tells a thousandfold', (wh: number) => 40_000 + inSteps(1)(wh * 1000)],
  ] as const)
    it(`leaves what is told late beside a counter that ${name} to the power`, () => {
      const running = startPlay({ grid: [meterWith(5, { resolution: 1 })] });
      const loadAt = (): number => 6000;
      const isKept = ({ ts, path }: Played): boolean => path === power && ts >= 6000 && ts < 9000;
      running.play(
        counted(loadAt, 14_400, show, 30).map((each, i) =>
          isKept(each) ? { ...each, at: 9001 + i / 1000, more: { late: true } } : each,
        ),
      );
      tellEnergy(running);
      assert.ok(isNear(running.energy().grid_import_wh, 24_000, 0.01), `${running.energy().grid_import_wh}`);
    });

  it('is no reason to book twice what the power has seen beside its gaps', () => {
    const running = startPlay({ grid: [meterWith(5, { interval_s: 900, max_age_s: 3000 })] });
    const loadAt = (): number => 9000;
    running.play(
      counted(loadAt, 36_000, (wh) => 100 + inSteps(0.001)(wh / 1000), 900).filter(
        ({ path, ts }) => path === counter || ts < 7200 || ts % 3600 > 90,
      ),
    );
    tellEnergy(running);
    assert.ok(isNear(running.energy().grid_import_wh, 90_000, 0.01), `${running.energy().grid_import_wh}`);
  });

  it('stays in doubt over a restart, with what was compared', () => {
    const first = startPlay({ grid: [meterWith(1)] });
    const show = (wh: number): number => 5000 + inSteps(0.001)(wh / 1000);
    first.play([...steady(power, 1, 300, 7200), ...counting(7200, 300, show)]);
    const saved = readSnapshot(JSON.parse(JSON.stringify(first.site.snapshot())));
    assert.ok(saved.ok, saved.ok ? '' : saved.reason);
    const second = startPlay({ grid: [meterWith(1)] }, {}, saved.value, createVirtualClock(first.clock.now()));
    const more = (wh: number): number => show(600 + wh);
    second.play([...steady(power, 1, 300, 7200), ...counting(7200, 300, more)]);
    tellEnergy(second);
    assert.ok(isNear(second.energy().grid_import_wh, 1200, 0.03), `${second.energy().grid_import_wh}`);
    assert.equal(second.energy().energies?.grid_import_wh?.method, 'integrated');
  });

  it('never makes a total fall, whatever power and counter do (P4, fast-check)', () => {
    const sample = fc.record({
      w: fc.oneof(fc.integer({ min: -30_000, max: 30_000 }), fc.constant(0), fc.constant(null)),
      step: fc.oneof(fc.integer({ min: -50, max: 300 }), fc.constant(0), fc.integer({ min: -1e6, max: 1e6 })),
      s: fc.integer({ min: 1, max: 400 }),
      late: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 10, maxLength: 80 }), (samples) => {
        const running = startSite();
        running.say(metaOf('grid', meterWith(5)));
        running.pass(4000);
        let shown = 100_000;
        let before = 0;
        for (const { w, step, s, late } of samples) {
          running.clock.advance(s * 1000);
          running.site.tick();
          shown = Math.max(0, shown + step);
          const now = running.clock.now();
          running.say(readingOf(power, w, now - late * 1000), readingOf(counter, shown, now));
          running.pass(11_000);
          for (const name of ['grid_import_wh', 'consumption_wh'] as const) {
            const total = running.energy()[name];
            if (name === 'grid_import_wh' && total !== null) {
              assert.ok(total >= before - 1e-9 && Number.isFinite(total), `${total} after ${before}`);
              before = total;
            }
            assert.ok(total === null || total >= 0);
          }
          const { coverage } = running.energy();
          assert.ok(coverage >= 0 && coverage <= 1, `${coverage}`);
        }
      }),
      { numRuns: 40 },
    );
  });
});
