/** Solar inverters and hybrids of the models 1xx, on a Modbus server. All numbers are worked out by hand. */
import assert from 'node:assert/strict';
import { type DrivenDevice, driveDevice } from '../../../support/sunspec/driven-device.ts';
import type { ValuedModel } from '../../../support/sunspec/valued-device.ts';

const common: ValuedModel = { id: 1, values: { Mn: 'Acme', Md: 'Sun 5', SN: 'S-1', Vr: '1.2', DA: 1 } };
/** Factors of a three-phase inverter. */
const factors = {
  A_SF: -2,
  V_SF: -1,
  W_SF: 1,
  Hz_SF: -2,
  VA_SF: 1,
  VAr_SF: 1,
  PF_SF: -2,
  WH_SF: 2,
  DCA_SF: -2,
  DCV_SF: -1,
  DCW_SF: 0,
  Tmp_SF: -1,
};
const threePhase: ValuedModel = {
  id: 103,
  values: {
    ...factors,
    A: 21.74,
    AphA: 7.21,
    AphB: 7.27,
    AphC: 7.26,
    PPVphAB: 398.4,
    PPVphBC: 399.1,
    PPVphCA: 400.2,
    PhVphA: 230.1,
    PhVphB: 231.2,
    PhVphC: 229.9,
    W: 4990,
    Hz: 50.01,
    VA: 5010,
    VAr: -430,
    PF: -99.6,
    WH: 1_234_500,
    DCA: 8.44,
    DCV: 612.5,
    DCW: 5170,
    TmpCab: 41.5,
    St: 5,
    Evt1: 0,
    Evt2: 0,
  },
};
const storage: ValuedModel = {
  id: 124,
  values: {
    WChaMax: 5000,
    WChaMax_SF: 0,
    StorCtl_Mod: 3,
    MinRsvPct: 12.5,
    MinRsvPct_SF: -2,
    ChaState: 63.5,
    ChaState_SF: -1,
    InBatV: 402.1,
    InBatV_SF: -1,
    ChaSt: 4,
    OutWRte: 100,
    InWRte: 40,
    InOutWRte_SF: 0,
    ChaGriSet: 1,
  },
};
/** Two strings, then the battery as Fronius tells it. */
const modules: ValuedModel = {
  id: 160,
  repeats: 4,
  values: {
    N: 4,
    DCA_SF: -2,
    DCV_SF: -1,
    DCW_SF: 0,
    DCWH_SF: 1,
    'module.1.ID': 1,
    'module.1.IDStr': 'MPPT 1',
    'module.1.DCA': 4.5,
    'module.1.DCV': 600.5,
    'module.1.DCW': 2702,
    'module.1.DCWH': 45_670,
    'module.1.Tmp': 38,
    'module.1.DCSt': 4,
    'module.2.IDStr': 'MPPT 2',
    'module.2.DCA': 3.1,
    'module.2.DCV': 500,
    'module.2.DCW': 1550,
    'module.2.DCWH': 23_450,
    'module.2.DCSt': 5,
    'module.3.IDStr': 'StCha 3',
    'module.3.DCV': 403,
    'module.3.DCW': 1200,
    'module.3.DCWH': 9870,
    'module.4.IDStr': 'StDisCha 4',
    'module.4.DCV': 403,
    'module.4.DCW': 0,
    'module.4.DCWH': 8760,
  },
};

let device: DrivenDevice;
const drive = async (...given: Parameters<typeof driveDevice>): Promise<Record<string, unknown>> => {
  device = await driveDevice(...given);
  await device.poll();
  return device.values();
};

describe('SunSpec: inverters', () => {
  afterEach(() => device.close());

  it('with three phases and nothing but solar modules are solar power', async () => {
    assert.deepEqual(await drive([common, threePhase]), {
      'solar/power': 4990,
      'solar/apparent_power': 5010,
      'solar/reactive_power': -430,
      'solar/power_factor': -0.996,
      'solar/current/l1': 7.21,
      'solar/current/l2': 7.27,
      'solar/current/l3': 7.26,
      'solar/voltage/l1': 230.1,
      'solar/voltage/l2': 231.2,
      'solar/voltage/l3': 229.9,
      'solar/voltage/l1_l2': 398.4,
      'solar/voltage/l2_l3': 399.1,
      'solar/voltage/l3_l1': 400.2,
      'solar/frequency': 50.01,
      'solar/energy_produced': 1_234_500,
      'solar/dc_power': 5170,
      'solar/dc_voltage': 612.5,
      'solar/dc_current': 8.44,
      'solar/temperature': 41.5,
      'solar/status': 'throttled',
    });
    const { vendor, model, serial, firmware, channels } = device.driver.describe();
    assert.deepEqual([vendor, model, serial, firmware], ['Acme', 'Sun 5', 'S-1', '1.2']);
    const signedOf = (wanted: string) => channels.find(({ quantity }) => quantity === wanted)?.signed;
    assert.deepEqual(['power', 'current', 'dc_current', 'dc_power'].map(signedOf), [true, false, false, true]);
    // 2^32 times 10^2.
    assert.equal(channels.find(({ quantity }) => quantity === 'energy_produced')?.modulus, 429_496_729_600);
  });

  it('with ratings of 0 for a battery have none', async () => {
    const nameplate = { DERTyp: 4, WRtg: 5000, WRtg_SF: 0, MaxChaRte: 0, MaxChaRte_SF: 0, WHRtg: 0, WHRtg_SF: 0 };
    const values = await drive([
      common,
      threePhase,
      { id: 120, values: nameplate },
      { id: 124, values: { WChaMax: 0 } },
    ]);
    assert.deepEqual(
      [values['solar/power'], Object.keys(values).filter((path) => path.startsWith('battery'))],
      [4990, []],
    );
    assert.deepEqual(
      [device.driver.describe().ratedPowerW, device.driver.describe().usableEnergyWh],
      [5000, undefined],
    );
  });

  it('that say of themselves that they have storage are hybrids', async () => {
    const values = await drive([common, threePhase, { id: 120, values: { DERTyp: 82 } }]);
    assert.deepEqual([values['inverter/power'], values['solar/power']], [4990, undefined]);
  });

  it('with one phase, in floats, tell that phase and the warmest sink that they have', async () => {
    const values = {
      A: 9.5,
      AphA: 9.5,
      PhVphA: 229.5,
      W: 2180.5,
      Hz: 49.98,
      WH: 1_000_000.5,
      TmpSnk: 33.25,
      PF: 0.95,
      St: 2,
      Evt1: 0,
      Evt2: 0,
    };
    assert.deepEqual(await drive([common, { id: 111, values }]), {
      'solar/power': 2180.5,
      'solar/power_factor': 0.95,
      'solar/current/l1': 9.5,
      'solar/voltage/l1': 229.5,
      'solar/frequency': 49.98,
      'solar/energy_produced': 1_000_000.5,
      'solar/temperature': 33.25,
      'solar/status': 'standby',
    });
  });

  it('with a battery give inverter power; solar power is that of their modules', async () => {
    const values = await drive([common, threePhase, storage, modules]);
    const ofInverter = Object.keys(values).filter((path) => path.startsWith('inverter/'));
    assert.equal(ofInverter.length, 20);
    assert.deepEqual(
      [
        values['inverter/power'],
        values['inverter/energy_export'],
        values['inverter/status'],
        values['inverter/dc_power'],
      ],
      [4990, 1_234_500, 'throttled', 5170],
    );
    const others = Object.entries(values).filter(([path]) => !path.startsWith('inverter/'));
    assert.deepEqual(Object.fromEntries(others), {
      'solar/dc_power': 4252,
      'solar/energy_produced': 69_120,
      'solar/1/dc_power': 2702,
      'solar/1/dc_voltage': 600.5,
      'solar/1/dc_current': 4.5,
      'solar/1/temperature': 38,
      'solar/1/energy_produced': 45_670,
      'solar/1/status': 'producing',
      'solar/2/dc_power': 1550,
      'solar/2/dc_voltage': 500,
      'solar/2/dc_current': 3.1,
      'solar/2/energy_produced': 23_450,
      'solar/2/status': 'throttled',
      // It charges.
      'battery/power': -1200,
      'battery/energy_charged': 9870,
      'battery/energy_discharged': 8760,
      'battery/dc_voltage': 403,
      'battery/soc': 63.5,
      'battery/status': 'charging',
      'battery/backup_reserve_soc': 12.5,
      'battery/max_charge_power': 5000,
      'battery/x_control_mode': 'charge, discharge',
      'battery/x_charge_source': 'grid',
      'battery/x_discharge_rate': 100,
      'battery/x_charge_rate': 40,
    });
    const { components } = device.driver.describe();
    assert.deepEqual(components, {
      solar: { coupling: 'dc' },
      battery: { coupling: 'dc' },
      inverter: { phases: 3 },
    });
  });

  it('whose modules tell no power have that of voltage and current', async () => {
    const powerless = {
      ...modules,
      repeats: 2,
      values: Object.fromEntries(Object.entries(modules.values).filter(([path]) => !/[34]|DCW$|^N$/.test(path))),
    };
    await drive([common, { ...threePhase, values: { ...threePhase.values, DCW: 4321 } }, powerless]);
    const [volts, amperes] = ['dc_voltage', 'dc_current'].map((name) => Number(device.values()[`solar/1/${name}`]));
    assert.ok(volts && amperes);
    assert.equal(device.values()['solar/1/dc_power'], Math.round(volts * amperes * 1e6) / 1e6);
    assert.equal(device.values()['solar/dc_power'], 4321, 'the total is that of the inverter');
    device.become([common, threePhase, { ...powerless, raw: { 'module.1.DCV': 'ffff' } }]);
    await device.poll(2);
    assert.deepEqual(
      [device.sample('solar/1/dc_power')?.value, device.sample('solar/1/dc_power')?.reason],
      [null, 'sentinel'],
    );
  });

  it('with a battery that discharges give positive battery power', async () => {
    const values = await drive([
      common,
      threePhase,
      storage,
      { ...modules, values: { ...modules.values, 'module.3.DCW': 0, 'module.4.DCW': 2100 } },
    ]);
    assert.equal(values['battery/power'], 2100);
  });

  it('count the modules that count, and no others', async () => {
    const { 'module.2.DCWH': _, ...rest } = modules.values;
    const values = await drive([common, threePhase, storage, { ...modules, values: rest }]);
    assert.deepEqual([values['solar/energy_produced'], values['solar/2/energy_produced']], [45_670, undefined]);
  });

  it('with a battery module whose direction nobody knows tell no battery power until the integrator does', async () => {
    const battery = { ...modules.values, 'module.3.IDStr': 'Battery', 'module.4.IDStr': 'MPPT 3', 'module.3.DCA': 3 };
    const models = [common, threePhase, storage, { ...modules, values: battery }];
    let values = await drive(models);
    assert.deepEqual([values['battery/power'], values['battery/x_module_power']], [undefined, 1200]);
    await device.close();
    values = await drive(models, { choices: { battery_modules: 'charge' } });
    assert.deepEqual([values['battery/power'], values['battery/dc_current']], [-1200, -3]);
    await device.close();
    values = await drive(models, { choices: { battery_modules: 'discharge' } });
    assert.equal(values['battery/power'], 1200);
  });

  it('are polled with at most three requests, and one more for slow values', async () => {
    const slow = { id: 120, values: { DERTyp: 82, WRtg: 10_000, WRtg_SF: 0, MaxChaRte: 6000, MaxChaRte_SF: 0 } };
    const values = await drive([common, threePhase, slow, storage, modules]);
    assert.deepEqual([values['battery/max_charge_power'], device.driver.describe().ratedPowerW], [5000, 10_000]);
    await device.poll();
    const [requests, cycles] = [device.server.requests(), device.cycles.length];
    await device.poll(5);
    const perCycle = (device.server.requests() - requests) / (device.cycles.length - cycles);
    assert.ok(perCycle <= 3, `${perCycle} requests per cycle`);
  });
});

describe('SunSpec: inverters at night', () => {
  afterEach(() => device.close());

  it('that tell no voltage (65535, factor -32768) give none, and no 6553.5 V', async () => {
    await drive([common, threePhase]);
    device.become([common, { ...threePhase, raw: { DCV: 'ffff', DCV_SF: '8000', DCA: 'ffff', DCW: '8000' } }]);
    await device.poll(2);
    assert.deepEqual(
      ['solar/dc_voltage', 'solar/dc_current', 'solar/dc_power', 'solar/power'].map(
        (path) => device.sample(path)?.value,
      ),
      [null, null, null, 4990],
    );
    assert.equal(device.sample('solar/dc_voltage')?.reason, 'sentinel');
  });

  it('that give no power of their modules give 0 solar power while they run, and none while they sleep', async () => {
    await drive([common, threePhase, storage, modules]);
    const dark = { ...modules, raw: { 'module.1.DCW': 'ffff', 'module.2.DCW': 'ffff' } };
    device.become([common, threePhase, storage, dark]);
    await device.poll(2);
    assert.deepEqual([device.sample('solar/dc_power')?.value, device.sample('solar/1/dc_power')?.value], [0, null]);
    device.become([common, { ...threePhase, raw: { Hz: 'ffff' } }, storage, dark]);
    await device.poll(2);
    assert.equal(device.sample('solar/dc_power')?.value, null);
  });

  it('a counter without one of its modules is no counter', async () => {
    await drive([common, threePhase, storage, modules]);
    device.become([common, threePhase, storage, { ...modules, raw: { 'module.2.DCWH': '0000 0000' } }]);
    await device.poll(2);
    assert.deepEqual(
      [device.sample('solar/energy_produced')?.value, device.sample('solar/energy_produced')?.reason],
      [null, 'partial_inputs'],
    );
  });
});

describe('SunSpec: scale factors', () => {
  afterEach(() => device.close());

  it('that flip between two polls scale the values that come with them', async () => {
    await drive([common, threePhase, storage, modules]);
    for (const exponent of [1, -1, 2, 0]) {
      device.become([
        common,
        threePhase,
        storage,
        { ...modules, values: { ...modules.values, DCW_SF: exponent, 'module.1.DCW': 2700, 'module.2.DCW': 1500 } },
      ]);
      await device.poll(2);
      assert.deepEqual(
        ['solar/1/dc_power', 'solar/2/dc_power', 'solar/dc_power'].map((path) => device.sample(path)?.value),
        [2700, 1500, 4200],
      );
    }
  });

  it('that are too far from their values for one request are confirmed by another one', async () => {
    const many = (exponent: number): ValuedModel => ({
      id: 160,
      repeats: 8,
      values: {
        DCW_SF: exponent,
        ...Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`module.${n + 1}.DCW`, 1000 * (n + 1)])),
      },
    });
    await drive([common, threePhase, many(0)]);
    for (const exponent of [1, 2, 0]) {
      device.become([common, threePhase, many(exponent)]);
      await device.poll(2);
      assert.deepEqual(
        [1, 5, 6, 7, 8].map((n) => device.sample(`solar/${n}/dc_power`)?.value),
        [1000, 5000, 6000, 7000, 8000],
      );
    }
  });

  it('that are none leave their values without one', async () => {
    await drive([common, threePhase]);
    device.become([common, { ...threePhase, raw: { W_SF: '8000' } }]);
    await device.poll(2);
    assert.equal(device.sample('solar/power')?.value, null);
    device.become([common, { ...threePhase, raw: { W_SF: '000b' } }]);
    await device.poll(2);
    assert.equal(device.sample('solar/power')?.value, null);
  });
});

describe('SunSpec: alarms', () => {
  afterEach(() => device.close());

  it('are one event for each bit, of the component that they happen to', async () => {
    const raw = { Evt1: '0000 0084', EvtVnd1: '0000 0002' };
    const module2 = { ...modules, raw: { 'module.2.DCEvt': '0000 8004' } };
    await drive([common, { ...threePhase, raw }, storage, module2]);
    await device.poll();
    assert.deepEqual(
      device.events.map(({ component, name, severity, state, code }) => [component, name, severity, state, code]),
      [
        [{ type: 'inverter' }, 'ac_disconnect', 'warning', 'active', 'm103.evt1.2'],
        [{ type: 'inverter' }, 'over_temp', 'alarm', 'active', 'm103.evt1.7'],
        [{ type: 'inverter' }, 'vendor_event', 'warning', 'active', 'm103.evtvnd1.1'],
        [{ type: 'solar', index: 2 }, 'vendor_event', 'warning', 'active', 'm160.module.2.dcevt.2'],
        [{ type: 'solar', index: 2 }, 'arc_detection', 'alarm', 'active', 'm160.module.2.dcevt.15'],
      ],
    );
    device.events.length = 0;
    device.become([common, { ...threePhase, raw: { Evt1: '0000 0004', EvtVnd1: '0000 0002' } }, storage, module2]);
    await device.poll(2);
    assert.deepEqual(
      device.events.map(({ name, state }) => [name, state]),
      [['over_temp', 'cleared']],
    );
  });
});

describe('SunSpec: devices that implement nothing', () => {
  afterEach(() => device.close());

  it('give no value at all, and no alarm', async () => {
    device = await driveDevice([
      { id: 1, values: { Mn: 'Acme' } },
      { id: 103, values: {} },
      { id: 120, values: {} },
      { id: 124, values: {} },
      { id: 160, values: {}, repeats: 2 },
      { id: 203, values: {} },
      { id: 802, values: {} },
      { id: 701, values: {} },
    ]);
    await device.poll(2);
    // The counters of a meter are mandatory, and 0 is a good value of them.
    const given = Object.entries(device.values()).filter(([, value]) => value !== null);
    assert.deepEqual(given, []);
    assert.deepEqual(device.events, []);
    assert.equal(device.states.at(-1)?.kind, 'online');
  });
});
