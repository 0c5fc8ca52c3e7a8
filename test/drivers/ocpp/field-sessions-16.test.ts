/** Sessions of OCPP 1.6 as stations in the field tell them: on a real socket, frame by frame. */
import assert from 'node:assert/strict';
import {
  commandFailureOf,
  createScriptedStation,
  type Payload,
  type ScriptedStation,
  type ScriptedStationOptions,
} from '../../support/ocpp/scripted-station.ts';
import { current, energy, entry16, power, type Sampled } from '../../support/ocpp/station-payloads.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('stations in the field: sessions of OCPP 1.6', () => {
  let field: ScriptedStation;
  const open = async (options: ScriptedStationOptions = {}): Promise<void> => {
    field = await createScriptedStation(options);
    await field.ready();
  };
  beforeEach(() => open());
  afterEach(() => field.close());

  const startOf = (more: object = {}): object => ({
    connectorId: 1,
    idTag: 'TAG',
    meterStart: 1000,
    timestamp: field.time(),
    ...more,
  });
  const start = async (more: object = {}): Promise<number> => {
    const { transactionId, idTagInfo } = await field.say('StartTransaction', startOf(more));
    assert.deepEqual(idTagInfo, { status: 'Accepted' });
    return Number(transactionId);
  };
  const stop = (transactionId: number, more: object = {}): Promise<Payload> =>
    field.say('StopTransaction', { transactionId, meterStop: 3000, timestamp: field.time(), ...more });
  const measure = (values: Sampled[], more: object = {}, agoMs = 0): Promise<Payload> =>
    field.say('MeterValues', { connectorId: 1, meterValue: [entry16(field.time(agoMs), ...values)], ...more });
  const charge = async (): Promise<number> => {
    await field.status('Preparing');
    const id = await start();
    await field.status('Charging');
    return id;
  };
  const ended = (): (Record<string, unknown> | undefined)[] => field.named('session_ended').map(({ data }) => data);
  const recordsOf = (id: number): object[] =>
    field.journal.records.filter((record) => JSON.stringify(record).includes(`"transaction":"${id}"`));

  it('a beginning is written down when it is answered, with its tag only as a hash', async () => {
    await field.status('Preparing');
    const id = await start();
    const [record] = recordsOf(id);
    assert.match(JSON.stringify(record), /"startedAt":\d+/);
    assert.doesNotMatch(JSON.stringify(field.journal.records), /TAG/);
    await stop(id);
    assert.match(JSON.stringify(recordsOf(id).at(-1)), /"state":"ended"/);
  });

  it('not written down it is not answered; told again after the next connection it counts once', async () => {
    await field.status('Preparing');
    field.journal.isWritable = false;
    const payload = startOf();
    const before = field.station().frames.length;
    field.station().send([2, 'start', 'StartTransaction', payload]);
    await field.pass(11_000);
    assert.equal((await field.station().closed).code, 1013);
    assert.equal(
      field
        .station()
        .frames.slice(before)
        .filter((frame) => frame[1] === 'start').length,
      0,
    );
    field.journal.isWritable = true;
    await field.connect();
    const { transactionId } = await field.say('StartTransaction', payload);
    assert.ok(Number(transactionId) > 0);
    assert.equal(field.named('session_started').length, 1);
  });

  it('the same beginning told again is the same transaction: over connections and the end of our process', async () => {
    await field.status('Preparing');
    const payload = startOf();
    const first = await field.say('StartTransaction', payload);
    await field.drop();
    await field.connect();
    assert.deepEqual(await field.say('StartTransaction', payload), first);
    await field.drop();
    field.kill();
    await field.connect();
    assert.deepEqual(await field.say('StartTransaction', payload), first);
    await stop(Number(first.transactionId));
    assert.deepEqual(await field.say('StartTransaction', payload), first, 'also after its end');
    assert.equal(ended().length, 1);
    const other = await start({ timestamp: field.time(-1000) });
    assert.notEqual(other, first.transactionId);
  });

  it('ids are integers of 32 bits above all that were given, also where everything was lost', async () => {
    await field.status('Preparing');
    const first = await start();
    await stop(first);
    await field.drop();
    field.journal.records = [];
    field.kill();
    await field.pass(2000);
    await field.connect();
    const second = await start();
    assert.ok(second > first && second < 2 ** 31 - 1, `${first}, ${second}`);
  });

  it('a tag that may not charge: invalid, and a transaction all the same', async () => {
    await field.close();
    await open({ driver: { authorisation: { mode: 'list', tags: [{ id: 'GOOD' }], ownTag: 'EMS' } } });
    assert.deepEqual(await field.say('Authorize', { idTag: 'BAD' }), { idTagInfo: { status: 'Invalid' } });
    assert.deepEqual(await field.say('Authorize', { idTag: 'good' }), { idTagInfo: { status: 'Accepted' } });
    const { transactionId, idTagInfo } = await field.say('StartTransaction', startOf({ idTag: 'BAD' }));
    assert.ok(Number(transactionId) > 0);
    assert.deepEqual(idTagInfo, { status: 'Invalid' });
  });

  it('the end of a transaction that nobody knows, or that is none, is answered', async () => {
    assert.deepEqual(await stop(4711), {});
    for (const id of [0, -1]) assert.deepEqual(await stop(id), {});
    assert.deepEqual(await stop(4712, { idTag: 'TAG' }), { idTagInfo: { status: 'Accepted' } });
    const [type] = await field.frame('StopTransaction', { meterStop: 1, timestamp: field.time() });
    assert.equal(type, 3);
  });

  it('after a restart of ours: a transaction that we know goes on, with its energy', async () => {
    const id = await charge();
    await measure([energy(1500), power(7000)], { transactionId: id });
    await field.drop();
    field.kill();
    await field.connect();
    await field.status('Charging');
    await field.pass(10_000);
    await measure([energy(2500), power(7000)], { transactionId: id });
    assert.deepEqual(['1/status', '1/session_id', '1/session_energy'].map(field.last), ['charging', String(id), 1500]);
    await stop(id, { meterStop: 2600 });
    assert.deepEqual([ended().length, ended()[0]?.energy_wh, ended()[0]?.meter_start_wh], [1, 1600, 1000]);
  });

  it('after a restart with nothing left: what charges is taken up by its id, and stopped by it', async () => {
    const id = await charge();
    await field.drop();
    field.journal.records = [];
    field.kill();
    await field.connect();
    for (const status of ['Preparing', 'Finishing']) {
      await field.status(status);
      await measure([energy(1500)], { transactionId: id });
      assert.equal(field.named('session_started').length, 1, `nothing charges: ${status}`);
    }
    await field.status('SuspendedEV');
    await measure([energy(1600), power(0)], { transactionId: id });
    assert.equal(field.last('1/session_id'), String(id));
    assert.equal(field.named('session_started').at(-1)?.data?.adopted, true);
    await field.pass(5000);
    const stopping = field.order('stop', {}, 'actions/1');
    await field.pass(1000);
    assert.deepEqual(field.asked('RemoteStopTransaction'), [{ transactionId: id }]);
    await stop(id, { meterStop: 1900 });
    await field.pass(1000);
    assert.equal((await stopping).verified, true);
    assert.equal(ended()[0]?.energy_wh, 300);
  });

  it('an old id that goes on being named is over with the plug (EN+)', async () => {
    const id = await charge();
    await field.drop();
    field.journal.records = [];
    field.kill();
    await field.connect();
    await field.status('Charging');
    await measure([energy(1600)], { transactionId: id });
    await field.status('Available');
    assert.equal(field.last('1/session_id'), '');
    for (const status of ['Available', 'Preparing', 'Charging']) {
      await field.status(status);
      await measure([energy(1700)], { transactionId: id });
      assert.equal(field.last('1/session_id'), '', status);
    }
    const next = await start({ meterStart: 1700 });
    await measure([energy(1800)], { transactionId: id });
    assert.equal(field.last('1/session_id'), String(next), 'the running one stays');
  });

  it('told late: a whole session is over, and nothing that is known now flickers', async () => {
    await measure([power(0), energy(5000)]);
    const statuses = field.told('1/status').length;
    const { transactionId } = await field.say(
      'StartTransaction',
      startOf({ timestamp: field.time(3 * hour), meterStart: 1000 }),
    );
    await measure([power(7000), energy(2000)], { transactionId }, 2 * hour);
    await stop(Number(transactionId), { timestamp: field.time(hour), meterStop: 3000 });
    assert.equal(field.told('1/status').length, statuses);
    assert.deepEqual(['1/power', '1/energy_imported'].map(field.last), [0, 5000]);
    assert.deepEqual(field.named('session_started'), []);
    assert.deepEqual(
      [ended()[0]?.energy_wh, ended()[0]?.start, ended()[0]?.end],
      [2000, field.time(3 * hour), field.time(hour)],
    );
  });

  it('told late in the middle of a session: it stays what it is, and the old one is told as its own', async () => {
    const id = await charge();
    await measure([power(7000), energy(1500)], { transactionId: id });
    const late = await field.say('StartTransaction', startOf({ timestamp: field.time(3 * hour), meterStart: 100 }));
    await measure([power(3000), energy(200)], { transactionId: late.transactionId }, 2 * hour);
    await stop(Number(late.transactionId), { timestamp: field.time(hour), meterStop: 400 });
    assert.deepEqual(['1/status', '1/session_id', '1/power', '1/energy_imported'].map(field.last), [
      'charging',
      String(id),
      7000,
      1500,
    ]);
    assert.deepEqual(
      [ended().length, ended()[0]?.session_id, ended()[0]?.energy_wh],
      [1, String(late.transactionId), 300],
    );
  });

  it('values of its own session told late count nothing twice', async () => {
    await field.status('Preparing');
    const { transactionId } = await field.say('StartTransaction', {
      connectorId: 1,
      idTag: 'T',
      meterStart: 1000,
      timestamp: field.time(),
    });
    await field.status('Charging');
    const measure = (wh: number, agoMs = 0): Promise<unknown> =>
      field.say('MeterValues', {
        connectorId: 1,
        transactionId,
        meterValue: [entry16(field.time(agoMs), energy(wh), power(7000))],
      });
    await field.pass(20_000);
    await measure(2000);
    await field.pass(30 * minute);
    await measure(5000);
    for (const [wh, ago] of [
      [2500, 25],
      [3000, 20],
      [4000, 10],
    ] as const)
      await measure(wh, ago * minute);
    await measure(5050);
    assert.equal(field.last('1/session_energy'), 4050);
    await field.say('StopTransaction', { transactionId, meterStop: 5100, timestamp: field.time() });
    assert.equal(field.named('session_ended')[0]?.data?.energy_wh, 4100);
  });

  it('values older than what is known are not taken', async () => {
    await charge();
    await field.pass(30_000);
    await measure([power(7000)]);
    await measure([power(1)], {}, 20_000);
    assert.equal(field.last('1/power'), 7000);
  });

  it('1970, and no time at all: now', async () => {
    await field.status('Preparing', 1, { timestamp: '1970-01-01T00:00:03Z' });
    const id = await start({ timestamp: '1970-01-01T00:00:09Z' });
    assert.equal(field.named('session_started')[0]?.data?.start, field.time());
    await field.pass(20_000);
    await field.say('MeterValues', {
      connectorId: 1,
      transactionId: id,
      meterValue: [entry16('1970-01-01T00:00:29Z', power(7000))],
    });
    assert.deepEqual([field.last('1/power'), field.told('1/power').at(-1)?.ts], [7000, field.clock.now()]);
    await field.frame('StopTransaction', { transactionId: id, meterStop: 3000 });
    assert.equal(ended()[0]?.end, field.time());
  });

  for (const [side, aheadMs] of [
    ['ahead', 2 * hour],
    ['behind', -5 * hour],
  ] as const)
    it(`local time without a zone, hours ${side}: now, and it is said`, async () => {
      const local = (): string => field.time(-aheadMs).slice(0, 19);
      const id = await start({ timestamp: local() });
      assert.equal(field.named('session_started')[0]?.data?.start, field.time());
      for (let i = 0; i < 4; i++) {
        await field.pass(10_000);
        await field.say('MeterValues', {
          connectorId: 1,
          transactionId: id,
          meterValue: [entry16(local(), power(7000 + i))],
        });
      }
      assert.deepEqual([field.last('1/power'), field.told('1/power').at(-1)?.ts], [7003, field.clock.now()]);
      assert.match(
        field
          .named('protocol_deviation')
          .map(({ message }) => message)
          .join('\n'),
        /without a zone|still to come/,
      );
    });

  it('UTC without a zone is believed', async () => {
    await charge();
    await field.pass(10_000);
    await field.say('MeterValues', {
      connectorId: 1,
      meterValue: [entry16(field.time(5000).slice(0, 19), power(7000))],
    });
    assert.equal(field.told('1/power').at(-1)?.ts, Date.parse(field.time(5000).slice(0, 19).concat('Z')));
  });

  it('a clock an hour behind: its values are of now, and people are told', async () => {
    const id = await charge();
    for (let i = 0; i < 5; i++) {
      await field.pass(10_000);
      await measure([power(7000 + i)], { transactionId: id }, hour);
    }
    assert.deepEqual([field.last('1/power'), field.told('1/power').at(-1)?.ts], [7004, field.clock.now()]);
    assert.equal(field.named('clock_skew')[0]?.state, 'active');
  });

  for (const silent of ['StopTransaction', 'Available'])
    it(`silent after ${silent}: nothing flows, now and as long as it stays so`, async () => {
      const id = await charge();
      await measure([power(7000), current(10)], { transactionId: id });
      if (silent === 'Available') await field.status('Available');
      else {
        await stop(id);
        await field.status('Finishing');
      }
      for (const path of ['1/power', '1/current/l1']) assert.equal(field.last(path), 0, path);
      const before = field.told('1/power').length;
      await field.pass(30_000);
      assert.ok(field.told('1/power').slice(before).length >= 2);
      assert.equal(field.last('1/power'), 0);
      assert.ok(Number(field.told('1/power').at(-1)?.ts) > field.clock.now() - 15_000);
    });

  it('silent after its end without another status: nothing flows, and it stays so', async () => {
    const id = await charge();
    await measure([power(7000)], { transactionId: id });
    await stop(id);
    await field.pass(60_000);
    const { value, ts = 0 } = field.told('1/power').at(-1) ?? {};
    assert.equal(value, 0);
    assert.ok(ts > field.clock.now() - 15_000);
    await measure([power(40)]);
    assert.equal(field.last('1/power'), 40, 'what is measured goes before what is concluded');
  });

  it('the end of a session that nobody knows, told late: what flows now goes on', async () => {
    await field.status('Charging');
    await measure([power(7000), current(10)]);
    await stop(4711, { timestamp: field.time(hour) });
    assert.deepEqual(['1/status', '1/power', '1/current/l1'].map(field.last), ['charging', 7000, 10]);
    assert.equal(ended().length, 1);
  });

  it('meter values after the end are taken, and begin nothing (Ocular)', async () => {
    const id = await charge();
    await stop(id);
    await field.pass(30_000);
    await measure([energy(3002), power(0)], { transactionId: id });
    assert.equal(field.last('1/energy_imported'), 3002);
    assert.deepEqual([field.last('1/session_id'), ended().length, field.named('session_started').length], ['', 1, 1]);
    assert.equal(ended()[0]?.energy_wh, 2000);
  });

  it('energy and signed values that only come with the end', async () => {
    const id = await charge();
    const ocmf = 'OCMF|{"FV":"1.0","RD":[{"RV":3.5,"RU":"kWh"}]}|{"SD":"3045"}';
    const at = field.time();
    await stop(id, {
      meterStop: 4500,
      transactionData: [
        entry16(at, energy(1000, { context: 'Transaction.Begin' })),
        entry16(at, energy(4500, { context: 'Transaction.End' })),
        {
          timestamp: at,
          sampledValue: [{ value: ocmf, format: 'SignedData', context: 'Transaction.End' }],
        },
      ],
    });
    assert.equal(ended()[0]?.energy_wh, 3500);
    const [signed] = field.named('signed_value');
    assert.deepEqual(
      [signed?.data?.signed, signed?.data?.session_id, signed?.data?.context],
      [ocmf, String(id), 'Transaction.End'],
    );
    assert.equal(field.last('1/energy_imported'), 4500);
  });

  it('a register that begins anew with each session', async () => {
    await field.status('Preparing');
    const id = await start({ meterStart: 0 });
    await field.status('Charging');
    for (const wh of [0, 400, 900]) {
      await field.pass(10_000);
      await measure([energy(wh)], { transactionId: id });
    }
    assert.equal(field.last('1/session_energy'), 900);
    await stop(id, { meterStop: 1000 });
    assert.equal(ended()[0]?.energy_wh, 1000);
    await field.status('Available');
    await field.status('Preparing');
    const next = await start({ meterStart: 0 });
    await stop(next, { meterStop: 250 });
    assert.equal(ended()[1]?.energy_wh, 250);
  });

  it('a register that says the session where its beginning said the meter', async () => {
    await field.status('Preparing');
    const id = await start({ meterStart: 123_456 });
    await field.status('Charging');
    for (const wh of [100, 400, 900]) {
      await field.pass(10_000);
      await measure([energy(wh)], { transactionId: id });
    }
    await stop(id, { meterStop: 950 });
    assert.equal(ended()[0]?.energy_wh, 950);
  });

  for (const factors of [undefined, { energy: 1000 }])
    it(`kWh called Wh between its beginning and its end${factors ? ', and put right' : ''} (OpenEVSE)`, async () => {
      await field.close();
      await open({ driver: { quirks: factors ? { factors } : {} } });
      await field.status('Preparing');
      const id = await start({ meterStart: 1_000_000 });
      await field.status('Charging');
      for (const kwh of [1000, 1000.5, 1001]) {
        await field.pass(10_000);
        await measure([energy(kwh)], { transactionId: id });
      }
      if (factors) assert.deepEqual(['1/session_energy', '1/energy_imported'].map(field.last), [1000, 1_001_000]);
      await field.pass(10_000);
      await stop(id, { meterStop: 1_003_000 });
      assert.equal(ended()[0]?.energy_wh, 3000);
    });

  it('a register that drops out to 0 counts nothing twice', async () => {
    const id = await charge();
    for (const wh of [1500, 0, 2000, 0, 0, 2500]) {
      await field.pass(10_000);
      await measure([energy(wh)], { transactionId: id });
    }
    assert.equal(field.last('1/session_energy'), 1500);
    await stop(id, { meterStop: 0 });
    assert.equal(ended()[0]?.energy_wh, 1500);
  });

  it('a register that jumps for one reading does not count', async () => {
    const id = await charge();
    for (const wh of [1500, 9_000_000, 1600, 1700, 1800]) {
      await field.pass(10_000);
      await measure([energy(wh)], { transactionId: id });
    }
    assert.equal(field.last('1/session_energy'), 800);
    await stop(id, { meterStop: 1900 });
    assert.equal(ended()[0]?.energy_wh, 900);
  });

  it('Wh called kWh between its beginning and its end (VCP)', async () => {
    const id = await charge();
    for (let kwh = 1000; kwh < 1400; kwh += 20) {
      await measure([power(7200), ['Energy.Active.Import.Register', kwh, 'kWh']], { transactionId: id });
      await field.pass(10_000);
    }
    assert.deepEqual(
      [field.last('1/energy_imported'), field.last('1/session_energy'), field.last('1/power')],
      [null, null, 7200],
    );
    assert.match(
      field
        .named('unit_suspect')
        .map(({ message }) => message)
        .join(),
      /energy.* factor 0.001/,
    );
    await stop(id, {
      meterStop: 1400,
      transactionData: [
        entry16(field.time(), ['Energy.Active.Import.Register', 1400, 'kWh', { context: 'Transaction.End' }]),
      ],
    });
    assert.equal(ended()[0]?.energy_wh, 400);
    assert.equal(field.last('1/session_energy'), 400);
  });

  const statuses: [word: string, status: string, isPlugged: boolean | undefined][] = [
    ['Available', 'available', false],
    ['Preparing', 'preparing', true],
    ['Charging', 'charging', true],
    ['SuspendedEV', 'suspended_ev', true],
    ['SuspendedEVSE', 'suspended_evse', true],
    ['Finishing', 'finishing', true],
    ['Reserved', 'reserved', false],
    ['Unavailable', 'unavailable', undefined],
    ['Faulted', 'faulted', undefined],
  ];
  for (const [word, status, isPlugged] of statuses)
    it(`${word} is "${status}"`, async () => {
      await field.status('Preparing');
      await field.status(word);
      assert.equal(field.last('1/status'), status);
      assert.equal(field.told('1/status').at(-1)?.raw, word);
      assert.equal(field.last('1/connected'), isPlugged ?? true);
    });

  it('a fault is told with everything that is said of it (Alfen)', async () => {
    await field.status('Faulted', 1, {
      errorCode: 'OtherError',
      vendorErrorCode: '206',
      info: 'Modbus lost, safe mode',
    });
    const [alarm] = field.named('charger_fault');
    assert.deepEqual([alarm?.state, alarm?.message], ['active', 'OtherError, 206, Modbus lost, safe mode']);
    assert.equal(field.last('1/error_code'), 'OtherError 206');
    await field.status('Available');
    assert.equal(field.named('charger_fault').at(-1)?.state, 'cleared');
  });

  it('a fault that is only a warning: what flows goes on, and nothing flows once the station is silent (Alfen)', async () => {
    await field.status('Preparing');
    const { transactionId } = await field.say('StartTransaction', {
      connectorId: 1,
      idTag: 'T',
      meterStart: 0,
      timestamp: field.time(),
    });
    await field.status('Charging');
    const measure = (watts: number): Promise<unknown> =>
      field.say('MeterValues', { connectorId: 1, transactionId, meterValue: [entry16(field.time(), power(watts))] });
    await measure(4000);
    const { length } = field.told('1/power');
    await field.status('Faulted', 1, { errorCode: 'OtherError', info: 'Modbus lost, safe mode' });
    await field.pass(5000);
    await measure(4100);
    const since = field.told('1/power').slice(length);
    assert.deepEqual(
      since.map(({ value }) => value),
      [4100],
    );
    await field.pass(minute);
    assert.equal(field.last('1/power'), 0);
  });

  it('connector 0 is the station as a whole', async () => {
    await field.status('Charging');
    await field.status('Unavailable', 0);
    assert.deepEqual([field.last('1/status'), field.last('0/status')], ['charging', 'unavailable']);
  });

  it('each time a group of its own, on connector 0: values of the only connector (Zaptec)', async () => {
    const id = await charge();
    await field.pass(20_000);
    await field.say('MeterValues', {
      connectorId: 0,
      transactionId: id,
      meterValue: [
        entry16(field.time(4000), power(6900)),
        entry16(field.time(2000), current(10)),
        entry16(field.time(), energy(2000)),
      ],
    });
    assert.deepEqual(
      ['1/power', '1/current/l1', '1/energy_imported', '1/session_energy'].map(field.last),
      [6900, 10, 2000, 1000],
    );
    assert.deepEqual(
      ['1/power', '1/current/l1'].map((path) => field.told(path).at(-1)?.ts),
      [field.clock.now() - 4000, field.clock.now() - 2000],
    );
  });

  it('the car stays after its session: a start that is refused is told with the word of the station (Ocular)', async () => {
    const id = await charge();
    await stop(id);
    await field.status('Finishing');
    assert.equal(ended()[0]?.reason, 'Local');
    field.setAnswers((action) => (action === 'RemoteStartTransaction' ? { status: 'Rejected' } : undefined));
    assert.match(await commandFailureOf(field.apply('start', {}, 'actions/1')), /^DEVICE_REJECTED: .*Rejected/);
    assert.equal(field.last('1/status'), 'finishing');
  });

  it('a start that is accepted and then nothing', async () => {
    await field.status('Finishing');
    assert.deepEqual(await field.apply('start', {}, 'actions/1'), {
      verified: false,
      reason: 'no_session',
      values: { status: 'Accepted' },
    });
  });

  it('what goes to its maker is accepted, so that it does not come again and again (EN+)', async () => {
    const transfer = { vendorId: 'EN+', messageId: 'gatewayInfo', data: '{}' };
    assert.deepEqual(await field.say('DataTransfer', transfer), { status: 'Accepted' });
  });

  it('silent while it charges it is asked, until it has refused three times (go-e, Project EV)', async () => {
    field.setAnswers((action) => (action === 'TriggerMessage' ? { status: 'Rejected' } : undefined));
    const id = await charge();
    await measure([power(7000)], { transactionId: id });
    await field.pass(2 * minute);
    assert.deepEqual(
      field.asked('TriggerMessage'),
      Array.from({ length: 3 }, () => ({ requestedMessage: 'MeterValues', connectorId: 1 })),
    );
  });
});
