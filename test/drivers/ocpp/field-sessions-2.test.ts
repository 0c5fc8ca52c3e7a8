/** Sessions of OCPP 2.x as stations in the field tell them: on a real socket, frame by frame. */
import assert from 'node:assert/strict';
import { createScriptedStation, type Payload, type ScriptedStation } from '../../support/ocpp/scripted-station.ts';
import { createTeller, current, energy, entry2, power } from '../../support/ocpp/station-payloads.ts';

const minute = 60_000;
const hour = 60 * minute;

for (const version of ['2.0.1', '2.1'] as const)
  describe(`stations in the field: sessions of OCPP ${version}`, () => {
    let field: ScriptedStation;
    beforeEach(async () => {
      field = await createScriptedStation({ version });
      await field.ready();
    });
    afterEach(() => field.close());

    const say = createTeller(() => field, 'ChargingStateChanged');
    const evse = { evse: { id: 1, connectorId: 1 } };
    const begin = (info: object = {}, more: object = {}): Promise<Payload> =>
      say('Started', { chargingState: 'Charging', ...info }, { ...evse, ...more });
    const ended = (): (Record<string, unknown> | undefined)[] => field.named('session_ended').map(({ data }) => data);
    const statusNow = (): unknown => field.last('1/status');

    it('the status is that of the plug and of the transaction together', async () => {
      const seen: unknown[] = [];
      const look = async (done: Promise<unknown>): Promise<void> => {
        await done;
        seen.push(statusNow());
      };
      await look(field.status('Occupied'));
      await look(begin({ chargingState: 'EVConnected' }));
      await look(say('Updated', { chargingState: 'Charging' }));
      await look(say('Updated'));
      await look(say('Updated', { chargingState: 'SuspendedEV' }));
      await look(say('Updated', { chargingState: 'SuspendedEVSE' }));
      await look(say('Ended', { stoppedReason: 'EVDisconnected' }));
      await look(field.status('Available'));
      await look(field.status('Reserved'));
      await look(field.status('Unavailable'));
      await look(field.status('Faulted'));
      assert.deepEqual(seen, [
        'preparing',
        'preparing',
        'charging',
        'charging',
        'suspended_ev',
        'suspended_evse',
        'finishing',
        'available',
        'reserved',
        'unavailable',
        'faulted',
      ]);
    });

    it('one that charges is not available, whatever its plug said last', async () => {
      await begin({}, { meterValue: [entry2(field.time(), power(7000))] });
      assert.deepEqual([statusNow(), field.last('1/connected')], ['charging', true]);
      await field.pass(40_000);
      assert.equal(field.last('1/power'), 7000, 'silent for a while, and nothing is concluded');
      await say('Updated', { chargingState: 'SuspendedEV' });
      assert.equal(statusNow(), 'suspended_ev');
      await field.status('Available');
      assert.equal(statusNow(), 'available');
    });

    it('a tag that is shown before the car is there makes nobody charge, and ends nothing', async () => {
      await begin({ chargingState: 'Idle' });
      assert.equal(statusNow(), 'available');
      await field.status('Occupied');
      assert.equal(statusNow(), 'preparing');
      await say('Updated', { chargingState: 'Charging' });
      await say('Updated', { chargingState: 'Idle' });
      assert.equal(statusNow(), 'finishing');
    });

    it('NotifyEvent says what a status would', async () => {
      const notify = (component: object, actualValue: string): Promise<Payload> =>
        field.say('NotifyEvent', {
          generatedAt: field.time(),
          seqNo: 0,
          eventData: [
            {
              eventId: 1,
              timestamp: field.time(),
              trigger: 'Delta',
              actualValue,
              eventNotificationType: 'HardWiredNotification',
              component,
              variable: { name: 'AvailabilityState' },
            },
          ],
        });
      await notify({ name: 'Connector', evse: { id: 1, connectorId: 1 } }, 'Occupied');
      assert.equal(statusNow(), 'preparing');
      await notify({ name: 'EVSE', evse: { id: 1 } }, 'Faulted');
      assert.equal(statusNow(), 'faulted');
    });

    it('its end names no EVSE, and its number is always 0 (SAP, MicroOcpp, VCP)', async () => {
      await field.status('Available', 2);
      await field.status('Occupied', 2);
      await say('Started', { chargingState: 'Charging' }, { evse: { id: 2 } });
      await say('Updated', {}, { meterValue: [entry2(field.time(), energy(1000), power(7000))] });
      await field.pass(10_000);
      await say('Updated', {}, { meterValue: [entry2(field.time(), energy(1400), power(7000))] });
      assert.equal(field.last('2/power'), 7000);
      await say(
        'Ended',
        { stoppedReason: 'Local' },
        { meterValue: [entry2(field.time(), energy(1600, { context: 'Transaction.End' }))] },
      );
      assert.deepEqual(field.named('session_ended')[0]?.component, { type: 'ev_charger', index: 2 });
      assert.deepEqual([ended()[0]?.energy_wh, field.last('2/power'), field.last('2/status')], [600, 0, 'finishing']);
      assert.deepEqual(
        field.told('1/power').filter(({ value }) => value === 7000),
        [],
      );
    });

    it('the EVSE of a transaction is known after a restart of ours', async () => {
      await field.status('Available', 2);
      await say('Started', { chargingState: 'Charging' }, { evse: { id: 2 } });
      await field.drop();
      field.kill();
      await field.connect();
      await say('Ended', { stoppedReason: 'Local' });
      assert.deepEqual(field.named('session_ended')[0]?.component, { type: 'ev_charger', index: 2 });
    });

    it('each is written down when it is answered', async () => {
      for (const eventType of ['Started', 'Ended'] as const) {
        field.journal.isWritable = false;
        field.station().send([
          2,
          eventType,
          'TransactionEvent',
          {
            eventType,
            timestamp: field.time(),
            triggerReason: 'CablePluggedIn',
            seqNo: 0,
            transactionInfo: { transactionId: 'T1' },
            ...evse,
          },
        ]);
        await field.pass(11_000);
        assert.equal((await field.station().closed).code, 1013);
        field.journal.isWritable = true;
        await field.connect();
        await say(eventType, {}, evse);
        const state = eventType === 'Started' ? 'running' : 'ended';
        assert.match(
          JSON.stringify(field.journal.records),
          new RegExp(`"transaction":"T1","evse":1,"state":"${state}"`),
        );
      }
      assert.deepEqual([field.named('session_started').length, ended().length], [1, 1]);
    });

    it('answers about a token only where there is one', async () => {
      const idToken = { idToken: 'TAG', type: 'ISO14443' };
      assert.deepEqual(await begin({}, { idToken }), { idTokenInfo: { status: 'Accepted' } });
      assert.deepEqual(await say('Updated'), {});
      assert.deepEqual(await say('Updated', {}, { idToken }), { idTokenInfo: { status: 'Accepted' } });
      assert.deepEqual(await say('Ended'), {});
    });

    it('told late: nothing flickers, and it is one session', async () => {
      const at = (ms: number): object => ({ timestamp: field.time(ms), offline: true });
      await say('Started', { chargingState: 'Charging' }, { ...evse, ...at(3 * hour) }, 'OLD');
      await say('Updated', {}, { ...at(2 * hour), meterValue: [entry2(field.time(2 * hour), power(7000))] }, 'OLD');
      await say('Ended', { stoppedReason: 'Local' }, at(hour), 'OLD');
      assert.equal(statusNow(), 'available');
      assert.ok(!field.told('1/power').some(({ value }) => value === 7000));
      assert.deepEqual(field.named('session_started'), []);
      assert.deepEqual(
        [ended().length, ended()[0]?.start, ended()[0]?.end],
        [1, field.time(3 * hour), field.time(hour)],
      );
    });

    it('values told late, or the newest first, count nothing twice', async () => {
      const register = (wh: number, agoMs = 0): object => entry2(field.time(agoMs), energy(wh));
      await begin({}, { meterValue: [register(1000)] });
      await field.pass(30 * minute);
      await say('Updated', {}, { meterValue: [register(5000)] });
      for (const [wh, ago] of [
        [2500, 25],
        [3000, 20],
        [4000, 10],
      ] as const)
        await say('Updated', {}, { offline: true, meterValue: [register(wh, ago * minute)] });
      await field.pass(minute);
      await say('Updated', {}, { meterValue: [register(5080), register(5040, 20_000), register(5060, 10_000)] });
      await say('Ended', { stoppedReason: 'Local' }, { meterValue: [register(5100)] });
      assert.equal(ended()[0]?.energy_wh, 4100);
    });

    it('silent after its end: nothing flows', async () => {
      await field.status('Occupied');
      await begin({}, { meterValue: [entry2(field.time(), power(7000), current(10))] });
      assert.equal(field.last('1/power'), 7000);
      await say('Ended', { stoppedReason: 'Local' });
      for (const path of ['1/power', '1/current/l1']) assert.equal(field.last(path), 0, path);
      await field.pass(30_000);
      assert.ok(Number(field.told('1/power').at(-1)?.ts) > field.clock.now() - 15_000);
    });

    it('back after a loss, what goes on says again how it is', async () => {
      await field.status('Occupied');
      await begin();
      await field.drop();
      assert.equal(statusNow(), null);
      await field.connect();
      await say('Updated', { chargingState: 'Charging' });
      assert.equal(statusNow(), 'charging');
    });

    it('after a lost connection it is asked whether what ran goes on', async () => {
      await field.status('Occupied');
      await begin();
      await field.drop();
      field.calls.length = 0;
      field.setAnswers((action) =>
        action === 'GetTransactionStatus' ? { messagesInQueue: true, ongoingIndicator: false } : undefined,
      );
      await field.pass(2 * minute);
      await field.connect();
      await field.status('Occupied');
      assert.equal(field.last('1/session_id'), 'T1');
      await field.pass(10_000);
      assert.deepEqual(field.asked('GetTransactionStatus'), [{ transactionId: 'T1' }]);
      assert.deepEqual([field.last('1/session_id'), statusNow()], ['', 'finishing']);
      assert.deepEqual(ended(), [], 'its end is still to come');
      await say('Ended', { stoppedReason: 'PowerLoss' }, { offline: true });
      assert.equal(ended().length, 1);
    });

    it('what goes on and never began is taken up', async () => {
      await field.status('Occupied');
      await say('Updated', { chargingState: 'Charging' }, evse, 'T9');
      assert.deepEqual([field.last('1/session_id'), statusNow()], ['T9', 'charging']);
      assert.equal(field.named('session_started')[0]?.data?.adopted, true);
    });

    it('one that goes on being named is over with the plug, after a restart with nothing left', async () => {
      await field.status('Occupied');
      await say('Updated', { chargingState: 'Charging' }, evse, 'OLD');
      field.journal.records = [];
      field.kill();
      await field.connect();
      await field.status('Occupied');
      await say('Updated', { chargingState: 'Charging' }, evse, 'OLD');
      assert.equal(field.last('1/session_id'), 'OLD');
      await field.status('Available');
      assert.deepEqual([field.last('1/session_id'), statusNow()], ['', 'available']);
    });

    it('values of its end count however old they are, values around a pause of it are not of now', async () => {
      const entry = (agoMs: number, wh: number, watts: number, context: string): object =>
        entry2(field.time(agoMs), energy(wh, { context }), ['Power.Active.Import', watts, 'W', { context }]);
      await begin({}, { meterValue: [entry(0, 1000, 0, 'Transaction.Begin')] });
      await field.pass(10_000);
      await say('Updated', {}, { meterValue: [entry(0, 1500, 7000, 'Sample.Periodic')] });
      await field.pass(10_000);
      await say(
        'Updated',
        {},
        { meterValue: [entry(0, 1520, 1, 'Interruption.Begin'), entry(0, 1520, 2, 'Interruption.End')] },
      );
      assert.deepEqual([field.last('1/power'), field.last('1/session_energy')], [7000, 520]);
      await field.pass(10_000);
      await say('Ended', {}, { meterValue: [entry(15_000, 1600, 3, 'Transaction.End')] });
      assert.equal(ended()[0]?.energy_wh, 600);
    });

    it('kWh called Wh, put right: the session as well', async () => {
      await field.close();
      field = await createScriptedStation({ version, driver: { quirks: { factors: { energy: 1000 } } } });
      await field.ready();
      const reading = (kwh: number, context: string): object => ({
        meterValue: [entry2(field.time(), energy(kwh, { context }))],
      });
      await begin({}, reading(1000, 'Transaction.Begin'));
      await field.pass(10_000);
      await say('Updated', {}, reading(1002, 'Sample.Periodic'));
      assert.equal(field.last('1/session_energy'), 2000);
      await say('Ended', {}, reading(1003, 'Transaction.End'));
      const { energy_wh: wh, meter_start_wh: from, meter_stop_wh: to } = ended()[0] ?? {};
      assert.deepEqual([wh, from, to], [3000, 1_000_000, 1_003_000]);
    });

    it('a signed value beside the plain one is passed on as it came', async () => {
      await begin();
      const signedMeterValue = {
        signedMeterData: 'T0NNRnw=',
        signingMethod: 'ECDSA-secp256r1-SHA256',
        encodingMethod: 'OCMF',
        publicKey: '',
      };
      const value = energy(2500, { context: 'Transaction.End', signedMeterValue });
      await say('Ended', {}, { meterValue: [entry2(field.time(), value)] });
      assert.deepEqual(field.named('signed_value')[0]?.data?.signed, signedMeterValue);
      assert.equal(field.last('1/energy_imported'), 2500);
    });
  });
