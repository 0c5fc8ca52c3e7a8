import assert from 'node:assert/strict';
import type { ComponentMeta } from '../../../src/model/meta.ts';
import { createDaylightProfile, isDark, noteLight } from '../../../src/site/power/night-detection.ts';
import { sunElevation } from '../../../src/site/power/sun-elevation.ts';
import { readSnapshot } from '../../../src/site/site-snapshot.ts';
import { every, isNear, type Played, startPlay, steady, tellEnergy } from '../../support/site/played-site.ts';
import type { RunningSite, startSite } from '../../support/site/running-site.ts';
import { availabilityOf, metaOf, readingOf } from '../../support/site/site-messages.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const hour = 3600;
const grid = every(300, { type: 'meter', role: 'grid' });
const inverter = (more: Partial<ComponentMeta> = {}): ComponentMeta =>
  every(300, { type: 'solar', role: 'solar', coupling: 'ac', rated_power_w: 8000, ...more });

type Options = Parameters<typeof startSite>[0];

/** Days pass in steps of a minute. */
const slowly = (running: ReturnType<typeof startPlay>) => ({
  ...running,
  play: (played: Played[]): void => running.play(played, 60_000),
});

/** Begins at noon, UTC, in spring. */
const startHouse = (pv = [inverter()], options: Options = {}) =>
  slowly(startPlay({ grid: [grid], pv }, options, undefined, createVirtualClock(Date.UTC(2026, 3, 10, 12))));

/** The sun shines from 6 to 18 h; the inverter talks as long as it gives more than 0.3 % of 8 kW. */
const shineAt = (secondsSinceNoon: number): number => {
  const height = Math.cos(((secondsSinceNoon / hour) * Math.PI) / 12);
  return height > 0 ? 8000 * height ** 2 : 0;
};
/** What it gives from noon to the evening, Wh. */
const halfDayWh = 24_000;
const daylight = (fromS: number, toS: number, path = 'pv/solar/power'): Played[] =>
  steady(path, 300, toS - fromS, (s) => shineAt(fromS + s))
    .filter(({ value }) => (value as number) > 24)
    .map((each) => ({ ...each, at: each.at, ts: each.ts }));
const house = (seconds: number): Played[] => steady('grid/meter/power', 300, seconds, 500);

const now = ({ power }: RunningSite) => [power().solar_w, power().consumption_w, power().quality];

describe('a solar inverter that switches itself off at night', () => {
  for (const how of ['falls silent', 'says that it is offline', 'says null'] as const)
    it(`counts as 0, estimated, without a setting, where it ${how}`, () => {
      const running = startHouse();
      running.play([...house(8 * hour), ...daylight(0, 8 * hour)]);
      if (how === 'says that it is offline') running.say(availabilityOf('devices/pv/availability', 'offline'));
      if (how === 'says null') running.say(readingOf('pv/solar/power', null, running.clock.now()));
      running.play(house(1200));
      assert.deepEqual(now(running), [0, 500, 'estimated']);
      tellEnergy(running);
      const { quality, energies = {}, consumption_wh } = running.energy();
      assert.equal(quality, 'good', JSON.stringify(energies));
      const sunWh = halfDayWh;
      assert.ok(isNear(consumption_wh, sunWh + 500 * (8 + 1 / 3), 0.01), `${consumption_wh} ${sunWh}`);
    });

  it('is unknown where it gave more when it went: that is no night', () => {
    const running = startHouse();
    running.play([...house(3 * hour), ...daylight(0, 2 * hour)]);
    assert.deepEqual(now(running), [null, null, 'stale']);
  });

  it('covers the night, and its day is counted on in the morning', () => {
    const running = startHouse();
    running.play([...house(24 * hour), ...daylight(0, 24 * hour)]);
    tellEnergy(running);
    const { coverage, consumption_wh, solar_wh, energies = {} } = running.energy();
    assert.ok(coverage > 0.995, `${coverage}`);
    assert.ok((energies.solar_wh?.coverage ?? 0) > 0.995, JSON.stringify(energies));
    const dayWh = 2 * halfDayWh;
    assert.ok(isNear(solar_wh, dayWh, 0.005), `${solar_wh} of ${dayWh}`);
    assert.ok(isNear(consumption_wh, dayWh + 12_000, 0.01), JSON.stringify(running.energy()));
  });

  it('covers the night as well where the inverter tells each change, and that its power is unknown', () => {
    const power = { unit: 'W', interval_s: 300, max_age_s: 86_400, report: 'on_change' } as const;
    const running = startHouse([inverter({ quantities: { power } })]);
    running.play([...house(8 * hour), ...daylight(0, 8 * hour)]);
    running.say(readingOf('pv/solar/power', null, running.clock.now()));
    running.play(house(6 * hour));
    tellEnergy(running);
    const { solar_wh: facts } = running.energy().energies ?? {};
    assert.deepEqual([(facts?.coverage ?? 0) > 0.995, facts?.quality], [true, 'good'], JSON.stringify(facts));
  });

  it('is no gap in the night where the device introduces itself anew in the morning', () => {
    const running = startHouse();
    running.play([...house(17 * hour), ...daylight(0, 6 * hour)]);
    running.say(metaOf('pv', inverter()), readingOf('pv/solar/power', 60, running.clock.now()));
    running.play([...house(hour), ...steady('pv/solar/power', 300, hour, 60)]);
    tellEnergy(running);
    const { coverage, consumption_wh, energies = {} } = running.energy();
    assert.ok(coverage > 0.995, `${coverage}`);
    assert.ok((energies.solar_wh?.coverage ?? 0) > 0.995, JSON.stringify(energies));
    assert.ok(isNear(consumption_wh, halfDayWh + 500 * 18 + 60, 0.01), `${consumption_wh}`);
  });

  it('is unknown in the day by its own history, however little it gave when it went', () => {
    const running = startHouse();
    // Two days and a morning; then snow, and at noon it is gone.
    running.play([...house(48 * hour), ...daylight(0, 48 * hour)]);
    running.play([...house(2700), ...steady('pv/solar/power', 300, 1200, 20)]);
    assert.deepEqual(now(running), [null, null, 'stale']);
    running.play(house(3 * hour));
    assert.deepEqual(now(running), [null, null, 'stale']);
    // It does not come back before the evening.
    running.play(house(5 * hour));
    assert.deepEqual(now(running), [0, 500, 'estimated']);
    running.play(house(16 * hour));
    assert.deepEqual(now(running), [null, null, 'stale']);
  });

  it('is not asleep for longer than a night where nothing is known of the time of day', () => {
    const running = startHouse();
    running.play([...house(60), ...steady('pv/solar/power', 300, 60, 10)]);
    running.play(house(15 * hour));
    assert.deepEqual(now(running), [0, 500, 'estimated']);
    running.play(house(2 * hour));
    assert.deepEqual(now(running), [null, null, 'stale']);
  });

  it('is judged by the sun where the place of the site is known', () => {
    for (const [longitude, expected] of [
      [11.6, [null, null, 'stale']],
      [-170, [0, 500, 'estimated']],
    ] as const) {
      const running = startHouse([inverter()], { coordinates: { latitude: 48.1, longitude } });
      running.play([...house(60), ...steady('pv/solar/power', 300, 60, 10)]);
      running.play(house(1200));
      assert.deepEqual(now(running), expected, `${longitude}`);
    }
  });

  it('sleeps with the battery behind it only where both did nothing', () => {
    for (const [batteryW, expected] of [
      [15, [0, 500, 'estimated']],
      [-900, [0, null, 'stale']],
    ] as const) {
      const running = startHouse([
        every(300, { type: 'inverter', role: 'inverter', rated_power_w: 8000 }),
        inverter({ coupling: 'dc', behind: 'pv' }),
        every(300, { type: 'battery', role: 'battery', coupling: 'dc', behind: 'pv' }),
      ]);
      const last = { 'pv/inverter': -20, 'pv/solar': 0, 'pv/battery': batteryW };
      running.play([
        ...house(120),
        ...Object.entries(last).flatMap(([path, w]) => steady(`${path}/power`, 300, 600, w)),
      ]);
      running.play(house(1200));
      assert.deepEqual(now(running), expected, `${batteryW}`);
    }
  });

  describe('with a battery, both of which have done nothing', () => {
    const battery = every(300, { type: 'battery', role: 'battery', coupling: 'dc', behind: 'pv' });
    const behind = { coupling: 'dc', behind: 'pv' } as const;
    /** Some minutes at noon, UTC; after that, only the meter of the grid and the given paths are heard. */
    const nowWith = (strings: ComponentMeta, options: Options = {}, heard: string[] = []) => {
      const terminal = every(300, { type: 'inverter', role: 'inverter', rated_power_w: 8000 });
      const running = startHouse([terminal, strings, battery], options);
      const idle = (paths: string[], seconds: number): Played[] =>
        paths.flatMap((path) => steady(`pv/${path}/power`, 300, seconds, 0));
      running.play([...house(600), ...idle(['inverter', strings.type, 'battery'], 600)]);
      running.play([...house(1200), ...idle(heard, 1200)]);
      return now(running).slice(1);
    };

    it('sleeps', () => assert.deepEqual(nowWith(inverter(behind)), [500, 'estimated']));

    it('does not sleep while the sun shines, whether it should count as 0 where it is offline or not', () => {
      const coordinates = { latitude: 48.1, longitude: 11.6 };
      for (const offlineMeansZero of [false, true])
        assert.deepEqual(nowWith(inverter(behind), { coordinates, offlineMeansZero }), [null, 'stale']);
    });

    it('does not sleep while its strings are heard, or where a meter on them is silent', () => {
      assert.deepEqual(nowWith(inverter(behind), {}, ['solar']), [null, 'stale']);
      assert.deepEqual(nowWith(every(300, { type: 'meter', role: 'solar', ...behind })), [null, 'stale']);
    });
  });

  it('was idle up to a hundredth of its rating', () => {
    for (const [lastW, expected] of [
      [79, [0, 500, 'estimated']],
      [81, [null, null, 'stale']],
    ] as const) {
      const running = startHouse();
      running.play([...house(600), ...steady('pv/solar/power', 300, 600, lastW)]);
      running.play(house(1200));
      assert.deepEqual(now(running), expected, `${lastW} W`);
    }
  });

  it('is never a meter: that has no reason to fall silent', () => {
    const running = startHouse([every(300, { type: 'meter', role: 'solar' })]);
    running.play([...house(1500), ...steady('pv/meter/power', 300, 300, 0)]);
    assert.deepEqual(now(running), [null, null, 'stale']);
  });

  it('sleeps on where this runtime is started again at night', () => {
    for (const [lastW, expected] of [
      [10, [0, 500, 'estimated']],
      [900, [null, null, 'invalid']],
    ] as const) {
      const first = startHouse();
      first.play([
        ...house(7 * hour),
        ...daylight(0, 5 * hour),
        { at: 6 * hour, ts: 6 * hour, path: 'pv/solar/power', value: lastW },
      ]);
      const saved = readSnapshot(JSON.parse(JSON.stringify(first.site.snapshot())));
      assert.ok(saved.ok, saved.ok ? '' : saved.reason);
      const later = createVirtualClock(first.clock.now() + 1_800_000);
      const second = slowly(startPlay({ grid: [grid], pv: [inverter()] }, { boot: 'next' }, saved.value, later));
      second.play(house(1200));
      assert.deepEqual(now(second), expected, `${lastW}`);
    }
  });

  it('is remembered over a restart', () => {
    const first = startHouse();
    first.play([...house(48 * hour), ...daylight(0, 48 * hour)]);
    const saved = readSnapshot(JSON.parse(JSON.stringify(first.site.snapshot())));
    assert.ok(saved.ok, saved.ok ? '' : saved.reason);
    const devices = { grid: [grid], pv: [inverter()] };
    const second = slowly(startPlay(devices, {}, saved.value, createVirtualClock(first.clock.now())));
    second.play([...house(1500), ...steady('pv/solar/power', 300, 300, 10)]);
    assert.deepEqual(now(second), [null, null, 'stale']);
  });
});

describe('the time of day at which it is dark', () => {
  const day = 86_400_000;
  const start = Date.UTC(2026, 0, 1);

  it('is learned over a year, and moves on with the light', () => {
    const profile = createDaylightProfile();
    let [wrongByDay, wrongByNight, looks] = [0, 0, 0];
    for (let now = start; now < start + 365 * day; now += 300_000) {
      const elevation = sunElevation({ latitude: 52.5, longitude: 13.4 }, now);
      const isLit = elevation > 3;
      if (now > start + 2 * day) {
        looks++;
        const dark = isDark(profile, { coordinates: undefined, now, awayMs: 0 });
        if (!dark && !isLit) wrongByNight++;
        // Well above the horizon, where an inverter is at work.
        if (dark && elevation > 20) wrongByDay++;
      }
      noteLight(profile, now, isLit);
    }
    assert.ok(looks > 100_000);
    assert.equal(wrongByNight, 0);
    assert.ok(wrongByDay / looks < 0.002, `${wrongByDay} of ${looks}`);
  });

  it('is known of a quarter of an hour once that has passed', () => {
    const profile = createDaylightProfile();
    const isKnown = (): boolean => isDark(profile, { coordinates: undefined, now: start, awayMs: 17 * 3_600_000 });
    for (const [ms, expected] of [
      [0, false],
      [899_999, false],
      [900_000, true],
    ] as const) {
      noteLight(profile, start + ms, false);
      assert.equal(isKnown(), expected, `${ms} ms`);
    }
  });

  it('is that of a sun less than 6 degrees above the horizon, where the place is known', () => {
    const coordinates = { latitude: 48.1, longitude: 11.6 };
    for (let now = start; now < start + day; now += 60_000)
      assert.equal(
        isDark(createDaylightProfile(), { coordinates, now, awayMs: 0 }),
        sunElevation(coordinates, now) < 6,
      );
  });

  it('is forgotten after days without knowledge', () => {
    const profile = createDaylightProfile();
    for (let now = start; now < start + 3 * day; now += 300_000)
      noteLight(profile, now, now % day > day / 4 && now % day < (3 * day) / 4);
    const noon = start + 3 * day + day / 2;
    assert.equal(isDark(profile, { coordinates: undefined, now: noon, awayMs: 0 }), false);
    assert.equal(isDark(profile, { coordinates: undefined, now: noon + 10 * day, awayMs: 3_600_000 }), true);
    assert.equal(isDark(profile, { coordinates: undefined, now: noon + 10 * day, awayMs: 20 * 3_600_000 }), false);
  });
});

describe('where the sun stands', () => {
  // Noon: 90 degrees less the distance of latitude and declination; sunrise at the equinox; the polar night.
  for (const [latitude, longitude, time, expected] of [
    [48.137, 11.576, '2026-06-21T11:15:00Z', 65.3],
    [48.137, 11.576, '2026-12-21T11:12:00Z', 18.4],
    [52.52, 13.405, '2026-03-20T05:10:00Z', 0],
    [-33.87, 151.21, '2026-01-15T02:00:00Z', 76.8],
    [69.65, 18.96, '2026-12-21T11:00:00Z', -3.1],
    [0, 0, '2026-03-20T12:07:00Z', 89.9],
  ] as const)
    it(`is known to a degree at ${latitude}, ${longitude} at ${time}`, () => {
      const elevation = sunElevation({ latitude, longitude }, Date.parse(time));
      assert.ok(Math.abs(elevation - expected) < 1.2, `${elevation}`);
    });

  it('is known at the pole to a thousandth of a degree: there its elevation is the declination of an ephemeris', () => {
    for (const [date, degrees, minutes, seconds] of [
      ['1999-08-15', 14, 15, 22.8],
      ['1999-08-20', 12, 39, 47.1],
    ] as const) {
      const elevation = sunElevation({ latitude: 90, longitude: 0 }, Date.parse(date));
      assert.ok(Math.abs(elevation - (degrees + minutes / 60 + seconds / 3600)) < 0.001, `${date} ${elevation}`);
    }
  });
});
