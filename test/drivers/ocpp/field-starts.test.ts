/** Sessions that begin: where, whose they are, and what is said in which order. On a real socket, frame by frame. */
import assert from 'node:assert/strict';
import { listPresets } from '../../../src/drivers/ocpp/presets.ts';
import { hashTag } from '../../../src/model/identity.ts';
import {
  createScriptedStation,
  type Payload,
  type ScriptedStation,
  type ScriptedStationOptions,
} from '../../support/ocpp/scripted-station.ts';
import { createTeller, energy, entry2, power } from '../../support/ocpp/station-payloads.ts';

describe('stations in the field: how sessions begin', () => {
  let field: ScriptedStation;
  const open = async (options: ScriptedStationOptions = {}): Promise<void> => {
    field = await createScriptedStation(options);
    await field.ready();
  };
  afterEach(() => field.close());

  const tell = createTeller(() => field, 'Authorized');
  const idToken = (id: string): object => ({ idToken: { idToken: id, type: 'ISO14443' } });
  const components = (name: string): unknown[] => field.named(name).map(({ component }) => component?.index);
  const remoteStartId = (): unknown => field.asked('RequestStartTransaction').at(-1)?.remoteStartId;
  const ofStation = (): unknown[] =>
    ['session_id', 'session_duration', 'id_tag', 'power'].map((each) => field.last(`0/${each}`));

  for (const version of ['2.0.1', '2.1'] as const) {
    it(`${version}: begun with a tag before the cable is plugged in, it has no place until it is told`, async () => {
      await open({ version });
      await field.status('Available', 2);
      await tell('Started', {}, { ...idToken('CARD'), meterValue: [entry2(field.time(), power(0))] });
      assert.deepEqual([components('session_started'), field.last('1/session_id')], [[], '']);
      await field.status('Occupied', 2);
      await tell('Updated', { chargingState: 'Charging' }, { evse: { id: 2, connectorId: 1 } });
      assert.deepEqual(
        ['session_id', 'status', 'id_tag'].map((each) => field.last(`2/${each}`)),
        ['T1', 'charging', hashTag('CARD')],
      );
      await field.pass(120_000);
      assert.equal(field.last('2/session_duration'), 120);
      await tell('Ended');
      assert.deepEqual([components('session_started'), components('session_ended')], [[2], [2]]);
      assert.deepEqual(ofStation(), [undefined, undefined, undefined, undefined]);
    });

    it(`${version}: over before it had a place, it is told as ended, of the station`, async () => {
      await open({ version });
      await field.status('Available', 2);
      await tell('Started', {}, idToken('CARD'));
      await tell('Ended', { stoppedReason: 'Timeout' });
      assert.deepEqual([components('session_started'), components('session_ended')], [[], [undefined]]);
      assert.deepEqual(ofStation(), [undefined, undefined, undefined, undefined]);
    });

    it(`${version}: where it shows its place, what ran there before is over`, async () => {
      await open({ version });
      await field.status('Available', 2);
      await tell('Started', { chargingState: 'Charging' }, { evse: { id: 2 } }, 'OLD');
      await field.pass(10_000);
      await tell('Started', {}, idToken('CARD'), 'NEW');
      await tell('Updated', { chargingState: 'Charging' }, { evse: { id: 2 } }, 'NEW');
      assert.equal(field.last('2/session_id'), 'NEW');
      assert.deepEqual(
        field.named('session_ended').map(({ data }) => [data?.session_id, data?.reason]),
        [['OLD', 'lost']],
      );
    });

    it(`${version}: started from here it is where it was asked for, though it does not say`, async () => {
      await open({ version });
      await field.status('Occupied', 2);
      const started = field.order('start', {}, 'actions/2');
      await field.pass(500);
      await tell('Started', { remoteStartId: remoteStartId() });
      await field.pass(1000);
      assert.deepEqual([field.last('2/session_id'), components('session_started')], ['T1', [2]]);
      assert.equal((await started).verified, true);
    });

    it(`${version}: begun before the answer, the answer says where it is`, async () => {
      await open({
        version,
        answers: (action) =>
          action === 'RequestStartTransaction' ? { status: 'Accepted', transactionId: 'T7' } : undefined,
      });
      await field.status('Occupied', 2);
      const started = field.order('start', {}, 'actions/2');
      await field.pass(500);
      await tell('Started', {}, idToken('ANOTHER_NAME_FOR_US'), 'T7');
      await field.pass(1000);
      assert.deepEqual([field.last('2/session_id'), (await started).verified], ['T7', true]);
    });

    it(`${version}: where the station says that it is goes before where it was asked for, also later`, async () => {
      await open({ version });
      await field.status('Occupied');
      await field.status('Occupied', 2);
      const started = field.order('start', {}, 'actions/2');
      await field.pass(500);
      await tell('Started', { remoteStartId: remoteStartId(), chargingState: 'Charging' }, { evse: { id: 1 } });
      await tell('Updated', { remoteStartId: remoteStartId(), chargingState: 'SuspendedEV' });
      await tell('Ended', { remoteStartId: remoteStartId() });
      assert.deepEqual([field.told('2/session_id'), components('session_ended')], [[], [1]]);
      await field.pass(31_000);
      assert.equal((await started).verified, false);
    });

    const others: [name: string, info: object, more: object][] = [
      ['the tag of somebody else', {}, idToken('NEIGHBOUR')],
      ['the number of another start', { remoteStartId: 1 }, {}],
    ];
    for (const [name, info, more] of others)
      it(`${version}: a session that begins meanwhile is not the one that was asked for: ${name}`, async () => {
        await open({ version });
        await field.status('Occupied');
        const started = field.order('start', {}, 'actions/1');
        await field.pass(500);
        await tell('Started', info, { evse: { id: 1 }, ...more });
        await field.pass(1000);
        const { verified, reason } = (await started) as { verified: boolean; reason?: string };
        assert.deepEqual([verified, reason], [false, 'other_session']);
      });
  }

  /** Names of calls, and "answer" for each answer, as they left. */
  const frames = (from: number): string[] =>
    field
      .station()
      .frames.slice(from)
      .map(([type, , action]) => (type === 2 ? String(action) : 'answer'));

  it('1.6: a station is answered before it is asked what follows from what it said (Easee)', async () => {
    field = await createScriptedStation({ driver: { presets: listPresets() } });
    await field.connect();
    await field.boot({ vendor: 'Easee' });
    await field.status('Available');
    await field.pass(20_000);
    const from = field.station().frames.length;
    await field.status('Preparing');
    await field.pass(1000);
    assert.deepEqual(frames(from), ['answer', 'RemoteStartTransaction']);
  });

  for (const mode of ['free', 'ask'] as const)
    it(`1.6: a limit of a session follows the answer that names it: ${mode}`, async () => {
      const known: unknown[] = [];
      let answer = (): void => {};
      const ask = (): Promise<'accepted'> => new Promise((resolve) => (answer = () => resolve('accepted')));
      await open({
        driver: { authorisation: { mode, tags: [], ownTag: 'EMS', ask } },
        answers: (action, { csChargingProfiles }) => {
          if (action !== 'SetChargingProfile') return undefined;
          const { chargingProfilePurpose: purpose, transactionId } = csChargingProfiles as Payload;
          for (const [type, , result] of field.station().frames)
            if (type === 3) known.push((result as Payload).transactionId);
          return { status: purpose === 'TxProfile' && known.includes(transactionId) ? 'Accepted' : 'Rejected' };
        },
      });
      await field.apply('set_current_limit', { current_a: 10 });
      await field.status('Preparing');
      const from = field.station().frames.length;
      const begun = field.say('StartTransaction', {
        connectorId: 1,
        idTag: 'T',
        meterStart: 0,
        timestamp: field.time(),
      });
      if (mode === 'ask') {
        await field.pass(300);
        assert.deepEqual(frames(from), [], 'nothing is asked while its answer is being found');
        answer();
      }
      await begun;
      await field.pass(2000);
      assert.deepEqual(frames(from).slice(0, 2), ['answer', 'SetChargingProfile']);
      assert.equal(field.driver().facts().limitForm?.purpose, 'tx');
    });

  it('1.6: a flow that takes its time holds up no limit for more than a second', async () => {
    await open({
      driver: { authorisation: { mode: 'ask', tags: [], ownTag: 'EMS', ask: () => new Promise(() => {}) } },
    });
    const asked = field.say('Authorize', { idTag: 'T' });
    await field.pass(200);
    const limited = field.order('set_current_limit', { current_a: 10 });
    await field.pass(700);
    assert.deepEqual(field.asked('SetChargingProfile'), []);
    await field.pass(300);
    assert.equal(field.asked('SetChargingProfile').length, 1);
    await field.pass(5000);
    assert.deepEqual(await asked, { idTagInfo: { status: 'Invalid' } });
    await limited;
  });

  it('a station that is not answered, because nothing can be written down, is limited all the same', async () => {
    await open();
    await field.status('Preparing');
    field.journal.isWritable = false;
    field
      .station()
      .send([2, 'lost', 'StartTransaction', { connectorId: 1, idTag: 'T', meterStart: 0, timestamp: field.time() }]);
    await field.pass(100);
    await field.apply('set_current_limit', { current_a: 10 });
    assert.ok(field.asked('SetChargingProfile').length > 0);
    assert.ok(!field.station().frames.some(([type, id]) => type !== 2 && id === 'lost'));
  });

  it('what a session measures while nobody knows where, is shown nowhere, and counts for it', async () => {
    await open({ version: '2.0.1' });
    await field.status('Available', 2);
    await tell('Started', {}, { meterValue: [entry2(field.time(), energy(1000, { context: 'Transaction.Begin' }))] });
    await field.pass(10_000);
    await tell('Updated', {}, { evse: { id: 2 }, meterValue: [entry2(field.time(), energy(1300))] });
    assert.deepEqual(['0/energy_imported', '1/energy_imported', '2/session_energy'].map(field.last), [
      undefined,
      undefined,
      300,
    ]);
  });
});
