/** Everything at once: the server, the codecs, the station as a device, and simulated charge points with cars. */
import assert from 'node:assert/strict';
import {
  type Applied,
  CommandFailure,
  type Cycle,
  type DeviceState,
  type DriverEvent,
} from '../../../src/drivers/driver.ts';
import { codecFor } from '../../../src/drivers/ocpp/codec/codec-by-version.ts';
import { createOcppDriver, type OcppDriver, type OcppDriverOptions } from '../../../src/drivers/ocpp/driver.ts';
import type { StationLink } from '../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { listPresets } from '../../../src/drivers/ocpp/presets.ts';
import type { ForeignPolicy } from '../../../src/drivers/ocpp/smart-charging/foreign-profiles.ts';
import type { Params } from '../../../src/model/command.ts';
import type { Value } from '../../../src/model/reading.ts';
import { SimulatedStation, type SimulatedStationOptions } from '../../../src/simulator/ocpp/simulated-station.ts';
import type { EvseState } from '../../../src/simulator/ocpp/station-state.ts';
import { sinkOf } from '../../support/driver-sink.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { createMemoryJournal, type MemoryJournal } from '../../support/memory-journal.ts';
import { chargingOrder } from '../../support/ocpp/charging-orders.ts';
import { usualOptions } from '../../support/ocpp/decoded-station.ts';
import { openSettings, startTestCsms, type TestCsms } from '../../support/ocpp/test-csms.ts';
import { until } from '../../support/until.ts';

const speed = 40;
const clock = createFastClock(speed);

for (const version of ['1.6', '2.0.1'] as const)
  describe(`from the car to the device and back, OCPP ${version}`, () => {
    let csms: TestCsms;
    let point: SimulatedStation;
    let driver: OcppDriver;
    let link: StationLink;
    let registered: { remove(): void } | undefined;
    let journal: MemoryJournal;
    let events: DriverEvent[];
    let states: DeviceState[];
    let values: Map<string, Value>;

    const evse = (): EvseState => point.state().evses[0] as EvseState;
    const named = (name: string): DriverEvent[] => events.filter((event) => event.name === name);

    const attach = (more: Partial<OcppDriverOptions> = {}): void => {
      driver = createOcppDriver(
        { ...usualOptions, identity: 'CP1', codecOf: codecFor, store: journal, ...more },
        clock,
      );
      const own = driver;
      const take = ({ samples }: Cycle): void => {
        const { channels } = own.describe();
        for (const { channel, value } of samples) {
          const { index = 0, quantity, part } = channels[channel] ?? {};
          values.set(part === undefined ? `${index}/${quantity}` : `${index}/${quantity}/${part}`, value);
        }
      };
      driver.start(
        sinkOf({
          cycle: (cycle) => own === driver && take(cycle),
          state: (state) => own === driver && states.push(state),
          event: (event) => own === driver && events.push(event),
        }),
      );
      registered = csms.register('CP1', openSettings, {
        ...driver,
        connected(opened) {
          link = opened;
          own.connected(opened);
        },
      });
    };
    const open = async (
      more: Partial<SimulatedStationOptions> = {},
      options: Partial<OcppDriverOptions> = {},
    ): Promise<void> => {
      attach(options);
      point = new SimulatedStation({ url: csms.url(''), identity: 'CP1', version, access: 'plug', ...more }, clock);
      await until(() => states.at(-1)?.kind === 'online', 'it is online');
    };
    const apply = (
      verb: string | undefined,
      params: Params = {},
      actuator = 'limit/1',
      notAfter = Number.POSITIVE_INFINITY,
    ): Promise<Applied> =>
      driver.apply(chargingOrder(verb, params, { actuator, notAfter }), new AbortController().signal);
    const plugIn = async (): Promise<void> => {
      point.plug(1);
      await until(() => values.get('1/status') === 'charging', 'it charges');
      await until(() => evse().currentsA[0] > 5.9, 'current flows');
    };
    const sessionIs = (isRunning: boolean): Promise<void> =>
      until(() => ((values.get('1/session_id') ?? '') !== '') === isRunning, `session ${isRunning}`);

    beforeEach(async () => {
      csms = await startTestCsms({}, clock);
      journal = createMemoryJournal();
      [events, states, values] = [[], [], new Map()];
    });
    afterEach(async () => {
      await point.close();
      registered?.remove();
      await driver.close();
      await csms.close();
    });

    it('a whole life', async () => {
      await open();
      await until(() => values.get('1/status') === 'available', 'it is available');
      assert.deepEqual(
        ['1/min_current', '1/max_current', '1/phases_available'].map((path) => values.get(path)),
        [6, 32, 3],
      );
      await plugIn();
      await sessionIs(true);
      assert.equal((await apply('set_current_limit', { current_a: 10 })).verified, true);
      await until(() => Math.abs(evse().currentsA[0] - 10) < 0.1, '10 A');
      assert.equal((await apply('pause')).verified, true);
      assert.equal(evse().currentsA[0], 0);
      assert.equal((await apply('resume', { current_a: 8 })).verified, true);
      await until(() => Math.abs(Number(values.get('1/current/l1')) - 8) < 0.2, '8 A are told');
      const stopped = await apply('stop', {}, 'actions/1');
      assert.equal(stopped.verified, true);
      await until(() => named('session_ended').length === 1, 'its end is told');
      const { data } = named('session_ended')[0] ?? {};
      assert.ok(
        Math.abs(Number(data?.energy_wh) - (evse().registerWh - Number(data?.meter_start_wh))) < 3,
        JSON.stringify(data),
      );
      point.unplug(1);
      await until(() => values.get('1/status') === 'available', 'it is available');
    });

    it('left alone it falls back by itself, as its preset says that it can', async () => {
      await open({}, { presets: listPresets() });
      await plugIn();
      assert.equal((await apply('set_current_limit', { current_a: 14 })).verified, true);
      assert.equal(driver.actuators().find(({ key }) => key === 'limit/1')?.watchdogS, 300);
      await csms.close();
      await until(() => !point.state().isConnected, 'it is alone');
      await until(() => Math.abs(evse().currentsA[0] - 6) < 0.1, 'it has gone to the failsafe current');
    });

    it('renewed unchanged it does not fall back, however long', async () => {
      await open({}, { presets: listPresets() });
      await plugIn();
      const lease = (): number => clock.monotonic() + 180_000;
      let lowestA = Number.POSITIVE_INFINITY;
      for (let renewals = 0; renewals < 7; renewals++) {
        const renewed = await apply('set_current_limit', { current_a: 14 }, 'limit/1', lease());
        assert.equal(renewed.verified, true);
        const from = clock.monotonic();
        await until(() => {
          lowestA = Math.min(lowestA, evse().offeredA);
          return clock.monotonic() - from >= 55_000;
        }, 'it is time to renew');
      }
      assert.equal(lowestA, 14);
    });

    it('killed in the middle: the session goes on as the same, and is told once', async () => {
      await open();
      await plugIn();
      await sessionIs(true);
      const id = values.get('1/session_id');
      registered?.remove();
      await driver.close();
      values.clear();
      attach();
      point.cut();
      await until(() => values.get('1/status') === 'charging', 'it charges');
      await sessionIs(true);
      assert.equal(values.get('1/session_id'), id);
      point.unplug(1);
      await until(() => named('session_ended').length > 0, 'its end is told');
      assert.equal(named('session_ended').length, 1);
    });

    const deviating: [
      name: string,
      deviations: NonNullable<SimulatedStationOptions['deviations']>,
      own?: OcppDriverOptions['quirks'],
    ][] = [
      ['stack level 0 only', { hasOnlyLevelZero: true }],
      ['Relative only', { needsRelative: true }],
      ['watts only', { onlyW: true }],
      ['no TxDefaultProfile', { rejectsPurposes: ['tx_default', 'station_max'] }],
      ['no numberPhases', { rejectsNumberPhases: true }],
      ['resumes without a limit', { resumesUnlimited: true }],
      ['no boot again, slow answers', { bootsOnce: true, answersAfterMs: 500 }],
      ['1970', { startsIn1970: true }],
      ['local time', { localTimeMin: 120 }],
      ['values on connector 0', { measuresOnZero: true }],
      ['triggers refused', { refusesTriggers: ['MeterValues'] }],
      ['levels counted wrong', { countsLevels: true }],
      ['hangs up before its boot', { hangsUpBeforeBoot: true }, { needsBoot: true }],
      ['hangs up when hurried', { hangsUpWhenHurriedMs: 500 }, { paceMs: 1000 }],
      ['tells its settings only by name', { hidesWholeConfiguration: true }],
      ['reboots on measurands', { rebootsOnMeasurands: true }],
      ['spikes', { spikesAfterProfileS: 3 }],
      ['numbers with a comma', { numbers: 'comma', voltagePhases: 'L1', currentPhases: 'L1-N', omitsUnits: true }],
      ['empty frames, long errors', { sendsEmptyFrames: true, explainsAtLength: true }],
    ];
    for (const [name, deviations, own = {}] of deviating)
      it(`obeys: ${name}`, async () => {
        await open({ deviations }, { quirks: own });
        await plugIn();
        await until(() => Number(values.get('1/current/l1')) > 5, 'its current is told');
        await apply('pause');
        await until(() => evse().currentsA[0] === 0, 'no current');
        const applied = await apply('set_current_limit', { current_a: 9 });
        assert.equal(applied.verified, true);
        await until(() => Math.abs(evse().currentsA[0] - 9) < 0.2, '9 A');
      });

    it('a station that says yes and does nothing is found out', async () => {
      await open({ deviations: { ignoresProfiles: true } });
      await plugIn();
      await assert.rejects(
        apply('set_current_limit', { current_a: 8 }),
        (error: unknown) => error instanceof CommandFailure && error.code === 'READBACK_MISMATCH',
      );
    });

    it('begins again where a pause ended the transaction', async () => {
      await open({ deviations: { zeroEndsTransaction: true } }, { quirks: { restartsAfterPause: true } });
      await plugIn();
      await sessionIs(true);
      await apply('pause');
      await sessionIs(false);
      await apply('resume', { current_a: 9 });
      await sessionIs(true);
      await until(() => Math.abs(evse().currentsA[0] - 9) < 0.2, '9 A');
    });

    it('one phase and three', async () => {
      await open({ evses: [{ canSwitchPhases: true }] }, { quirks: { switchesPhases: true } });
      await plugIn();
      await apply('set_current_limit', { current_a: 10 });
      assert.equal((await apply('set_phases', { phases: 1 }, 'phases/1')).verified, true);
      assert.equal(evse().livePhases, 1);
      assert.equal(named('phase_switched').length, 1);
    });

    it('a profile that somebody else has left is told of, and goes where that is wanted', async () => {
      const policy = (foreignPolicy: ForeignPolicy) => ({ limits: { ...usualOptions.limits, foreignPolicy } });
      const begin = async (foreignPolicy: ForeignPolicy): Promise<void> => {
        registered?.remove();
        await driver.close();
        attach(policy(foreignPolicy));
        point.cut();
        states.length = 0;
        await until(() => states.at(-1)?.kind === 'online', 'it is online');
        void apply('set_current_limit', { current_a: 14 }).catch(() => {});
      };
      await open({}, policy('keep'));
      await plugIn();
      await sessionIs(true);
      const transactionId = values.get('1/session_id');
      const periods = { chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit: 7 }] };
      const shared = { stackLevel: 5, chargingProfilePurpose: 'TxProfile', chargingProfileKind: 'Relative' };
      const [place, payload] =
        version === '1.6'
          ? ['connectorId', { chargingProfileId: 77, transactionId: Number(transactionId), chargingSchedule: periods }]
          : ['evseId', { id: 77, transactionId, chargingSchedule: [{ id: 1, ...periods }] }];
      const profile = { ...shared, ...(payload as object) };
      const call = { [String(place)]: 1, [version === '1.6' ? 'csChargingProfiles' : 'chargingProfile']: profile };
      await link.call('SetChargingProfile', call, { timeoutMs: 30_000 });
      await begin('keep');
      await until(() => named('foreign_profile').length > 0, 'it is told of');
      assert.match(
        String(named('foreign_profile')[0]?.message),
        version === '1.6' ? /allows 7 A and was told 14 A/ : /limits this station: TxProfile 77 of CSO, stack level 5/,
      );
      await begin('clear');
      await until(() => Math.abs(evse().currentsA[0] - 14) < 0.2, 'ours is in force');
      assert.ok(evse().profiles.every(({ id }) => id !== 77));
    });

    it('phases that are chosen by power', async () => {
      await open(
        { deviations: { onlyW: true, choosesPhasesByPower: true }, evses: [{ canSwitchPhases: true }] },
        { quirks: { unit: 'W', switchesPhases: true } },
      );
      await plugIn();
      await apply('set_current_limit', { current_a: 10 });
      const applied = await apply('set_phases', { phases: 1 }, 'phases/1');
      assert.deepEqual([applied.verified, evse().livePhases], [true, 1]);
    });

    it('is reserved, read, updated and cleared on command', async () => {
      await open();
      const reserved = await apply('reserve', { id_tag: 'GUEST', duration_s: 3600 }, 'actions/1');
      assert.deepEqual([reserved.verified, evse().status], [true, 'reserved']);
      const { reservation_id: id = 0 } = reserved.values ?? {};
      assert.equal((await apply('cancel_reservation', { reservation_id: id }, 'actions/1')).verified, true);
      const url = 'ftp://a.example/file';
      await apply('get_diagnostics', { url }, 'actions/0');
      await until(() => named('log_status').at(-1)?.code === 'Uploaded', 'the log is there');
      await apply('update_firmware', { url }, 'actions/0');
      await until(() => named('firmware_status').at(-1)?.code === 'Installed', 'the firmware is there');
      assert.equal((await apply('get_composite_schedule', { duration_s: 60 }, 'actions/1')).verified, true);
      assert.equal((await apply('get_local_list_version', {}, 'actions/0')).verified, true);
      await assert.rejects(
        apply('clear_charging_profile', { profile_id: 77 }, 'actions/1'),
        /the station says Unknown/,
      );
    });

    it('a start with a limit: the session has it, and gives way to the next limit and to none before', async () => {
      await open({ access: 'rfid' });
      await apply('set_current_limit', { current_a: 16 });
      point.plug(1);
      await until(() => values.get('1/status') === 'preparing', 'the car is there');
      const started = await apply('start', { current_a: 10 }, 'actions/1');
      assert.deepEqual([started.verified, started.values?.current_a], [true, 10]);
      await until(() => Math.abs(evse().currentsA[0] - 10) < 0.2, 'the limit of the start is in force');
      await until(() => evse().profiles.every(({ id }) => id !== 201), 'its profile has done its work');
      assert.ok(Math.abs(evse().currentsA[0] - 10) < 0.2);
      await apply('set_current_limit', { current_a: 8 });
      await until(() => Math.abs(evse().currentsA[0] - 8) < 0.2, 'the next limit is in force');
      await apply('set_current_limit', { current_a: 14 });
      await until(() => Math.abs(evse().currentsA[0] - 14) < 0.2, 'a higher one as well');
    });

    it('states of uploads and updates on request', async () => {
      await open();
      for (const [message, name] of [
        ['diagnostics_status', 'log_status'],
        ['log_status', 'log_status'],
        ['firmware_status', 'firmware_status'],
      ] as const) {
        events.length = 0;
        await apply('trigger', { message }, 'actions/0');
        await until(() => named(name).at(-1)?.code === 'Idle', `${message} is told`);
      }
    });

    it('power and energy that are called by the wrong unit are noticed', async () => {
      await open({ deviations: { callsKwW: true } });
      await plugIn();
      await until(() => named('unit_suspect').length > 0, 'it is noticed');
      assert.equal(values.get('1/power'), null);
    });

    it('energy of sessions: registers that begin at 0, dropouts, closing values', async () => {
      for (const deviations of [
        { hasSessionRegister: true },
        { dropsRegisterEvery: 3 },
        { closesWithMeterValues: true },
      ]) {
        await open({ deviations });
        await plugIn();
        await sessionIs(true);
        const before = evse().registerWh;
        await until(() => evse().registerWh > before + 100, 'energy flows');
        point.unplug(1);
        await until(() => named('session_ended').length === 1, 'its end is told');
        const wh = Number(named('session_ended')[0]?.data?.energy_wh);
        assert.ok(wh > 100 && wh < 2000, `${JSON.stringify(deviations)}: ${wh}`);
        await point.close();
        registered?.remove();
        await driver.close();
        journal = createMemoryJournal();
        events.length = 0;
        states.length = 0;
      }
      await open();
    });
  });
