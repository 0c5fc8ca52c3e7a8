/** The battery of the storage of the house in model 802. Its inverter, which has no SunSpec, follows its limits. */
import type { BatteryOrder } from '../house/battery.ts';
import { storageVoltage } from '../house/dc-side.ts';
import type { HouseState } from '../house/house-state.ts';
import { stricterBattery } from './house-orders.ts';
import { chargeState } from './inverter-measurements.ts';
import { between, momentary, oneOf, type ReadSetting, type SimulatedModel } from './simulated-model.ts';
import type { SunSpecDeviceKind } from './sunspec-device.ts';

/** Values of Typ, State and SetOp. */
const lithiumIon = 4;
const bankStates = { disconnected: 1, connected: 3 };
const operations = { connect: 1, disconnect: 2 };
/** Heartbeats are uint16, and begin anew at 0 before they mean that there is none. */
const heartbeatRange = 0xffff;
/** Cells in series, and the spread of their voltages, V. */
const cellCount = 110;
const cellSpreadV = 0.004;
/** Nominal voltage, V. */
const nominalV = 360;

const measure = ({ storage }: HouseState, setting: ReadSetting) => {
  const voltageV = storageVoltage(storage);
  const cellV = voltageV / cellCount;
  return {
    AHRtg: storage.capacityWh / nominalV,
    WHRtg: storage.capacityWh,
    WChaRteMax: storage.maxPowerW,
    WDisChaRteMax: storage.maxPowerW,
    SoCMax: 100,
    SoCMin: 5,
    SoC: storage.soc,
    DoD: 100 - storage.soc,
    SoH: 97,
    NCyc: Math.floor(storage.dischargedWh / storage.capacityWh),
    ChaSt: chargeState(storage),
    LocRemCtl: 0,
    Typ: lithiumIon,
    State: setting(802, 'SetOp') === operations.disconnect ? bankStates.disconnected : bankStates.connected,
    Evt1: 0,
    Evt2: 0,
    EvtVnd1: 0,
    EvtVnd2: 0,
    V: voltageV,
    CellVMax: cellV + cellSpreadV,
    CellVMin: cellV - cellSpreadV,
    CellVAvg: cellV,
    A: storage.powerW / voltageV,
    AChaMax: storage.maxPowerW / voltageV,
    ADisChaMax: storage.maxPowerW / voltageV,
    W: storage.powerW,
    ReqInvState: 0,
    AHRtg_SF: -1,
    WHRtg_SF: 0,
    WChaDisChaMax_SF: 0,
    SoC_SF: -1,
    DoD_SF: -1,
    SoH_SF: 0,
    V_SF: -1,
    CellV_SF: -3,
    A_SF: -2,
    AMax_SF: -2,
    W_SF: 0,
  };
};

const batteryModel: SimulatedModel = {
  id: 802,
  settings: {
    SocRsvMax: between(100, 0, 100),
    SoCRsvMin: between(5, 0, 100),
    CtrlHb: between(0, 0, heartbeatRange - 1),
    AlmRst: momentary(1),
    SetOp: oneOf(operations.connect, operations.disconnect),
    SetInvState: oneOf(3, 1, 2),
  },
  measure: ({ state, setting, uptimeS }) => ({
    ...measure(state, setting),
    Hb: Math.floor(uptimeS) % heartbeatRange,
  }),
};

/** @returns what model 802 orders of the battery of the storage */
const readLimits = (setting: ReadSetting, { storage }: HouseState): BatteryOrder => {
  if (setting(802, 'SetOp') === operations.disconnect) return { forcedW: 0, maxChargeW: 0, maxDischargeW: 0 };
  return {
    forcedW: undefined,
    maxChargeW: storage.soc >= setting(802, 'SocRsvMax') ? 0 : Number.POSITIVE_INFINITY,
    maxDischargeW: storage.soc <= setting(802, 'SoCRsvMin') ? 0 : Number.POSITIVE_INFINITY,
  };
};

/** The battery of the storage as unit 3. */
export const sunSpecBattery: SunSpecDeviceKind = {
  unit: 3,
  identity: { model: 'Battery 6.4', serial: 'SIM-BATTERY' },
  models: [batteryModel],
  order(setting, controls, state) {
    controls.storage = stricterBattery(controls.storage, readLimits(setting, state));
  },
};
