/** Stations that connect, boot and speak in ways of their own: on a real socket, frame by frame. */
import assert from 'node:assert/strict';
import { listPresets } from '../../../src/drivers/ocpp/presets.ts';
import { faultsOfCall } from '../../support/ocpp/ocpp-schemas.ts';
import {
  type Answering,
  createScriptedStation,
  type ScriptedStation,
  type ScriptedStationOptions,
} from '../../support/ocpp/scripted-station.ts';
import { createSettings, usualSettings } from '../../support/ocpp/station-configuration.ts';

const minute = 60_000;

describe('stations in the field: connecting and booting', () => {
  let field: ScriptedStation;
  const open = async (options: ScriptedStationOptions = {}): Promise<void> => {
    field = await createScriptedStation(options);
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
      await open({
        version,
        answers: version === '1.6' ? createSettings({ ...usualSettings }).answers : () => undefined,
      });
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
      // 2.x is asked for its settings, and for those of its EVSE.
      const once = version === '1.6' ? 1 : 2;
      assert.equal(read.length, once, 'a boot that was asked for is no reason to begin again');
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
    const settings = createSettings({ ...usualSettings });
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
    const settings = createSettings({ ...usualSettings });
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
    await field.status('Available');
    await field.pass(10_000);
    // Refused both ways of asking, it is set up as far as it goes.
    assert.deepEqual(field.actions().slice(0, 3), ['GetConfiguration', 'GetConfiguration', 'ChangeConfiguration']);
    assert.equal(field.states.at(-1)?.kind, 'online');
  });

  it('what only goes to stations is refused as such', async () => {
    await open({ version: '2.0.1' });
    await field.connect();
    assert.deepEqual((await field.frame('Reset', { type: 'Immediate' })).slice(0, 3), [4, 'm1', 'NotSupported']);
  });

  /** ocpp-rpc 2.2.1 in strict mode refuses all of these. */
  const at = '2026-11-23T10:00:00Z';
  const frames: [name: string, action: string, payload: object, shows: Record<string, unknown>, says: string[]][] = [
    ['an extra field', 'Heartbeat', { extra: 1 }, {}, []],
    [
      'an empty error code',
      'StatusNotification',
      { connectorId: 1, errorCode: '', status: 'Available' },
      { '1/status': 'available', '1/error_code': '' },
      [],
    ],
    [
      'words that are too long',
      'StatusNotification',
      { connectorId: 1, errorCode: 'NoError', status: 'Available', info: 'i'.repeat(300) },
      { '1/status': 'available' },
      ['info has 300 characters: cut to 255'],
    ],
    [
      'names that are too long',
      'BootNotification',
      { chargePointVendor: 'v'.repeat(60), chargePointModel: 'm'.repeat(60), iccid: '8'.repeat(60) },
      {},
      [],
    ],
    [
      'a register in fractions',
      'StartTransaction',
      { connectorId: 1, idTag: 'T', meterStart: 10.5, timestamp: at },
      { '1/energy_imported': 10.5 },
      [],
    ],
    [
      'a register as text',
      'StopTransaction',
      { transactionId: 1, meterStop: '20', timestamp: at },
      {},
      ['meterStop is "20": taken as 20'],
    ],
    [
      'units that the schema does not know',
      'MeterValues',
      {
        connectorId: '1',
        meterValue: [
          {
            timestamp: at,
            sampledValue: [
              { value: 50, measurand: 'Frequency', unit: 'Hertz' },
              { value: '12', measurand: 'SoC', unit: '%' },
            ],
          },
        ],
      },
      { '1/frequency': 50, '1/soc': 12 },
      ['connectorId is "1": taken as 1', 'Frequency is a number, not a string'],
    ],
    [
      'words of another case',
      'StatusNotification',
      { connectorId: 1, errorCode: 'noError', status: 'suspendedEV' },
      { '1/status': 'suspended_ev' },
      ['status is written "suspendedEV"'],
    ],
  ];
  for (const [name, action, payload, shows, says] of frames)
    it(`${action} with ${name} is taken, told of, and answered by its schema`, async () => {
      await open();
      await field.connect();
      assert.notEqual(faultsOfCall('1.6', action, payload), undefined, 'the schema would refuse it');
      await field.say(action, payload);
      for (const [path, value] of Object.entries(shows)) assert.equal(field.last(path), value, path);
      assert.deepEqual(
        field.named('protocol_deviation').map(({ message }) => message),
        says,
      );
    });

  it('what was too long for the schema is known as far as it is kept', async () => {
    await open();
    await field.connect();
    await field.boot({ vendor: 'v'.repeat(60), model: 'm'.repeat(60) });
    const { vendor, model } = field.driver().facts().boot ?? {};
    assert.deepEqual([vendor, model], ['v'.repeat(60), 'm'.repeat(60)]);
    await field.status('Faulted', 1, { errorCode: 'OtherError', info: 'i'.repeat(300) });
    assert.equal(field.told('1/error_code').at(-1)?.raw, 'i'.repeat(255));
    await field.say('StopTransaction', { transactionId: 1, meterStop: '20', timestamp: at });
    assert.equal(field.named('session_ended')[0]?.data?.meter_stop_wh, 20);
  });

  for (const error of [
    'OccurenceConstraintViolation',
    'OccurrenceConstraintViolation',
    'FormatViolation',
    'FormationViolation',
  ])
    it(`an answer with the error ${error} is an answer, in whatever spelling`, async () => {
      await open({ answers: (action) => (action === 'GetConfiguration' ? { error } : undefined) });
      await field.connect();
      await field.boot();
      await field.status('Available');
      await field.pass(20_000);
      const [refused] = field
        .driver()
        .summary()
        .refused.filter(({ asked }) => asked === 'get_variables');
      assert.match(refused?.answer ?? '', new RegExp(`^${error}`));
      assert.ok(field.asked('ChangeConfiguration').length > 0, 'it goes on');
    });

  it('firmware for 2.0.1 that speaks the fields of 1.6 is answered, and breaks nothing (FoxESS)', async () => {
    await open({ version: '2.0.1' });
    await field.ready();
    const timestamp = field.time();
    await field.say('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Charging', timestamp });
    const sampledValue = [{ value: '7000', measurand: 'Power.Active.Import', unit: 'W' }];
    await field.say('MeterValues', { connectorId: 1, meterValue: [{ timestamp, sampledValue }] });
    assert.equal(field.last('1/power'), 7000);
    assert.match(
      field
        .named('protocol_deviation')
        .map(({ message }) => message)
        .join(),
      /without a connectorStatus/,
    );
    assert.equal(field.states.at(-1)?.kind, 'online');
  });

  it('of two connections the newest is the station, and the end of the old one ends nothing', async () => {
    await open();
    await field.ready();
    await field.status('Charging');
    const old = field.station();
    await field.connect();
    assert.equal((await old.closed).code, 1008);
    await field.status('Charging');
    await field.pass(6000);
    assert.deepEqual([field.states.at(-1)?.kind, field.last('1/status')], ['online', 'charging']);
    assert.ok(field.states.every(({ kind }) => kind !== 'offline'));
  });

  it('what is wrong with its messages is answered in 255 characters', async () => {
    await open();
    await field.connect();
    const [type, , code, words] = await field.frame('X'.repeat(2000), {});
    assert.deepEqual([type, code], [4, 'NotImplemented']);
    assert.ok(String(words).length <= 255);
  });
});
