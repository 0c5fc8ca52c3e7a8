/** Batteries of the models 802 to 805, on a Modbus server. All numbers are worked out by hand. */
import assert from 'node:assert/strict';
import { type DrivenDevice, driveDevice } from '../../../support/sunspec/driven-device.ts';
import type { ValuedModel } from '../../../support/sunspec/valued-device.ts';

const common: ValuedModel = { id: 1, values: { Mn: 'Acme', Md: 'Store', SN: 'B-1' } };
const base: ValuedModel = {
  id: 802,
  values: {
    AHRtg_SF: 0,
    WHRtg_SF: 1,
    WChaDisChaMax_SF: 1,
    SoC_SF: -1,
    SoH_SF: 0,
    V_SF: -1,
    CellV_SF: -3,
    A_SF: -1,
    AMax_SF: 0,
    W_SF: 1,
    AHRtg: 200,
    WHRtg: 98_000,
    WChaRteMax: 45_000,
    WDisChaRteMax: 50_000,
    SoCRsvMin: 10.5,
    SoC: 71.5,
    SoH: 97,
    NCyc: 123,
    ChaSt: 3,
    LocRemCtl: 0,
    Typ: 4,
    State: 3,
    Evt1: 0,
    Evt2: 0,
    EvtVnd1: 0,
    EvtVnd2: 0,
    V: 512.3,
    CellVMax: 3.345,
    CellVMin: 3.321,
    A: 25.5,
    W: 13_060,
    AlmRst: 0,
    SetOp: 1,
    SetInvState: 3,
  },
};
const bank: ValuedModel = {
  id: 803,
  counts: { NStr: 2 },
  values: {
    CellV_SF: -3,
    ModTmp_SF: -1,
    A_SF: -1,
    SoH_SF: 0,
    SoC_SF: -1,
    V_SF: -1,
    NStrCon: 2,
    ModTmpMax: 31.5,
    ModTmpMin: 24.5,
    ModTmpAvg: 28,
    'string.1.StrSoC': 72.5,
    'string.1.StrSoH': 96,
    'string.1.StrA': 13,
    'string.1.StrCellVMax': 3.345,
    'string.1.StrCellVMin': 3.33,
    'string.1.StrModTmpMax': 31.5,
    'string.1.StrModTmpMin': 26,
    'string.1.StrModTmpAvg': 28.5,
    'string.1.StrEvt1': 0,
    'string.2.StrSoC': 70.5,
    'string.2.StrA': 12.5,
    'string.2.StrCellVMax': 3.34,
    'string.2.StrCellVMin': 3.321,
    'string.2.StrModTmpMax': 30,
    'string.2.StrModTmpMin': 24.5,
    'string.2.StrModTmpAvg': 27.5,
    'string.2.StrEvt1': 2,
  },
};

const ofBase = (sign: 1 | -1) => ({
  'battery/power': 13_060 * sign,
  'battery/dc_current': 25.5 * sign,
  'battery/dc_voltage': 512.3,
  'battery/soc': 71.5,
  'battery/soh': 97,
  'battery/cycles': 123,
  'battery/capacity_usable': 98_000,
  'battery/max_charge_power': 45_000,
  'battery/max_discharge_power': 50_000,
  'battery/backup_reserve_soc': 10.5,
  'battery/cell_voltage_max': 3.345,
  'battery/cell_voltage_min': 3.321,
  'battery/status': 'discharging',
  'battery/x_state': 'connected',
  'battery/x_control': 'remote',
});
const ofBank = (sign: 1 | -1) => ({
  'battery/cell_temperature_max': 31.5,
  'battery/cell_temperature_min': 24.5,
  'battery/temperature': 28,
  'battery/1/soc': 72.5,
  'battery/1/soh': 96,
  'battery/1/dc_current': 13 * sign,
  'battery/1/cell_voltage_max': 3.345,
  'battery/1/cell_voltage_min': 3.33,
  'battery/1/cell_temperature_max': 31.5,
  'battery/1/cell_temperature_min': 26,
  'battery/1/temperature': 28.5,
  'battery/2/soc': 70.5,
  'battery/2/dc_current': 12.5 * sign,
  'battery/2/cell_voltage_max': 3.34,
  'battery/2/cell_voltage_min': 3.321,
  'battery/2/cell_temperature_max': 30,
  'battery/2/cell_temperature_min': 24.5,
  'battery/2/temperature': 27.5,
});

let device: DrivenDevice;
const drive = async (...given: Parameters<typeof driveDevice>): Promise<Record<string, unknown>> => {
  device = await driveDevice(...given);
  await device.poll();
  return device.values();
};

describe('SunSpec: batteries', () => {
  afterEach(() => device.close());

  it('with strings, that count discharging as positive as long as nobody says otherwise', async () => {
    assert.deepEqual(await drive([common, base, bank]), { ...ofBase(1), ...ofBank(1) });
    const { components, channels, usableEnergyWh } = device.driver.describe();
    assert.deepEqual(components, { 'battery/1': { role: 'none' }, 'battery/2': { role: 'none' } });
    assert.equal(channels.find(({ quantity }) => quantity === 'power')?.isSignVerified, false);
    assert.equal(usableEnergyWh, 98_000);
  });

  it('with strings, that count charging as positive', async () => {
    const values = await drive([common, base, bank], { choices: { battery_sign: 'charge' } });
    assert.deepEqual(values, { ...ofBase(-1), ...ofBank(-1) });
  });

  it('tell alarms and warnings of their strings', async () => {
    await drive([common, { ...base, raw: { Evt1: '0000 0042' } }, bank]);
    await device.poll();
    assert.deepEqual(
      device.events.map(({ component, name, severity }) => [component, name, severity]),
      [
        [{ type: 'battery' }, 'over_temp_alarm', 'alarm'],
        [{ type: 'battery' }, 'over_charge_current_warning', 'warning'],
        [{ type: 'battery', index: 2 }, 'over_temp_alarm', 'alarm'],
      ],
    );
  });

  it('listed as strings and modules are numbered, and modules are no strings', async () => {
    const string = (n: number): ValuedModel => ({
      id: 804,
      counts: { NMod: 0 },
      values: {
        Idx: n,
        SoC_SF: 0,
        A_SF: -1,
        CellV_SF: -3,
        ModTmp_SF: 0,
        V_SF: 0,
        SoC: 50 + n,
        A: n,
        V: 500 + n,
        NCyc: n,
        CellVMax: 3.3,
        CellVMin: 3.2,
        CellVAvg: 3.25,
        ModTmpMax: 30,
        ModTmpMin: 20,
        ModTmpAvg: 25,
        Evt1: 0,
      },
    });
    const module = { id: 805, repeats: 0, values: { V: 48, V_SF: 0, CellVMax: 3.9, CellV_SF: -3 } };
    const values = await drive([common, string(1), string(2), module, module, module]);
    assert.ok(!Object.keys(values).some((path) => path.startsWith('battery/3')));
    assert.deepEqual(
      [
        'battery/1/soc',
        'battery/2/soc',
        'battery/1/dc_current',
        'battery/2/dc_voltage',
        'battery/1/cell_voltage_max',
        'battery/2/cycles',
      ].map((path) => values[path]),
      [51, 52, 1, 502, 3.3, 2],
    );
    await device.close();
    const alone = await drive([common, module]);
    assert.deepEqual([alone['battery/1/dc_voltage'], alone['battery/1/cell_voltage_max']], [48, 3.9]);
  });

  it('of an inverter are told by 713 before 802 before 124', async () => {
    const older: ValuedModel = {
      id: 124,
      values: { ChaState: 11, ChaState_SF: 0, ChaSt: 4, WChaMax: 1, WChaMax_SF: 0, InBatV: 48, InBatV_SF: 0 },
    };
    let values = await drive([common, older, base]);
    assert.deepEqual(
      ['battery/soc', 'battery/status', 'battery/dc_voltage', 'battery/max_charge_power'].map((path) => values[path]),
      [71.5, 'discharging', 512.3, 45_000],
    );
    await device.close();
    values = await drive([common, older, base, { id: 713, values: { SoC: 33, Pct_SF: 0 } }]);
    assert.deepEqual([values['battery/soc'], values['battery/soh']], [33, 97]);
    await device.close();
    values = await drive([common, older]);
    assert.deepEqual(
      [values['battery/soc'], values['battery/status'], values['battery/dc_voltage']],
      [11, 'charging', 48],
    );
  });
});
