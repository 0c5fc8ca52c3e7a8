/** Stations that connect, boot and are made ready in ways of their own: on a real socket, frame by frame. */
import assert from 'node:assert/strict';
import { listPresets } from '../../../src/drivers/ocpp/library.ts';
import {
  type Answering,
  createField,
  type Field,
  type FieldOptions,
  type Payload,
} from '../../support/field-station.ts';

const minute = 60_000;

/** The settings of a station of 1.6. */
const createSettings = (values: Record<string, string>) => {
  const changes: [key: unknown, value: unknown][] = [];
  let verdict = (_key: string, _value: string): string => 'Accepted';
  const tell = (keys: string[]): object => ({
    configurationKey: keys
      .filter((key) => key in values)
      .map((key) => ({ key, readonly: key === 'NumberOfConnectors', value: values[key] })),
    unknownKey: keys.filter((key) => !(key in values)),
  });
  const answers: Answering = (action, payload) => {
    if (action === 'GetConfiguration') return tell((payload.key as string[] | undefined) ?? Object.keys(values));
    if (action !== 'ChangeConfiguration') return undefined;
    const [key, value] = [String(payload.key), String(payload.value)];
    changes.push([key, value]);
    const status = verdict(key, value);
    if (status === 'Accepted' || status === 'RebootRequired') values[key] = value;
    return { status };
  };
  return {
    values,
    changes,
    answers,
    judge(next: typeof verdict): void {
      verdict = next;
    },
  };
};

const usual = {
  NumberOfConnectors: '1',
  SupportedFeatureProfiles: 'Core,SmartCharging,RemoteTrigger',
  ChargingScheduleAllowedChargingRateUnit: 'Current,Power',
  ChargeProfileMaxStackLevel: '8',
  MeterValuesSampledData: 'Energy.Active.Import.Register',
  MeterValueSampleInterval: '60',
};
const wanted = 'Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered,SoC';

describe('stations in the field: connecting and booting', () => {
  let field: Field;
  const open = async (options: FieldOptions = {}): Promise<void> => {
    field = await createField(options);
  };
  afterEach(() => field.close());
  const triggered = (): unknown[] => field.asked('TriggerMessage').map(({ requestedMessage }) => requestedMessage);

  for (const version of ['1.6', '2.0.1', '2.1'] as const)
    it(`${version}: a boot is answered with our time in UTC, how often to be heard, and that it is taken`, async () => {
      await open({ version });
      await field.connect();
      const { currentTime, interval, status } = await field.boot();
      assert.deepEqual([interval, status], [300, 'Accepted']);
      assert.match(String(currentTime), /Z$/);
      assert.equal(Date.parse(String(currentTime)), field.clock.now());
    });

  for (const version of ['1.6', '2.0.1'] as const) {
    const charging = version === '1.6' ? 'Charging' : 'Occupied';

    it(`${version}: back without a boot it is used all the same, and asked for what it did not say`, async () => {
      await open({ version, answers: version === '1.6' ? createSettings({ ...usual }).answers : () => undefined });
      await field.ready();
      await field.drop();
      await field.pass(2 * minute);
      field.calls.length = 0;
      await field.connect();
      await field.status(charging);
      await field.pass(1000);
      assert.notEqual(field.states.at(-1)?.kind, 'online', 'perhaps its boot comes after all');
      await field.pass(14_000);
      assert.equal(field.states.at(-1)?.kind, 'online');
      assert.deepEqual(triggered(), ['BootNotification']);
      await field.drop();
      await field.pass(2 * minute);
      field.calls.length = 0;
      await field.connect();
      await field.pass(4000);
      assert.deepEqual(field.actions(), [], 'silent, it has 5 s to boot');
      await field.pass(10_000);
      assert.deepEqual(triggered(), ['BootNotification', 'StatusNotification']);
      await field.boot();
      await field.pass(2 * minute);
      const read = field.actions().filter((action) => /^Get(Configuration|Variables)$/.test(action));
      assert.equal(read.length, 1, 'a boot that was asked for is no reason to begin again');
    });
  }

  it('one that hangs up when it is asked before its boot (Wallbox Pulsar Max)', async () => {
    let hasBooted = false;
    const answers: Answering = (action) => {
      if (hasBooted || (action === 'TriggerMessage' && field.calls.length === 1)) return undefined;
      return 'hang_up';
    };
    await open({ answers, driver: { presets: listPresets() } });
    const bootAs = async (): Promise<void> => {
      await field.boot({ vendor: 'Wall Box Chargers', model: 'PUP1-0-2-4', firmware: '4.9.7' });
      hasBooted = true;
    };
    await field.connect();
    await field.pass(4000);
    await bootAs();
    await field.pass(10_000);
    assert.ok(field.actions().includes('GetConfiguration'));
    assert.equal(field.states.at(-1)?.kind, 'online');

    // Known now: it has as long as it takes.
    await field.drop();
    [hasBooted, field.calls.length] = [false, 0];
    await field.pass(2 * minute);
    await field.connect();
    await field.status('Available');
    await field.pass(25_000);
    assert.deepEqual(field.actions(), []);
    await bootAs();
    await field.pass(10_000);
    assert.ok(field.actions().includes('GetConfiguration'));

    // Never booting by itself, it is asked to before anything else.
    await field.drop();
    [hasBooted, field.calls.length] = [false, 0];
    await field.pass(2 * minute);
    await field.connect();
    await field.pass(31_000);
    assert.deepEqual(field.actions(), ['TriggerMessage']);
    await bootAs();
    await field.pass(10_000);
    assert.ok(field.actions().includes('GetConfiguration'));
    assert.equal(field.states.at(-1)?.kind, 'online');
  });

  it('set up again after every boot, not more often than once a minute, and not in a loop (ABB, Star Charge)', async () => {
    const settings = createSettings({ ...usual });
    await open({ answers: settings.answers });
    const readings = (): number => field.asked('GetConfiguration').length;
    await field.connect();
    for (let i = 0; i < 3; i++) {
      await field.boot();
      await field.pass(5000);
    }
    assert.equal(readings(), 1);
    await field.pass(minute);
    assert.equal(readings(), 2);
    for (let i = 0; i < 8; i++) {
      await field.drop();
      await field.pass(2 * minute);
      await field.connect();
      await field.boot();
      await field.pass(5000);
    }
    assert.equal(readings(), 5);
    assert.equal(field.named('reboot_loop')[0]?.severity, 'warning');
    assert.equal(field.states.at(-1)?.kind, 'online', 'it is used all the same');
    assert.equal(settings.changes.length, 2, 'nothing is written twice');
  });

  it('one that hangs up when it is hurried is asked slowly, one thing at a time (Star Charge)', async () => {
    let open16 = 0;
    let most = 0;
    const settings = createSettings({ ...usual });
    const slow: Answering = (action, payload) => {
      most = Math.max(most, ++open16);
      field.clock.after(300, () => {
        open16--;
        const id = field.station().frames.at(-1)?.[1];
        field.station().send([3, id, settings.answers(action, payload) ?? { status: 'Accepted' }]);
      });
      return 'silence';
    };
    await open({ answers: slow, driver: { presets: listPresets() } });
    await field.connect();
    await field.boot({ vendor: 'Star Charge' });
    await field.pass(40_000);
    const times = field.calls.map(({ at }) => at);
    assert.ok(times.length >= 4, field.actions().join());
    assert.equal(most, 1);
    for (const [i, at] of times.entries()) if (i > 0) assert.ok(at - (times[i - 1] ?? 0) >= 2300, times.join());
  });

  it('back after a quarter of an hour: until then it is away, not broken (FoxESS)', async () => {
    await open({ driver: { presets: listPresets() } });
    await field.connect();
    await field.boot({ vendor: 'FoxESS' });
    await field.pass(5000);
    await field.drop();
    await field.pass(19 * minute);
    const state = field.states.at(-1);
    assert.equal(state?.kind === 'offline' && state.retryMs, 20 * minute);
    assert.deepEqual(
      field.events.filter(({ severity }) => severity === 'alarm'),
      [],
    );
    await field.connect();
    await field.pass(6000);
    assert.equal(field.states.at(-1)?.kind, 'online');
  });

  it('empty frames and errors of any length change nothing', async () => {
    const description = 'and again '.repeat(100);
    await open({
      answers: (action) => (action === 'GetConfiguration' ? { error: 'GenericError', description } : undefined),
    });
    await field.connect();
    for (const text of ['', ' ', '\n']) field.station().socket.send(text);
    await field.boot();
    await field.pass(10_000);
    // Refused both ways of asking, it is set up as far as it goes.
    assert.deepEqual(field.actions().slice(0, 3), ['GetConfiguration', 'GetConfiguration', 'ChangeConfiguration']);
    assert.equal(field.states.at(-1)?.kind, 'online');
  });

  it('what is wrong with its messages is answered in 255 characters', async () => {
    await open();
    await field.connect();
    const [type, , code, words] = await field.frame('X'.repeat(2000), {});
    assert.deepEqual([type, code], [4, 'NotImplemented']);
    assert.ok(String(words).length <= 255);
  });
});

describe('stations in the field: being made ready', () => {
  let field: Field;
  const boot = async (options: FieldOptions, more?: Parameters<Field['boot']>[0]): Promise<void> => {
    field = await createField(options);
    await field.connect();
    await field.boot(more);
    await field.status('Available');
    await field.pass(20_000);
  };
  afterEach(() => field.close());

  it('only what differs is changed, also after its next boot', async () => {
    const settings = createSettings({ ...usual });
    await boot({ answers: settings.answers });
    assert.deepEqual(settings.changes, [
      ['MeterValueSampleInterval', '10'],
      ['MeterValuesSampledData', wanted],
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
      const settings = createSettings({ ...usual });
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
      const settings = createSettings({ ...usual, ChargingScheduleAllowedChargingRateUnit: text });
      await boot({ answers: settings.answers });
      assert.deepEqual(field.driver().facts().units, known);
      await field.apply('set_current_limit', { current_a: 10 });
      const [profile] = field
        .asked('SetChargingProfile')
        .map(({ csChargingProfiles }) => csChargingProfiles as Payload);
      assert.equal((profile?.chargingSchedule as Payload | undefined)?.chargingRateUnit, known[0]);
    });

  it('keys in any case', async () => {
    const settings = createSettings({ metervaluesampleinterval: '10', METERVALUESSAMPLEDDATA: wanted });
    await boot({ answers: settings.answers });
    assert.deepEqual(settings.changes, []);
  });

  it('measurands one by one where it refuses the list, and never again what it has refused', async () => {
    const settings = createSettings({ ...usual, MeterValueSampleInterval: '10' });
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
    const settings = createSettings({ ...usual, MeterValuesSampledDataMaxLength: '2' });
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
    const settings = createSettings({ ...usual, MeterValueSampleInterval: '10' });
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
      const settings = createSettings({ ...usual, SupportedFeatureProfiles: 'Core,SmartCharging' });
      settings.judge(() => status);
      await boot({ answers: settings.answers });
      assert.equal(field.states.at(-1)?.kind, 'online');
      assert.equal(settings.changes.length, status === 'RebootRequired' ? 2 : 8);
      assert.deepEqual(field.asked('Reset'), []);
    });

  it('one that answers nothing is left alone after two questions', async () => {
    await boot({ answers: () => 'silence' });
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
      ['TxUpdatedInterval', 'TxUpdatedMeasurands'],
    );
  });

  for (const version of ['1.6', '2.0.1', '2.1'] as const)
    it(`${version}: neither its availability nor a reset belongs to being made ready (EN+)`, async () => {
      const settings = createSettings({ ...usual });
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

  it('without a preset nobody is started from here', async () => {
    await boot({});
    await field.status('Preparing');
    await field.pass(5000);
    assert.deepEqual(field.asked('RemoteStartTransaction'), []);
  });
});
