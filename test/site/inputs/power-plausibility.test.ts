import assert from 'node:assert/strict';
import type { Message } from '../../../src/model/message.ts';
import type { ComponentMeta } from '../../../src/model/meta.ts';
import { PowerPlausibility } from '../../../src/site/inputs/power-plausibility.ts';
import { every, isNear, restart, startPlay, steady, tellEnergy } from '../../support/site/played-site.ts';
import type { RunningSite } from '../../support/site/running-site.ts';

type Event = Message<'event/1'>;

const told = ({ events }: RunningSite): unknown[] =>
  (events as Event[]).map(({ name, data }) => [name, data?.power_w, data?.by]);

const sun = (rated?: number): ComponentMeta =>
  every(5, { type: 'solar', role: 'solar', coupling: 'ac', ...(rated && { rated_power_w: rated }) });
const grid = every(1, { type: 'meter', role: 'grid' });
const pv = 'pv/solar/power';

/** The sun at a steady power, but for what it shows at some seconds. */
const shining = (seconds: number, wild: Record<number, number>, watts = 3000) =>
  steady(pv, 5, seconds, (s) => wild[s] ?? watts);

describe('wild samples of power', () => {
  for (const [name, rated, watts, wild, by] of [
    ['one against the nameplate', 8000, 3000, { 100: 700_000 }, 'rating'],
    ['two of the other sign', 8000, 3000, { 60: -1_234_567, 65: -1_234_567 }, 'rating'],
    ['a few times the nameplate', 5000, 1200, { 150: 20_000, 155: -19_000, 160: 32_767 }, 'rating'],
    ['one without a nameplate', undefined, 3000, { 100: 90_000 }, 'history'],
    ['two without a nameplate', undefined, 400, { 100: 65_535, 105: 65_535 }, 'history'],
    ['one against the largest power', undefined, 20_000, { 100: -1_234_567 }, 'largest_power'],
    ['the largest number of a register', undefined, 800, { 90: 2_147_483.647 }, 'history'],
  ] as const)
    it(`are neither booked nor shown: ${name}`, () => {
      const running = startPlay({ grid: [grid], pv: [sun(rated)] });
      running.play([
        ...steady('grid/meter/power', 1, 199, 500 - watts),
        ...shining(195, wild as Record<number, number>, watts),
      ]);
      tellEnergy(running);
      const { solar_wh, consumption_wh } = running.energy();
      assert.ok(isNear(solar_wh, (watts * 195) / 3600, 0.001), `${solar_wh}`);
      assert.ok(isNear(consumption_wh, (500 * 195) / 3600, 0.02), `${consumption_wh}`);
      const shown = running.messages.filter(
        (message): message is Message<'site-power/1'> => message.schema === 'site-power/1',
      );
      assert.deepEqual(new Set(shown.map(({ solar_w }) => solar_w).filter((w) => w !== null)), new Set([watts]));
      const [first] = told(running) as unknown[][];
      assert.deepEqual([first?.[0], first?.[2]], ['power_doubted', by]);
    });

  it('are not what flows behind a hybrid inverter, which may be more than it gives', () => {
    const running = startPlay({
      grid: [grid],
      hybrid: [
        every(5, { type: 'inverter', role: 'inverter', rated_power_w: 5000 }),
        every(5, { type: 'solar', role: 'solar', coupling: 'dc', behind: 'hybrid', rated_power_w: 5000 }),
      ],
    });
    running.play([
      ...steady('grid/meter/power', 1, 100, 0),
      ...steady('hybrid/inverter/power', 5, 100, 4800),
      ...steady('hybrid/solar/power', 5, 100, 9500),
    ]);
    assert.deepEqual([running.power().solar_w, told(running)], [9500, []]);
  });

  it('are not what a source says once that tells each change', () => {
    const report = { unit: 'W', interval_s: 60, max_age_s: 3600, report: 'on_change' } as const;
    const running = startPlay({
      grid: [grid],
      heat: [{ type: 'heater', role: 'heat', quantities: { power: report } }],
    });
    const said = Array.from({ length: 12 }, (_, i) => ({ at: i, ts: i, path: 'heat/heater/power', value: 100 + i }));
    running.play([
      ...steady('grid/meter/power', 1, 600, 20_000),
      ...said,
      { at: 60, ts: 60, path: 'heat/heater/power', value: 18_000 },
    ]);
    assert.equal(running.power().heat_w, 18_000);
  });

  it('are told of once in ten minutes, with how many there were', () => {
    const running = startPlay({ grid: [grid], pv: [sun(8000)] });
    const every50 = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [50 + i * 50, 500_000]));
    running.play([...steady('grid/meter/power', 1, 1500, -2500), ...shining(1500, every50)]);
    const samples = (running.events as Event[]).map(({ data }) => data?.samples as number);
    assert.ok(samples.length >= 2 && samples.length <= 3, `${samples}`);
    assert.equal(samples[0], 1);
    assert.ok((samples[1] ?? 0) > 5, `${samples}`);
  });

  it('are believed where the device goes on to show them, with all it showed, and said', () => {
    const running = startPlay({ grid: [grid], pv: [sun(8000)] });
    running.play([
      ...steady('grid/meter/power', 1, 600, -2500),
      ...steady(pv, 5, 600, (s) => (s < 100 ? 3000 : 20_000)),
    ]);
    tellEnergy(running);
    assert.ok(
      isNear(running.energy().solar_wh, (3000 * 97.5 + 20_000 * 502.5) / 3600, 0.01),
      `${running.energy().solar_wh}`,
    );
    assert.deepEqual(told(running), [['power_above_ceiling', 20_000, undefined]]);
    assert.equal(running.power().solar_w, 20_000);
  });

  it('are not what begins for the first time: after three samples it is believed from the first', () => {
    const running = startPlay({ grid: [grid] });
    running.play(steady('grid/meter/power', 1, 300, (s) => (s < 100 ? 300 : 22_000)));
    tellEnergy(running);
    assert.ok(isNear(running.energy().grid_import_wh, (300 * 99.5 + 22_000 * 200.5) / 3600, 0.01));
    assert.deepEqual(told(running), []);
  });

  it('are not what the device has shown before', () => {
    const running = startPlay({ grid: [grid] });
    const peaks = (s: number): number => (s % 60 < 3 ? 22_000 : 200);
    running.play(steady('grid/meter/power', 1, 600, peaks));
    running.play([{ at: 1, ts: 1, path: 'grid/meter/power', value: 21_000 }]);
    running.pass(1200);
    assert.equal(running.power().grid_w, 21_000);
    assert.deepEqual(told(running), []);
  });

  it('are not what the device has shown in an earlier run', () => {
    const devices = { grid: [grid] };
    const first = startPlay(devices);
    first.play(steady('grid/meter/power', 1, 60, 22_000));
    const second = restart(first, devices, 1000);
    second.play(steady('grid/meter/power', 1, 60, 200));
    second.play([{ at: 1, ts: 1, path: 'grid/meter/power', value: 21_000 }]);
    second.pass(1200);
    assert.equal(second.power().grid_w, 21_000);
  });

  it('leave a device unknown that shows nothing else', () => {
    const running = startPlay({ grid: [grid], pv: [sun(8000)] });
    const noise = (s: number): number => (s < 30 ? 3000 : s % 10 === 0 ? 1e6 : -1e6);
    running.play([...steady('grid/meter/power', 1, 200, -2500), ...steady(pv, 5, 200, noise)]);
    assert.deepEqual([running.power().solar_w, running.power().consumption_w], [null, null]);
    assert.ok(told(running).length > 0);
  });

  it('are kept out where they come late as well', () => {
    const running = startPlay({ grid: [grid], pv: [sun(8000)] });
    running.play([
      ...steady('grid/meter/power', 1, 200, -2500),
      ...shining(200, { 100: 700_000 }).map((each) => (each.ts === 100 ? { ...each, at: 118 } : each)),
    ]);
    tellEnergy(running);
    assert.ok(isNear(running.energy().solar_wh, (3000 * 200) / 3600), `${running.energy().solar_wh}`);
  });
});

describe('samples above the rating', () => {
  const limit = { maxPowerW: 10_000, isRated: true, isHeld: false };

  it('are in a row as long as they are alike, within a factor of three', () => {
    for (const [w, isAlike] of [
      [60_000, true],
      [60_001, false],
      [-20_000, false],
    ] as const) {
      const plausibility = new PowerPlausibility<string>();
      assert.deepEqual(plausibility.assess({ w: 20_000, at: 0, item: 'first' }, limit), { isBelieved: false });
      const { isBelieved, dropped } = plausibility.assess({ w, at: 1000, item: 'second' }, limit);
      assert.equal(isBelieved, false);
      const first = { samples: 1, w: 20_000, limitW: 15_000, grounds: 'rating' };
      assert.deepEqual(dropped, isAlike ? undefined : first, String(w));
    }
  });

  it('are told of by the largest of those in a row', () => {
    const plausibility = new PowerPlausibility<string>();
    for (const w of [20_000, 30_000, 25_000]) plausibility.assess({ w, at: 0, item: 'wild' }, limit);
    const { dropped } = plausibility.assess({ w: 1000, at: 1000, item: 'sound' }, limit);
    assert.deepEqual(dropped, { samples: 3, w: 30_000, limitW: 15_000, grounds: 'rating' });
  });

  it('are kept up to sixty, the first of them among these, however fast they come', () => {
    const plausibility = new PowerPlausibility<number>();
    const assess = (n: number) => plausibility.assess({ w: 20_000, at: n * 500, item: n }, limit);
    for (let n = 0; n < 120; n++) assert.deepEqual(assess(n), { isBelieved: false });
    const { isBelieved, confirmed = [] } = assess(120);
    const last = Array.from({ length: 58 }, (_, i) => 62 + i);
    assert.deepEqual([isBelieved, confirmed.map(({ item }) => item)], [true, [0, ...last]]);
  });

  it('end with one that is plausible, which is accepted only after they were dropped', () => {
    const plausibility = new PowerPlausibility<string>();
    assert.equal(plausibility.accepts(15_000, limit), true);
    assert.equal(plausibility.accepts(15_001, limit), false);
    plausibility.assess({ w: 15_001, at: 0, item: 'wild' }, limit);
    assert.equal(plausibility.accepts(1000, limit), false);
    const { isBelieved, dropped } = plausibility.assess({ w: 1000, at: 1000, item: 'sound' }, limit);
    assert.deepEqual([isBelieved, dropped?.samples], [true, 1]);
    assert.equal(plausibility.accepts(1000, limit), true);
  });
});

describe('the plausibility of a power', () => {
  const limit = { maxPowerW: 100_000, isRated: false, isHeld: false };
  const start = () => {
    const plausibility = new PowerPlausibility<number>();
    for (let n = 0; n < 10; n++) assert.ok(plausibility.accepts(3000, limit));
    const assess = (w: number, s: number) => plausibility.assess({ w, at: s * 1000, item: w }, limit);
    return { plausibility, assess };
  };

  it('is confirmed by three samples within a factor of three', () => {
    const { assess } = start();
    assert.deepEqual(assess(40_000, 0), { isBelieved: false });
    assert.deepEqual(assess(120_000, 10), { isBelieved: false });
    const { isBelieved, confirmed, isAbove } = assess(40_000, 20);
    assert.deepEqual([isBelieved, confirmed?.map(({ w }) => w), isAbove], [true, [40_000, 120_000], false]);
  });

  it('is confirmed above the largest power by six samples over a minute', () => {
    const { assess } = start();
    for (let n = 0; n < 5; n++) assert.deepEqual(assess(200_000, n * 12), { isBelieved: false });
    const { isBelieved, confirmed, isAbove } = assess(200_000, 60);
    assert.deepEqual([isBelieved, confirmed?.length, isAbove], [true, 5, true]);
  });

  it('is not judged by the history of fewer than ten samples, unless power was shown before', () => {
    const isAccepted = (shownW: number, samples: number, earlierW?: number): boolean => {
      const plausibility = new PowerPlausibility<number>(earlierW);
      for (let n = 0; n < samples; n++) plausibility.accepts(shownW, limit);
      return plausibility.accepts(20_000, limit);
    };
    assert.deepEqual([isAccepted(0, 9), isAccepted(0, 10)], [true, false]);
    assert.deepEqual([isAccepted(0, 0, 300), isAccepted(0, 0, 2000)], [false, true]);
    assert.deepEqual([isAccepted(300, 2), isAccepted(300, 3)], [true, false], 'three samples show a power');
  });
});
