/** Limits that are renewed, forgotten or undercut: a real socket, a bridge with its leases, and minutes by the clock. */
import assert from 'node:assert/strict';
import type { Event } from '../../../src/model/event.ts';
import { usualOptions } from '../../support/ocpp/decoded-station.ts';
import { createObeyingStation, type ObeyingStation } from '../../support/ocpp/obeying-station.ts';
import { createScriptedStation, type ScriptedStation } from '../../support/ocpp/scripted-station.ts';

const fallbackS = 300;

for (const version of ['1.6', '2.0.1', '2.1'] as const)
  describe(`stations in the field: limits that last, OCPP ${version}`, () => {
    // Minutes in small steps, each of them answered over the socket.
    let field: ScriptedStation;
    let station: ObeyingStation;
    /** The lowest that it offered since the last look. */
    let lowestA: number;

    const open = async (limits: Partial<typeof usualOptions.limits> & { fallbackS?: number } = { fallbackS }) => {
      station = createObeyingStation(() => field);
      field = await createScriptedStation({
        version,
        hasBridge: true,
        answers: station.answers,
        driver: { limits: { ...usualOptions.limits, ...limits } },
      });
      await field.ready();
      await station.charge();
    };
    afterEach(() => field.close());

    /** Meter values every ten seconds. */
    const run = async (seconds: number): Promise<void> => {
      lowestA = Number.POSITIVE_INFINITY;
      for (let passed = 0; passed < seconds; passed += 5) {
        await field.pass(5000, 1000);
        lowestA = Math.min(lowestA, station.offeredA());
        if (passed % 10 === 5) await station.measure();
      }
    };
    const limit = (currentA: number, more: Record<string, unknown> = {}): string =>
      field.send('set_current_limit', { current_a: currentA }, more);
    const setpoint = (): Record<string, unknown> => field.setpoint('set_current_limit') ?? {};
    const told = (): number => field.asked('SetChargingProfile').length;
    const lost = () => field.messages.filter(({ topic }) => topic.endsWith('/event/setpoint_lost'));

    it('renewed unchanged it stays in force, for as long as it is renewed', async () => {
      await open();
      const ids: string[] = [];
      for (let i = 0; i < 12; i++) {
        ids.push(limit(15));
        await run(55);
        if (i > 0) assert.equal(lowestA, 15, `at renewal ${i}`);
        assert.deepEqual([setpoint().applied, setpoint().reached], [{ current_a: 15 }, true]);
      }
      const answers = ids.map((id) => field.outcome(id));
      assert.deepEqual(
        answers.map((answer) => [answer?.status, answer?.verified, answer?.applied]),
        ids.map(() => ['completed', true, { current_a: 15 }]),
      );
      assert.deepEqual(lost(), []);
      const seconds = 12 * 55;
      assert.ok(told() <= 1 + seconds / (fallbackS / 2), `told ${told()} times`);
    });

    it('renewed every few seconds, and while it is told for the first time', async () => {
      await open();
      for (let i = 0; i < 40; i++) {
        limit(15, { lease_s: 30 });
        await run(10);
      }
      assert.equal(station.offeredA(), 15);
      assert.deepEqual(lost(), []);
    });

    it('when nobody renews it any more, the station is told the safe current', async () => {
      await open();
      limit(15, { lease_s: 60 });
      await run(80);
      assert.equal(station.offeredA(), 6);
    });

    it('an offer below it is told, and the limit once more', async () => {
      await open({});
      limit(15, { lease_s: 3600 });
      await run(60);
      station.forget(6);
      const before = told();
      await run(50);
      assert.deepEqual(
        lost().map((each) => ('message' in each ? each.message : undefined)),
        ['it offers 6 A and was told 15 A'],
      );
      await run(30);
      assert.deepEqual([told() - before, station.offeredA()], [1, 15]);
      assert.deepEqual([setpoint().applied, setpoint().reached], [{ current_a: 15 }, true]);
      await run(300);
      assert.deepEqual([told() - before, lost().length], [1, 1]);
    });

    it('a limit of the station itself stays, is named, and is what is said to be in force', async () => {
      await open();
      station.ownA = 10;
      const id = limit(15, { lease_s: 3600 });
      await run(60);
      const { status, verified, reason, applied, clamped } = field.outcome(id) ?? {};
      assert.deepEqual(
        [status, verified, reason, applied, clamped],
        ['completed', false, 'station_limit', { current_a: 10 }, true],
      );
      assert.deepEqual(
        [setpoint().params, setpoint().applied, setpoint().reached, setpoint().reason],
        [{ current_a: 15 }, { current_a: 10 }, false, 'station_limit'],
      );
      const alarms = () => field.events.filter(({ name }) => name === 'station_limit');
      assert.deepEqual(
        alarms().map(({ state, message }) => [state, message]),
        [['active', 'it offers 10 A and was told 15 A: a limit of its own, or of another profile']],
      );
      const missed = () => field.messages.filter(({ topic }) => topic.endsWith('/event/setpoint_not_reached'));
      const [{ message, data } = {}] = missed() as Partial<Event>[];
      assert.deepEqual(
        [missed().length, message, data],
        [
          1,
          'it offers 10 A and was told 15 A',
          { command: 'set_current_limit', current_a: 15, reason: 'station_limit' },
        ],
      );
      const before = told();
      await run(600);
      assert.ok(told() - before <= 600 / (fallbackS / 2), `told ${told() - before} times in 600 s`);
      assert.deepEqual([alarms().length, lost().length, missed().length], [1, 0, 1]);
      station.ownA = 32;
      await run(60);
      assert.deepEqual(
        [setpoint().applied, setpoint().reached, setpoint().reason],
        [{ current_a: 15 }, true, undefined],
      );
      assert.equal(alarms().at(-1)?.state, 'cleared');
    });

    it('a lower limit than its own is in force at once', async () => {
      await open();
      station.ownA = 10;
      limit(15, { lease_s: 3600 });
      await run(60);
      const id = limit(8, { lease_s: 3600 });
      await run(20);
      assert.deepEqual([field.outcome(id)?.verified, field.outcome(id)?.applied], [true, { current_a: 8 }]);
      assert.equal(field.events.filter(({ name }) => name === 'station_limit').at(-1)?.state, 'cleared');
    });

    it('its own limit comes later, without another command: the setpoint says what is in force', async () => {
      await open({});
      limit(15, { lease_s: 3600 });
      await run(60);
      station.ownA = 9;
      await run(120);
      assert.deepEqual([setpoint().applied, setpoint().reason], [{ current_a: 9 }, 'station_limit']);
      const before = told();
      await run(300);
      assert.equal(told() - before, 2, 'once per refresh');
    });

    it('a schedule goes on, however often it is renewed or told again', async () => {
      await open();
      const schedule = [
        { start_s: 0, current_a: 16 },
        { start_s: 200, current_a: 10 },
        { start_s: 400, current_a: 12 },
      ];
      const offers: number[] = [];
      for (let i = 0; i < 10; i++) {
        field.send('set_profile', { schedule });
        await run(50);
        offers.push(station.offeredA());
      }
      assert.deepEqual(offers, [16, 16, 16, 10, 10, 10, 10, 12, 12, 12]);
      assert.deepEqual(lost(), []);
      assert.equal(field.last('1/current_limit'), 12);
    });

    it('a station that takes relative profiles only: what it falls back to lies ahead of now', async () => {
      station = createObeyingStation(() => field);
      field = await createScriptedStation({
        version,
        hasBridge: true,
        answers: station.answers,
        driver: { quirks: { kind: 'relative' }, limits: { ...usualOptions.limits, fallbackS } },
      });
      await field.ready();
      await station.charge();
      await run(600);
      limit(15, { lease_s: 3600 });
      await run(20);
      assert.equal(station.offeredA(), 15);
      await run(600);
      assert.deepEqual([lowestA, lost()], [15, []]);
    });

    it('watts: in force are the watts of what it offers', async () => {
      await open();
      station.ownA = 10;
      field.send('set_power_limit', { power_w: 10_350 }, { lease_s: 3600 });
      await run(60);
      assert.deepEqual(field.setpoint('set_power_limit')?.applied, { power_w: 6900 });
    });
  });
