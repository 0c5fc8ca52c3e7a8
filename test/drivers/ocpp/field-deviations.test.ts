/** Deviations of stations in the field, and how they are reported on MQTT: on a real socket, with a bridge. */
import assert from 'node:assert/strict';
import { hashTag } from '../../../src/model/identity.ts';
import {
  type Answering,
  createScriptedStation,
  type ScriptedStation,
  type ScriptedStationOptions,
} from '../../support/ocpp/scripted-station.ts';
import { createTeller, energy, entry2, entry16, power } from '../../support/ocpp/station-payloads.ts';

const versions = ['1.6', '2.0.1', '2.1'] as const;

describe('stations in the field: oddities', () => {
  let field: ScriptedStation;
  const open = async (options: ScriptedStationOptions = {}): Promise<void> => {
    field = await createScriptedStation({ hasBridge: true, ...options });
    await field.ready();
  };
  afterEach(() => field.close());
  const deviations = (): string[] => field.named('protocol_deviation').map(({ message = '' }) => message);
  const reading = (quantity: string): unknown =>
    field.messages.findLast(({ topic }) => topic === `devices/box/ev_charger/1/${quantity}`);
  const told = (quantity: string): unknown => {
    const newest = reading(quantity);
    return typeof newest === 'object' && newest !== null && 'value' in newest ? newest.value : undefined;
  };
  const begin = async (): Promise<number> => {
    if (field.version === '1.6') {
      await field.status('Preparing');
      const begun = { connectorId: 1, idTag: 'TAG', meterStart: 1000, timestamp: field.time() };
      const { transactionId } = await field.say('StartTransaction', begun);
      await field.status('Charging');
      return Number(transactionId);
    }
    await field.status('Occupied');
    await createTeller(() => field, 'Authorized')(
      'Started',
      { chargingState: 'Charging' },
      {
        evse: { id: 1 },
        idToken: { idToken: 'TAG', type: 'ISO14443' },
        meterValue: [entry2(field.time(), energy(1000, { context: 'Transaction.Begin' }))],
      },
    );
    return 0;
  };
  const measure = (id: number, wh: number): Promise<unknown> =>
    field.version === '1.6'
      ? field.say('MeterValues', {
          connectorId: 1,
          transactionId: id,
          meterValue: [entry16(field.time(), energy(wh), power(7000))],
        })
      : createTeller(() => field, 'MeterValuePeriodic')(
          'Updated',
          {},
          { meterValue: [entry2(field.time(), energy(wh), power(7000))] },
        );

  for (const version of versions) {
    it(`${version}: frames that mean nothing are told of, and answered by their number where they have one`, async () => {
      await open({ version });
      const before = field.station().frames.length;
      const action = version === '1.6' ? 'MeterValues' : 'TransactionEvent';
      field.station().send(`[2,"bad","${action}",{"connectorId":1,"transactionId":,"meterValue":[]}]`);
      const [type, id, code] = await field.station().answer('bad');
      assert.deepEqual([type, id], [4, 'bad']);
      assert.ok(['FormationViolation', 'FormatViolation', 'RpcFrameworkError'].includes(String(code)), String(code));
      field.station().send('{"not":"a frame"}');
      field.station().send('[7,"x"]');
      await field.pass(1000);
      assert.ok(field.station().frames.length > before);
      const told = deviations();
      assert.ok(told.length >= 2, told.join('\n'));
      assert.match(told[0] ?? '', new RegExp(`${action}.* no JSON|no JSON.*${action}`));
      const published = field.messages.filter(({ topic }) => topic === 'devices/box/event/protocol_deviation');
      assert.equal(published.length, told.length);
      assert.ok(published.every((each) => 'severity' in each && each.severity === 'warning'));
    });

    it(`${version}: calls that are refused are told of, once each`, async () => {
      await open({ version });
      for (let i = 0; i < 3; i++) await field.frame('Nonsense', {});
      await field.frame('BootNotification', [] as unknown as object);
      assert.deepEqual(
        deviations().map((each) => /Nonsense|BootNotification/.exec(each)?.[0]),
        ['Nonsense', 'BootNotification'],
      );
    });

    for (const end of ['a reconnection', 'a restart of ours'] as const)
      it(`${version}: a session is told again after ${end}: its number, energy and tag`, async () => {
        await open({ version });
        const id = await begin();
        await field.pass(10_000);
        await measure(id, 1500);
        const facts = (): unknown[] => ['session_energy', 'id_tag', 'session_id'].map(told);
        const before = facts();
        assert.deepEqual(before.slice(0, 2), [500, hashTag('TAG')]);
        await field.drop();
        assert.equal(told('id_tag'), null);
        field.messages.length = 0;
        if (end === 'a restart of ours') field.kill();
        await field.pass(60_000, 1000);
        await field.connect();
        await field.status(version === '1.6' ? 'Charging' : 'Occupied');
        await field.pass(6000, 1000);
        if (end === 'a restart of ours') {
          assert.equal(told('session_energy'), undefined, 'what it was a while ago is no news');
          await measure(id, 1500);
        }
        assert.deepEqual(facts(), before);
        if (version === '1.6')
          await field.say('StopTransaction', { transactionId: id, meterStop: 1600, timestamp: field.time() });
        else await createTeller(() => field, 'Local')('Ended');
        assert.equal(told('id_tag'), null, 'and forgotten with it');
      });

    it(`${version}: a reset that cuts the connection is done, not failed`, async () => {
      await open({ version, answers: (action) => (action === 'Reset' ? 'hang_up' : undefined) });
      const applied = await field.apply('reset', { type: 'hard' }, 'actions/0');
      assert.deepEqual(applied, { verified: false, reason: 'connection_ended', values: {} });
      await field.connect();
    });

    it(`${version}: verbs of the station say so where a connector is asked, and the other way round`, async () => {
      await open({ version });
      // OCPP 2.x can reset a single EVSE (ResetRequest.evseId), OCPP 1.6 only the station.
      const verb = version === '1.6' ? 'reset' : 'get_local_list_version';
      const asked = field.send(verb);
      assert.deepEqual(
        [field.outcome(asked)?.code, field.outcome(asked)?.message],
        ['UNSUPPORTED', `${verb} is a command of ev_charger: devices/box/ev_charger/command/${verb}`],
      );
      for (const component of ['ev_charger', 'ev_charger/7']) {
        const limited = field.send('set_current_limit', { current_a: 10 }, { component });
        assert.equal(
          field.outcome(limited)?.message,
          'set_current_limit is a command of ev_charger/1: devices/box/ev_charger/1/command/set_current_limit',
        );
      }
    });

    it(`${version}: a refusal is told with the words of the station, and not with all that it quotes`, async () => {
      const quoted = JSON.stringify([2, 'x1', 'SetChargingProfile', { secret: 'CARD', list: [1, { a: '}' }] }]);
      let words = '';
      const answers: Answering = (action) =>
        action === 'SetChargingProfile' ? { error: 'FormationViolation', description: words } : undefined;
      for (const [given, told] of [
        [`cannot read ${quoted}: unexpected field`, /cannot read …: unexpected field \(FormationViolation\)/],
        ["{'connectorId': 1, 'csChargingProfiles': {'a': 'CARD'}} is not valid", /: … is not valid/],
        [`${'too long '.repeat(40)}`, /(too long ){5}/],
        [quoted.slice(0, 60), /: … \(FormationViolation\)/],
      ] as const) {
        words = given;
        field = await createScriptedStation({ version, answers, hasBridge: true });
        await field.ready();
        await begin();
        const asked = field.send('set_current_limit', { current_a: 10 });
        await field.pass(5000);
        const { message = '' } = field.outcome(asked) ?? {};
        assert.match(message, told);
        assert.doesNotMatch(message, /CARD|csChargingProfiles/);
        assert.ok(message.length < 300, message);
        await field.close();
      }
      await open({ version });
    });
  }

  for (const version of ['2.0.1', '2.1'] as const) {
    it(`${version}: begun by our number alone, a session has the tag that it was asked for with`, async () => {
      await open({ version });
      await field.status('Occupied');
      const started = field.order('start', { id_tag: 'GUEST' }, 'actions/1');
      await field.pass(500);
      const { remoteStartId } = field.asked('RequestStartTransaction')[0] ?? {};
      const tell = createTeller(() => field, 'RemoteStart');
      await tell('Started', { remoteStartId, chargingState: 'Charging' }, { evse: { id: 1 } });
      await field.pass(1000);
      assert.equal((await started).verified, true);
      assert.equal(told('id_tag'), hashTag('GUEST'));
      assert.equal(field.named('session_started')[0]?.data?.id_tag, hashTag('GUEST'));
      await tell('Ended');
      assert.equal(field.named('session_ended')[0]?.data?.id_tag, hashTag('GUEST'));
    });

    it(`${version}: units that are missing at the end only are those of before`, async () => {
      await open({ version });
      const tell = createTeller(() => field, 'MeterValuePeriodic');
      const kwh = (value: number, more: object = {}, unit: string | undefined = 'kWh'): object => ({
        meterValue: [
          {
            timestamp: field.time(),
            sampledValue: [{ value, ...(unit === undefined ? {} : { unitOfMeasure: { unit } }), ...more }],
          },
        ],
      });
      await field.status('Occupied');
      await tell(
        'Started',
        { chargingState: 'Charging' },
        { evse: { id: 1 }, ...kwh(0.5, { context: 'Transaction.Begin' }) },
      );
      await field.pass(60_000, 1000);
      await tell('Updated', {}, kwh(0.60028));
      await field.pass(60_000, 1000);
      const noUnit = { timestamp: field.time(), sampledValue: [{ value: 0.73371, context: 'Transaction.End' }] };
      await tell('Ended', { stoppedReason: 'Local' }, { meterValue: [noUnit] });
      const { energy_wh, meter_start_wh, meter_stop_wh } = field.named('session_ended')[0]?.data ?? {};
      assert.deepEqual([energy_wh, meter_start_wh, meter_stop_wh], [233.71, 500, 733.71]);
      assert.equal(told('energy_imported'), 733.71);
      assert.match(deviations().join(), /without a unit: taken as kWh, as before/);
    });
  }

  it('units that are missing are Wh where that follows, and where another would as well', async () => {
    await open({ version: '2.0.1' });
    const tell = createTeller(() => field, 'MeterValuePeriodic');
    const register = (value: number, unit?: string, context = 'Sample.Periodic'): object => ({
      meterValue: [
        {
          timestamp: field.time(),
          sampledValue: [{ value, context, ...(unit === undefined ? {} : { unitOfMeasure: { unit } }) }],
        },
      ],
    });
    await field.status('Occupied');
    await tell(
      'Started',
      { chargingState: 'Charging' },
      { evse: { id: 1 }, ...register(5, 'kWh', 'Transaction.Begin') },
    );
    await field.pass(60_000, 1000);
    await tell('Updated', {}, register(5100));
    assert.equal(told('energy_imported'), 5100);
    await field.pass(60_000, 1000);
    await tell('Ended', {}, register(5200, undefined, 'Transaction.End'));
    assert.equal(field.named('session_ended')[0]?.data?.energy_wh, 200);
  });

  for (const version of versions)
    it(`${version}: a station that cannot be asked to boot has its points all the same`, async () => {
      const answers: Answering = (action) => {
        if (action !== 'TriggerMessage') return undefined;
        return version === '1.6' ? { error: 'NotImplemented' } : { status: 'NotImplemented' };
      };
      field = await createScriptedStation({ version, answers, hasBridge: true });
      await field.connect();
      await field.pass(60_000, 1000);
      assert.equal(field.states.at(-1)?.kind, 'online');
      assert.deepEqual(['status', 'min_current', 'max_current', 'phases_available'].map(told), ['unknown', 6, 32, 3]);
      const asked = field.send('set_current_limit', { current_a: 10 });
      await field.pass(5000);
      assert.equal(field.outcome(asked)?.status, 'completed');
    });

  it('2.x: what its EVSE is doing is read where it cannot be asked to say it', async () => {
    const answers: Answering = (action, payload) => {
      if (action === 'TriggerMessage') return { status: 'NotImplemented' };
      if (action !== 'GetVariables') return undefined;
      interface Named {
        component: { name: string };
        variable: { name: string };
      }
      return {
        getVariableResult: (payload.getVariableData as Named[]).map((each) =>
          each.variable.name === 'AvailabilityState' && each.component.name === 'Connector'
            ? { ...each, attributeStatus: 'Accepted', attributeValue: 'Occupied' }
            : { ...each, attributeStatus: 'UnknownVariable' },
        ),
      };
    };
    field = await createScriptedStation({ version: '2.0.1', answers, hasBridge: true });
    await field.connect();
    await field.pass(60_000, 1000);
    assert.deepEqual([told('status'), told('connected')], ['preparing', true]);
  });
});
