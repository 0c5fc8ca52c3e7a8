import assert from 'node:assert/strict';
import type { ForwardOptions } from '../../../../src/drivers/ocpp/forwarding/forwarder.ts';
import type { SimulatedStationOptions } from '../../../../src/simulator/ocpp/simulated-station.ts';
import { createFastClock } from '../../../support/fast-clock.ts';
import { type CsmsCalls, calls16, calls201 } from '../../../support/ocpp/csms-calls.ts';
import { type ForwardedStation, startForwardedStation } from '../../../support/ocpp/forwarded-station.ts';
import { type Payload, type RpcCsms, startRpcCsms } from '../../../support/ocpp/rpc-csms.ts';
import { until } from '../../../support/until.ts';

const clock = createFastClock(25);

/** What a backend bills, by its own number of the transaction. */
interface Bill {
  transaction: string;
  wh: number;
  started: unknown;
  ended: unknown;
}

const registerOf = (event: Payload | undefined): number => {
  const values = ((event?.meterValue ?? []) as { sampledValue: Payload[] }[]).flatMap(
    ({ sampledValue }) => sampledValue,
  );
  const register = values.findLast(({ measurand }) => measurand === 'Energy.Active.Import.Register');
  return Number(register?.value);
};

const billsOf = (backend: RpcCsms, words: CsmsCalls, given: number[]): Bill[] =>
  words.version === '1.6'
    ? words.starts(backend).map((start, i) => {
        const end = words.ends(backend).find(({ transactionId }) => transactionId === given[i]);
        return {
          transaction: String(given[i]),
          wh: Number(end?.meterStop) - Number(start.meterStart),
          started: start.timestamp,
          ended: end?.timestamp,
        };
      })
    : words.starts(backend).map((start) => {
        const id = (event: Payload): unknown => (event.transactionInfo as Payload).transactionId;
        const end = words.ends(backend).find((event) => id(event) === id(start));
        return {
          transaction: String(id(start)),
          wh: registerOf(end) - registerOf(start),
          started: start.timestamp,
          ended: end?.timestamp,
        };
      });

for (const words of [calls16, calls201] satisfies CsmsCalls[])
  describe(`a station of OCPP ${words.version} that somebody else bills`, () => {
    let backend: RpcCsms;
    let station: ForwardedStation;
    /** Numbers that the backend gave, in order; 1.6. */
    let given: number[];
    let nextNumber: number;

    const startBackend = async (port = 0): Promise<void> => {
      const heard = backend?.heard ?? [];
      backend = await startRpcCsms({ clock, port, heartbeatS: 60 });
      if (port !== 0) backend.heard.unshift(...heard);
      backend.answers.StartTransaction = () => {
        given.push(nextNumber);
        return { transactionId: nextNumber++, idTagInfo: { status: 'Accepted' } };
      };
    };
    const stopBackend = async (): Promise<number> => {
      await backend.close();
      assert.deepEqual(backend.violations, []);
      return backend.port;
    };
    const open = async (
      more: Partial<ForwardOptions> = {},
      charger: Partial<SimulatedStationOptions> = {},
    ): Promise<void> => {
      station = await startForwardedStation(
        clock,
        words.version as '1.6' | '2.0.1',
        { url: backend.url, mode: 'limit', ...more },
        charger,
      );
      await until(() => backend.of('StatusNotification').length > 0, 'the backend knows the station');
    };
    const bills = (): Bill[] => billsOf(backend, words, given);
    /** Both sides have the same sessions, with the same energy and the same times. */
    const agrees = async (sessions: number): Promise<void> => {
      await until(() => words.ends(backend).length >= sessions, `${sessions} ends at the backend`);
      await until(() => station.named('session_ended').length >= sessions, `${sessions} ends here`);
      const ours = station.named('session_ended').map(({ data }) => data);
      assert.deepEqual(
        bills().map(({ wh, started, ended }) => ({ wh: Math.round(wh), started, ended })),
        ours.map((data) => ({
          wh: Math.round(Number(data?.energy_wh)),
          started: data?.start,
          ended: data?.end,
        })),
      );
      assert.equal(ours.length, sessions);
      assert.ok(ours.every((data) => Number(data?.energy_wh) > 0));
    };
    const flows = (wh: number): Promise<void> => {
      const from = station.evse().registerWh;
      return until(() => station.evse().registerWh >= from + wh, `${wh} Wh`);
    };
    /** The backend's number of the transaction. */
    const theirs = (ours: string): string => (words.version === '1.6' ? String(given.at(-1)) : ours);

    beforeEach(async () => {
      given = [];
      nextNumber = 7;
      await startBackend();
    });
    afterEach(async () => {
      await station.close();
      await stopBackend();
    });

    it('the backend sees the whole life, as if the station were there', async () => {
      await open({ password: 'secret of the backend' });
      assert.equal(backend.of('BootNotification').length, 1);
      assert.equal(backend.connections[0]?.handshake.password?.toString(), 'secret of the backend');
      assert.equal(backend.connections[0]?.identity, 'CP1');
      const ours = await station.charge();
      await flows(50);
      await until(() => words.values(backend, 'Energy.Active.Import.Register').length >= 3, 'meter values');
      await station.leave();
      await agrees(1);
      assert.equal(bills()[0]?.transaction, theirs(ours));
      assert.ok(backend.of('Authorize').length === 1);
      await backend.next('Heartbeat');
    });

    it('a backend that is away: the station does not notice, and all of it is told when it comes', async () => {
      await open();
      const port = await stopBackend();
      await station.charge();
      await flows(30);
      await station.leave();
      await station.charge('CCDD');
      await flows(30);
      await station.leave();
      const before = clock.now();
      await startBackend(port);
      await agrees(2);
      assert.ok(bills().every(({ ended }) => Date.parse(String(ended)) < before));
      if (words.version === '2.0.1') assert.ok(words.starts(backend).every(({ offline }) => offline === true));
      const told = backend.heard.map(({ action, params }) => `${action} ${params.eventType ?? ''}`.trim());
      const begins = words.version === '1.6' ? 'StartTransaction' : 'TransactionEvent Started';
      const ends = words.version === '1.6' ? 'StopTransaction' : 'TransactionEvent Ended';
      assert.deepEqual(
        told.filter((each) => each === begins || each === ends),
        [begins, ends, begins, ends],
      );
    });

    it('lost and back in the middle of a session: nothing is missing, nothing doubled', async () => {
      await open();
      await station.charge();
      await flows(20);
      const port = await stopBackend();
      await flows(100);
      const samples = words.values(backend, 'Energy.Active.Import.Register').length;
      await startBackend(port);
      await until(
        () => words.values(backend, 'Energy.Active.Import.Register').length > samples + 2,
        'what was measured meanwhile',
        60_000,
      );
      await flows(20);
      await station.leave();
      await agrees(1);
      assert.equal(words.starts(backend).length, 1);
      const told = backend.heard.filter(({ action }) => action !== 'MeterValues' || words.version === '1.6');
      const energies = told.map(({ params }) => registerOf(params)).filter((wh) => !Number.isNaN(wh));
      assert.ok(energies.length >= 4);
      assert.deepEqual(
        energies,
        energies.toSorted((a, b) => a - b),
        'in the order in which they were measured',
      );
    });

    it('our process ends while the backend is away, twice', async () => {
      await open();
      const port = await stopBackend();
      await station.charge();
      await flows(20);
      station.kill();
      await flows(20);
      await station.leave();
      station.kill();
      await startBackend(port);
      await until(() => words.ends(backend).length === 1, 'the end is told');
      assert.equal(words.starts(backend).length, 1);
      const [ended] = station.named('session_ended');
      assert.equal(Math.round(bills()[0]?.wh ?? 0), Math.round(Number(ended?.data?.energy_wh)));
    });

    it('our process ends in the middle of a session that the backend knows', async () => {
      await open();
      await station.charge();
      await flows(20);
      await until(() => words.starts(backend).length === 1, 'it is begun there');
      station.kill();
      await flows(20);
      await station.leave();
      await until(() => words.ends(backend).length === 1, 'the end is told');
      assert.equal(words.starts(backend).length, 1);
      const [ended] = station.named('session_ended');
      assert.equal(Math.round(bills()[0]?.wh ?? 0), Math.round(Number(ended?.data?.energy_wh)));
    });

    describe('limits', () => {
      it('the lower one is in force, whoever changes his', async () => {
        await open();
        await station.charge();
        station.limit(13);
        await station.draws(13);
        assert.equal((await words.limit(backend, { limit: 9, stackLevel: 2 })).status, 'Accepted');
        await station.draws(9);
        station.limit(7);
        await station.draws(7);
        await words.limit(backend, { limit: 16, stackLevel: 2 });
        station.limit(11);
        await station.draws(11);
        await words.limit(backend, { limit: 8, stackLevel: 2 });
        await station.draws(8);
        await words.clear(backend, 7);
        await station.draws(11);
      });

      it('theirs for the transaction goes before a default, and ours goes above it', async () => {
        await open();
        const ours = await station.charge();
        await until(() => words.starts(backend).length === 1, 'the backend knows the transaction');
        station.limit(10);
        await station.draws(10);
        const order = { purpose: 'tx', transaction: theirs(ours), id: 31, stackLevel: 3 } as const;
        assert.equal((await words.limit(backend, { ...order, limit: 14 })).status, 'Accepted');
        await until(() => station.evse().profiles.some(({ purpose, id }) => purpose === 'tx' && id !== 31), 'ours');
        await station.draws(10);
        await words.limit(backend, { ...order, limit: 6 });
        await station.draws(6);
        assert.ok(
          station
            .evse()
            .profiles.some(({ id, stackLevel, periods }) => id === 31 && stackLevel === 3 && periods[0]?.limit === 6),
          'theirs stays as it is',
        );
        await station.leave();
        await station.charge();
        await station.draws(10);
      });

      it('where theirs is on the highest level, ours is one of the transaction, or of the station', async () => {
        const has = (wanted: string): boolean =>
          station.evse().profiles.some(({ purpose, id }) => purpose === wanted && id !== 7 && id !== 31);
        await open();
        station.limit(10);
        await until(() => has('tx_default'), 'a default');
        assert.equal((await words.limit(backend, { limit: 14, stackLevel: 8 })).status, 'Accepted');
        await until(() => has('station_max') && !has('tx_default'), 'a cap');
        const ours = await station.charge();
        await station.draws(10);
        await until(() => has('tx') && !has('station_max'), 'one of the transaction, and no cap');
        await until(() => words.starts(backend).length === 1, 'the backend knows the transaction');
        const order = { purpose: 'tx', transaction: theirs(ours), id: 31, stackLevel: 8 } as const;
        assert.equal((await words.limit(backend, { ...order, limit: 13 })).status, 'Accepted');
        await until(() => has('station_max') && !has('tx'), 'a cap');
        await station.draws(10);
        await words.limit(backend, { ...order, limit: 7 });
        await station.draws(7);
        await words.clear(backend, 31);
        await station.draws(10);
        await words.clear(backend, 7);
        await until(() => has('tx_default') && !has('tx') && !has('station_max'), 'as before');
        await station.draws(10);
      });

      it('theirs that the station refuses is none', async () => {
        await open();
        await station.charge();
        station.limit(12);
        await station.draws(12);
        const refused = words.limit(backend, { limit: 8, purpose: 'tx', evse: 0, transaction: '999' });
        assert.notEqual((await refused.catch(() => ({ status: 'CALLERROR' }))).status, 'Accepted');
        await until(() => station.evse().profiles.at(-1)?.periods[0]?.limit === 12, 'ours as before');
        await station.draws(12);
      });

      it('theirs with the id of ours: both are there', async () => {
        await open();
        await station.charge();
        station.limit(10);
        await station.draws(10);
        const [mine] = station.evse().profiles;
        await words.limit(backend, { limit: 14, id: mine?.id ?? 0, stackLevel: 1 });
        await until(() => station.evse().profiles.length === 2, 'two profiles');
        await station.draws(10);
        station.limit(12);
        await station.draws(12);
        assert.equal(station.evse().profiles.find(({ id }) => id === mine?.id)?.periods[0]?.limit, 14);
      });

      it('theirs outlives our process', async () => {
        await open();
        await station.charge();
        await words.limit(backend, { limit: 9, stackLevel: 2 });
        station.limit(13);
        await station.draws(9);
        station.kill();
        await until(() => station.driver().actuators().length > 1, 'it is there again');
        station.limit(8);
        await station.draws(8);
        station.limit(14);
        await station.draws(9);
      });

      it('a pause of theirs holds, and one of ours', async () => {
        await open();
        await station.charge();
        station.limit(10);
        await words.limit(backend, { limit: 0, stackLevel: 2 });
        await station.draws(0);
        station.limit(12);
        await words.limit(backend, { limit: 16, stackLevel: 2 });
        await station.draws(12);
        station.limit(0);
        await station.draws(0);
        assert.equal(station.evse().hasTransaction, true);
      });

      it('only observed: theirs alone, and the station is left as it is', async () => {
        await open({ mode: 'observe' });
        assert.ok(station.driver().actuators().length > 0);
        assert.ok(
          !station
            .driver()
            .actuators()
            .some(({ key }) => /^(limit|phases)/.test(key)),
        );
        await station.charge();
        await words.limit(backend, { limit: 9 });
        await station.draws(9);
        assert.deepEqual(
          station.evse().profiles.map(({ id }) => id),
          [7],
        );
      });
    });

    it('is started and stopped by the backend, by its own number', async () => {
      await open();
      station.charger.plug(1);
      assert.equal((await words.start(backend, 'PAYING')).status, 'Accepted');
      await until(() => station.evse().transaction !== undefined, 'it has begun');
      await flows(20);
      await until(() => words.starts(backend).length === 1, 'the backend knows it');
      const ours = station.evse().transaction ?? '';
      if (words.version === '1.6') assert.equal((await words.stop(backend, ours)).status, 'Rejected');
      assert.equal((await words.stop(backend, theirs(ours))).status, 'Accepted');
      await until(() => !station.evse().hasTransaction, 'it is over');
      await station.leave();
      await agrees(1);
    });

    if (words.version === '1.6')
      it('a beginning that the station repeats is told once', async () => {
        await open();
        const start = { connectorId: 1, idTag: 'AABB', meterStart: 5, timestamp: new Date(clock.now()).toISOString() };
        const first = await station.driver().called('StartTransaction', start);
        assert.deepEqual(await station.driver().called('StartTransaction', start), first);
        const port = await stopBackend();
        const next = { ...start, connectorId: 2 };
        const second = await station.driver().called('StartTransaction', next);
        assert.deepEqual(await station.driver().called('StartTransaction', next), second);
        await startBackend(port);
        await until(() => words.starts(backend).length >= 2, 'the second is told');
        await station.driver().called('StartTransaction', next);
        await backend.next('Heartbeat');
        assert.equal(words.starts(backend).length, 2);
      });

    it('the backend gives the number of another session of ours: each is its own', async () => {
      await open();
      const first = await station.charge();
      await flows(20);
      await station.leave();
      await until(() => words.ends(backend).length === 1, 'the first is told');
      nextNumber = Number(first);
      await station.charge();
      await flows(20);
      await until(() => words.starts(backend).length === 2, 'the second has begun there');
      const second = station.evse().transaction ?? '';
      assert.notEqual(second, first);
      assert.equal((await words.stop(backend, theirs(second))).status, 'Accepted');
      await until(() => !station.evse().hasTransaction, 'the second is over');
      await station.leave();
      await agrees(2);
    });

    it('a message of the backend with the id of one of ours that is open is answered for itself', async () => {
      await open();
      let release = (): void => {};
      const held = new Promise<Payload>((resolve) => {
        release = () => resolve({ currentTime: new Date(clock.now()).toISOString() });
      });
      backend.answers.Heartbeat = () => held;
      const heartbeats = backend.of('Heartbeat').length;
      await until(() => backend.of('Heartbeat').length > heartbeats, 'a call of ours is open');
      const open2 = JSON.parse(backend.frames.findLast((frame) => frame.includes('"Heartbeat"')) ?? '[]') as unknown[];
      const id = String(open2[1]);
      const socket = backend.connections.at(-1)?._ws as unknown as { send(text: string): void };
      const trigger =
        words.version === '1.6'
          ? { requestedMessage: 'StatusNotification', connectorId: 1 }
          : { requestedMessage: 'StatusNotification', evse: { id: 1, connectorId: 1 } };
      const frames = backend.frames.length;
      socket.send(JSON.stringify([2, id, 'TriggerMessage', trigger]));
      const answered = (): unknown[] | undefined =>
        backend.frames
          .slice(frames)
          .map((frame) => JSON.parse(frame) as unknown[])
          .find((frame) => frame[0] === 3 && frame[1] === id);
      await until(() => answered() !== undefined, 'it is answered');
      assert.deepEqual(answered()?.[2], { status: 'Accepted' });
      release();
      await backend.next('StatusNotification');
    });

    describe('who may charge', () => {
      const verdict = (status: string): Payload =>
        words.version === '1.6' ? { idTagInfo: { status } } : { idTokenInfo: { status } };

      it('is for the backend to say', async () => {
        await open();
        backend.answers.Authorize = () => verdict('Blocked');
        station.charger.plug(1);
        assert.equal(await station.charger.presentToken(1, 'BAD'), false);
        const [{ data } = {}] = station.named('authorized');
        assert.equal(data?.status, 'blocked');
        backend.answers.Authorize = () => verdict('Accepted');
        assert.equal(await station.charger.presentToken(1, 'GOOD'), true);
        // Whatever else it says of a card is for the station.
        const whole =
          words.version === '1.6'
            ? { idTagInfo: { status: 'Accepted', parentIdTag: 'FLEET' } }
            : { idTokenInfo: { status: 'Accepted', groupIdToken: { idToken: 'FLEET', type: 'Central' } } };
        backend.answers.Authorize = () => whole;
        const asked = words.version === '1.6' ? { idTag: 'CARD' } : { idToken: { idToken: 'CARD', type: 'ISO14443' } };
        assert.deepEqual(await station.driver().called('Authorize', asked), whole);
      });

      it('also with the beginning of a transaction', async () => {
        await open();
        backend.answers.StartTransaction = () => ({ transactionId: 5, ...verdict('Invalid') });
        backend.answers.TransactionEvent = ({ idToken }) => (idToken ? verdict('Invalid') : {});
        station.charger.plug(1);
        await station.charger.presentToken(1, 'BAD');
        await until(() => words.ends(backend).length === 1, 'the station ends it');
        await until(() => !station.evse().hasTransaction, 'it is over');
      });

      it('a backend that keeps silent: we decide', async () => {
        await open();
        backend.answers.Authorize = () => new Promise(() => {});
        station.charger.plug(1);
        assert.equal(await station.charger.presentToken(1, 'AABB'), true);
        await until(() => station.evse().hasTransaction, 'it has begun');
      });
    });

    it('how the station comes here is not for the backend to change', async () => {
      await open();
      if (words.version === '1.6') {
        const change = { key: 'AuthorizationKey', value: '0011223344556677' };
        assert.deepEqual(await backend.call('ChangeConfiguration', change), { status: 'Rejected' });
        assert.equal(
          (await backend.call('ChangeConfiguration', { key: 'LightIntensity', value: '50' })).status,
          'Accepted',
        );
        return;
      }
      const variable = (component: string, name: string, attributeValue: string) => ({
        component: { name: component },
        variable: { name },
        attributeValue,
      });
      const { setVariableResult } = (await backend.call('SetVariables', {
        setVariableData: [
          variable('SecurityCtrlr', 'BasicAuthPassword', 'another password'),
          variable('SampledDataCtrlr', 'TxUpdatedInterval', '30'),
        ],
      })) as { setVariableResult: { attributeStatus: string; variable: { name: string } }[] };
      assert.deepEqual(
        Object.fromEntries(setVariableResult.map(({ variable: { name }, attributeStatus }) => [name, attributeStatus])),
        { TxUpdatedInterval: 'Accepted', BasicAuthPassword: 'Rejected' },
      );
    });

    it('a backend that is not ready yet is told nothing but who is there', async () => {
      let asked = 0;
      backend.answers.BootNotification = () => ({
        status: ++asked < 3 ? 'Pending' : 'Accepted',
        currentTime: new Date(clock.now()).toISOString(),
        interval: 10,
      });
      await open();
      assert.deepEqual(
        backend.heard.slice(0, 4).map(({ action }) => action),
        ['BootNotification', 'BootNotification', 'BootNotification', 'StatusNotification'],
      );
    });

    it('people are told that the backend is away, and that it is back', async () => {
      await open();
      const port = await stopBackend();
      const states = (): unknown[] => station.named('backend_offline').map(({ state }) => state);
      await until(() => states().at(-1) === 'active', 'it is told');
      await startBackend(port);
      await until(() => states().at(-1) === 'cleared', 'it is back');
      assert.deepEqual(states(), ['active', 'cleared']);
    });
  });
