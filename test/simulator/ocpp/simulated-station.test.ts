import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { SimulatedStation, type SimulatedStationOptions } from '../../../src/simulator/ocpp/simulated-station.ts';
import type { EvseState } from '../../../src/simulator/ocpp/station-state.ts';
import { authority, identityOf } from '../../support/certificates.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { calls16, calls201 } from '../../support/ocpp/csms-calls.ts';
import { type HeardCall, type Payload, type RpcCsms, startRpcCsms } from '../../support/ocpp/rpc-csms.ts';
import { until } from '../../support/until.ts';

const clock = createFastClock(50);

for (const words of [calls16, calls201])
  describe(`a simulated charge point of OCPP ${words.version}`, () => {
    let csms: RpcCsms;
    let station: SimulatedStation;

    const evse = (): EvseState => station.state().evses[0] as EvseState;
    const becomes = (status: EvseState['status']): Promise<void> =>
      until(() => evse().status === status, `status ${status}`);
    const settles = (amps: number): Promise<void> =>
      until(() => Math.abs(evse().currentsA[0] - amps) < 0.01, `${amps} A on L1`);
    const told = (): Promise<void> => until(() => station.state().queuedMessages === 0, 'everything is told');
    const open = async (options: Partial<SimulatedStationOptions> = {}): Promise<void> => {
      station = new SimulatedStation({ url: csms.url, identity: 'CP 1', version: words.version, ...options }, clock);
      await until(() => station.state().isRegistered, 'it is registered');
    };
    const charge = async (options?: Partial<SimulatedStationOptions>): Promise<string> => {
      await open(options);
      await words.measure(csms, 10);
      station.plug(1);
      assert.equal(await station.presentToken(1, 'AABB'), true);
      await becomes('charging');
      await until(() => evse().transaction !== undefined, 'it has a number');
      return evse().transaction ?? '';
    };

    beforeEach(async () => {
      csms = await startRpcCsms({ clock, heartbeatS: 60 });
    });
    afterEach(async () => {
      await station.close();
      await csms.close();
      assert.deepEqual(csms.violations, [], 'what it says is as the schemas want it');
    });

    it('boots, tells its state, and beats', async () => {
      await open();
      await csms.next('Heartbeat');
      assert.equal(csms.of('BootNotification').length, 1);
      assert.ok(csms.of('StatusNotification').length >= 1);
    });

    it('shows its password, and its certificate where TLS is wanted', async () => {
      await csms.close();
      csms = await startRpcCsms({ clock, tls: { ca: authority(), ...identityOf('server') } });
      await open({ password: 'a good password', tls: { ca: authority(), ...identityOf('client') } });
      assert.equal(String(csms.connections[0]?.handshake.password), 'a good password');
      await station.close();
      const tls = { ca: authority(), ...identityOf('stranger') };
      station = new SimulatedStation({ url: csms.url, identity: 'CP 1', version: words.version, tls }, clock);
      await until(() => csms.strangers > 0, 'a stranger is turned away');
      assert.equal(station.state().isConnected, false);
    });

    it('waits while it is pending, and asks again', async () => {
      let asked = 0;
      csms.answers.BootNotification = () => ({
        status: ++asked < 3 ? 'Pending' : 'Accepted',
        currentTime: new Date(clock.now()).toISOString(),
        interval: asked < 3 ? 5 : 60,
      });
      await open();
      assert.equal(asked, 3);
      await until(() => csms.of('StatusNotification').length > 0, 'a status');
      assert.equal(
        csms.heard.findIndex(({ action }) => action === 'StatusNotification'),
        3,
      );
    });

    it('lives a whole session: plug, tag, charge, limit, pause, resume, stop', async () => {
      await charge();
      await settles(16);
      assert.equal((await words.limit(csms, { limit: 10 })).status, 'Accepted');
      await settles(10);
      await until(() => words.values(csms, 'Current.Import').at(-1) === 10, 'the meter says so');
      assert.ok(Math.abs((words.values(csms, 'Power.Active.Import').at(-1) ?? 0) - 6900) < 1);
      assert.equal(words.values(csms, 'Current.Offered').at(-1), 10);
      assert.equal(await words.composite(csms), 10);
      assert.equal(await words.composite(csms, 'W'), 6900);

      await words.limit(csms, { limit: 0 });
      await becomes('suspended_evse');
      await settles(0);
      await words.limit(csms, { limit: 8 });
      await settles(8);

      const before = evse();
      assert.equal(await station.presentToken(1, 'other'), false);
      assert.equal(await station.presentToken(1, 'AABB'), true);
      await becomes('finishing');
      await told();
      assert.equal(words.ends(csms).length, 1);
      assert.equal(evse().hasTransaction, false);
      assert.ok(evse().registerWh >= before.registerWh);
      station.unplug(1);
      await becomes('available');
    });

    it('lets the lower of station and transaction be in force', async () => {
      const transaction = await charge();
      await words.limit(csms, { limit: 12, purpose: 'tx', id: 1, transaction });
      await settles(12);
      await words.limit(csms, { limit: 9, purpose: 'station_max', evse: 0, id: 2 });
      await settles(9);
      await words.limit(csms, { limit: 7, purpose: 'tx_default', id: 3 });
      assert.equal((await words.clear(csms, 1)).status, 'Accepted');
      await settles(7);
      assert.equal((await words.clear(csms, 1)).status, 'Unknown');
      await words.clear(csms, 3);
      await words.clear(csms, 2);
      await settles(16);
    });

    it('forgets the profile of a transaction with it', async () => {
      const transaction = await charge();
      await words.limit(csms, { limit: 12, purpose: 'tx', id: 1, transaction });
      await words.limit(csms, { limit: 9, id: 2 });
      await station.presentToken(1, 'AABB');
      assert.deepEqual(
        evse().profiles.map(({ id }) => id),
        [2],
      );
    });

    it('falls back when the duration of a profile is over', async () => {
      await charge();
      await words.limit(csms, { limit: 8, id: 1 });
      await words.limit(csms, { limit: 14, id: 2, stackLevel: 1, durationS: 200, kind: 'Relative' });
      await settles(14);
      await settles(8);
    });

    it('takes no profile that has no place: transaction without one, station on an EVSE, too high', async () => {
      await open();
      const refused = await Promise.all([
        words.limit(csms, { limit: 8, purpose: 'tx' }),
        words.limit(csms, { limit: 8, purpose: 'station_max', evse: 1 }),
        words.limit(csms, { limit: 8, stackLevel: 9 }),
        words.limit(csms, { limit: 8, evse: 5 }),
      ]);
      assert.deepEqual(
        refused.map(({ status }) => status),
        ['Rejected', 'Rejected', 'Rejected', 'Rejected'],
      );
    });

    it('switches from three phases to one and back, never under load', async () => {
      await charge({ evses: [{ canSwitchPhases: true }] });
      await settles(16);
      const seen: number[][] = [];
      const watching = clock.every(250, () => seen.push([evse().livePhases, evse().currentsA[0]]));
      await words.limit(csms, { limit: 10, phases: 1 });
      await until(() => evse().livePhases === 1 && evse().currentsA[0] === 10, 'one phase');
      assert.deepEqual(evse().currentsA, [10, 0, 0]);
      watching.cancel();
      const change = seen.findIndex(([phases]) => phases === 1);
      assert.equal(seen[change - 1]?.[1], 0);
      // The pilot lets it fall; the contactor does not cut it off.
      assert.ok(seen.slice(0, change).some(([, amps = 0]) => amps > 0 && amps < 9));
      await words.limit(csms, { limit: 10, phases: 3 });
      await until(() => evse().currentsA[2] === 10, 'three phases');
    });

    it('charges a car with one phase on the phase of the grid it is wired to', async () => {
      await open({ access: 'plug', evses: [{ maxA: 32, gridPhase: 1 }] });
      station.plug(1, { phases: 1, maxA: 32 });
      await until(() => isDeepStrictEqual(station.chargingW(), [0, 7360, 0]), '7360 W on L2');
      await words.limit(csms, { limit: 4600, unit: 'W' });
      // W are those of the station's three phases.
      await settles(4600 / 690);
    });

    it('a full car ends its charging, not its transaction', async () => {
      await open({ access: 'plug' });
      station.plug(1, { soc: 79.9, stopsAtSoc: 80, capacityWh: 20_000 });
      await becomes('charging');
      await becomes('suspended_ev');
      assert.equal(evse().soc, 80);
      assert.equal(evse().powerW, 0);
      assert.equal(evse().hasTransaction, true);
    });

    it('starts and stops from afar', async () => {
      await open();
      station.plug(1);
      assert.equal((await words.start(csms, 'EMS')).status, 'Accepted');
      await becomes('charging');
      await until(() => evse().transaction !== undefined, 'it has a number');
      assert.equal((await words.start(csms, 'EMS')).status, 'Rejected');
      assert.equal((await words.stop(csms, evse().transaction ?? '')).status, 'Accepted');
      await becomes('finishing');
      assert.equal((await words.stop(csms, '12')).status, 'Rejected');
    });

    it('a car that comes after its tag begins with it; without a car the tag is forgotten', async () => {
      await open();
      await station.presentToken(1, 'AABB');
      assert.equal(evse().status, 'preparing');
      await becomes('available');
      await station.presentToken(1, 'AABB');
      station.plug(1);
      await becomes('charging');
    });

    it('who is not welcome does not charge', async () => {
      const refused =
        words.version === '1.6' ? { idTagInfo: { status: 'Blocked' } } : { idTokenInfo: { status: 'Blocked' } };
      csms.answers.Authorize = () => refused;
      await open();
      station.plug(1);
      assert.equal(await station.presentToken(1, 'AABB'), false);
      assert.equal(evse().status, 'preparing');
    });

    it('who turns out not to be welcome charges no longer', async () => {
      const isFirst = ({ eventType }: Payload): boolean => words.version === '1.6' || eventType === 'Started';
      const [action, name] =
        words.version === '1.6' ? ['StartTransaction', 'idTagInfo'] : ['TransactionEvent', 'idTokenInfo'];
      csms.answers[action as string] = (params) => {
        const number = words.version === '1.6' ? { transactionId: 7 } : {};
        return { ...number, ...(isFirst(params) && { [name as string]: { status: 'Invalid' } }) };
      };
      await open();
      station.plug(1);
      await station.presentToken(1, 'AABB');
      await becomes('finishing');
      await told();
      assert.match(JSON.stringify(words.ends(csms)), /DeAuthorized/);
    });

    it('keeps what it has to tell while it is cut off, and tells it in order', async () => {
      const transaction = await charge({ deviations: { redialS: 60 } });
      await told();
      station.cut();
      await until(() => station.state().queuedMessages >= 3, 'samples wait');
      assert.equal(await station.presentToken(1, 'AABB'), true);
      station.unplug(1);
      station.plug(1);
      assert.equal(await station.presentToken(1, 'CCDD'), true);
      const at = csms.heard.length;
      await until(() => station.state().isRegistered, 'it is back');
      await told();
      const kept = csms.heard.slice(at).filter((call) => words.partOf(call));
      const parts = kept.map(words.partOf);
      const end = parts.indexOf('end');
      assert.ok(end >= 3 && parts.slice(0, end).every((part) => part === 'sample'), parts.join());
      assert.equal(parts[end + 1], 'start');
      const { params } = kept[end] as HeardCall;
      if (words.version === '1.6') assert.equal(params.transactionId, Number(transaction));
      else assert.deepEqual([params.offline, 'evse' in params], [true, false]);
      await until(() => evse().transaction !== undefined && evse().transaction !== transaction, 'a new number');
    });

    it('tries a message about a transaction again, then lets it be', async () => {
      await charge();
      let refusals = 0;
      const action = words.version === '1.6' ? 'StopTransaction' : 'TransactionEvent';
      csms.answers[action] = () => {
        refusals += 1;
        throw new Error('the store is full');
      };
      await station.presentToken(1, 'AABB');
      await until(() => refusals >= 3 && station.state().queuedMessages === 0, 'it gives up');
      assert.equal(refusals % 3, 0);
    });

    it('ends its transactions and boots again when it is reset', async () => {
      await charge();
      assert.equal((await words.reset(csms)).status, 'Accepted');
      await csms.next('BootNotification');
      await until(() => station.state().isRegistered, 'it is back');
      await told();
      assert.equal(words.ends(csms).length, 1);
    });

    it('a power cut ends the transaction with the next start', async () => {
      await charge();
      await settles(16);
      await station.powerOff();
      assert.equal(evse().powerW, 0);
      assert.equal(words.ends(csms).length, 0);
      station.powerOn();
      await until(() => words.ends(csms).length === 1, 'the end is told');
    });

    it('tells what it is triggered to', async () => {
      await charge();
      for (const message of [
        'BootNotification',
        'Heartbeat',
        'StatusNotification',
        'MeterValues',
        'FirmwareStatusNotification',
      ]) {
        const next = csms.next(message);
        assert.equal((await words.trigger(csms, message)).status, 'Accepted');
        await next;
      }
    });

    it('out of service it charges nobody', async () => {
      await open({ access: 'plug' });
      assert.equal((await words.setAvailable(csms, false)).status, 'Accepted');
      await becomes('unavailable');
      station.plug(1);
      assert.equal(evse().hasTransaction, false);
      await words.setAvailable(csms, true);
      await becomes('preparing');
    });

    const is16 = words.version === '1.6';
    const reserve = (id: number, token: string, forS = 3600): Promise<Payload> => {
      const expiry = new Date(clock.now() + forS * 1000).toISOString();
      return csms.call(
        'ReserveNow',
        is16
          ? { connectorId: 1, expiryDate: expiry, idTag: token, reservationId: id }
          : { id, expiryDateTime: expiry, idToken: { idToken: token, type: 'Central' }, evseId: 1 },
      );
    };

    it('is reserved for one token, until it is cancelled', async () => {
      await open();
      assert.equal((await reserve(5, 'GUEST')).status, 'Accepted');
      await becomes('reserved');
      assert.equal((await reserve(6, 'OTHER')).status, 'Occupied');
      assert.equal(await station.presentToken(1, 'OTHER'), false);
      assert.equal((await csms.call('CancelReservation', { reservationId: 6 })).status, 'Rejected');
      assert.equal((await csms.call('CancelReservation', { reservationId: 5 })).status, 'Accepted');
      await becomes('available');
      await reserve(7, 'GUEST');
      station.plug(1);
      assert.equal(await station.presentToken(1, 'GUEST'), true);
      await becomes('charging');
    });

    it('a reservation expires', async () => {
      await open();
      const ended = is16 ? undefined : csms.next('ReservationStatusUpdate');
      assert.equal((await reserve(5, 'GUEST', 30)).status, 'Accepted');
      await becomes('reserved');
      await becomes('available');
      if (ended) assert.deepEqual(await ended, { reservationId: 5, reservationUpdateStatus: 'Expired' });
    });

    it('tells how a log and a firmware get on', async () => {
      await open();
      const statuses = (action: string): unknown[] => csms.of(action).map(({ status }) => status);
      const log = { logType: 'SecurityLog', requestId: 1, log: { remoteLocation: 'ftp://a.example' } };
      assert.equal((await csms.call('GetLog', log)).status, 'Accepted');
      const retrieveDate = new Date(clock.now()).toISOString();
      const firmware = { location: 'ftp://a.example/fw', retrieveDateTime: retrieveDate };
      if (is16) {
        assert.equal((await csms.call('GetDiagnostics', { location: 'ftp://a.example' })).fileName, 'diagnostics.log');
        await csms.call('UpdateFirmware', { location: 'ftp://a.example/fw', retrieveDate });
        const signed = { ...firmware, signingCertificate: 'PEM', signature: 'c2ln' };
        await csms.call('SignedUpdateFirmware', { requestId: 2, firmware: signed });
        await until(() => statuses('SignedFirmwareStatusNotification').at(-1) === 'Installed', 'it is installed');
        assert.deepEqual(statuses('DiagnosticsStatusNotification'), ['Uploading', 'Uploaded']);
      } else await csms.call('UpdateFirmware', { requestId: 2, firmware });
      await until(() => statuses('FirmwareStatusNotification').at(-1) === 'Installed', 'it is installed');
      assert.deepEqual(statuses('LogStatusNotification'), ['Uploading', 'Uploaded']);
    });

    it('a fault ends the transaction', async () => {
      await charge();
      station.setFault(1, true);
      await becomes('faulted');
      await told();
      assert.equal(words.ends(csms).length, 1);
    });

    it('without a connection it trusts its list', async () => {
      await open({ deviations: { redialS: 3600 } });
      await words.sendList(csms, ['GOOD']);
      station.cut();
      station.plug(1);
      assert.equal(await station.presentToken(1, 'GOOD'), true);
      assert.equal(evse().hasTransaction, true);
    });
  });
