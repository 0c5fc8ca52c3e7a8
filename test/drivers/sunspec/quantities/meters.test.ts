/** Meters of the models 201 to 214, on a Modbus server. All numbers are worked out by hand. */
import assert from 'node:assert/strict';
import { type DrivenDevice, driveDevice } from '../../../support/sunspec/driven-device.ts';
import type { ValuedModel } from '../../../support/sunspec/valued-device.ts';

const common: ValuedModel = { id: 1, values: { Mn: 'Acme', Md: 'Meter', SN: 'M-1' } };
const measured = {
  AphA: 5.5,
  AphB: -3.2,
  AphC: 1.1,
  PhVphA: 230.1,
  PhVphB: 231.2,
  PhVphC: 229.9,
  Hz: 50.01,
  W: 780,
  WphA: 1250,
  WphB: -720,
  WphC: 250,
  VA: 900,
  VAphA: 1260,
  VAphB: 740,
  VAphC: 252,
  VAR: -210,
  VARphA: -90,
  VARphB: -60,
  VARphC: -60,
  TotWhExp: 44_400,
  TotWhExpPhA: 11_100,
  TotWhExpPhB: 22_200,
  TotWhExpPhC: 11_100,
  TotWhImp: 98_700,
  TotWhImpPhA: 32_900,
  TotWhImpPhB: 32_900,
  TotWhImpPhC: 32_900,
  TotVArhImpQ1: 1000,
  TotVArhImpQ2: 200,
  TotVArhExpQ3: 30,
  TotVArhExpQ4: 4000,
  Evt: 0,
};
const integers: ValuedModel = {
  id: 203,
  values: {
    ...measured,
    A_SF: -1,
    V_SF: -1,
    Hz_SF: -2,
    W_SF: 1,
    VA_SF: 0,
    VAR_SF: 1,
    PF_SF: -2,
    TotWh_SF: 2,
    TotVArh_SF: 0,
    PhVphAB: 398.4,
    PhVphBC: 399.1,
    PhVphCA: 400.2,
    // In per cent, as one maker tells it.
    PF: -96.91,
    PFphA: 99.2,
    PFphB: -97.3,
    PFphC: 99.2,
  },
};
const floats: ValuedModel = {
  id: 213,
  values: {
    ...measured,
    PPVphAB: 398.5,
    PPVphBC: 399.25,
    PPVphCA: 400.25,
    PF: 0.875,
    PFphA: -0.5,
    PFphB: 0.25,
    PFphC: 1,
  },
};

/** The values of both models that have no direction of their own. */
const undirected = {
  'meter/apparent_power': 900,
  'meter/apparent_power/l1': 1260,
  'meter/apparent_power/l2': 740,
  'meter/apparent_power/l3': 252,
  'meter/voltage/l1': 230.1,
  'meter/voltage/l2': 231.2,
  'meter/voltage/l3': 229.9,
  'meter/frequency': 50.01,
  'meter/energy_import': 98_700,
  'meter/energy_import/l1': 32_900,
  'meter/energy_import/l2': 32_900,
  'meter/energy_import/l3': 32_900,
  'meter/energy_export': 44_400,
  'meter/energy_export/l1': 11_100,
  'meter/energy_export/l2': 22_200,
  'meter/energy_export/l3': 11_100,
  'meter/energy_reactive_import': 1200,
  'meter/energy_reactive_export': 4030,
};
const directed = (sign: 1 | -1) => ({
  'meter/power': 780 * sign,
  'meter/power/l1': 1250 * sign,
  'meter/power/l2': -720 * sign,
  'meter/power/l3': 250 * sign,
  'meter/current/l1': 5.5 * sign,
  'meter/current/l2': -3.2 * sign,
  'meter/current/l3': 1.1 * sign,
  'meter/reactive_power': -210 * sign,
  'meter/reactive_power/l1': -90 * sign,
  'meter/reactive_power/l2': -60 * sign,
  'meter/reactive_power/l3': -60 * sign,
});
const ofIntegers = {
  'meter/voltage/l1_l2': 398.4,
  'meter/voltage/l2_l3': 399.1,
  'meter/voltage/l3_l1': 400.2,
  'meter/power_factor': -0.9691,
  'meter/power_factor/l1': 0.992,
  'meter/power_factor/l2': -0.973,
  'meter/power_factor/l3': 0.992,
};
const ofFloats = {
  'meter/voltage/l1_l2': 398.5,
  'meter/voltage/l2_l3': 399.25,
  'meter/voltage/l3_l1': 400.25,
  'meter/power_factor': 0.875,
  'meter/power_factor/l1': -0.5,
  'meter/power_factor/l2': 0.25,
  'meter/power_factor/l3': 1,
};

let device: DrivenDevice;
const drive = async (...given: Parameters<typeof driveDevice>): Promise<Record<string, unknown>> => {
  device = await driveDevice(...given);
  await device.poll();
  return device.values();
};
const provenOf = (path: string) => {
  const [type, quantity] = path.split('/');
  return device.driver.describe().channels.find((each) => each.type === type && each.quantity === quantity)
    ?.isSignVerified;
};

describe('SunSpec: meters', () => {
  afterEach(() => device.close());

  for (const [name, model, own] of [
    ['of integers', integers, ofIntegers],
    ['of floats', floats, ofFloats],
  ] as const) {
    it(`${name} count import as positive, as long as nobody says otherwise`, async () => {
      assert.deepEqual(await drive([common, model]), { ...undirected, ...own, ...directed(1) });
      assert.equal(provenOf('meter/power'), false);
      assert.deepEqual(device.driver.describe().components, { meter: { phases: 3 } });
    });

    it(`${name} that count import as positive are proved by the integrator`, async () => {
      assert.deepEqual(await drive([common, model], { choices: { meter_sign: 'import' } }), {
        ...undirected,
        ...own,
        ...directed(1),
      });
      assert.notEqual(provenOf('meter/power'), false);
    });

    it(`${name} that count export as positive are turned, and their counters are not`, async () => {
      assert.deepEqual(await drive([common, model], { choices: { meter_sign: 'export' } }), {
        ...undirected,
        ...own,
        ...directed(-1),
      });
      assert.notEqual(provenOf('meter/power'), false);
    });
  }

  it('that list their values in both forms are one meter', async () => {
    const values = await drive([common, floats, integers]);
    assert.deepEqual(values, { ...undirected, ...ofIntegers, ...directed(1) });
  });

  it('behind one inverter are numbered', async () => {
    const other = { ...floats, values: { ...floats.values, W: 55 } };
    const values = await drive([common, integers, common, other]);
    assert.deepEqual(
      ['meter/1/power', 'meter/2/power', 'meter/2/energy_reactive_import', 'meter/power'].map((path) => values[path]),
      [780, 55, 1200, undefined],
    );
  });

  it('behind one inverter may list their values in both forms', async () => {
    await drive([common, integers, common, integers, floats]);
    const types = device.driver.describe().channels.map(({ index }) => index);
    assert.deepEqual([...new Set(types)].sort(), [1, 2]);
  });

  it('have counters that begin again where their registers end', async () => {
    await drive([common, integers]);
    const { channels } = device.driver.describe();
    assert.equal(channels.find(({ quantity }) => quantity === 'energy_import')?.modulus, 2 ** 32 * 100);
  });

  it('tell a failure of their supply', async () => {
    device = await driveDevice([common, { ...integers, raw: { Evt: '0001 0004' } }]);
    await device.poll();
    assert.deepEqual(
      device.events.map(({ component, name, severity }) => [component, name, severity]),
      [
        [{ type: 'meter' }, 'power_failure', 'alarm'],
        [{ type: 'meter' }, 'oem01', 'alarm'],
      ],
    );
  });

  it('at 0 give a good 0 of counters that every meter has', async () => {
    const values = await drive([common, { ...integers, values: { ...integers.values, TotWhExp: 0, TotWhExpPhA: 0 } }]);
    assert.deepEqual([values['meter/energy_export'], values['meter/energy_export/l1']], [0, undefined]);
  });
});
