/** Stations that are made ready, each with settings of its own: on a real socket, frame by frame. */
import assert from 'node:assert/strict';
import { listPresets } from '../../../src/drivers/ocpp/presets.ts';
import {
  type Answering,
  createScriptedStation,
  type Payload,
  type ScriptedStation,
  type ScriptedStationOptions,
} from '../../support/ocpp/scripted-station.ts';
import { createSettings, usualSettings, wantedMeasurands } from '../../support/ocpp/station-configuration.ts';

describe('stations in the field: being made ready', () => {
  let field: ScriptedStation;
  const boot = async (
    options: ScriptedStationOptions,
    more?: Parameters<ScriptedStation['boot']>[0],
  ): Promise<void> => {
    field = await createScriptedStation(options);
    await field.connect();
    await field.boot(more);
    await field.status('Available');
    await field.pass(20_000);
  };
  afterEach(() => field.close());

  it('only what differs is changed, also after its next boot', async () => {
    const settings = createSettings({ ...usualSettings });
    await boot({ answers: settings.answers });
    assert.deepEqual(settings.changes, [
      ['MeterValueSampleInterval', '10'],
      ['MeterValuesSampledData', wantedMeasurands],
    ]);
    await field.boot();
    await field.pass(90_000);
    assert.equal(settings.changes.length, 2);
  });

  const odd: [name: string, answer: object][] = [
    ['an empty list', { configurationKey: [] }],
    ['nothing', {}],
    ['an error', { error: 'InternalError' }],
  ];
  for (const [name, whole] of odd)
    it(`asked for all settings it answers ${name}: they are asked for by name`, async () => {
      const settings = createSettings({ ...usualSettings });
      await boot({
        answers: (action, payload) =>
          action === 'GetConfiguration' && !payload.key ? whole : settings.answers(action, payload),
      });
      assert.equal(field.driver().facts().maxStackLevel, 8);
      for (const { key } of field.asked('GetConfiguration')) assert.notDeepEqual(key, [], 'never an empty list');
    });

  const units: [text: string, known: string[]][] = [
    ['Current,Power', ['A', 'W']],
    ['Current, Power', ['A', 'W']],
    ['Current', ['A']],
    ['Power', ['W']],
    ['A', ['A']],
    ['W', ['W']],
  ];
  for (const [text, known] of units)
    it(`its units are "${text}": limits come in ${known[0]}`, async () => {
      const settings = createSettings({ ...usualSettings, ChargingScheduleAllowedChargingRateUnit: text });
      await boot({ answers: settings.answers });
      assert.deepEqual(field.driver().facts().units, known);
      await field.apply('set_current_limit', { current_a: 10 });
      const [profile] = field
        .asked('SetChargingProfile')
        .map(({ csChargingProfiles }) => csChargingProfiles as Payload);
      assert.equal((profile?.chargingSchedule as Payload | undefined)?.chargingRateUnit, known[0]);
    });

  it('keys in any case', async () => {
    const settings = createSettings({ metervaluesampleinterval: '10', METERVALUESSAMPLEDDATA: wantedMeasurands });
    await boot({ answers: settings.answers });
    assert.deepEqual(settings.changes, []);
  });

  it('measurands one by one where it refuses the list, and never again what it has refused', async () => {
    const settings = createSettings({ ...usualSettings, MeterValueSampleInterval: '10' });
    settings.judge((_key, value) => (/SoC|Offered/.test(value) ? 'Rejected' : 'Accepted'));
    await boot({ answers: settings.answers });
    assert.equal(
      settings.values.MeterValuesSampledData,
      'Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage',
    );
    const { length } = settings.changes;
    assert.equal(length, 7);
    await field.boot();
    await field.pass(90_000);
    assert.equal(settings.changes.length, length);
  });

  it('no more measurands than it takes, and none where they are read only', async () => {
    const settings = createSettings({ ...usualSettings, MeterValuesSampledDataMaxLength: '2' });
    await boot({ answers: settings.answers });
    assert.equal(settings.values.MeterValuesSampledData, 'Energy.Active.Import.Register,Power.Active.Import');
    await field.close();
    await boot({
      answers: (action) =>
        action === 'GetConfiguration'
          ? {
              configurationKey: [
                { key: 'MeterValuesSampledData', readonly: true, value: 'Energy.Active.Import.Register' },
                { key: 'MeterValueSampleInterval', readonly: true, value: '60' },
              ],
            }
          : undefined,
    });
    assert.deepEqual(field.asked('ChangeConfiguration'), []);
  });

  it('one that reboots after each measurand that it accepts: those of its preset, once (ABB Terra AC)', async () => {
    const settings = createSettings({ ...usualSettings, MeterValueSampleInterval: '10' });
    const rebooting: Answering = (action, payload) => {
      const answer = settings.answers(action, payload);
      if (action === 'ChangeConfiguration') field.clock.after(500, () => field.station().socket.terminate());
      return answer;
    };
    await boot({ answers: rebooting, driver: { presets: listPresets() } }, { vendor: 'ABB', model: 'TAC-W22' });
    for (let i = 0; i < 3; i++) {
      await field.pass(90_000);
      await field.connect();
      await field.boot({ vendor: 'ABB', model: 'TAC-W22' });
      await field.pass(20_000);
    }
    assert.deepEqual(settings.changes, [
      ['MeterValuesSampledData', 'Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage'],
    ]);
    assert.equal(field.states.at(-1)?.kind, 'online');
  });

  for (const status of ['RebootRequired', 'NotSupported', 'Rejected'])
    it(`settings are answered with ${status}: it is used all the same`, async () => {
      const settings = createSettings({ ...usualSettings, SupportedFeatureProfiles: 'Core,SmartCharging' });
      settings.judge(() => status);
      await boot({ answers: settings.answers });
      assert.equal(field.states.at(-1)?.kind, 'online');
      assert.equal(settings.changes.length, status === 'RebootRequired' ? 2 : 8);
      assert.deepEqual(field.asked('Reset'), []);
    });

  it('one that answers nothing is left alone after two questions, and answered all the while', async () => {
    await boot({ answers: () => 'silence' });
    assert.equal(field.calls.length, 1, 'one is open');
    await field.say('Heartbeat', {});
    await field.pass(120_000);
    assert.equal(field.calls.length, 2);
    assert.equal(field.states.at(-1)?.kind, 'online');
  });

  it('2.x: accepted variables without a value (the simulator of VCP)', async () => {
    await boot({
      version: '2.0.1',
      answers: (action, { getVariableData }) =>
        action === 'GetVariables'
          ? {
              getVariableResult: (getVariableData as object[]).map((each) => ({
                ...each,
                attributeStatus: 'Accepted',
              })),
            }
          : undefined,
    });
    assert.equal(field.states.at(-1)?.kind, 'online');
    const set = field.asked('SetVariables').flatMap(({ setVariableData }) => setVariableData as Payload[]);
    assert.deepEqual(
      set.map(({ variable }) => (variable as Payload).name),
      ['TxUpdatedInterval', 'TxUpdatedMeasurands', 'TxStartedMeasurands', 'TxEndedMeasurands'],
    );
  });

  const switching: [says: string, settings: Record<string, string>, canSwitch: boolean][] = [
    ['that it can', { ConnectorSwitch3to1PhaseSupported: 'true' }, true],
    ['that it cannot', { ConnectorSwitch3to1PhaseSupported: 'false' }, false],
    ['nothing of it', {}, false],
    ['that it takes watts only', { ChargingScheduleAllowedChargingRateUnit: 'Power' }, true],
  ];
  for (const [says, settings, canSwitch] of switching)
    it(`one that says ${says} ${canSwitch ? 'is' : 'is not'} offered for another number of phases`, async () => {
      await boot({ answers: createSettings({ ...usualSettings, ...settings }).answers });
      const offered = field.driver().actuators();
      assert.equal(
        offered.some(({ key }) => key === 'phases/1'),
        canSwitch,
        offered.map(({ key }) => key).join(),
      );
    });

  for (const version of ['1.6', '2.0.1', '2.1'] as const)
    it(`${version}: neither its availability nor a reset belongs to being made ready (EN+)`, async () => {
      const settings = createSettings({ ...usualSettings });
      await boot({ version, answers: version === '1.6' ? settings.answers : () => undefined }, { vendor: 'EN+' });
      await field.drop();
      await field.pass(120_000);
      await field.connect();
      await field.pass(20_000);
      assert.ok(field.calls.length > 0);
      for (const action of ['ChangeAvailability', 'Reset', 'ClearCache']) assert.deepEqual(field.asked(action), []);
    });

  it('EN+ cannot be asked to change its availability at all', async () => {
    await boot({ driver: { presets: listPresets() } }, { vendor: 'EN+' });
    const offered = field.driver().actuators();
    assert.ok(offered.length > 0 && offered.every(({ verbs }) => !('set_availability' in verbs)));
  });

  it('a car that waits is started once for each time it is plugged in (Easee, Autel)', async () => {
    await boot({ driver: { presets: listPresets() } }, { vendor: 'Easee' });
    await field.pass(5000);
    const begin = async (): Promise<number> => {
      const { transactionId } = await field.say('StartTransaction', {
        connectorId: 1,
        idTag: 'EMS',
        meterStart: 0,
        timestamp: field.time(),
      });
      return Number(transactionId);
    };
    await field.status('Preparing');
    await field.pass(2000);
    assert.deepEqual(field.asked('RemoteStartTransaction'), [{ connectorId: 1, idTag: 'EMS' }]);
    const transactionId = await begin();
    for (const status of ['Charging', 'SuspendedEV', 'Preparing']) await field.status(status);
    await field.say('StopTransaction', { transactionId, meterStop: 5, timestamp: field.time() });
    for (const status of ['Finishing', 'Preparing']) await field.status(status);
    await field.pass(2000);
    assert.equal(field.asked('RemoteStartTransaction').length, 1);
    await field.status('Available');
    await field.status('Preparing');
    await field.pass(2000);
    assert.equal(field.asked('RemoteStartTransaction').length, 2);
  });

  it('a car that is there before the station can be asked anything is started as well (Easee)', async () => {
    field = await createScriptedStation({ driver: { presets: listPresets() } });
    await field.connect();
    await field.boot({ vendor: 'Easee' });
    await field.status('Preparing');
    await field.pass(5000);
    assert.deepEqual(field.asked('RemoteStartTransaction'), [{ connectorId: 1, idTag: 'EMS' }]);
  });

  it('without a preset nobody is started from here', async () => {
    await boot({});
    await field.status('Preparing');
    await field.pass(5000);
    assert.deepEqual(field.asked('RemoteStartTransaction'), []);
  });
});
