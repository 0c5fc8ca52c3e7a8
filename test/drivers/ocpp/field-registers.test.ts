/** Registers that jump, begin anew or end wrongly: what is told of the energy of a session adds up, or is explained. */
import assert from 'node:assert/strict';
import { createScriptedStation, type ScriptedStation } from '../../support/ocpp/scripted-station.ts';
import { createTeller, energy, entry2, entry16 } from '../../support/ocpp/station-payloads.ts';

/** Seconds since the beginning, and what the register says then. */
type Reading = [seconds: number, wh: number];

interface Case {
  name: string;
  startWh: number;
  readings: Reading[];
  stop: Reading;
  expected: { energy_wh?: number; meter_start_wh: number; meter_stop_wh?: number; shift_wh?: number };
  /** Why it does not add up, or what was not believed. */
  suspect?: RegExp;
}

const cases: Case[] = [
  {
    name: 'from the first to the last',
    startWh: 1000,
    readings: [[60, 1180]],
    stop: [120, 1360],
    expected: { energy_wh: 360, meter_start_wh: 1000, meter_stop_wh: 1360 },
  },
  {
    name: 'one jump in the middle',
    startWh: 0,
    readings: [
      [60, 180],
      [120, 360],
      [121.2, 3190],
      [126, 3200],
      [132, 3218],
      [180, 3360],
      [240, 3540],
    ],
    stop: [246, 3550],
    expected: { energy_wh: 720, meter_start_wh: 0, meter_stop_wh: 3550, shift_wh: 2830 },
    suspect: /jumped by 2830 Wh.* not in the energy/,
  },
  {
    name: 'it was exchanged',
    startWh: 1000,
    readings: [
      [60, 1500],
      [120, 10],
      [180, 200],
    ],
    stop: [240, 400],
    expected: { energy_wh: 900, meter_start_wh: 1000, meter_stop_wh: 400, shift_wh: -1500 },
    suspect: /began anew/,
  },
  {
    name: 'it says the session where its beginning said the meter',
    startWh: 123_456,
    readings: [
      [60, 100],
      [120, 400],
    ],
    stop: [180, 950],
    expected: { energy_wh: 950, meter_start_wh: 123_456, meter_stop_wh: 950, shift_wh: -123_456 },
    suspect: /began anew/,
  },
  {
    name: 'a spike that is over is none',
    startWh: 1000,
    readings: [
      [60, 1200],
      [70, 9e6],
      [80, 1250],
    ],
    stop: [120, 1400],
    expected: { energy_wh: 400, meter_start_wh: 1000, meter_stop_wh: 1400 },
  },
  {
    name: 'a last reading that cannot be',
    startWh: 1000,
    readings: [[60, 1200]],
    stop: [70, 9e6],
    expected: { energy_wh: 200, meter_start_wh: 1000, meter_stop_wh: 1200 },
    suspect: /9000000 Wh .* not believed/,
  },
  {
    name: 'a last reading of 0',
    startWh: 1000,
    readings: [[60, 1200]],
    stop: [70, 0],
    expected: { energy_wh: 200, meter_start_wh: 1000, meter_stop_wh: 1200 },
    suspect: /of 0 Wh .* not believed/,
  },
  {
    name: 'a last reading that cannot be, and nothing before it',
    startWh: 1000,
    readings: [],
    stop: [10, 9e6],
    expected: { meter_start_wh: 1000 },
    suspect: /9000000 Wh .* not believed/,
  },
  {
    name: 'the last digit trembles',
    startWh: 1000,
    readings: [
      [60, 1200],
      [70, 1199],
    ],
    stop: [80, 1199],
    expected: { energy_wh: 200, meter_start_wh: 1000, meter_stop_wh: 1200 },
  },
];

for (const version of ['1.6', '2.0.1', '2.1'] as const)
  describe(`stations in the field: registers of sessions, OCPP ${version}`, () => {
    let field: ScriptedStation;
    beforeEach(async () => {
      field = await createScriptedStation({ version });
      await field.ready();
    });
    afterEach(() => field.close());
    const say = createTeller(() => field, 'MeterValuePeriodic');
    const sample = (wh: number, context: string): object => ({
      meterValue: [entry2(field.time(), energy(wh, { context }))],
    });

    const begin = async (wh: number): Promise<number> => {
      if (version === '1.6') {
        const begun = { connectorId: 1, idTag: 'T', meterStart: wh, timestamp: field.time() };
        return Number((await field.say('StartTransaction', begun)).transactionId);
      }
      await say('Started', { chargingState: 'Charging' }, { evse: { id: 1 }, ...sample(wh, 'Transaction.Begin') });
      return 0;
    };
    const read = (id: number, wh: number): Promise<unknown> =>
      version === '1.6'
        ? field.say('MeterValues', {
            connectorId: 1,
            transactionId: id,
            meterValue: [entry16(field.time(), energy(wh))],
          })
        : say('Updated', {}, sample(wh, 'Sample.Periodic'));
    const end = (id: number, wh: number): Promise<unknown> =>
      version === '1.6'
        ? field.say('StopTransaction', { transactionId: id, meterStop: wh, timestamp: field.time() })
        : say('Ended', { stoppedReason: 'Local' }, sample(wh, 'Transaction.End'));

    for (const { name, startWh, readings, stop, expected, suspect } of cases)
      it(name, async () => {
        const id = await begin(startWh);
        let passedS = 0;
        const until = async (seconds: number): Promise<void> => {
          await field.pass((seconds - passedS) * 1000, 1000);
          passedS = seconds;
        };
        for (const [seconds, wh] of readings) {
          await until(seconds);
          await read(id, wh);
        }
        await until(stop[0]);
        await end(id, stop[1]);
        const { energy_wh, meter_start_wh, meter_stop_wh, shift_wh } = field.named('session_ended')[0]?.data ?? {};
        const told = { energy_wh, meter_start_wh, meter_stop_wh, shift_wh };
        assert.deepEqual(told, {
          energy_wh: undefined,
          meter_stop_wh: undefined,
          shift_wh: undefined,
          ...expected,
        });
        if (expected.energy_wh !== undefined)
          assert.equal(Number(meter_start_wh) + Number(energy_wh) + Number(shift_wh ?? 0), meter_stop_wh);
        const doubts = field.named('register_suspect');
        assert.equal(doubts.length, suspect ? 1 : 0);
        if (!suspect) return;
        assert.match(String(doubts[0]?.message), suspect);
        assert.deepEqual(
          [doubts[0]?.severity, doubts[0]?.component, doubts[0]?.data?.session_id],
          ['warning', { type: 'ev_charger', index: 1 }, field.named('session_ended')[0]?.data?.session_id],
        );
      });

    it('told again after a crash it is the same', async () => {
      const id = await begin(1000);
      await field.pass(60_000, 1000);
      await read(id, 1200);
      await field.pass(10_000, 1000);
      await end(id, 0);
      field.kill();
      const [first, second] = field.named('register_suspect');
      assert.ok(first && second);
      assert.deepEqual([first.id, first.data], [second.id, second.data]);
    });
  });
