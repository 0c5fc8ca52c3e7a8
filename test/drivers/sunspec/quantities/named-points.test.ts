/** Points of the integrator that name points of models, beside the map and in a profile of their own. */
import assert from 'node:assert/strict';
import { type ProfilePoint, profileSchema } from '../../../../src/drivers/modbus/index.ts';
import { type DrivenDevice, driveDevice } from '../../../support/sunspec/driven-device.ts';
import type { ValuedModel } from '../../../support/sunspec/valued-device.ts';
import { until } from '../../../support/until.ts';

const common: ValuedModel = { id: 1, values: { Mn: 'Acme', Md: 'Sun 5', SN: 'S-1' } };
const inverter: ValuedModel = {
  id: 103,
  values: { W: 4000, W_SF: 1, Hz: 50, Hz_SF: 0, A: 17.4, A_SF: -1, St: 4, StVnd: 77, Evt1: 0, Evt2: 0 },
};
const strings: ValuedModel = {
  id: 160,
  repeats: 2,
  values: { DCW_SF: 0, 'module.1.DCW': 1500, 'module.2.DCW': 1600, 'module.2.Tms': 12 },
};
const meter = (watts: number): ValuedModel => ({ id: 203, values: { W: watts, W_SF: 0, A: 3, A_SF: 0 } });
const curve: ValuedModel = {
  id: 705,
  counts: { NPt: 2, NCrv: 1 },
  values: { V_SF: -1, DeptRef_SF: 0, 'Crv.1.Pt.2.V': 103.5 },
};
const models = [common, inverter, strings, meter(11), meter(22), curve];

const point = (name: string, addr: string, more: Partial<ProfilePoint> = {}): ProfilePoint => ({
  name,
  type: 'sunspec',
  addr,
  quantity: `inverter/x_${name}`,
  ...more,
});

let device: DrivenDevice;

describe('SunSpec: points of the integrator', () => {
  afterEach(() => device.close());

  it('name any point of any model', async () => {
    device = await driveDevice(models, {
      extraPoints: [
        point('total_current', '103:A'),
        point('vendor', '103:StVnd'),
        point('state', '103:St'),
        point('second_string', '160:2:DCW'),
        point('string_time', '160:2:Tms', { group: 'slow' }),
        point('slow_string', '160:1:DCW', { group: 'slow' }),
        point('strings', '160:0:N'),
        point('first_meter', '203:W', { sign: -1 }),
        point('second_meter', '203#2:W'),
        point('curve_voltage', '705:Crv.1.Pt.2.V', { group: 'slow' }),
      ],
    });
    await device.poll();
    const values = device.values();
    const own = Object.fromEntries(Object.entries(values).filter(([path]) => path.startsWith('inverter/x_')));
    assert.deepEqual(own, {
      'inverter/x_total_current': 17.4,
      'inverter/x_vendor': 77,
      'inverter/x_state': 'MPPT',
      'inverter/x_second_string': 1600,
      'inverter/x_string_time': 12,
      'inverter/x_slow_string': 1500,
      'inverter/x_strings': null,
      'inverter/x_first_meter': -11,
      'inverter/x_second_meter': 22,
      'inverter/x_curve_voltage': 103.5,
    });
    assert.equal(values['solar/power'], 4000, 'the map goes on');
    assert.deepEqual(device.notes, []);
  });

  it('take the place of those of the map', async () => {
    device = await driveDevice(models, {
      extraPoints: [point('ours', '103:A', { quantity: 'solar/power', unit: 'W' })],
    });
    await device.poll();
    assert.equal(device.values()['solar/power'], 17.4);
  });

  it('are polled as often as the scale factor that they share', async () => {
    const slow = point('again', '103:W', { group: 'slow', unit: 'W', quantity: 'inverter/power' });
    device = await driveDevice(models, { extraPoints: [slow] });
    await device.poll();
    assert.deepEqual([device.values()['inverter/power'], device.values()['solar/power']], [4000, 4000]);
    assert.equal(device.states.at(-1)?.kind, 'online');
  });

  it('may be parts of a sum', async () => {
    const sum: ProfilePoint = { name: 'both', sum: ['one', '-two'], quantity: 'inverter/x_both', unit: 'W' };
    const [one, two] = [point('one', '203:W'), point('two', '203#2:W')];
    device = await driveDevice(models, { extraPoints: [one, two, sum] });
    await device.poll();
    assert.equal(device.values()['inverter/x_both'], -11);
  });

  it('that the device does not have are told in words, and leave out what needs them', async () => {
    const sum: ProfilePoint = { name: 'both', sum: ['one', 'lost'], quantity: 'inverter/x_both', unit: 'W' };
    const first: ProfilePoint = { name: 'first', firstOf: ['lost', 'one'], quantity: 'inverter/x_first', unit: 'W' };
    device = await driveDevice(models, {
      extraPoints: [
        point('one', '203:W'),
        point('lost', '802:W'),
        point('third', '203#3:W'),
        point('far', '160:3:DCW'),
        sum,
        first,
      ],
    });
    await device.poll();
    assert.deepEqual([device.values()['inverter/x_both'], device.values()['inverter/x_first']], [undefined, 11]);
    assert.deepEqual(device.notes, [
      'lost: the device has no model 802; it lists 1, 103, 160, 203, 705',
      'third: the device lists model 203 2 times only',
      'far: model 160 of the device has no point module.3.DCW',
    ]);
  });

  it('are told, where no request can carry them, and the others are polled', async () => {
    device = await driveDevice([...models, { id: 64_411, values: {}, counts: { NProf: 1, NPt: 1 } }], {
      extraPoints: [point('harmonics', '64411:VHarA'), point('power', '103:W')],
    });
    await device.poll();
    assert.deepEqual(device.notes, [
      'harmonics: point VHarA of model 64411 has 150 registers, and one request can carry 125: it cannot be polled',
    ]);
  });

  it('with a mistake leave the device offline with that mistake', async () => {
    device = await driveDevice(models, {
      extraPoints: [point('wrong', '103:W', { quantity: 'inverter/energy_export' })],
    });
    await until(() => device.states.at(-1)?.kind === 'offline', 'offline');
    const state = device.states.at(-1);
    assert.match(state?.kind === 'offline' ? state.reason : '', /\(wrong\): W cannot be converted to Wh/);
  });

  it('make a profile of their own, in which registers stand beside them', async () => {
    const profile = profileSchema.parse({
      schema: 'profile/1',
      id: 'mixed',
      title: 'Mixed',
      class: 'inverter',
      params: { turn: { default: 'no', choices: { no: 'no', yes: 'yes' } } },
      variants: [{ when: { turn: 'yes' }, points: { power: { sign: -1 } } }],
      points: [
        { name: 'power', type: 'sunspec', addr: '103:W', quantity: 'inverter/power' },
        { name: 'lost', type: 'sunspec', addr: '714:DCW', quantity: 'inverter/dc_power' },
        { name: 'marker', type: 'uint16', addr: 40_000, quantity: 'inverter/x_marker' },
      ],
    });
    device = await driveDevice(models, { named: { profile, choice: { params: { turn: 'yes' } } } });
    await device.poll();
    assert.deepEqual(device.values(), { 'inverter/power': -4000, 'inverter/x_marker': 0x5375 });
    assert.equal(device.driver.describe().protocol, 'modbus');
    const [states, cycles] = [device.states.length, device.cycles.length];
    device.become([common, curve, inverter, strings]);
    // The models may be found again before anybody looks.
    await until(
      () =>
        device.states.slice(states).some(({ kind }) => kind === 'degraded') ||
        device.cycles.slice(cycles).some(({ samples }) => samples.some(({ value }) => value === null)),
      'moved',
    );
    await until(() => device.sample('inverter/power')?.value === -4000, 'found again');
  });
});
