/** Ends of sessions that name another transaction, or never come: on a real socket, frame by frame. */
import assert from 'node:assert/strict';
import { startRpcCsms } from '../../support/ocpp/rpc-csms.ts';
import { createScriptedStation, type Payload, type ScriptedStation } from '../../support/ocpp/scripted-station.ts';
import { createTeller, energy, entry2, entry16, power } from '../../support/ocpp/station-payloads.ts';

const minute = 60_000;

type Facts = Record<string, unknown>;
const endsOf = (field: ScriptedStation): Facts[] => field.named('session_ended').map(({ data }) => data ?? {});

describe('stations in the field: ends of sessions, OCPP 1.6', () => {
  let field: ScriptedStation;
  beforeEach(async () => {
    field = await createScriptedStation();
    await field.ready();
  });
  afterEach(() => field.close());

  const start = async (meterStart: number, more: object = {}): Promise<number> => {
    const given = { connectorId: 1, idTag: 'T1', meterStart, timestamp: field.time(), ...more };
    return Number((await field.say('StartTransaction', given)).transactionId);
  };
  const measure = (wh: number, more: object = {}, connectorId = 1): Promise<Payload> =>
    field.say('MeterValues', { connectorId, meterValue: [entry16(field.time(), energy(wh))], ...more });
  const stop = (transactionId: number, meterStop: number, more: object = {}): Promise<Payload> =>
    field.say('StopTransaction', { transactionId, meterStop, timestamp: field.time(), ...more });
  const charge = async (connectorId: number, meterStart: number, idTag: string): Promise<number> => {
    await field.status('Preparing', connectorId);
    const id = await start(meterStart, { connectorId, idTag });
    await field.status('Charging', connectorId);
    await field.pass(10_000);
    await measure(meterStart + 10, { transactionId: id }, connectorId);
    await field.pass(10_000);
    return id;
  };

  for (const other of [0, -1, 4711])
    it(`an end told with transaction ${other} is that of the only session`, async () => {
      const id = await charge(1, 1000, 'T1');
      const endedAt = field.time();
      await stop(other, 1020, { reason: 'EVDisconnected', idTag: 'T1' });
      assert.deepEqual([field.last('1/session_id'), field.last('1/session_energy')], ['', 20]);
      await field.status('Finishing');
      await field.status('Available');
      await field.pass(2 * minute);
      await start(1020, { idTag: 'T2' });
      await field.pass(10 * minute);
      const [ended, ...others] = endsOf(field);
      assert.deepEqual(others, []);
      assert.deepEqual(
        [ended?.session_id, ended?.end, ended?.energy_wh, ended?.meter_stop_wh, ended?.reason],
        [String(id), endedAt, 20, 1020, 'EVDisconnected'],
      );
      assert.equal(field.named('session_started').length, 2);
    });

  it('a second backend is told the end of its own session', async () => {
    await field.close();
    const backend = await startRpcCsms({ clock: field.clock });
    field = await createScriptedStation({ driver: { forward: { url: backend.url, mode: 'observe' } } });
    await field.connect();
    await field.boot();
    const id = await start(1000);
    for (let i = 0; i < 50 && backend.of('StartTransaction').length === 0; i++) await field.pass(1000);
    await stop(0, 1020);
    for (let i = 0; i < 50 && backend.of('StopTransaction').length === 0; i++) await field.pass(1000);
    // Its own numbers begin at 1001.
    assert.deepEqual(
      backend.of('StopTransaction').map(({ transactionId, meterStop }) => [transactionId, meterStop]),
      [[1001, 1020]],
    );
    assert.equal(endsOf(field)[0]?.session_id, String(id));
    await backend.close();
  });

  it('an end without a number', async () => {
    const id = await charge(1, 1000, 'T1');
    const [type] = await field.frame('StopTransaction', { meterStop: 1020, timestamp: field.time() });
    assert.equal(type, 3);
    assert.deepEqual(
      endsOf(field).map((ended) => [ended.session_id, ended.energy_wh]),
      [[String(id), 20]],
    );
  });

  it('with two sessions it is that of its tag, or of its register', async () => {
    const first = await charge(1, 1000, 'T1');
    const second = await charge(2, 1005, 'T2');
    const third = await charge(3, 900_000, 'T1');
    await stop(0, 1025, { idTag: 'T2' });
    assert.deepEqual([endsOf(field)[0]?.session_id, endsOf(field)[0]?.energy_wh], [String(second), 20]);
    await stop(-1, 900_030);
    assert.deepEqual([endsOf(field)[1]?.session_id, endsOf(field)[1]?.energy_wh], [String(third), 30]);
    await stop(0, 1040);
    assert.deepEqual([endsOf(field)[2]?.session_id, endsOf(field)[2]?.energy_wh], [String(first), 40]);
  });

  it('one that may be of either ends none of them, and is told of', async () => {
    await charge(1, 1000, 'T1');
    await charge(2, 1000, 'T2');
    await stop(0, 1040, { idTag: 'T3' });
    assert.deepEqual(endsOf(field), []);
    const [told] = field.named('session_end_unknown');
    assert.deepEqual([told?.severity, told?.data?.meter_stop_wh], ['warning', 1040]);
  });

  it('one that fits nothing invents no session, and is told of', async () => {
    for (const id of [0, -1]) assert.deepEqual(await stop(id, 500), {});
    assert.deepEqual(endsOf(field), []);
    assert.equal(field.named('session_end_unknown').length, 2);
  });

  it('one from before the session, below its register, or of another tag under a number of its own, is not its end', async () => {
    const id = await charge(1, 1000, 'T1');
    await stop(0, 1040, { timestamp: field.time(30 * minute) });
    await stop(0, 500);
    await stop(4711, 1040, { idTag: 'T2' });
    assert.equal(field.last('1/session_id'), String(id));
    assert.ok(endsOf(field).every((ended) => ended.session_id !== String(id)));
  });

  it('the number of the session before, told with the end of this one', async () => {
    const first = await charge(1, 1000, 'T1');
    await stop(first, 1020);
    await field.status('Available');
    await field.pass(minute);
    const second = await charge(1, 1020, 'T2');
    await stop(first, 1050);
    assert.deepEqual(
      endsOf(field).map((ended) => [ended.session_id, ended.energy_wh]),
      [
        [String(first), 20],
        [String(second), 30],
      ],
    );
  });

  it('the same end told twice is one', async () => {
    const id = await charge(1, 1000, 'T1');
    const timestamp = field.time();
    for (let i = 0; i < 2; i++) await stop(id, 1020, { timestamp });
    await charge(1, 1020, 'T2');
    await stop(id, 1020, { timestamp });
    assert.equal(endsOf(field).length, 1);
  });

  it('a car that has left: its session ends then, with what the register says, after a grace', async () => {
    const id = await charge(1, 1000, 'T1');
    const leftAt = field.time();
    await field.status('Available');
    await field.pass(30_000);
    await measure(1030);
    assert.deepEqual(endsOf(field), []);
    await field.pass(5 * minute);
    const [ended] = endsOf(field);
    assert.deepEqual(
      [ended?.session_id, ended?.end, ended?.energy_wh, ended?.meter_stop_wh, ended?.reason],
      [String(id), leftAt, 30, 1030, 'lost'],
    );
  });

  it('the next car comes before: the session of the first ended when that one left, with its register', async () => {
    const id = await charge(1, 1000, 'T1');
    const leftAt = field.time();
    await field.status('Available');
    await field.pass(30_000);
    await field.status('Preparing');
    await start(1035, { idTag: 'T2' });
    const [ended] = endsOf(field);
    assert.deepEqual(
      [ended?.session_id, ended?.end, ended?.energy_wh, ended?.meter_stop_wh],
      [String(id), leftAt, 35, 1035],
    );
  });

  it('the next session begins and nobody saw the car leave: it ended when it was last heard of', async () => {
    const id = await charge(1, 1000, 'T1');
    await measure(1030, { transactionId: id });
    const heardAt = field.time();
    await field.pass(8 * minute);
    await start(1035, { idTag: 'T2' });
    const [ended] = endsOf(field);
    assert.deepEqual([ended?.end, ended?.energy_wh], [heardAt, 35]);
  });

  it('its end comes within the grace', async () => {
    const id = await charge(1, 1000, 'T1');
    const timestamp = field.time();
    await field.status('Available');
    await field.pass(minute);
    await stop(id, 1040, { timestamp, reason: 'Local' });
    await field.pass(10 * minute);
    const [ended, ...others] = endsOf(field);
    assert.deepEqual([others, ended?.energy_wh, ended?.end, ended?.reason], [[], 40, timestamp, 'Local']);
  });

  it('what waits in the queue of the station is waited for, however long it takes', async () => {
    const id = await charge(1, 1000, 'T1');
    const timestamps = Array.from({ length: 20 }, (_, i) => field.time(-i * 1000));
    await field.drop();
    await field.pass(10 * minute);
    await field.connect();
    await field.status('Available');
    // One message every half a minute.
    for (const [i, timestamp] of timestamps.entries()) {
      await field.pass(30_000, 1000);
      await field.say('MeterValues', {
        connectorId: 1,
        transactionId: id,
        meterValue: [entry16(timestamp, energy(1010 + i))],
      });
    }
    await stop(id, 1040, { timestamp: timestamps.at(-1) });
    assert.deepEqual(
      endsOf(field).map((ended) => [ended.energy_wh, ended.reason]),
      [[40, 'Local']],
    );
  });

  it('without a connection nothing is concluded', async () => {
    const id = await charge(1, 1000, 'T1');
    await field.status('Available');
    await field.drop();
    await field.pass(3 * 60 * minute);
    field.kill();
    await field.pass(3 * 60 * minute);
    await field.connect();
    await field.pass(minute);
    assert.deepEqual(endsOf(field), []);
    await stop(id, 1040, { timestamp: field.time(6 * 60 * minute) });
    assert.deepEqual(
      endsOf(field).map((ended) => ended.energy_wh),
      [40],
    );
  });

  it('its end comes after all: what was told of it is corrected', async () => {
    const id = await charge(1, 1000, 'T1');
    const timestamp = field.time();
    await field.status('Available');
    await field.pass(10 * minute);
    assert.equal(endsOf(field)[0]?.energy_wh, 10);
    await stop(id, 1040, { timestamp, reason: 'Local' });
    const [corrected] = field.named('session_corrected');
    assert.deepEqual(
      [corrected?.severity, corrected?.data?.session_id, corrected?.data?.energy_wh, corrected?.data?.reason],
      ['warning', String(id), 40, 'Local'],
    );
    assert.equal(endsOf(field).length, 1);
    await stop(id, 1040, { timestamp, reason: 'Local' });
    assert.equal(field.named('session_corrected').length, 1);
  });

  it('corrected over the end of our process as well, and told once', async () => {
    const id = await charge(1, 1000, 'T1');
    const timestamp = field.time();
    await field.status('Available');
    await field.pass(10 * minute);
    await field.drop();
    field.kill();
    await field.connect();
    await stop(id, 1040, { timestamp });
    field.kill();
    await field.connect();
    await field.pass(10_000);
    const ids = new Set(field.named('session_corrected').map((event) => event.id));
    assert.equal(ids.size, 1);
    assert.equal(endsOf(field).length, 1);
  });

  it('a register that goes on without a transaction is not that of a car that has left', async () => {
    await charge(1, 1000, 'T1');
    await field.status('Available');
    await field.status('Preparing');
    await field.status('Charging');
    await measure(5000);
    await field.pass(5 * minute);
    assert.equal(endsOf(field)[0]?.energy_wh, 10);
  });
});

for (const version of ['2.0.1', '2.1'] as const)
  describe(`stations in the field: ends of sessions, OCPP ${version}`, () => {
    let field: ScriptedStation;
    beforeEach(async () => {
      field = await createScriptedStation({ version });
      await field.ready();
      await field.status('Occupied');
    });
    afterEach(() => field.close());
    const say = createTeller(() => field, 'MeterValuePeriodic');
    const register = (wh: number, context?: string): object => ({
      meterValue: [entry2(field.time(), energy(wh, context ? { context } : undefined), power(7000))],
    });
    const begin = async (wh: number, id: string): Promise<void> => {
      await say(
        'Started',
        { chargingState: 'Charging' },
        { evse: { id: 1 }, ...register(wh, 'Transaction.Begin') },
        id,
      );
      await field.pass(10_000);
      await say('Updated', {}, register(wh + 10), id);
      await field.pass(10_000);
    };

    it('an end without a transaction is that of the only session', async () => {
      await begin(1000, 'A');
      await field.frame('TransactionEvent', {
        eventType: 'Ended',
        timestamp: field.time(),
        triggerReason: 'StopAuthorized',
        seqNo: 3,
        transactionInfo: { stoppedReason: 'Local' },
        ...register(1030, 'Transaction.End'),
      });
      assert.deepEqual(
        endsOf(field).map((ended) => [ended.session_id, ended.energy_wh, ended.reason]),
        [['A', 30, 'Local']],
      );
    });

    it('a car that has left: its session ends then, with what the register says, after a grace', async () => {
      await begin(1000, 'A');
      const leftAt = field.time();
      await field.status('Available');
      await field.pass(30_000);
      await field.say('MeterValues', { evseId: 1, meterValue: [entry2(field.time(), energy(1030))] });
      await field.pass(5 * minute);
      assert.deepEqual(
        endsOf(field).map((ended) => [ended.session_id, ended.end, ended.energy_wh, ended.reason]),
        [['A', leftAt, 30, 'lost']],
      );
    });

    it('the next session begins: the first ended when its car left, with its register', async () => {
      await begin(1000, 'A');
      const leftAt = field.time();
      await field.status('Available');
      await field.pass(30_000);
      await field.status('Occupied');
      await begin(1035, 'B');
      assert.deepEqual(
        endsOf(field).map((ended) => [ended.session_id, ended.end, ended.energy_wh]),
        [['A', leftAt, 35]],
      );
    });

    it('its end comes after all: what was told of it is corrected', async () => {
      await begin(1000, 'A');
      const timestamp = field.time();
      await field.status('Available');
      await field.pass(10 * minute);
      await say(
        'Ended',
        { stoppedReason: 'Local' },
        { timestamp, offline: true, ...register(1040, 'Transaction.End') },
        'A',
      );
      assert.equal(field.named('session_corrected')[0]?.data?.energy_wh, 40);
      assert.equal(endsOf(field).length, 1);
    });
  });
