/** Distributed energy resources of the models 701 to 715, on a Modbus server. All numbers are worked out by hand. */
import assert from 'node:assert/strict';
import { type DrivenDevice, driveDevice } from '../../../support/sunspec/driven-device.ts';
import type { ValuedModel } from '../../../support/sunspec/valued-device.ts';

const common: ValuedModel = { id: 1, values: { Mn: 'Acme', Md: 'DER', SN: 'D-1' }, length: 65 };
const ac: ValuedModel = {
  id: 701,
  values: {
    A_SF: -2,
    V_SF: -1,
    Hz_SF: -3,
    W_SF: 1,
    PF_SF: -3,
    VA_SF: 1,
    Var_SF: 1,
    TotWh_SF: 1,
    TotVarh_SF: 1,
    Tmp_SF: -1,
    ACType: 2,
    St: 1,
    InvSt: 3,
    ConnSt: 1,
    Alrm: 0,
    DERMode: 5,
    W: -2500,
    WL1: -830,
    WL2: -840,
    WL3: -830,
    VA: 2550,
    VAL1: 850,
    VAL2: 850,
    VAL3: 850,
    Var: 500,
    VarL1: 160,
    VarL2: 170,
    VarL3: 170,
    PF: -0.98,
    PFL1: 0.97,
    PFL2: 0.98,
    PFL3: 0.99,
    A: 11.1,
    AL1: -3.7,
    AL2: -3.71,
    AL3: -3.72,
    LLV: 400.1,
    LNV: 231,
    VL1: 230.9,
    VL2: 231,
    VL3: 231.1,
    VL1L2: 400,
    VL2L3: 400.1,
    VL3L1: 400.2,
    Hz: 49.987,
    TotWhInj: 12_345_670,
    TotWhAbs: 2_345_670,
    TotVarhInj: 5550,
    TotVarhAbs: 6660,
    TmpAmb: 24,
    TmpCab: 38.5,
    ThrotPct: 80,
    ThrotSrc: 4,
  },
};
const capacity: ValuedModel = {
  id: 702,
  values: {
    W_SF: 1,
    VA_SF: 1,
    A_SF: -1,
    V_SF: 0,
    WMaxRtg: 10_000,
    WMax: 9000,
    VAMaxRtg: 11_000,
    AMaxRtg: 16.1,
    VNomRtg: 400,
    WChaRteMaxRtg: 6000,
    WDisChaRteMaxRtg: 7000,
    WChaRteMax: 5000,
  },
};
const controls: ValuedModel[] = [
  { id: 703, values: { ES: 1 } },
  { id: 704, values: { WMaxLimPct: 70, WMaxLimPct_SF: -1, WMaxLimPctEna: 1 } },
];
const storage: ValuedModel = {
  id: 713,
  values: { WH_SF: 1, Pct_SF: -1, WHRtg: 12_000, WHAvail: 6120, SoC: 51.5, SoH: 98.2, Sta: 1 },
};
const ports: ValuedModel = {
  id: 714,
  counts: { NPrt: 3 },
  values: {
    DCA_SF: -2,
    DCV_SF: -1,
    DCW_SF: 1,
    DCWH_SF: 1,
    Tmp_SF: -1,
    DCW: -2600,
    DCA: -6.5,
    'Prt.1.PrtTyp': 0,
    'Prt.1.DCA': 2.5,
    'Prt.1.DCV': 600,
    'Prt.1.DCW': 1500,
    'Prt.1.DCWhInj': 44_440,
    'Prt.1.DCSta': 1,
    'Prt.1.Tmp': 31.5,
    'Prt.2.PrtTyp': 1,
    'Prt.2.DCA': -10.25,
    'Prt.2.DCV': 402.5,
    'Prt.2.DCW': -4120,
    'Prt.2.DCWhInj': 33_330,
    'Prt.2.DCWhAbs': 34_340,
    'Prt.2.Tmp': 22.5,
    'Prt.3.PrtTyp': 0,
    'Prt.3.DCA': 0,
    'Prt.3.DCV': 20,
    'Prt.3.DCW': 20,
    'Prt.3.DCWhInj': 11_110,
  },
};

let device: DrivenDevice;
const drive = async (...given: Parameters<typeof driveDevice>): Promise<Record<string, unknown>> => {
  device = await driveDevice(...given);
  await device.poll();
  return device.values();
};
const ofComponent = (values: Record<string, unknown>, ...components: string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([path]) => components.some((each) => path.startsWith(`${each}/`))));

describe('SunSpec: distributed energy resources', () => {
  afterEach(() => device.close());

  it('with solar modules and a battery', async () => {
    const values = await drive([common, ac, capacity, ...controls, storage, ports]);
    assert.deepEqual(ofComponent(values, 'inverter'), {
      'inverter/power': -2500,
      'inverter/power/l1': -830,
      'inverter/power/l2': -840,
      'inverter/power/l3': -830,
      'inverter/apparent_power': 2550,
      'inverter/apparent_power/l1': 850,
      'inverter/apparent_power/l2': 850,
      'inverter/apparent_power/l3': 850,
      'inverter/reactive_power': 500,
      'inverter/reactive_power/l1': 160,
      'inverter/reactive_power/l2': 170,
      'inverter/reactive_power/l3': 170,
      'inverter/power_factor': -0.98,
      'inverter/power_factor/l1': 0.97,
      'inverter/power_factor/l2': 0.98,
      'inverter/power_factor/l3': 0.99,
      'inverter/current/l1': -3.7,
      'inverter/current/l2': -3.71,
      'inverter/current/l3': -3.72,
      'inverter/voltage/l1': 230.9,
      'inverter/voltage/l2': 231,
      'inverter/voltage/l3': 231.1,
      'inverter/voltage/l1_l2': 400,
      'inverter/voltage/l2_l3': 400.1,
      'inverter/voltage/l3_l1': 400.2,
      'inverter/frequency': 49.987,
      'inverter/energy_export': 12_345_670,
      'inverter/energy_import': 2_345_670,
      'inverter/energy_reactive_export': 5550,
      'inverter/energy_reactive_import': 6660,
      'inverter/temperature': 38.5,
      'inverter/status': 'running',
      'inverter/dc_power': -2600,
      'inverter/dc_current': -6.5,
      'inverter/x_connection': 'connected',
      'inverter/x_operating_mode': 'grid_following, pv_clipped',
      'inverter/x_throttling': 80,
      'inverter/x_throttling_source': 'fixed_var',
      'inverter/x_max_power': 9000,
      'inverter/x_rated_apparent_power': 11_000,
      'inverter/x_rated_current': 16.1,
      'inverter/x_rated_voltage': 400,
      'inverter/x_enter_service': 'enabled',
      'inverter/x_power_limit': 70,
      'inverter/x_power_limit_control': 'enabled',
    });
    assert.deepEqual(ofComponent(values, 'solar'), {
      'solar/dc_power': 1520,
      'solar/energy_produced': 55_550,
      'solar/1/dc_power': 1500,
      'solar/1/dc_voltage': 600,
      'solar/1/dc_current': 2.5,
      'solar/1/temperature': 31.5,
      'solar/1/energy_produced': 44_440,
      'solar/1/x_state': 'on',
      'solar/3/dc_power': 20,
      'solar/3/dc_voltage': 20,
      'solar/3/dc_current': 0,
      'solar/3/energy_produced': 11_110,
    });
    assert.deepEqual(ofComponent(values, 'battery'), {
      // It charges.
      'battery/power': -4120,
      'battery/dc_current': -10.25,
      'battery/dc_voltage': 402.5,
      'battery/temperature': 22.5,
      'battery/energy_discharged': 33_330,
      'battery/energy_charged': 34_340,
      'battery/soc': 51.5,
      'battery/soh': 98.2,
      'battery/energy_remaining': 6120,
      'battery/capacity_usable': 12_000,
      'battery/max_charge_power': 5000,
      'battery/max_discharge_power': 7000,
      'battery/x_state': 'warning',
    });
    assert.deepEqual(device.driver.describe().components.inverter, { phases: 3 });
    const { ratedPowerW, usableEnergyWh, channels } = device.driver.describe();
    assert.deepEqual([ratedPowerW, usableEnergyWh], [10_000, 12_000]);
    const power = channels.find(({ type, quantity }) => type === 'battery' && quantity === 'energy_charged');
    assert.equal(power?.modulus, undefined);
  });

  it('whose battery counts charging as positive, as the integrator found out', async () => {
    const values = await drive([common, ac, capacity, storage, ports], { choices: { battery_sign: 'charge' } });
    assert.deepEqual(
      [values['battery/power'], values['battery/dc_current'], values['inverter/power']],
      [4120, 10.25, -2500],
    );
  });

  it('without storage are solar power, and what they take is none of it', async () => {
    const pvPorts = {
      ...ports,
      counts: { NPrt: 1 },
      values: Object.fromEntries(Object.entries(ports.values).filter(([path]) => !/^Prt\.[23]/.test(path))),
    };
    const values = await drive([
      common,
      ac,
      { ...capacity, values: { W_SF: 1, WMaxRtg: 10_000 } },
      ...controls,
      pvPorts,
    ]);
    assert.deepEqual(
      [
        values['solar/power'],
        values['solar/energy_produced'],
        values['solar/status'],
        values['solar/1/dc_power'],
        values['solar/dc_power'],
      ],
      [-2500, 12_345_670, 'producing', 1500, -2600],
    );
    assert.deepEqual(ofComponent(values, 'inverter', 'battery'), {});
  });

  it('with a battery alone are that battery', async () => {
    const essPort = {
      ...ports,
      counts: { NPrt: 1 },
      values: {
        ...Object.fromEntries(Object.entries(ports.values).filter(([path]) => !path.startsWith('Prt'))),
        'Prt.1.PrtTyp': 1,
        'Prt.1.DCW': -2600,
      },
    };
    const values = await drive([common, ac, storage, essPort]);
    assert.deepEqual(
      [
        values['battery/power'],
        values['battery/energy_charged'],
        values['battery/energy_discharged'],
        values['battery/soc'],
      ],
      [-2500, 2_345_670, 12_345_670, 51.5],
    );
    assert.deepEqual(ofComponent(values, 'inverter', 'solar'), {});
  });

  it('give what they measure before what the models 1xx say', async () => {
    const old: ValuedModel = {
      id: 103,
      values: { W: 1111, W_SF: 0, Hz: 60, Hz_SF: 0, WH: 77, WH_SF: 0, St: 7, Evt1: 1, Evt2: 0, PhVphA: 111, V_SF: 0 },
    };
    const values = await drive([common, old, ac]);
    assert.deepEqual(
      ['solar/power', 'solar/frequency', 'solar/energy_produced', 'solar/status', 'solar/voltage/l1'].map(
        (path) => values[path],
      ),
      [-2500, 49.987, 12_345_670, 'producing', 230.9],
    );
    assert.deepEqual(device.events, [], 'the alarms of 103 are those of 701, told once');
  });

  it('give by the models 1xx what they do not implement', async () => {
    const old: ValuedModel = { id: 103, values: { W: 1111, W_SF: 0, Hz: 50, Hz_SF: 0, St: 4, Evt1: 0, Evt2: 0 } };
    const values = await drive([common, old, { id: 701, values: { W_SF: 0, Hz: 49.9, Hz_SF: -1 } }]);
    assert.deepEqual(
      [values['solar/power'], values['solar/frequency'], values['solar/status']],
      [1111, 49.9, 'producing'],
    );
  });
});
