import assert from 'node:assert/strict';
import { systemClock } from '../../src/shell/clock.ts';
import { SimulatedStation } from '../../src/simulator/ocpp/simulated-station.ts';
import { authority, certificatePath, identityOf } from '../support/certificates.ts';
import { type CsmsCalls, calls16, calls21, calls201 } from '../support/ocpp/csms-calls.ts';
import { type PeerBackend, startPeerBackend } from '../support/ocpp/peer-backend.ts';
import { type PeerStation, type PeerStationOptions, startPeerStation } from '../support/ocpp/peer-station.ts';
import { type RpcCsms, startRpcCsms } from '../support/ocpp/rpc-csms.ts';
import { until } from '../support/until.ts';

const hands: [PeerStationOptions['hand'], CsmsCalls][] = [
  ['python', calls16],
  ['python', calls201],
  ['python', calls21],
  ['go', calls16],
  ['go', calls201],
];

for (const [hand, words] of hands)
  describe(`a charging station of another hand: ${hand}, OCPP ${words.version}`, () => {
    let csms: RpcCsms;
    let peer: PeerStation;

    const open = async (more: Partial<PeerStationOptions> = {}): Promise<void> => {
      peer = startPeerStation({ hand, url: csms.url, identity: 'PEER1', version: words.version, ...more });
      await peer.becomes(({ registered }) => registered, 'registered');
    };
    const charge = async (more: Partial<PeerStationOptions> = {}): Promise<string> => {
      await open(more);
      await words.measure(csms, 1);
      await peer.do('plug');
      await peer.do('swipe', { tag: 'AABBCCDD' });
      const state = await peer.becomes(
        ({ currents, transaction }) => currents[0] === 16 && !!transaction,
        'it charges',
      );
      return state.transaction ?? '';
    };
    const draws = (amps: number): Promise<unknown> =>
      peer.becomes(({ currents }) => Math.abs(currents[0] - amps) < 0.05, `${amps} A`);

    beforeEach(async () => {
      // ocpp-go 0.19 answers Reset of 2.0.1 with a statusInfo that is null.
      const isExact = hand === 'python' || words.version === '1.6';
      csms = await startRpcCsms({ clock: systemClock, isStrict: isExact });
    });
    afterEach(async () => {
      await peer.close();
      await csms.close();
      assert.deepEqual(csms.violations, []);
    });

    it('boots, authorises, charges, measures, obeys, pauses, resumes, stops', async () => {
      const transaction = await charge();
      assert.equal(csms.of('BootNotification').length, 1);
      assert.ok(csms.of('Authorize').length === 1 && words.starts(csms).length === 1);
      await until(() => words.values(csms, 'Power.Active.Import').some((watts) => watts > 11_000), 'power is told');

      assert.equal((await words.limit(csms, { limit: 8 })).status, 'Accepted');
      await draws(8);
      await until(() => words.values(csms, 'Current.Offered').at(-1) === 8, 'the offer is told');
      await words.limit(csms, { limit: 0 });
      await peer.becomes(({ status, charging }) => status === 'SuspendedEVSE' && charging, 'paused');
      await draws(0);
      await words.limit(csms, { limit: 10 });
      await draws(10);

      assert.equal((await words.stop(csms, transaction)).status, 'Accepted');
      const { meter } = await peer.becomes(({ status, waiting }) => status === 'Finishing' && waiting === 0, 'stopped');
      assert.equal(words.ends(csms).length, 1);
      assert.equal(words.lastValues(csms, 'Energy.Active.Import.Register').at(-1), Math.round(meter));
      await peer.do('unplug');
      await peer.becomes(({ status }) => status === 'Available', 'free');
    });

    it('starts from afar with its limit, and meters what flowed', async () => {
      await open({ speed: 60 });
      await words.measure(csms, 1);
      await peer.do('plug');
      await words.limit(csms, { limit: 10 });
      assert.equal((await words.start(csms, 'EMS')).status, 'Accepted');
      await draws(10);
      const first = peer.state();
      await peer.becomes(({ meter }) => meter > first.meter + 200, '200 Wh');
      await until(
        () => Math.abs((words.values(csms, 'Power.Active.Import').at(-1) ?? 0) - 6900) < 1,
        'its power is told',
      );
    });

    it('changes its phases without current', async () => {
      await charge({ canSwitch: true });
      await words.limit(csms, { limit: 10, phases: 1 });
      await peer.becomes(
        ({ currents, phases }) => phases === 1 && currents[0] === 10 && currents[1] === 0,
        'one phase',
      );
      await words.limit(csms, { limit: 10, phases: 3 });
      await peer.becomes(({ currents, phases }) => phases === 3 && currents[2] === 10, 'three phases');
    });

    it('a full car stops by itself', async () => {
      await open({ speed: 600 });
      await peer.do('plug', { soc: 79, stops_at: 80, capacity_wh: 20_000 });
      await peer.do('swipe', { tag: 'AABBCCDD' });
      const state = await peer.becomes(({ status }) => status === 'SuspendedEV', 'full');
      assert.deepEqual([state.soc, state.power, state.charging], [80, 0, true]);
    });

    it('connects again without boot, and tells what it kept', async () => {
      const transaction = await charge();
      const before = csms.connections.length;
      await peer.do('cut');
      await peer.becomes(({ registered }) => !registered, 'cut');
      await peer.becomes(({ registered, waiting }) => registered && waiting === 0, 'back');
      assert.equal(csms.connections.length, before + 1);
      assert.equal(csms.of('BootNotification').length, 1);
      assert.equal(peer.state().transaction, transaction);
      assert.equal(words.starts(csms).length, 1);
    });

    it('reboots in the middle: the transaction ends, and it boots', async () => {
      await charge();
      await peer.do('reboot');
      await peer.becomes(({ registered, waiting }) => registered && waiting === 0, 'back');
      assert.equal(csms.of('BootNotification').length, 2);
      assert.equal(words.ends(csms).length, 1);
      assert.equal(peer.state().charging, false);
    });

    it('reboots when it is told to', async () => {
      await charge();
      const boot = csms.next('BootNotification');
      assert.equal((await words.reset(csms)).status, 'Accepted');
      await boot;
      await peer.becomes(({ registered, waiting }) => registered && waiting === 0, 'back');
      assert.equal(words.ends(csms).length, 1);
    });

    it('shows its password', async () => {
      await open({ password: 'correct horse battery' });
      assert.equal(String(csms.connections[0]?.handshake.password), 'correct horse battery');
    });

    it('shows its certificate', async () => {
      await csms.close();
      csms = await startRpcCsms({ clock: systemClock, tls: { ca: authority(), ...identityOf('server') } });
      const [ca, cert, key] = (['ca.crt', 'client.crt', 'client.key'] as const).map(certificatePath) as [
        string,
        string,
        string,
      ];
      await open({ tls: { ca, cert, key } });
    });

    it('tells what it can', async () => {
      await open({ canSwitch: true });
      if (words.version === '1.6') {
        const { configurationKey } = await csms.call('GetConfiguration', {});
        assert.ok(JSON.stringify(configurationKey).includes('ConnectorSwitch3to1PhaseSupported'));
        return;
      }
      await csms.call('GetBaseReport', { requestId: 9, reportBase: 'FullInventory' });
      await until(() => csms.of('NotifyReport').some(({ tbc }) => !tbc), 'the last part');
      assert.ok(JSON.stringify(csms.of('NotifyReport')).includes('Phases3to1'));
    });
  });

describe('a charging station of another hand: python, OCPP 2.1, for what only 2.1 has', () => {
  it('follows a dynamic profile that is updated', async () => {
    const csms = await startRpcCsms({ clock: systemClock });
    const peer = startPeerStation({ hand: 'python', url: csms.url, identity: 'PEER21', version: '2.1' });
    try {
      await peer.becomes(({ registered }) => registered, 'registered');
      await peer.do('plug');
      await peer.do('swipe', { tag: 'AABBCCDD' });
      const schedule = { id: 1, chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit: 12 }] };
      const chargingProfile = {
        id: 4,
        stackLevel: 1,
        chargingProfilePurpose: 'TxDefaultProfile',
        chargingProfileKind: 'Dynamic',
        chargingSchedule: [schedule],
      };
      assert.equal((await csms.call('SetChargingProfile', { evseId: 1, chargingProfile })).status, 'Accepted');
      await peer.becomes(({ currents }) => currents[0] === 12, '12 A');
      const update = { chargingProfileId: 4, scheduleUpdate: { limit: 7 } };
      assert.equal((await csms.call('UpdateDynamicSchedule', update)).status, 'Accepted');
      await peer.becomes(({ currents }) => currents[0] === 7, '7 A');
    } finally {
      await peer.close();
      await csms.close();
    }
  });
});

describe('a backend of another hand', () => {
  let backend: PeerBackend;

  afterEach(() => backend.close());

  for (const words of [calls16, calls201])
    it(`hears a simulated charge point of ${words.version}, asks it, is lost and comes back`, async () => {
      backend = await startPeerBackend('a good password');
      const station = new SimulatedStation(
        {
          url: backend.url,
          identity: 'CP1',
          password: 'a good password',
          version: words.version,
          access: 'plug',
        },
        systemClock,
      );
      try {
        await until(() => station.state().isRegistered, 'registered');
        station.plug(1);
        await until(() => station.state().evses[0]?.status === 'charging', 'charging');
        const begun = words.version === '1.6' ? 'StartTransaction' : 'TransactionEvent';
        await until(() => backend.calls(begun).length > 0, 'the start is told');
        const [action, payload] =
          words.version === '1.6'
            ? ['RemoteStopTransaction', { transactionId: 900_001 }]
            : ['RequestStopTransaction', { transactionId: station.state().evses[0]?.transaction }];
        assert.equal(
          (await backend.ask('CP1', action as string, payload as Record<string, unknown>)).status,
          'Accepted',
        );
        await until(() => station.state().evses[0]?.status === 'finishing', 'stopped');
        backend.do('close');
        await until(() => !station.state().isConnected, 'lost');
        backend.do('open');
        await until(() => station.state().isRegistered, 'back');
        assert.deepEqual(
          backend.lines.filter((line) => 'violation' in line),
          [],
        );
      } finally {
        await station.close();
      }
    });

  it('refuses a wrong password, and answers nothing when it is silent', async () => {
    backend = await startPeerBackend('a good password');
    const wrong = startPeerStation({
      hand: 'python',
      url: backend.url,
      identity: 'P',
      version: '1.6',
      password: 'wrong',
    });
    await until(() => wrong.events.some(({ event }) => event === 'disconnected'), 'refused');
    assert.equal(wrong.state().registered, false);
    await wrong.close();
    backend.do('silent', { is: true });
    const peer = startPeerStation({
      hand: 'python',
      url: backend.url,
      identity: 'P',
      version: '1.6',
      password: 'a good password',
    });
    await until(() => backend.calls('BootNotification').length > 0, 'it boots');
    assert.equal(peer.state().registered, false);
    await peer.close();
  });
});
