import assert from 'node:assert/strict';
import fc from 'fast-check';
import { every, inBursts, isNear, type Played, startPlay, steady, tellEnergy } from '../../support/site/played-site.ts';
import { heatPump } from '../../support/site/site-messages.ts';

const grid = (intervalS: number) => every(intervalS, { type: 'meter', role: 'grid' });
const sun = (intervalS: number) => every(intervalS, { type: 'solar', role: 'solar' });

describe('power that does not arrive as it was measured', () => {
  for (const [intervalS, burstS, watts] of [
    [5, 10, 36_000],
    [1, 60, 7200],
    [2, 15, 1800],
    [30, 600, 900],
    [60, 3600, 3600],
  ] as const)
    it(`is booked whole where samples of ${intervalS} s arrive together every ${burstS} s`, () => {
      const running = startPlay({ grid: [grid(intervalS)] });
      const seconds = (burstS > 300 ? 8 : 40) * burstS;
      running.play(inBursts(steady('grid/meter/power', intervalS, seconds - intervalS, watts), burstS));
      tellEnergy(running);
      const { grid_import_wh, consumption_wh, coverage, quality } = running.energy();
      const expected = (watts * (seconds - intervalS)) / 3600;
      assert.ok(isNear(grid_import_wh, expected), `${grid_import_wh} of ${expected}`);
      assert.ok(isNear(consumption_wh, expected), `${consumption_wh} of ${expected}`);
      assert.deepEqual([coverage, quality], [1, 'good']);
      assert.deepEqual(running.events, []);
    });

  it('follows a day of bursts', () => {
    const running = startPlay({ grid: [grid(20)], pv: [sun(60)] });
    const day = 24 * 3600;
    const shine = (s: number): number => Math.max(0, 8000 * Math.sin((2 * Math.PI * (s - 6 * 3600)) / day));
    running.play(
      [
        ...inBursts(steady('pv/solar/power', 60, day, shine), 300),
        ...steady('grid/meter/power', 20, day, (s) => 500 - shine(s)),
      ],
      20_000,
    );
    tellEnergy(running);
    const { solar_wh, consumption_wh } = running.energy();
    assert.ok(isNear(solar_wh, (8000 * 24) / Math.PI), `${solar_wh}`);
    assert.ok(isNear(consumption_wh, 500 * 24), `${consumption_wh}`);
  });

  it('is booked whole whatever part of it is late, and in whatever order (P2, fast-check)', () => {
    const delay = fc.oneof(
      { weight: 19, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 3, max: 20 }) },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(1, 5),
        fc.boolean(),
        fc.array(delay, { minLength: 120, maxLength: 120 }),
        (intervalS, isQueue, delays) => {
          const running = startPlay({ grid: [grid(intervalS)] });
          let free = 0;
          const rise = (s: number): number => 1000 + 20 * s;
          const seconds = intervalS * (delays.length - 1);
          running.play(
            steady('grid/meter/power', intervalS, seconds, rise).map((each, i) => {
              // The last of them come in time, and nothing is old at the end.
              const at = each.at + (i < delays.length - 30 ? (delays[i] ?? 0) : 0);
              // One message holds up those behind it, or they overtake it.
              free = Math.max(free, at);
              return { ...each, at: isQueue ? free : at };
            }),
          );
          tellEnergy(running);
          const expected = (1000 * seconds + 10 * seconds ** 2) / 3600;
          const { grid_import_wh, quality } = running.energy();
          assert.ok(isNear(grid_import_wh, expected, 0.001), `${grid_import_wh} of ${expected}`);
          assert.equal(quality, 'good');
        },
      ),
      { numRuns: 20 },
    );
  });

  it('does not count what comes twice, late or not (P3)', () => {
    const running = startPlay({ grid: [grid(5)] });
    const once = steady('grid/meter/power', 5, 600, (s) => s * 10);
    running.play([...once, ...once.map((each) => ({ ...each, at: each.at + 12 }))]);
    tellEnergy(running);
    assert.ok(isNear(running.energy().grid_import_wh, (10 * 600 ** 2) / 2 / 3600, 1e-4));
  });

  for (const [intervalS, burstS] of [
    [5, 10],
    [1, 120],
    [10, 3600],
  ] as const)
    it(`finds the places of those that come backwards, ${burstS} s at a time`, () => {
      const running = startPlay({ grid: [grid(intervalS)], pv: [sun(intervalS)] });
      const seconds = 8 * burstS;
      const backwards = (path: string, valueAt: (s: number) => number): Played[] =>
        inBursts(steady(path, intervalS, seconds, valueAt), burstS).map((each) => ({
          ...each,
          at: Math.floor(each.at) + (burstS - (each.ts % burstS)) / 10_000,
        }));
      const at = (s: number, path: string, value: number): Played => ({ at: s, ts: s, path: `${path}/power`, value });
      // The first sample is told as it was measured, and at the end the next burst begins.
      const end = seconds + 2 * burstS;
      running.play([
        ...[at(0, 'pv/solar', 1000), at(0, 'grid/meter', 200)],
        ...backwards('pv/solar/power', (s) => 1000 + s),
        ...backwards('grid/meter/power', (s) => 200 - s),
        ...[at(end, 'pv/solar', 0), at(end, 'grid/meter', 0)],
      ]);
      tellEnergy(running);
      const { solar_wh, consumption_wh } = running.energy();
      const gapWh = 2 * burstS > 60 ? 0 : (burstS * (1000 + seconds)) / 3600;
      const expected = (1000 * seconds + seconds ** 2 / 2) / 3600 + gapWh;
      assert.ok(isNear(solar_wh, expected, 0.02), `${solar_wh} of ${expected}`);
      assert.ok(
        isNear(consumption_wh, (1200 * seconds) / 3600 + (gapWh > 0 ? (burstS * 1200) / 3600 : 0), 0.06),
        `${consumption_wh}`,
      );
    });

  it('fills the gaps of several sources that were away together', () => {
    const running = startPlay({ grid: [grid(1)], pv: [sun(5)] });
    const told = (played: Played[]): Played[] =>
      played.map((each, i) =>
        each.ts >= 30 && each.ts < 330 ? { ...each, at: 332 + i / 1000, more: { late: true } } : each,
      );
    running.play([...told(steady('grid/meter/power', 1, 600, -2000)), ...told(steady('pv/solar/power', 5, 600, 5000))]);
    tellEnergy(running);
    const { consumption_wh, coverage } = running.energy();
    assert.ok(isNear(consumption_wh, 500), `${consumption_wh}`);
    assert.ok(coverage > 0.99, `${coverage}`);
  });

  it('follows the consumption where bursts of several sources come at different times', () => {
    const running = startPlay({ grid: [grid(10)], pv: [sun(30)], roof: [every(60, { type: 'solar', role: 'solar' })] });
    const hours = 8;
    const played = [
      ...steady('grid/meter/power', 10, hours * 3600, 400),
      ...inBursts(steady('pv/solar/power', 30, hours * 3600, 2000), 1740),
      ...inBursts(steady('roof/solar/power', 60, hours * 3600, 1600), 3000),
    ].toSorted((a, b) => a.at - b.at);
    for (let hour = 0; hour < hours; hour++) {
      const begin = hour * 3600;
      const part = played.filter(({ at }) => at >= begin && at < begin + 3600);
      const start = running.clock.now();
      running.play(part.map((each) => ({ ...each, at: each.at - begin, ts: each.ts - begin })));
      running.pass(start + 3_600_000 - running.clock.now());
      const { consumption_wh } = running.energy();
      // It begins with the first burst of the sun, and ends with the last of the roof; the last sample of a burst
      // is an interval older than the burst.
      const unknownS = 1740 + 30 + 3000 + 60;
      const [least, most] = [4000 * (hour + 1) - (4000 * unknownS) / 3600, 4000 * (hour + 1)];
      assert.ok((consumption_wh ?? 0) >= least && (consumption_wh ?? 0) <= most, `${consumption_wh} at ${hour + 1} h`);
    }
  });

  it('fills a gap that is told in any order beside what is now', () => {
    const running = startPlay({ grid: [grid(5)], pv: [sun(5)] });
    const [from, to, until] = [600, 8000, 9000];
    const rise = (s: number): number => 1000 + s;
    const all = steady('pv/solar/power', 5, until, rise);
    const kept = all.filter(({ ts }) => ts >= from && ts < to);
    // Each is a prime number of places further than the one before.
    const late = kept.map((_, i): Played => {
      const each = kept[(i * 577) % kept.length] as Played;
      return { ...each, at: to + 0.5 + i * 0.03, more: { late: true } };
    });
    running.play([
      ...steady('grid/meter/power', 5, until, (s) => 3000 - s),
      ...all.filter(({ ts }) => ts < from || ts >= to),
      ...late,
    ]);
    tellEnergy(running);
    const { solar_wh, consumption_wh, coverage } = running.energy();
    const expected = (1000 * until + until ** 2 / 2) / 3600;
    assert.ok(isNear(solar_wh, expected, 0.002), `${solar_wh} of ${expected}`);
    assert.ok(isNear(consumption_wh, (4000 * until) / 3600, 0.005), `${consumption_wh}`);
    assert.ok(coverage > 0.99, `${coverage}`);
  });

  it('counts what is missing in no time of its own, however late more of it is told', () => {
    const running = startPlay({ grid: [grid(5)], pv: [sun(5)] });
    const [from, to, until] = [600, 4600, 6000];
    const all = steady('pv/solar/power', 5, until, (s) => ((s / 5) % 2 === 0 ? 2000 : 6000));
    const kept = all.filter(({ ts }) => ts >= from && ts < to);
    // Some of it is gone for good; of the rest comes first what is furthest apart.
    const rest = kept.filter(({ ts }) => ts < 2000 || ts > 2400);
    const order = [...rest.filter(({ ts }) => ts % 50 === 0), ...rest.filter(({ ts }) => ts % 50 !== 0)];
    running.play([
      ...steady('grid/meter/power', 5, until, (s) => ((s / 5) % 2 === 0 ? 4000 : 0)),
      ...all.filter(({ ts }) => ts < from || ts >= to),
      ...order.map((each, i) => ({ ...each, at: to + 1 + i / 100, more: { late: true } })),
    ]);
    tellEnergy(running);
    const { consumption_wh, coverage } = running.energy();
    // The whole time without connection is one, which is not known as a whole.
    const knownS = until - (to - from);
    assert.ok(isNear(consumption_wh, (6000 * knownS) / 3600, 0.02), `${consumption_wh} of ${(6000 * knownS) / 3600}`);
    assert.ok(isNear(coverage, knownS / until, 0.02), `${coverage}`);
  });

  it('finds the place of one that was overtaken by its number, though nothing comes after it', () => {
    const running = startPlay({ grid: [grid(5)] });
    const numbered = steady('grid/meter/power', 5, 60, (s) => (s === 55 ? 7200 : 0)).map((each, i) => ({
      ...each,
      at: each.ts === 55 ? 62 : each.at,
      more: { seq: i },
    }));
    running.play(numbered);
    tellEnergy(running);
    assert.equal(running.energy().grid_import_wh, 10);
    assert.equal(running.power().grid_w, 0);
  });

  for (const [intervalS, from, to, until] of [
    [5, 30, 130, 195],
    [1, 100, 700, 900],
    [60, 600, 7200, 9000],
  ] as const)
    for (const order of ['in order', 'backwards', 'in pieces'] as const)
      it(`fills a gap of ${to - from} s with what was kept meanwhile, ${order}`, () => {
        const running = startPlay({ grid: [grid(1)], pv: [sun(intervalS)] });
        const all = steady('pv/solar/power', intervalS, until, 36_000);
        const kept = all.filter(({ ts }) => ts >= from && ts < to);
        const told = order === 'backwards' ? kept.toReversed() : kept;
        const late = told.map((each, i): Played => {
          const pause = order === 'in pieces' && i > told.length / 2 ? (until - to) / 3 : 0;
          return { ...each, at: to + 1 + pause + i / 100, more: { late: true } };
        });
        running.play([
          ...steady('grid/meter/power', 1, until, -35_500),
          ...all.filter(({ ts }) => ts < from || ts >= to),
          ...late,
        ]);
        tellEnergy(running);
        const { solar_wh, consumption_wh, coverage } = running.energy();
        const [sunWh, houseWh] = [(36_000 * until) / 3600, (500 * until) / 3600];
        assert.ok(isNear(solar_wh, sunWh), `${solar_wh} of ${sunWh}`);
        assert.ok(isNear(consumption_wh, houseWh, 0.02), `${consumption_wh} of ${houseWh}`);
        assert.ok(coverage > 0.99, `${coverage}`);
        // What comes late is not what is now.
        assert.deepEqual([running.power().solar_w, running.power().quality], [36_000, 'good']);
      });

  it('leaves uncovered what nobody tells, and does not book its partners either', () => {
    const running = startPlay({ grid: [grid(5)], pv: [sun(5)] });
    running.play(
      [
        ...steady('grid/meter/power', 5, 36_000, 500),
        ...steady('pv/solar/power', 5, 36_000, 1500).filter(({ ts }) => ts < 7200 || ts >= 10_800),
      ],
      5000,
    );
    tellEnergy(running);
    const { solar_wh, consumption_wh, coverage, quality, energies } = running.energy();
    assert.ok(isNear(solar_wh, 1500 * 9), `${solar_wh}`);
    assert.ok(isNear(consumption_wh, 2000 * 9), `${consumption_wh}`);
    assert.ok(isNear(coverage, 0.9), `${coverage}`);
    assert.ok(isNear(energies?.solar_wh?.coverage, 0.9), JSON.stringify(energies));
    assert.deepEqual([energies?.grid_import_wh?.coverage, energies?.grid_import_wh?.quality], [1, 'good']);
    assert.deepEqual(
      [quality, energies?.solar_wh?.quality, energies?.consumption_wh?.quality],
      ['estimated', 'estimated', 'estimated'],
    );
  });

  for (const [runS, maxAgeS] of [
    [30, 250],
    [600, 4000],
  ] as const)
    it(`holds the last value of a source that tells each change, for ${runS} s`, () => {
      const report = { unit: 'W', interval_s: 100, max_age_s: maxAgeS, report: 'on_change' } as const;
      const running = startPlay({ grid: [grid(1)], heat: [{ ...heatPump, quantities: { power: report } }] });
      const at = (s: number, value: number): Played => ({ at: s, ts: s, path: 'heat/heat_pump/power', value });
      running.play([
        ...steady('grid/meter/power', 1, 300 + runS, 500),
        ...[at(0, 0), at(100, 36_000), at(100 + runS, 0), at(160 + runS, 0)],
      ]);
      tellEnergy(running);
      assert.ok(isNear(running.energy().heat_wh, 10 * runS), `${running.energy().heat_wh}`);
      assert.equal(running.energy().energies?.heat_wh?.coverage, 1);
    });

  it('holds a value no longer than it may be used', () => {
    const report = { unit: 'W', interval_s: 60, max_age_s: 600, report: 'on_change' } as const;
    const running = startPlay({ grid: [grid(1)], heat: [{ ...heatPump, quantities: { power: report } }] });
    const at = (s: number, value: number): Played => ({ at: s, ts: s, path: 'heat/heat_pump/power', value });
    running.play([...steady('grid/meter/power', 1, 6000, 500), at(0, 3600), at(6000, 3600)]);
    tellEnergy(running);
    assert.ok(isNear(running.energy().heat_wh, 600), `${running.energy().heat_wh}`);
    assert.ok(isNear(running.energy().energies?.heat_wh?.coverage, 0.1, 0.05));
  });
});
