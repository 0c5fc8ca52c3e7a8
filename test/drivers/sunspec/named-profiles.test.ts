/** Profiles of the library whose points are named in SunSpec models. */
import assert from 'node:assert/strict';
import { findProfile, listProfiles, namesModels } from '../../../src/drivers/modbus/index.ts';
import { type DrivenDevice, driveDevice } from '../../support/sunspec/driven-device.ts';
import { commonModel, inverterModel, modulesModel, nameplateModel } from '../../support/sunspec/field-models.ts';
import type { ValuedModel } from '../../support/sunspec/valued-device.ts';
import { until } from '../../support/until.ts';

const storage: ValuedModel = {
  id: 124,
  values: {
    ...{ WChaMax: 5000, WChaMax_SF: 0, StorCtl_Mod: 0, ChaState: 63.5, ChaState_SF: -1, ChaSt: 4, ChaGriSet: 0 },
    ...{ OutWRte: 100, InWRte: 100, InOutWRte_SF: -2, InOutWRte_RvrtTms: 3600, WChaGra: 100, WDisChaGra: 100 },
    WChaDisChaGra_SF: 0,
  },
};
/** Two strings, and the battery that charges with 700 W. */
const gen24 = [
  commonModel('F-1', { Mn: 'Fronius', Md: 'Symo GEN24 8.0 Plus' }),
  inverterModel(3200),
  nameplateModel,
  modulesModel(1900, 2000, 700, 0),
  storage,
];

const profileOf = (id: string) => {
  const found = findProfile({ id });
  assert.ok(found.ok, found.ok ? '' : found.reason);
  return found.value;
};

let device: DrivenDevice;

const orderOf = (verb: string | undefined, params: Record<string, number | string> = {}) => ({
  actuator: 'battery',
  ...(verb === undefined ? {} : { verb }),
  params,
  limits: {},
  startBy: Number.POSITIVE_INFINITY,
  notAfter: Number.POSITIVE_INFINITY,
});

describe('profiles that name points of SunSpec models', () => {
  afterEach(() => device?.close());

  it('are those of inverters that list their models', () => {
    const named = listProfiles('').filter(({ profile }) => profile && namesModels(profile));
    assert.deepEqual(
      named.map(({ id, mistakes, hints }) => [id, mistakes, hints]),
      [['fronius-gen24-storage', [], []]],
    );
  });

  it('Fronius GEN24: reads the strings, the battery and the AC side, and who it is', async () => {
    device = await driveDevice(gen24, { named: { profile: profileOf('fronius-gen24-storage') } });
    await device.poll();
    const values = device.values();
    assert.equal(values['inverter/power'], 3200);
    assert.deepEqual(
      [values['solar/1/dc_power'], values['solar/2/dc_power'], values['solar/dc_power']],
      [1900, 2000, 3900],
    );
    assert.deepEqual(
      [values['battery/power'], values['battery/soc'], values['battery/status']],
      [-700, 63.5, 'charging'],
    );
    assert.equal(values['battery/max_charge_power'], 5000);
    const { vendor, model, serial, protocol } = device.driver.describe();
    assert.deepEqual([vendor, model, serial, protocol], ['Fronius', 'Symo GEN24 8.0 Plus', 'F-1', 'modbus']);
    assert.deepEqual(device.notes, [
      'ac.power.float: the device has no model 113; it lists 1, 103, 120, 160, 124',
      'ac.frequency.float: the device has no model 113; it lists 1, 103, 120, 160, 124',
    ]);
  });

  it('Fronius GEN24: charges from the grid, holds, and goes back to automatic', async () => {
    device = await driveDevice(gen24, { named: { profile: profileOf('fronius-gen24-storage') } });
    await device.poll();
    const { driver } = device;
    assert.deepEqual(Object.keys(driver.actuators()[0]?.verbs ?? {}), ['charge', 'hold']);
    const never = new AbortController().signal;
    const charged = await driver.apply(orderOf('charge', { power_w: 2000 }), never);
    assert.equal(charged.verified, true);
    const read = (path: string) => device.valueAt(124, path);
    assert.deepEqual(['StorCtl_Mod', 'OutWRte', 'ChaGriSet', 'InOutWRte_RvrtTms'].map(read), [2, -40, 1, 120]);
    await driver.apply(orderOf('hold', { allow: 'discharge' }), never);
    assert.deepEqual(['StorCtl_Mod', 'InWRte', 'OutWRte', 'ChaGriSet'].map(read), [1, 0, 100, 0]);
    await driver.apply(orderOf(undefined), never);
    assert.deepEqual(['StorCtl_Mod', 'InWRte', 'OutWRte', 'ChaGriSet'].map(read), [0, 100, 100, 0]);
    await until(() => device.states.at(-1)?.kind === 'online', 'online');
  });
});
