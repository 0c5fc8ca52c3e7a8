import assert from 'node:assert/strict';
import type { Codec } from '../../../../src/drivers/ocpp/codec/codec.ts';
import type { OcppDriverOptions } from '../../../../src/drivers/ocpp/driver.ts';
import type {
  StationMessage,
  StationRequest,
  StationResult,
  Variable,
  Version,
} from '../../../../src/drivers/ocpp/messages.ts';
import { CallFailure } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { listPresets } from '../../../../src/drivers/ocpp/presets.ts';
import {
  accepted,
  boot,
  createDecodedStation,
  type DecodedStation,
  passingCodec,
  rejected,
  type StationAnswer,
  usualOptions,
} from '../../../support/ocpp/decoded-station.ts';

const minute = 60_000;

/** The settings of a station: told, and changed. */
const createConfiguration = (values: Record<string, string | undefined>, readOnly: string[] = []) => {
  const changes: [name: string, value: string][] = [];
  let fits = (_name: string, _value: string): boolean => true;
  const tell = (names: string[]): StationResult => ({
    ...accepted,
    variables: names
      .filter((name) => name in values)
      .map((name): Variable & { status: string } => ({
        name,
        value: values[name],
        isReadOnly: readOnly.includes(name),
        status: 'Accepted',
      })),
  });
  return {
    changes,
    values,
    setFits(next: typeof fits): void {
      fits = next;
    },
    answer(request: StationRequest): StationAnswer {
      if (request.kind === 'get_variables')
        return tell(request.variables?.map(({ name }) => name) ?? Object.keys(values));
      if (request.kind !== 'set_variables') return undefined;
      const [{ name, value } = { name: '', value: '' }] = request.variables;
      changes.push([name, value]);
      if (!fits(name, value)) return rejected;
      values[name] = value;
      return accepted;
    },
  };
};

const usual = {
  NumberOfConnectors: '2',
  SupportedFeatureProfiles: 'Core,SmartCharging,RemoteTrigger',
  ChargingScheduleAllowedChargingRateUnit: 'Current, Power',
  ChargeProfileMaxStackLevel: '8',
  MeterValuesSampledData: 'Energy.Active.Import.Register',
  MeterValueSampleInterval: '60',
};
const wanted = 'Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered,SoC';

describe('a station made ready', () => {
  let rig: DecodedStation;
  const open = (more: Partial<OcppDriverOptions> = {}): void => {
    rig = createDecodedStation(more);
  };
  beforeEach(() => open());
  afterEach(() => rig.driver().close());
  const kinds = (): string[] => rig.requests.map(({ request }) => request.kind);
  const triggers = (): string[] => rig.asked('trigger').map(({ message }) => message);
  const bootWith = async (configuration: ReturnType<typeof createConfiguration>): Promise<void> => {
    rig.setAnswering(configuration.answer);
    await rig.connect();
    await rig.say(boot);
    await rig.status('available');
    await rig.clock.advanceAsync(10_000);
  };

  it('only what differs is changed; the rest is found out', async () => {
    const configuration = createConfiguration({ ...usual });
    await bootWith(configuration);
    assert.deepEqual(configuration.changes, [
      ['MeterValueSampleInterval', '10'],
      ['MeterValuesSampledData', wanted],
    ]);
    const { units, maxStackLevel, features, evses } = rig.driver().facts();
    assert.deepEqual(
      [units, maxStackLevel, features, evses],
      [['A', 'W'], 8, ['core', 'smartcharging', 'remotetrigger'], [1, 2]],
    );
    rig.drop();
    await rig.clock.advanceAsync(2 * minute);
    await bootWith(configuration);
    assert.equal(configuration.changes.length, 2);
  });

  it('what is read only, or not there, is left alone', async () => {
    const { MeterValueSampleInterval: _, ...rest } = usual;
    const configuration = createConfiguration({ ...rest }, ['MeterValuesSampledData']);
    await bootWith(configuration);
    assert.deepEqual(configuration.changes, []);
  });

  it('keys are found whatever their case', async () => {
    const configuration = createConfiguration({ metervaluesampleinterval: '10', METERVALUESSAMPLEDDATA: wanted });
    await bootWith(configuration);
    assert.deepEqual(configuration.changes, []);
  });

  const unitCases: [text: string, units: string[] | undefined][] = [
    ['Current,Power', ['A', 'W']],
    ['Power', ['W']],
    ['A', ['A']],
    ['W', ['W']],
    ['Current, Power', ['A', 'W']],
    ['', undefined],
  ];
  for (const [text, units] of unitCases)
    it(`units "${text}"`, async () => {
      await bootWith(createConfiguration({ ChargingScheduleAllowedChargingRateUnit: text }));
      assert.deepEqual(rig.driver().facts().units, units);
    });

  it('where all settings at once are refused, they are asked for by name', async () => {
    const configuration = createConfiguration({ ...usual });
    rig.setAnswering((request) =>
      request.kind === 'get_variables' && !request.variables
        ? new CallFailure('error', 'no', 'InternalError')
        : configuration.answer(request),
    );
    await rig.connect();
    await rig.say(boot);
    await rig.clock.advanceAsync(10_000);
    assert.equal(rig.driver().facts().maxStackLevel, 8);
    assert.ok(rig.asked('get_variables').every(({ variables }) => variables === undefined || variables.length > 0));
  });

  it('measurands one by one where the list is refused, and what was taken is remembered', async () => {
    const configuration = createConfiguration({ ...usual, MeterValueSampleInterval: '10' });
    configuration.setFits((name, value) => name !== 'MeterValuesSampledData' || !/SoC|Offered/.test(value));
    await bootWith(configuration);
    const taken = 'Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage';
    assert.equal(configuration.values.MeterValuesSampledData, taken);
    const { length } = configuration.changes;
    rig.drop();
    await rig.clock.advanceAsync(2 * minute);
    await bootWith(configuration);
    assert.equal(configuration.changes.length, length);
  });

  it('no more of them than the station takes', async () => {
    const configuration = createConfiguration({ ...usual, MeterValuesSampledDataMaxLength: '2' });
    await bootWith(configuration);
    assert.equal(configuration.values.MeterValuesSampledData, 'Energy.Active.Import.Register,Power.Active.Import');
  });

  it('ABB: those of its preset, and nothing is tried', async () => {
    open({ presets: listPresets() });
    const configuration = createConfiguration({ ...usual, MeterValueSampleInterval: '10' });
    configuration.setFits(() => false);
    rig.setAnswering(configuration.answer);
    await rig.connect();
    await rig.say({ ...boot, vendor: 'ABB', model: 'TAC-W22' });
    await rig.clock.advanceAsync(10_000);
    assert.deepEqual(configuration.changes, [
      ['MeterValuesSampledData', 'Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage'],
    ]);
  });

  it('2.x: by the names it has there; values may be missing', async () => {
    const configuration = createConfiguration({
      'SmartChargingCtrlr.RateUnit': 'W',
      'SmartChargingCtrlr.ProfileStackLevel': undefined,
      'SmartChargingCtrlr.Phases3to1': 'true',
      'SampledDataCtrlr.TxUpdatedInterval': '30',
      'SampledDataCtrlr.TxUpdatedMeasurands': wanted,
    });
    rig.setAnswering(configuration.answer);
    await rig.connect('2.0.1');
    await rig.say(boot);
    await rig.clock.advanceAsync(10_000);
    assert.deepEqual(configuration.changes, [['SampledDataCtrlr.TxUpdatedInterval', '10']]);
    const { units, maxStackLevel, switchesPhases } = rig.driver().facts();
    assert.deepEqual([units, maxStackLevel, switchesPhases], [['W'], undefined, true]);
  });

  it('2.x: a transaction that is over by the station’s own words is not taken for running', async () => {
    await rig.ready('2.0.1');
    await rig.status('occupied');
    const facts = { at: rig.clock.now(), isOffline: false, meterValues: [] };
    await rig.say({ kind: 'transaction_started', evse: 1, transaction: 'T1', chargingState: 'charging', ...facts });
    rig.drop();
    rig.setAnswering(({ kind }) => (kind === 'transaction_status' ? { ...accepted, isOngoing: false } : undefined));
    await rig.clock.advanceAsync(2 * minute);
    await rig.connect('2.0.1');
    await rig.status('occupied');
    assert.equal(rig.last('1/session_id'), 'T1');
    await rig.clock.advanceAsync(10_000);
    assert.deepEqual(rig.asked('transaction_status').at(-1), { kind: 'transaction_status', transaction: 'T1' });
    assert.deepEqual([rig.last('1/session_id'), rig.last('1/status')], ['', 'finishing']);
    await rig.say({ kind: 'transaction_ended', transaction: 'T1', meterStopWh: 5, reason: 'Local', ...facts });
    assert.equal(rig.named('session_ended').length, 1);
  });

  describe('without a boot', () => {
    it('a silent connection is usable after 5 s, and its boot and status are asked for', async () => {
      await rig.connect();
      await rig.clock.advanceAsync(4000);
      assert.deepEqual(kinds(), []);
      await rig.status('available');
      await rig.clock.advanceAsync(10_000);
      assert.equal(rig.states.at(-1)?.kind, 'online');
      assert.deepEqual(triggers(), ['boot']);
      rig.drop();
      await rig.clock.advanceAsync(2 * minute);
      rig.requests.length = 0;
      await rig.connect();
      await rig.clock.advanceAsync(15_000);
      assert.deepEqual(triggers(), ['boot', 'status']);
    });

    it('where it cannot be asked, it is not', async () => {
      rig.setAnswering(createConfiguration({ ...usual, SupportedFeatureProfiles: 'Core' }).answer);
      await rig.connect();
      await rig.clock.advanceAsync(15_000);
      assert.deepEqual(triggers(), []);
    });

    it('its answer to that is no reason to begin again', async () => {
      await rig.connect();
      await rig.clock.advanceAsync(8000);
      const { length } = rig.asked('get_variables');
      await rig.say(boot);
      await rig.clock.advanceAsync(2 * minute);
      assert.equal(rig.asked('get_variables').length, length);
    });

    it('Wallbox: nothing is asked before it has booted', async () => {
      open({ quirks: { needsBoot: true } });
      await rig.connect();
      await rig.status('available');
      await rig.clock.advanceAsync(25_000);
      assert.deepEqual(kinds(), []);
      await rig.say(boot);
      await rig.clock.advanceAsync(5000);
      assert.ok(kinds().length > 0);
    });
  });

  it('one thing at a time', async () => {
    let open = 0;
    let most = 0;
    const configuration = createConfiguration({ ...usual });
    rig.setAnswering((request) => {
      open++;
      most = Math.max(most, open);
      rig.clock.after(20, () => open--);
      return configuration.answer(request);
    });
    await rig.connect();
    await rig.say(boot);
    await rig.clock.advanceAsync(20_000);
    assert.ok(most <= 1, `${most} at once`);
  });

  it('Star Charge: slowly', async () => {
    open({ quirks: { paceMs: 2000 } });
    const times: number[] = [];
    rig.setAnswering(() => void times.push(rig.clock.monotonic()) as undefined);
    await rig.connect();
    await rig.say(boot);
    await rig.clock.advanceAsync(30_000);
    assert.ok(times.length > 3);
    for (const [i, at] of times.entries()) assert.ok(i === 0 || at - (times[i - 1] ?? 0) >= 2000);
  });

  it('a loop of reboots ends without us', async () => {
    for (let i = 0; i < 8; i++) {
      await bootWith(createConfiguration({ ...usual }));
      rig.drop();
      await rig.clock.advanceAsync(2 * minute);
    }
    assert.equal(rig.asked('get_variables').length, 5);
    assert.ok(rig.named('reboot_loop').length > 0);
    assert.equal(rig.named('reboot_loop')[0]?.severity, 'warning');
  });

  it('silence is taken for an answer', async () => {
    rig.setAnswering(() => new CallFailure('timeout', 'no answer'));
    await rig.connect();
    await rig.say(boot);
    await rig.clock.advanceAsync(minute);
    assert.equal(rig.requests.length, 2);
    assert.equal(rig.states.at(-1)?.kind, 'online');
  });

  it('the list of tags is pushed where there is one, once', async () => {
    const expiresAt = Date.UTC(2030, 0, 1);
    const authorisation = {
      ...usualOptions.authorisation,
      mode: 'list' as const,
      tags: [
        { id: 'A', expiresAt },
        { id: 'B', isBlocked: true },
      ],
    };
    open({ authorisation });
    const configuration = createConfiguration({
      ...usual,
      SupportedFeatureProfiles: 'Core,LocalAuthListManagement',
    });
    await bootWith(configuration);
    assert.deepEqual(rig.asked('send_local_list'), [
      {
        kind: 'send_local_list',
        version: 1,
        isUpdate: false,
        tokens: [{ token: { id: 'A', type: 'Central' }, expiresAt }],
      },
    ]);
    rig.drop();
    await rig.clock.advanceAsync(2 * minute);
    await bootWith(configuration);
    assert.equal(rig.asked('send_local_list').length, 1);
    open({ authorisation });
    await bootWith(createConfiguration({ ...usual }));
    assert.deepEqual(rig.asked('send_local_list'), []);
  });

  it('a car that waits is started once for each time it is plugged in (Easee, Autel)', async () => {
    open({ quirks: { needsRemoteStart: true } });
    await rig.ready();
    for (const status of ['preparing', 'suspended_evse', 'preparing', 'available', 'preparing'] as const) {
      await rig.status(status);
      await rig.clock.advanceAsync(1000);
    }
    assert.equal(rig.asked('start').length, 2);
  });

  it('FoxESS: says when it may be back', async () => {
    open({ presets: listPresets() });
    await rig.connect();
    await rig.say({ ...boot, vendor: 'FOXESS' });
    await rig.clock.advanceAsync(5000);
    rig.drop();
    const state = rig.states.at(-1);
    assert.deepEqual([state?.kind, state?.kind === 'offline' && state.retryMs], ['offline', 1_200_000]);
  });

  it('what is odd about its messages is told once, for people who look for it', async () => {
    const codecOf = (version: Version): Codec => ({
      ...passingCodec(version),
      decode: (_action, payload) => ({
        ok: true,
        event: payload as StationMessage,
        notes: ['unit "Hertz" read as Hz'],
      }),
    });
    open({ codecOf });
    await rig.connect();
    for (let i = 0; i < 3; i++) await rig.say({ kind: 'heartbeat' });
    assert.deepEqual(
      rig.named('protocol_deviation').map(({ severity, message }) => [severity, message]),
      [['debug', 'unit "Hertz" read as Hz']],
    );
  });

  it('what cannot be understood at all is refused with its code', async () => {
    const codecOf = (version: Version): Codec => ({
      ...passingCodec(version),
      decode: (action) => ({ ok: false, code: 'NotImplemented', reason: `there is no ${action}` }),
    });
    open({ codecOf });
    await rig.connect();
    await assert.rejects(
      async () => rig.driver().called('Nonsense', {}),
      (error: unknown) => error instanceof CallFailure && error.code === 'NotImplemented',
    );
  });
});
