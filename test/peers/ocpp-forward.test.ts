import assert from 'node:assert/strict';
import type { ForwardOptions } from '../../src/drivers/ocpp/forwarding/forwarder.ts';
import { createFastClock } from '../support/fast-clock.ts';
import { type ForwardedStation, startForwardedStation } from '../support/ocpp/forwarded-station.ts';
import { type PeerBackend, startPeerBackend } from '../support/ocpp/peer-backend.ts';
import { until } from '../support/until.ts';

type Payload = Record<string, unknown>;

const clock = createFastClock(20);
const password = 'as in the contract';

/** What differs between the versions at the backend. */
interface Tongue {
  version: '1.6' | '2.0.1';
  starts(backend: PeerBackend): Payload[];
  ends(backend: PeerBackend): Payload[];
  /** The energy of a session by what the backend was told, Wh. */
  energy(start: Payload, end: Payload): number;
  /** With the id of a profile of ours. */
  limit(backend: PeerBackend, amps: number, stackLevel: number): Promise<Payload>;
  clear(backend: PeerBackend): Promise<Payload>;
  start(backend: PeerBackend): Promise<Payload>;
  /** @param n of the transaction, from 0 @param ours as the station names it */
  stop(backend: PeerBackend, n: number, ours: string): Promise<Payload>;
}

const schedule = (limit: number): Payload => ({
  chargingRateUnit: 'A',
  startSchedule: new Date(clock.now() - 60_000).toISOString(),
  chargingSchedulePeriod: [{ startPeriod: 0, limit }],
});

const registerIn = ({ meterValue }: Payload): number => {
  const values = (meterValue as { sampledValue: Payload[] }[]).flatMap(({ sampledValue }) => sampledValue);
  return Number(values.findLast(({ measurand }) => measurand === 'Energy.Active.Import.Register')?.value);
};
const events = (backend: PeerBackend, type: string): Payload[] =>
  backend.calls('TransactionEvent').filter(({ eventType }) => eventType === type);

const tongues: Tongue[] = [
  {
    version: '1.6',
    starts: (backend) => backend.calls('StartTransaction'),
    ends: (backend) => backend.calls('StopTransaction'),
    energy: ({ meterStart }, { meterStop }) => Number(meterStop) - Number(meterStart),
    limit: (backend, amps, stackLevel) =>
      backend.ask('CP1', 'SetChargingProfile', {
        connectorId: 1,
        csChargingProfiles: {
          chargingProfileId: 101,
          stackLevel,
          chargingProfilePurpose: 'TxDefaultProfile',
          chargingProfileKind: 'Absolute',
          chargingSchedule: schedule(amps),
        },
      }),
    clear: (backend) => backend.ask('CP1', 'ClearChargingProfile', { id: 101 }),
    start: (backend) => backend.ask('CP1', 'RemoteStartTransaction', { connectorId: 1, idTag: 'PAYING' }),
    stop: (backend, n) => backend.ask('CP1', 'RemoteStopTransaction', { transactionId: 900_001 + n }),
  },
  {
    version: '2.0.1',
    starts: (backend) => events(backend, 'Started'),
    ends: (backend) => events(backend, 'Ended'),
    energy: (start, end) => registerIn(end) - registerIn(start),
    limit: (backend, amps, stackLevel) =>
      backend.ask('CP1', 'SetChargingProfile', {
        evseId: 1,
        chargingProfile: {
          id: 101,
          stackLevel,
          chargingProfilePurpose: 'TxDefaultProfile',
          chargingProfileKind: 'Absolute',
          chargingSchedule: [{ id: 1, ...schedule(amps) }],
        },
      }),
    clear: (backend) => backend.ask('CP1', 'ClearChargingProfile', { chargingProfileId: 101 }),
    start: (backend) =>
      backend.ask('CP1', 'RequestStartTransaction', {
        evseId: 1,
        remoteStartId: 1,
        idToken: { idToken: 'PAYING', type: 'Central' },
      }),
    stop: (backend, _n, transactionId) => backend.ask('CP1', 'RequestStopTransaction', { transactionId }),
  },
];

for (const tongue of tongues)
  describe(`a backend of another hand bills a station of ${tongue.version}`, () => {
    let backend: PeerBackend;
    let station: ForwardedStation;

    const open = async (mode: ForwardOptions['mode']): Promise<void> => {
      backend = await startPeerBackend(password);
      station = await startForwardedStation(clock, tongue.version, { url: backend.url, mode, password });
      await until(() => backend.calls('StatusNotification').length > 0, 'the backend knows the station');
    };
    const flows = (wh: number): Promise<void> => {
      const from = station.evse().registerWh;
      return until(() => station.evse().registerWh >= from + wh, `${wh} Wh`);
    };
    /** The same sessions on both sides, by number, energy, and times. */
    const agree = async (sessions: number): Promise<void> => {
      await until(() => tongue.ends(backend).length >= sessions, `${sessions} ends`);
      const [starts, ends] = [tongue.starts(backend), tongue.ends(backend)];
      const theirs = starts.map((start, n) => ({
        wh: tongue.energy(start, ends[n] as Payload),
        start: start.timestamp,
        end: ends[n]?.timestamp,
      }));
      const ours = station
        .named('session_ended')
        .map(({ data }) => ({ wh: Number(data?.energy_wh), start: data?.start, end: data?.end }));
      assert.deepEqual(theirs, ours);
      assert.equal(ours.length, sessions);
      if (tongue.version === '1.6')
        assert.deepEqual(
          ends.map(({ transactionId }) => transactionId),
          ends.map((_end, n) => 900_001 + n),
        );
    };

    afterEach(async () => {
      await station.close();
      await backend.close();
      assert.deepEqual(
        backend.lines.filter((line) => 'violation' in line),
        [],
      );
    });

    it('sessions through losses and restarts, started here and there', async () => {
      await open('observe');
      await station.charge();
      await flows(30);
      backend.do('drop', { identity: 'CP1' });
      await flows(30);
      await station.leave();
      await agree(1);

      await station.charge('CCDD');
      await flows(20);
      backend.do('close');
      await until(() => station.named('backend_offline').at(-1)?.state === 'active', 'it is away');
      await flows(30);
      await station.leave();
      await station.charge('EEFF');
      await flows(20);
      station.kill();
      await flows(20);
      await station.leave();
      backend.do('open');
      await until(() => tongue.ends(backend).length === 3, 'all is told');

      station.charger.plug(1);
      assert.equal((await tongue.start(backend)).status, 'Accepted');
      await until(() => tongue.starts(backend).length === 4, 'it has begun');
      await flows(20);
      assert.equal((await tongue.stop(backend, 3, station.evse().transaction ?? '')).status, 'Accepted');
      await station.leave();
      await agree(4);
    });

    it('both limit, and the lower one is in force, measured in the station', async () => {
      await open('limit');
      await station.charge();
      station.limit(12);
      await station.draws(12);
      // On the level of ours as well, which gives way.
      assert.equal((await tongue.limit(backend, 9, 8)).status, 'Accepted');
      await station.draws(9);
      station.limit(7);
      await station.draws(7);
      station.limit(14);
      await station.draws(9);
      backend.do('close');
      await until(() => station.named('backend_offline').at(-1)?.state === 'active', 'it is away');
      station.limit(8);
      await station.draws(8);
      station.limit(14);
      await station.draws(9);
      backend.do('open');
      await until(() => station.named('backend_offline').at(-1)?.state === 'cleared', 'it is back');
      assert.equal((await tongue.clear(backend)).status, 'Accepted');
      await station.draws(14);
      await station.leave();
      await agree(1);
    });
  });
