import assert from 'node:assert/strict';
import type { ComponentMeta } from '../../../src/model/meta.ts';
import { every, isNear, type Played, restart, startPlay, steady, tellEnergy } from '../../support/site/played-site.ts';
import type { RunningSite } from '../../support/site/running-site.ts';
import { availabilityOf, readingOf } from '../../support/site/site-messages.ts';

const grid = every(5, { type: 'meter', role: 'grid' });
const held = (type: string, role: NonNullable<ComponentMeta['role']>, maxAgeS = 86_400): ComponentMeta => ({
  type,
  role,
  quantities: { power: { unit: 'W', interval_s: 60, max_age_s: maxAgeS, report: 'on_change' } },
});

const heat = (s: number, value: number | null): Played => ({
  at: s,
  ts: s,
  path: 'heat/heat_pump/power',
  value,
  ...(value === null && { more: { quality: 'invalid', reason: 'device_offline' } }),
});

const heatOf = (running: RunningSite) => {
  tellEnergy(running);
  const { heat_wh, energies } = running.energy();
  return { wh: heat_wh, coverage: energies?.heat_wh?.coverage ?? Number.NaN, quality: energies?.heat_wh?.quality };
};

describe('a source that tells each change of its power', function () {
  this.timeout(60_000);

  it('holds its value no longer than until it says that it does not know', () => {
    for (const awayS of [120, 600, 3000]) {
      const running = startPlay({ grid: [grid], heat: [held('heat_pump', 'heat')] });
      running.play([
        ...steady('grid/meter/power', 5, 3600, 500),
        ...[heat(0, 9000), heat(60, null), heat(60 + awayS, 0), heat(3600, 0)],
      ]);
      const { wh, coverage, quality } = heatOf(running);
      assert.ok(isNear(wh, 150, 0.001), `${wh}`);
      assert.ok(isNear(coverage, 1 - awayS / 3612, 0.01), `${coverage}`);
      assert.equal(quality, 'estimated');
    }
  });

  for (const [who, topic] of [
    ['it', 'devices/heat/availability'],
    ['its gateway', 'system/status/gw'],
  ] as const)
    it(`holds its value no longer than until ${who} is offline, whatever it says afterwards`, () => {
      const running = startPlay({ heat: [held('heat_pump', 'heat')] });
      running.play([heat(0, 9000), heat(60, 9000)]);
      running.say(availabilityOf(topic, 'offline'));
      running.pass(1_800_000);
      running.say(availabilityOf(topic, 'online'));
      running.say(readingOf('heat/heat_pump/power', 0, running.clock.now()));
      const { wh, coverage, quality } = heatOf(running);
      assert.ok(isNear(wh, 150, 0.02), `${wh}`);
      assert.ok(coverage < 0.05, `${coverage}`);
      assert.equal(quality, 'estimated');
    });

  it('is booked up to 2 s ago, since its next value may be on its way', () => {
    const running = startPlay({ heat: [held('heat_pump', 'heat')] });
    running.play([heat(0, 3600)]);
    const saidAt = running.clock.now();
    running.pass(60_000);
    const { ts, heat_wh } = running.energy();
    assert.equal(heat_wh, (Date.parse(ts) - saidAt) / 1000 - 2);
  });

  it('knows while it is away that its time is missing', () => {
    const running = startPlay({ heat: [held('heat_pump', 'heat')] });
    running.play([heat(0, 9000), heat(600, null)]);
    running.pass(1_800_000);
    const { wh, coverage } = heatOf(running);
    assert.ok(isNear(wh, 1500, 0.001), `${wh}`);
    assert.ok(isNear(coverage, 600 / 2412, 0.01), `${coverage}`);
  });

  it('is booked while it says nothing new, and so is what the site consumes', () => {
    for (const watts of [0, -12, -2000, 1500]) {
      const running = startPlay({ grid: [grid], bat: [held('battery', 'battery')] });
      const battery: Played = { at: 0, ts: 0, path: 'bat/battery/power', value: watts };
      running.play([...steady('grid/meter/power', 5, 4 * 3600, 2500), battery]);
      tellEnergy(running);
      const { consumption_wh, battery_charged_wh, battery_discharged_wh, coverage } = running.energy();
      const [charged, discharged] = [4 * Math.max(0, -watts), 4 * Math.max(0, watts)];
      assert.ok(isNear(battery_charged_wh, charged, 0.002), `${battery_charged_wh} of ${charged}`);
      assert.ok(isNear(battery_discharged_wh, discharged, 0.002), `${battery_discharged_wh} of ${discharged}`);
      assert.ok(isNear(consumption_wh, 4 * (2500 + watts), 0.002), `${consumption_wh}`);
      assert.equal(coverage, 1);
    }
  });

  it('does not hold up the meter that it is behind', () => {
    const running = startPlay({
      grid: [grid],
      gen: [every(5, { type: 'meter', role: 'solar' })],
      bat: [{ ...held('battery', 'battery'), parent: 'gen' }],
    });
    running.play([
      ...steady('grid/meter/power', 5, 7200, 500),
      ...steady('gen/meter/power', 5, 7200, 1000),
      { at: 0, ts: 0, path: 'bat/battery/power', value: -800 },
    ]);
    tellEnergy(running);
    const { solar_wh, consumption_wh } = running.energy();
    assert.ok(isNear(solar_wh, 3600, 0.003), `${solar_wh}`);
    assert.ok(isNear(consumption_wh, 3000, 0.003), `${consumption_wh}`);
  });

  it('is booked by its times, however late they come', () => {
    const running = startPlay({ grid: [grid], heat: [held('heat_pump', 'heat')] });
    const late = (s: number, value: number, delayS: number): Played => ({ ...heat(s, value), at: s + delayS });
    running.play([
      ...steady('grid/meter/power', 5, 3600, 500),
      ...[heat(0, 0), late(600, 9000, 9), late(1200, 1800, 1.5), late(2400, 0, 8), heat(3600, 0)],
    ]);
    const { wh, coverage, quality } = heatOf(running);
    // What was booked too far until the last of them came is not told again.
    assert.ok(isNear(wh, 2100, 0.002), `${wh}`);
    assert.ok(isNear(running.site.snapshot().totals['heat positive'], 2100, 1e-6));
    assert.deepEqual([coverage, quality], [1, 'good']);
  });

  it('is not booked on while what it has kept is still being told', () => {
    const running = startPlay({ grid: [grid], heat: [held('heat_pump', 'heat')] });
    const kept = Array.from({ length: 40 }, (_, i) => heat(600 + i * 90, i % 2 === 0 ? 6000 : 0));
    running.play([
      ...steady('grid/meter/power', 5, 5400, 500),
      heat(0, 0),
      // What began last is told first, and for a while nobody knows that it has ended.
      ...kept.map((_, i) => {
        const each = kept[(i * 7 + 3) % kept.length] as Played;
        return { ...each, at: 4300 + i, more: { late: true } };
      }),
      heat(5400, 0),
    ]);
    const { wh } = heatOf(running);
    assert.ok(isNear(wh, 20 * 150, 0.01), `${wh}`);
  });

  it('is counted on over a restart, once, and no longer than it was to hold', () => {
    for (const [maxAgeS, hours] of [
      [86_400, 2],
      [2700, 0.75],
    ] as const) {
      const devices = { grid: [grid], heat: [held('heat_pump', 'heat', maxAgeS)] };
      const first = startPlay(devices);
      first.play([...steady('grid/meter/power', 5, 1800, 500), heat(0, 3000)]);
      const second = restart(first, devices, 1000);
      second.play([...steady('grid/meter/power', 5, 5395, 500), heat(5395, 0)]);
      const { wh } = heatOf(second);
      assert.ok(isNear(wh, 3000 * hours, 0.003), `${wh} of ${3000 * hours}`);
    }
  });

  it('is over after a restart as well where it was over before', () => {
    const devices = { heat: [held('heat_pump', 'heat')] };
    const first = startPlay(devices);
    first.play([heat(0, 9000), heat(60, null)]);
    first.pass(60_000);
    const second = restart(first, devices, 1000);
    second.pass(600_000);
    second.play([heat(0, 0)]);
    const { wh } = heatOf(second);
    assert.ok(isNear(wh, 150, 0.001), `${wh}`);
  });
});
