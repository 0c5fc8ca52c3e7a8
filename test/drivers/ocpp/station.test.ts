import assert from 'node:assert/strict';
import { ConcurrentTx } from '../../../src/drivers/ocpp/authorization/concurrent-tx.ts';
import type { Answer, MeterValue, StationMessage } from '../../../src/drivers/ocpp/messages.ts';
import { CallFailure } from '../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { listPresets } from '../../../src/drivers/ocpp/presets.ts';
import {
  accepted,
  amperes,
  boot,
  createDecodedStation,
  type DecodedStation,
  type TransactionStarted,
  usualOptions,
  wattHours,
  watts,
} from '../../support/ocpp/decoded-station.ts';

describe('a charging station as a device', () => {
  let rig: DecodedStation;
  beforeEach(async () => {
    rig = createDecodedStation();
    await rig.ready();
  });
  afterEach(() => rig.driver().close());

  type Ended = Extract<StationMessage, { kind: 'transaction_ended' }>;
  const start = (more: Partial<TransactionStarted> = {}): Promise<Answer> => rig.start({ meterStartWh: 1000, ...more });
  const stop = (transaction: string, more: Partial<Ended> = {}): Promise<Answer> =>
    rig.say({
      kind: 'transaction_ended',
      transaction,
      at: rig.clock.now(),
      isOffline: false,
      meterValues: [],
      meterStopWh: 3000,
      reason: 'Local',
      ...more,
    });
  const plugIn = async (): Promise<string> => {
    await rig.status('preparing');
    const { transaction } = await start();
    await rig.status('charging');
    return String(transaction);
  };
  const sample = (measures: MeterValue['sampledValues'], more: Partial<MeterValue> = {}): MeterValue => ({
    at: rig.clock.now(),
    context: 'live',
    sampledValues: measures,
    signed: [],
    ...more,
  });

  it('says who it is, and how often it has to be heard', async () => {
    assert.deepEqual(await rig.say(boot), { registration: 'accepted', intervalS: 300 });
    const { vendor, model, serial, firmware, protocol, source } = rig.driver().describe();
    assert.deepEqual(
      [vendor, model, serial, firmware, protocol, source],
      ['Acme', 'Box', '1', '1.0', 'ocpp1.6', 'ocpp/box'],
    );
  });

  it('a card that charges elsewhere is told so as it begins: at the next connector, or at the next station', async () => {
    await rig.driver().close();
    const tagsInUse = new ConcurrentTx();
    const authorisation = { mode: 'list' as const, tags: [{ id: 'TAG' }], ownTag: 'EMS', isOnePlaceOnly: true };
    rig = createDecodedStation({ concurrentTx: tagsInUse, authorisation });
    const other = createDecodedStation({ concurrentTx: tagsInUse, authorisation });
    await rig.ready();
    await other.ready();
    const id = await plugIn();
    assert.equal((await rig.say({ kind: 'authorize', token: { id: 'tag' } })).authorization, 'accepted');
    const begin = (at: DecodedStation, evse: number, isOffline = false): Promise<Answer> =>
      at.say({
        kind: 'transaction_started',
        evse,
        at: at.clock.now() - (isOffline ? 3_600_000 : 0),
        isOffline,
        meterValues: [],
        token: { id: 'tag' },
        meterStartWh: 7,
      });
    assert.equal((await begin(other, 1)).authorization, 'concurrent_tx');
    assert.equal((await begin(rig, 2)).authorization, 'concurrent_tx');
    // What happened while nobody could be asked is over.
    assert.equal((await begin(other, 2, true)).authorization, 'accepted');
    assert.deepEqual(other.named('authorized').at(-1)?.data?.status, 'concurrent_tx');
    await stop(id);
    await rig.driver().close();
    assert.equal((await begin(other, 3)).authorization, 'concurrent_tx');
    await other.status('available', 1);
    await other.status('available', 2);
    await other.status('available', 3);
    assert.equal((await begin(other, 4)).authorization, 'accepted');
    await other.driver().close();
  });

  const range = () => ['1/min_current', '1/max_current', '1/phases_available'].map(rig.last);

  it('what a car may be given: of the installation, and no more than its cable carries', async () => {
    assert.deepEqual(range(), [6, 32, 3]);
    await rig.status('preparing');
    await start({ transaction: 'T1', cableMaxA: 20 });
    assert.deepEqual(range(), [6, 20, 3]);
    await rig.status('available');
    assert.deepEqual(range(), [6, 32, 3]);
    await start({ transaction: 'T2', cableMaxA: 63 });
    assert.deepEqual(range(), [6, 32, 3]);
    assert.deepEqual(rig.told('0/max_current'), []);
  });

  it('2.x: and of the phases that its EVSE supplies', async () => {
    await rig.driver().close();
    rig = createDecodedStation();
    rig.setAnswering((request) => {
      if (request.kind !== 'get_variables') return undefined;
      const values: Record<string, string> = { 'EVSE.SupplyPhases': '1', 'EVSE.ACPhaseSwitchingSupported': 'true' };
      const variables = (request.variables ?? []).flatMap((each) =>
        each.evse === 1 && values[each.name] ? [{ ...each, value: values[each.name], status: 'Accepted' }] : [],
      );
      return { ...accepted, variables };
    });
    await rig.connect('2.0.1');
    await rig.say(boot);
    await rig.status('available');
    await rig.status('available', 2);
    await rig.clock.advanceAsync(30_000);
    assert.deepEqual([rig.last('1/phases_available'), rig.last('2/phases_available')], [1, 3]);
    assert.equal(rig.driver().facts().switchesPhases, true);
  });

  it('tells once of all that it shows for the first time, and before what it is', async () => {
    await plugIn();
    rig.heard.length = 0;
    await rig.measure([watts(7000), amperes(10, 'l1'), amperes(10, 'l2'), amperes(10, 'l3'), wattHours(5000)]);
    assert.deepEqual(rig.heard, ['described', 'samples']);
    await rig.measure([watts(7000), amperes(10, 'l1')]);
    assert.deepEqual(rig.heard, ['described', 'samples', 'samples']);
  });

  describe('a session', () => {
    it('is told from its beginning to its end, with energy from register to register', async () => {
      const id = await plugIn();
      assert.match(id, /^\d+$/);
      const [started] = rig.named('session_started');
      assert.deepEqual(started?.component, { type: 'ev_charger', index: 1 });
      assert.equal(started?.data?.session_id, id);
      await rig.measure([watts(7000), amperes(10), wattHours(2000)], { transaction: id });
      assert.deepEqual(
        ['1/status', '1/session_id', '1/session_energy', '1/power', '1/energy_imported', '1/connected'].map(rig.last),
        ['charging', id, 1000, 7000, 2000, true],
      );
      await rig.clock.advanceAsync(60_000);
      assert.deepEqual(await stop(id), { ended: id });
      const { data, id: eventId } = rig.named('session_ended')[0] ?? {};
      assert.deepEqual(
        [data?.energy_wh, data?.meter_start_wh, data?.meter_stop_wh, data?.reason],
        [2000, 1000, 3000, 'Local'],
      );
      assert.ok(eventId);
      assert.match(String(data?.id_tag), /^[0-9a-f]{16}$/);
      assert.deepEqual(['1/session_energy', '1/session_id', '1/energy_imported'].map(rig.last), [2000, '', 3000]);
    });

    it('how long it goes on: in whole minutes, and exactly when it is over', async () => {
      const id = await plugIn();
      assert.equal(rig.last('1/session_duration'), 0);
      await rig.clock.advanceAsync(150_000);
      assert.equal(rig.last('1/session_duration'), 120);
      rig.kill();
      await rig.connect();
      await rig.status('charging');
      await rig.clock.advanceAsync(60_000);
      assert.equal(rig.last('1/session_duration'), 180);
      await rig.clock.advanceAsync(33_000);
      await stop(id);
      const [ended] = rig.named('session_ended');
      const seconds = (Date.parse(String(ended?.data?.end)) - Date.parse(String(ended?.data?.start))) / 1000;
      assert.equal(rig.last('1/session_duration'), Math.floor(seconds));
      assert.notEqual(Math.floor(seconds) % 60, 0);
    });

    it('of one that was found under way, nobody knows how long', async () => {
      await rig.status('charging');
      await rig.measure([watts(7000)], { transaction: '4711' });
      await rig.clock.advanceAsync(150_000);
      assert.deepEqual([rig.last('1/session_id'), rig.told('1/session_duration')], ['4711', []]);
    });

    it('after it the station falls silent: nothing flows, as a conclusion, and it stays so', async () => {
      const id = await plugIn();
      await rig.measure([watts(7000), amperes(10)]);
      await rig.clock.advanceAsync(1000);
      await stop(id);
      for (const path of ['1/power', '1/current/l1']) {
        const { value, isEstimated } = rig.told(path).at(-1) ?? {};
        assert.deepEqual([value, isEstimated], [0, true], path);
      }
      await rig.status('available');
      const before = rig.told('1/power').length;
      await rig.clock.advanceAsync(60_000);
      assert.ok(rig.told('1/power').length >= before + 5);
    });

    it('meter values that come after its end are taken, and change nothing about it', async () => {
      const id = await plugIn();
      await rig.clock.advanceAsync(60_000);
      await stop(id);
      await rig.status('finishing');
      await rig.clock.advanceAsync(2000);
      await rig.measure([wattHours(3001), watts(0)], { transaction: id, context: 'end' });
      assert.equal(rig.last('1/energy_imported'), 3001);
      assert.equal(rig.last('1/session_id'), '');
      assert.equal(rig.named('session_started').length, 1);
      assert.equal(rig.named('session_ended').length, 1);
    });

    it('tags are hashed where they leave, and forgotten with the session', async () => {
      const id = await plugIn();
      assert.match(String(rig.named('session_started')[0]?.data?.id_tag), /^[0-9a-f]{16}$/);
      assert.equal(rig.last('1/id_tag'), rig.named('session_started')[0]?.data?.id_tag);
      await stop(id);
      assert.equal(rig.last('1/id_tag'), null);
    });

    it('a store that fails: no answer for the station, a state for people, and nothing lost', async () => {
      rig.journal.isWritable = false;
      await assert.rejects(start(), (error: unknown) => error instanceof CallFailure && error.kind === 'unanswered');
      assert.equal(rig.states.at(-1)?.kind, 'degraded');
      assert.deepEqual(rig.named('session_started'), []);
      await rig.say({ kind: 'heartbeat' });
      assert.equal(rig.states.at(-1)?.kind, 'degraded');
      rig.journal.isWritable = true;
      assert.ok((await start()).transaction);
      assert.equal(rig.states.at(-1)?.kind, 'online');
    });

    it('a store that fails before the station can be used: it is never called online', async () => {
      rig.kill();
      const before = rig.states.length;
      const states = (): string[] => rig.states.slice(before).map(({ kind }) => kind);
      rig.journal.isWritable = false;
      await rig.connect();
      await assert.rejects(start());
      assert.deepEqual(states(), []);
      await rig.clock.advanceAsync(5000);
      assert.deepEqual(states(), ['degraded']);
      rig.journal.isWritable = true;
      assert.ok((await start()).transaction);
      assert.deepEqual(states(), ['degraded', 'online']);
    });

    it('whose end never comes is over two minutes after the car is gone, or with the next', async () => {
      await plugIn();
      await rig.measure([wattHours(1700)]);
      await rig.status('available');
      await rig.clock.advanceAsync(110_000);
      assert.deepEqual(rig.named('session_ended'), []);
      await rig.clock.advanceAsync(30_000);
      const [{ data } = {}] = rig.named('session_ended');
      assert.deepEqual([data?.reason, data?.energy_wh], ['lost', 700]);
      await plugIn();
      await start({ meterStartWh: 1800 });
      assert.equal(rig.named('session_ended').length, 2);
    });

    it('that is silent is asked how much, and not by those that do not like it', async () => {
      await plugIn();
      await rig.measure([watts(7000)]);
      rig.requests.length = 0;
      await rig.clock.advanceAsync(20_000);
      assert.deepEqual(rig.asked('trigger'), []);
      await rig.clock.advanceAsync(20_000);
      assert.deepEqual(rig.asked('trigger')[0], { kind: 'trigger', message: 'meter_values', evse: 1 });
      rig = createDecodedStation({ quirks: { triggersMeterValues: false } });
      await rig.ready();
      await plugIn();
      await rig.clock.advanceAsync(60_000);
      assert.deepEqual(rig.asked('trigger'), []);
    });

    it('killed right after its end: told again, as the same', async () => {
      const id = await plugIn();
      await rig.clock.advanceAsync(60_000);
      await stop(id);
      rig.kill();
      const ended = rig.named('session_ended');
      assert.equal(ended.length, 2);
      assert.deepEqual([ended[0]?.id, ended[0]?.data], [ended[1]?.id, ended[1]?.data]);
      await rig.clock.advanceAsync(6000);
      rig.kill();
      assert.equal(rig.named('session_ended').length, 2);
    });

    it('killed in its middle: goes on where it was, without a boot', async () => {
      const id = await plugIn();
      rig.kill();
      await rig.connect();
      await rig.status('charging');
      assert.equal(rig.last('1/session_id'), id);
      await rig.clock.advanceAsync(10_000);
      await rig.measure([wattHours(2500)], { transaction: id });
      assert.equal(rig.last('1/session_energy'), 1500);
      await stop(id, { meterStopWh: 2600 });
      assert.equal(rig.named('session_ended')[0]?.data?.energy_wh, 1600);
    });
  });

  describe('told late', () => {
    const ago = (ms: number): number => rig.clock.now() - ms;

    it('a whole session: it is over, and nothing flickers', async () => {
      const before = rig.told('1/status').length;
      const { transaction } = await start({ at: ago(3_600_000), isOffline: true });
      await rig.measure([watts(7000), wattHours(2000)], { at: ago(3_000_000), transaction: String(transaction) });
      await stop(String(transaction), { at: ago(1_800_000), isOffline: true });
      assert.deepEqual(rig.told('1/status').length, before);
      assert.ok(!rig.told('1/power').some(({ value }) => value === 7000));
      assert.deepEqual(rig.named('session_started'), []);
      const [{ data } = {}] = rig.named('session_ended');
      assert.deepEqual([data?.energy_wh, data?.start], [2000, new Date(ago(3_600_000)).toISOString()]);
    });

    it('the beginning of one that goes on: told when something says that it does', async () => {
      const { transaction } = await start({ at: ago(3_600_000), isOffline: true });
      assert.deepEqual(rig.named('session_started'), []);
      await rig.status('charging');
      await rig.measure([watts(7000)], { transaction: String(transaction) });
      assert.equal(rig.named('session_started')[0]?.data?.session_id, String(transaction));
      assert.equal(rig.last('1/session_id'), String(transaction));
    });

    it('a value from before what is known is not taken', async () => {
      await plugIn();
      await rig.clock.advanceAsync(20_000);
      await rig.measure([watts(7000)]);
      await rig.measure([watts(1)], { at: ago(10_000) });
      assert.equal(rig.last('1/power'), 7000);
    });

    it('from a station that does not know the time: now', async () => {
      await plugIn();
      await rig.clock.advanceAsync(20_000);
      await rig.measure([watts(7000)], { at: Date.UTC(1970, 0, 1) });
      assert.equal(rig.told('1/power').at(-1)?.ts, rig.clock.now());
    });

    it('by a clock that is an hour behind: now, and people are told', async () => {
      const id = await plugIn();
      for (let i = 0; i < 4; i++) {
        await rig.clock.advanceAsync(10_000);
        await rig.measure([watts(7000 + i)], { at: ago(3_600_000), transaction: id });
      }
      assert.deepEqual([rig.last('1/power'), rig.told('1/power').at(-1)?.ts], [7003, rig.clock.now()]);
      assert.equal(rig.named('clock_skew')[0]?.state, 'active');
    });
  });

  describe('a transaction that nobody knows', () => {
    beforeEach(() => rig.status('preparing'));

    it('is taken up where something charges', async () => {
      await rig.status('charging');
      await rig.measure([wattHours(5000), watts(5000)], { transaction: '77' });
      await rig.measure([wattHours(5600)], { transaction: '77' });
      assert.deepEqual([rig.last('1/session_id'), rig.last('1/session_energy')], ['77', 600]);
      assert.equal(rig.named('session_started')[0]?.data?.adopted, true);
      await stop('77', { meterStopWh: 6000 });
      assert.equal(rig.named('session_ended')[0]?.data?.energy_wh, 1000);
    });

    it('is not, where nothing does', async () => {
      await rig.measure([wattHours(5000)], { transaction: '77' });
      assert.deepEqual(rig.named('session_started'), []);
      assert.equal(rig.last('1/energy_imported'), 5000);
    });

    it('an old one that a station goes on naming: over with the plug', async () => {
      await rig.status('charging');
      await rig.measure([wattHours(5000)], { transaction: '77' });
      await rig.status('available');
      assert.equal(rig.last('1/session_id'), '');
      await rig.measure([wattHours(5000)], { transaction: '77' });
      assert.equal(rig.last('1/session_id'), '');
      await rig.status('charging');
      await rig.measure([wattHours(5100)], { transaction: '77' });
      assert.equal(rig.last('1/session_id'), '');
    });

    it('its end is answered, and told as far as it is known', async () => {
      await stop('4711');
      await rig.status('available', 2);
      await stop('4712');
      const facts = rig
        .named('session_ended')
        .map(({ component, data }) => [component?.index, data?.session_id, data?.energy_wh]);
      assert.deepEqual(facts, [
        [1, '4711', undefined],
        [undefined, '4712', undefined],
      ]);
    });
  });

  describe('2.x', () => {
    const update = (more: Partial<Extract<StationMessage, { kind: 'transaction_updated' }>>): Promise<Answer> =>
      rig.say({
        kind: 'transaction_updated',
        transaction: 'T1',
        at: rig.clock.now(),
        isOffline: false,
        meterValues: [],
        trigger: 'ChargingStateChanged',
        seqNo: 0,
        ...more,
      });

    it('the status comes from the plug and the transaction', async () => {
      const seen: unknown[] = [];
      const look = async (done: Promise<unknown>): Promise<void> => {
        await done;
        seen.push(rig.last('1/status'));
      };
      await look(rig.status('occupied'));
      await look(start({ transaction: 'T1', chargingState: 'ev_connected' }));
      await look(update({ chargingState: 'charging' }));
      await look(update({ chargingState: 'suspended_evse' }));
      await look(update({ chargingState: 'ev_connected' }));
      // Absent: as before.
      await look(update({}));
      await look(update({ chargingState: 'idle' }));
      await look(stop('T1'));
      await look(rig.status('available'));
      await look(rig.status('reserved'));
      assert.deepEqual(seen, [
        'preparing',
        'preparing',
        'charging',
        'suspended_evse',
        'suspended_ev',
        'suspended_ev',
        'finishing',
        'finishing',
        'available',
        'reserved',
      ]);
    });

    it('an event may say what a status would', async () => {
      const statuses = [{ evse: 1, connector: 2, status: 'occupied' as const, raw: 'Occupied', at: undefined }];
      await rig.say({ kind: 'variables', variables: [], statuses });
      assert.equal(rig.last('1/status'), 'preparing');
    });

    it('a transaction that ends without saying where', async () => {
      await rig.status('occupied', 2);
      await start({ transaction: 'T1', evse: 2, chargingState: 'charging' });
      await stop('T1');
      assert.deepEqual(rig.named('session_ended')[0]?.component, { type: 'ev_charger', index: 2 });
      assert.equal(rig.last('2/power'), 0);
    });

    it('answers for a tag only where there is one', async () => {
      assert.deepEqual(await start({ transaction: 'T1' }), { authorization: 'accepted' });
      assert.deepEqual(await update({}), {});
      assert.deepEqual(await update({ token: { id: 'X' } }), { authorization: 'accepted' });
      assert.deepEqual(await stop('T1'), { ended: 'T1' });
    });
  });

  describe('values', () => {
    it('of connector 0 belong to the only one there is', async () => {
      await rig.status('available', 0);
      await rig.measure([watts(500)], { evse: 0 });
      assert.equal(rig.last('1/power'), 500);
      await rig.status('available', 2);
      await rig.measure([watts(900)], { evse: 0 });
      assert.deepEqual([rig.last('1/power'), rig.last('0/power')], [500, 900]);
    });

    it('kilowatts called watts are not told, and why is', async () => {
      await plugIn();
      await rig.measure([watts(7.2), amperes(10.4), amperes(10.4, 'l2'), amperes(10.4, 'l3')]);
      const { value, reason } = rig.told('1/power').at(-1) ?? {};
      assert.deepEqual([value, reason], [null, 'unit_unknown']);
      assert.match(String(rig.named('unit_suspect')[0]?.message), /factor 1000/);
      await rig.measure([watts(7200), amperes(10.4), amperes(10.4, 'l2'), amperes(10.4, 'l3')]);
      assert.equal(rig.last('1/power'), 7200);
      assert.equal(rig.named('unit_suspect').at(-1)?.state, 'cleared');
    });

    it('are put right by the factors of the station', async () => {
      rig = createDecodedStation({ quirks: { factors: { power: 1000, energy: 1000 } } });
      await rig.ready();
      await plugIn();
      await rig.measure([watts(7.2), wattHours(1.5), amperes(10)]);
      assert.deepEqual(['1/power', '1/energy_imported', '1/current/l1'].map(rig.last), [7200, 1500, 10]);
    });

    it('kilowatt-hours called watt-hours are noticed', async () => {
      await plugIn();
      for (let i = 0; i <= 40; i++) {
        await rig.measure([watts(7200), wattHours(1000 + i * 0.02)]);
        await rig.clock.advanceAsync(10_000);
      }
      assert.match(String(rig.named('unit_suspect')[0]?.message), /energy .* factor 1000/);
    });

    it('a register that jumps is not believed, unless it stays there', async () => {
      await plugIn();
      await rig.measure([wattHours(1500)]);
      await rig.clock.advanceAsync(10_000);
      await rig.measure([wattHours(9_000_000)]);
      assert.equal(rig.told('1/energy_imported').at(-1)?.reason, 'spike');
      await rig.clock.advanceAsync(10_000);
      await rig.measure([wattHours(1600)]);
      assert.equal(rig.last('1/energy_imported'), 1600);
      for (const wh of [9_000_000, 9_000_010]) {
        await rig.clock.advanceAsync(10_000);
        await rig.measure([wattHours(wh)]);
      }
      assert.equal(rig.last('1/energy_imported'), 9_000_010);
    });

    it('signed ones are passed on as they came, each once by its id', async () => {
      const id = await plugIn();
      const data = 'OCMF|{"FV":"1.0"}|{"SA":"x"}';
      const signed = [{ measurand: 'Energy.Active.Import.Register', context: 'Transaction.End', data }];
      await rig.measure([], { transaction: id, signed });
      await stop(id, { meterValues: [sample([], { context: 'end', signed })] });
      const values = rig.named('signed_value');
      assert.deepEqual([values[0]?.data?.signed, values[0]?.data?.session_id], [data, id]);
      assert.equal(values[0]?.id, values[1]?.id);
    });

    it('of an installation with one phase are those of that phase', async () => {
      rig = createDecodedStation({ limits: { ...usualOptions.limits, phases: 1 } });
      await rig.ready();
      await plugIn();
      await rig.measure([
        { quantity: 'voltage', value: 231, unit: 'V' },
        { quantity: 'current_total', value: 10, unit: 'A' },
      ]);
      assert.deepEqual(['1/voltage/l1', '1/current/l1', '1/current_total'].map(rig.last), [231, 10, 10]);
      assert.equal(rig.last('1/phases_active'), 1);
    });

    it('how many phases carry current', async () => {
      await plugIn();
      await rig.measure([amperes(10), amperes(0.2, 'l2'), amperes(0, 'l3')]);
      assert.equal(rig.last('1/phases_active'), 1);
      await rig.measure([amperes(10), amperes(10, 'l2'), amperes(10, 'l3')]);
      assert.equal(rig.last('1/phases_active'), 3);
    });

    it('end with the connection', async () => {
      await plugIn();
      await rig.measure([watts(7000), wattHours(1500)]);
      rig.drop();
      for (const path of ['1/power', '1/status']) assert.equal(rig.told(path).at(-1)?.reason, 'device_offline');
      assert.equal(rig.last('1/energy_imported'), 1500);
      assert.equal(rig.states.at(-1)?.kind, 'offline');
    });
  });

  describe('faults', () => {
    const faulted = (more: object): Promise<Answer> =>
      rig.say({ kind: 'status', evse: 1, status: 'faulted', raw: 'Faulted', at: rig.clock.now(), ...more });

    it('are alarms with all that is said of them, until they are over', async () => {
      await faulted({ errorCode: 'OtherError', vendorErrorCode: 'E42', info: 'Modbus lost, safe mode' });
      const [alarm] = rig.named('charger_fault');
      assert.deepEqual(
        [alarm?.severity, alarm?.state, alarm?.message],
        ['alarm', 'active', 'OtherError, E42, Modbus lost, safe mode'],
      );
      assert.deepEqual([rig.last('1/status'), rig.last('1/error_code')], ['faulted', 'OtherError E42']);
      await rig.status('available');
      assert.equal(rig.named('charger_fault').at(-1)?.state, 'cleared');
    });

    it('a code without a fault is a warning', async () => {
      await rig.say({
        kind: 'status',
        evse: 1,
        status: 'charging',
        raw: 'Charging',
        errorCode: 'HighTemperature',
        at: rig.clock.now(),
      });
      assert.equal(rig.named('charger_warning')[0]?.severity, 'warning');
      assert.deepEqual(rig.named('charger_fault'), []);
    });
  });

  it('says every five minutes what does not change', async () => {
    const transaction = await plugIn();
    await rig.measure([amperes(9)], { transaction });
    const times = (): number[] => ['1/status', '1/session_id', '1/phases_active'].map((path) => rig.told(path).length);
    const before = times();
    await rig.clock.advanceAsync(290_000);
    assert.deepEqual(times(), before);
    await rig.clock.advanceAsync(20_000);
    assert.deepEqual(
      times(),
      before.map((count) => count + 1),
    );
    await rig.clock.advanceAsync(600_000);
    assert.deepEqual(
      times(),
      before.map((count) => count + 3),
    );
  });

  it('back after a loss, it says again what is as it was', async () => {
    const transaction = await plugIn();
    const times = (): number[] => ['1/status', '1/session_id'].map((path) => rig.told(path).length);
    const known = [rig.last('1/status'), rig.last('1/session_id')];
    rig.drop();
    await rig.connect();
    const before = times();
    await rig.status('charging');
    await rig.measure([amperes(9)], { transaction });
    assert.deepEqual(
      times(),
      before.map((count) => count + 1),
    );
    assert.deepEqual([rig.last('1/status'), rig.last('1/session_id')], known);
  });

  it('closed, it writes nothing any more', async () => {
    const id = await plugIn();
    await stop(id);
    await rig.driver().close();
    const { length } = rig.journal.records;
    await rig.clock.advanceAsync(60_000);
    assert.equal(rig.journal.records.length, length);
  });

  it('what it says for nobody but its maker is taken, so that it does not say it again (EN+)', async () => {
    assert.deepEqual(await rig.say({ kind: 'data_transfer', vendor: 'EN+', message: 'gatewayInfo' }), {
      isVendorKnown: true,
    });
  });

  it('has as many connectors as a station can have, whatever it says', async () => {
    for (let evse = 60; evse < 200; evse++) await rig.status('available', evse);
    await start({ evse: 1000 });
    await rig.measure([watts(1)], { evse: 2000 });
    assert.ok((rig.driver().facts().evses?.length ?? 0) <= 64);
    assert.ok(
      rig
        .driver()
        .describe()
        .channels.every(({ index = 0 }) => index <= 64),
    );
  });

  it('EN+ is never asked to change its availability', async () => {
    rig = createDecodedStation({ presets: listPresets() });
    await rig.ready();
    const offers = (): boolean =>
      rig
        .driver()
        .actuators()
        .some(({ verbs }) => 'set_availability' in verbs);
    assert.equal(offers(), true);
    await rig.say({ ...boot, vendor: 'EN+' });
    await rig.clock.advanceAsync(120_000);
    assert.equal(offers(), false);
    assert.deepEqual(rig.asked('set_availability'), []);
  });

  it('what it shows late comes behind what is known, also after a restart', async () => {
    const names = (): string[] =>
      rig
        .driver()
        .describe()
        .channels.map(({ index, quantity }) => `${index} ${quantity}`);
    await rig.measure([watts(0)]);
    const before = names();
    await rig.measure([{ quantity: 'soc', value: 55, unit: '%' }]);
    await rig.status('available', 2);
    assert.deepEqual(names().slice(0, before.length), before);
    const after = names();
    assert.ok(after.includes('1 soc') && after.includes('2 status'));
    rig.kill();
    assert.deepEqual(names().slice(0, after.length), after);
    assert.deepEqual(
      rig
        .driver()
        .actuators()
        .filter(({ key }) => key.startsWith('limit'))
        .map(({ key }) => key),
      ['limit/1', 'limit/2'],
    );
  });
});
