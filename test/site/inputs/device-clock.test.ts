import assert from 'node:assert/strict';
import type { Message } from '../../../src/model/message.ts';
import { every, inBursts, isNear, type Played, startPlay, steady, tellEnergy } from '../../support/site/played-site.ts';
import type { RunningSite } from '../../support/site/running-site.ts';
import { charger, metaOf } from '../../support/site/site-messages.ts';

type Event = Message<'event/1'>;

const grid = every(1, { type: 'meter', role: 'grid' });
const wallbox = (intervalS: number) =>
  every(intervalS, {
    type: 'ev_charger',
    role: 'ev',
    quantities: { energy_imported: { unit: 'Wh', interval_s: intervalS, max_age_s: 60, resolution: 1 } },
  });

const told = ({ events }: RunningSite): unknown[] =>
  (events as Event[]).map(({ name, state, data }) => [name, state, data?.clock, data?.offset_s]);

/** The same with a clock that is so far ahead; by time of arrival. */
const withClock = (played: Played[], aheadS: (at: number) => number): Played[] =>
  played.map((each) => ({ ...each, ts: each.ts + aheadS(each.at) }));

describe('the clocks of devices', () => {
  for (const [intervalS, from, to, at, watts] of [
    [10, 100, 0, 55, 11_000],
    [1, 60, 0, 90, 3700],
    [5, 0, -40, 100, 22_000],
    [10, 0, 100, 60, 7400],
    [1, -45, 0, 60, 5000],
    [30, 250, -250, 200, 11_000],
  ] as const)
    for (const hasSeq of [true, false])
      it(`lose nothing when one is set from ${from} s to ${to} s while its car charges, read every ${intervalS} s, ${hasSeq ? 'numbered' : 'not numbered'}`, () => {
        const running = startPlay({ grid: [grid], box: [wallbox(intervalS)], power: [every(intervalS, charger)] });
        const seconds = 400;
        const shift = (s: number): number => (s < at ? from : to);
        const counted = (s: number): number => Math.round(1_000_000 + (watts * s) / 3600);
        const played = [
          ...steady('box/ev_charger/power', intervalS, seconds, watts),
          ...steady('box/ev_charger/energy_imported', intervalS, seconds, counted).map((each) => ({
            ...each,
            at: each.at + 0.1,
          })),
          ...steady('power/ev_charger/power', intervalS, seconds, watts),
        ];
        running.play([
          ...steady('grid/meter/power', 1, seconds, watts + 500),
          ...withClock(played, shift).map((each) => (hasSeq ? each : { ...each, more: { seq: 0, boot: 'none' } })),
        ]);
        tellEnergy(running);
        const { ev_wh, energies } = running.energy();
        const lastS = Math.floor(seconds / intervalS) * intervalS;
        const expected = (2 * watts * lastS) / 3600;
        assert.ok(isNear(ev_wh, expected), `${ev_wh} of ${expected}`);
        assert.ok((energies?.ev_wh?.coverage ?? 0) > 0.97, JSON.stringify(energies?.ev_wh));
        const names = new Set((running.events as Event[]).map(({ name }) => name));
        assert.deepEqual([...names], ['clock_skew']);
        assert.equal(running.power().ev_w, 2 * watts);
      });

  it('may be behind: what they tell is used by the time at which it comes, and said to be estimated', () => {
    const running = startPlay({ grid: [grid], pv: [every(1, { type: 'solar', role: 'solar' })] });
    const played = [...steady('grid/meter/power', 1, 300, 700), ...steady('pv/solar/power', 1, 300, 800)];
    running.play(withClock(played, () => -45));
    assert.deepEqual([running.power().consumption_w, running.power().quality], [1500, 'estimated']);
    assert.deepEqual(told(running), [['clock_skew', 'active', 'gw', -45]]);
    tellEnergy(running);
    assert.ok(isNear(running.energy().consumption_wh, 125), `${running.energy().consumption_wh}`);
  });

  it('may be behind: once that is known, a value that was told before is as old as it is', () => {
    const running = startPlay({
      grid: [grid],
      house: [every(1, { type: 'solar', role: 'solar' }), every(30, { type: 'battery', role: 'battery' })],
    });
    // The battery is told once, and its value may be used for 90 s.
    const battery = { at: 0, ts: -70, path: 'house/battery/power', value: 300 };
    const played = (seconds: number): Played[] => [
      ...steady('grid/meter/power', 1, seconds, 700),
      ...withClock(steady('house/solar/power', 1, seconds, 800), () => -70),
    ];
    running.play([...played(80), battery]);
    assert.equal(running.power().battery_w, 300);
    running.play(played(20));
    assert.equal(running.power().battery_w, null);
  });

  it('may be ahead: that is said, and nothing is worse, nor shown later', () => {
    const running = startPlay({ grid: [grid] });
    running.play(
      withClock(
        steady('grid/meter/power', 1, 300, (s) => 700 + s),
        () => 240,
      ),
    );
    running.pass(1000);
    assert.deepEqual([running.power().consumption_w, running.power().quality], [1000, 'good']);
    assert.deepEqual(told(running), [['clock_skew', 'active', 'gw', 240]]);
    const shown = running.messages.flatMap((message) => (message.schema === 'site-power/1' ? [message.grid_w] : []));
    assert.ok(new Set(shown).size > 296, `${new Set(shown).size}`);
    tellEnergy(running);
    const { grid_import_wh, consumption_wh, coverage } = running.energy();
    assert.ok(isNear(consumption_wh, grid_import_wh ?? 0, 0.001), `${consumption_wh} of ${grid_import_wh}`);
    assert.ok(coverage > 0.99, `${coverage}`);
  });

  it('may be ahead from the beginning: all topics of a device are put right together', () => {
    const running = startPlay({ grid: [grid], box: [wallbox(10)] });
    running.play([
      ...steady('grid/meter/power', 1, 200, 11_500),
      ...withClock(steady('box/ev_charger/power', 10, 200, 11_000), () => 290),
      ...withClock(
        steady('box/ev_charger/energy_imported', 10, 200, (s) => Math.round(7000 + (11_000 * s) / 3600)),
        () => 290,
      ),
    ]);
    tellEnergy(running);
    assert.ok(isNear(running.energy().ev_wh, (11_000 * 200) / 3600), `${running.energy().ev_wh}`);
    assert.ok((running.energy().energies?.ev_wh?.coverage ?? 0) > 0.99);
  });

  it('do not go to and fro at the edge of what is right', () => {
    const running = startPlay({ grid: [grid] });
    running.play(withClock(steady('grid/meter/power', 1, 300, 700), () => -11));
    running.play(withClock(steady('grid/meter/power', 1, 300, 700), () => -9.2));
    running.play(withClock(steady('grid/meter/power', 1, 300, 700), () => -11));
    assert.deepEqual(told(running), [['clock_skew', 'active', 'gw', -11]]);
  });

  it('are told of once for a gateway whose devices all show it, and cleared when it is right', () => {
    const running = startPlay({ grid: [grid], a: [every(1, charger)], b: [every(1, charger)] });
    const played = ['grid/meter', 'a/ev_charger', 'b/ev_charger'].flatMap((path) =>
      steady(`${path}/power`, 1, 240, 100),
    );
    running.play(withClock(played, (at) => (at < 120 ? 20 : 0)));
    assert.deepEqual(told(running), [
      ['clock_skew', 'active', 'gw', 20],
      ['clock_skew', 'cleared', 'gw', 0],
    ]);
  });

  it('are told of by the device that shows it where the others of its gateway do not', () => {
    const running = startPlay({ grid: [grid], a: [every(1, charger)], b: [every(1, charger)] });
    running.play([
      ...steady('grid/meter/power', 1, 120, 100),
      ...steady('a/ev_charger/power', 1, 120, 100),
      ...withClock(steady('b/ev_charger/power', 1, 120, 100), () => -30),
    ]);
    assert.deepEqual(told(running), [['clock_skew', 'active', 'b', -30]]);
  });

  it('are not suspected where the network is late for a while, or a queue drains', () => {
    const running = startPlay({ grid: [grid] });
    running.play(
      steady('grid/meter/power', 1, 600, 3600).map((each) => ({
        ...each,
        at:
          each.at >= 100 && each.at < 200 ? 200 + each.at / 1000 : each.at + (each.at > 300 && each.at < 400 ? 20 : 0),
      })),
    );
    tellEnergy(running);
    assert.deepEqual(told(running), []);
    assert.ok(isNear(running.energy().grid_import_wh, 600), `${running.energy().grid_import_wh}`);
  });

  for (const [keptS, drainS, isNumbered] of [
    [600, 30, true],
    [3600, 60, true],
    [3600, 60, false],
    [600, 12, false],
  ] as const)
    it(`are not suspected where ${keptS} s of readings drain within ${drainS} s${isNumbered ? '' : ', after the first that is not late'}`, () => {
      const running = startPlay({ grid: [grid], pv: [every(1, { type: 'solar', role: 'solar' })] });
      const drained = (path: string, watts: number): Played[] => {
        const all = steady(path, 1, keptS + 120, watts);
        const queue = all.map((each) => ({
          ...each,
          at: each.ts < keptS ? keptS + (each.ts * drainS) / keptS : Math.max(each.at, keptS + drainS),
        }));
        // What is measured now overtakes what was kept.
        return isNumbered ? queue : queue.map((each) => (each.ts >= keptS ? { ...each, at: each.ts } : each));
      };
      running.play([...drained('grid/meter/power', -3000), ...drained('pv/solar/power', 3600)], 1000);
      tellEnergy(running);
      const { solar_wh, consumption_wh } = running.energy();
      assert.deepEqual(told(running), []);
      // Without numbers, and before anything else was heard, what was before the first is not counted.
      const countedS = isNumbered ? keptS + 120 : 120;
      assert.ok((solar_wh ?? 0) >= countedS * 0.99, `${solar_wh}`);
      assert.ok((consumption_wh ?? 0) >= (countedS / 6) * 0.97, `${consumption_wh}`);
    });

  it('are not suspected of what says that it is late, though it is told as fast as it was measured', () => {
    const running = startPlay({ grid: [grid], pv: [every(30, { type: 'solar', role: 'solar' })] });
    const sun = steady('pv/solar/power', 30, 3000, 1800);
    const kept = steady('pv/solar/power', 1, 999, 1800).filter(({ ts }) => ts > 600);
    running.play([
      ...steady('grid/meter/power', 1, 3000, 200),
      ...sun.filter(({ ts }) => ts <= 600 || ts >= 1020),
      // Between two of now, some of what was kept.
      ...kept.map((each) => ({ ...each, at: each.ts + 1000.5, more: { late: true, seq: 0, boot: 'kept' } })),
    ]);
    tellEnergy(running);
    assert.deepEqual([told(running), running.power().solar_w], [[], 1800]);
    assert.ok(isNear(running.energy().solar_wh, 1500, 0.02), `${running.energy().solar_wh}`);
  });

  it('are not suspected of what was kept for long, nor of bursts with a clock that is off', () => {
    const running = startPlay({ grid: [grid] });
    running.play(withClock(inBursts(steady('grid/meter/power', 1, 1200, 3600), 60), () => 90));
    tellEnergy(running);
    // The youngest reading of a burst is 1.1 s old.
    assert.deepEqual(told(running), [['clock_skew', 'active', 'gw', 88.9]]);
    assert.ok(isNear(running.energy().grid_import_wh, 1200, 0.005), `${running.energy().grid_import_wh}`);
  });

  it('make one reading in the future no reason to wait for it', () => {
    const running = startPlay({ grid: [grid] });
    running.play(
      steady('grid/meter/power', 1, 300, 3600).map((each) =>
        each.ts === 100 ? { ...each, ts: 250, value: 90_000 } : each,
      ),
    );
    tellEnergy(running);
    assert.deepEqual(running.events, []);
    assert.ok(isNear(running.energy().grid_import_wh, 300), `${running.energy().grid_import_wh}`);
    assert.equal(running.power().grid_w, 3600);
  });

  it('do not matter where it is the clock here that is set', () => {
    for (const jumpMs of [3_600_000, -3_600_000]) {
      const running = startPlay({ grid: [grid] });
      running.play(steady('grid/meter/power', 1, 120, 3600));
      running.clock.jump(jumpMs);
      running.play(steady('grid/meter/power', 1, 120, 3600));
      tellEnergy(running);
      assert.ok(isNear(running.energy().grid_import_wh, 240, 0.02), `${running.energy().grid_import_wh}`);
      assert.deepEqual([running.power().grid_w, running.power().quality], [3600, 'good']);
    }
  });

  it('are told of where a reading came with the time of its reception', () => {
    const running = startPlay({ grid: [grid] });
    running.play(
      steady('grid/meter/power', 1, 60, 500).map((each) => ({
        ...each,
        more: { quality: 'estimated', reason: 'clock_skew', skew_s: 900 },
      })),
    );
    assert.deepEqual(told(running), [['clock_skew', 'active', 'gw', 900]]);
  });

  it('are forgotten with their devices', () => {
    const running = startPlay({ grid: [grid], a: [every(1, charger)] });
    const played = (path: string, aheadS: number): Played[] =>
      withClock(steady(`${path}/power`, 1, 60, 100), () => aheadS);
    running.play([...played('grid/meter', 0), ...played('a/ev_charger', 30)]);
    running.site.forget('a');
    running.play(played('grid/meter', 0));
    assert.deepEqual(told(running), [
      ['clock_skew', 'active', 'a', 30],
      ['clock_skew', 'cleared', 'a', 0],
    ]);
    running.say(metaOf('a', every(1, charger)));
    running.play([...played('grid/meter', 0), ...played('a/ev_charger', 0)]);
    assert.equal(running.power().ev_w, 100);
  });
});
