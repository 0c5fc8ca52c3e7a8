/** Models 703 and 715 of the hybrid inverter: permission to work, operation, and heartbeats. */
import { between, momentary, oneOf, type ReadSetting, type SimulatedModel } from './simulated-model.ts';

/** Model 703. The inverter enters service at once; thresholds and delays are told and cannot be written. */
export const enterService: SimulatedModel = {
  id: 703,
  settings: { ES: oneOf(1, 0) },
  measure: () => ({
    ESVHi: 105,
    ESVLo: 91.7,
    ESHzHi: 50.1,
    ESHzLo: 49.5,
    ESDlyTms: 0,
    ESRndTms: 0,
    ESRmpTms: 0,
    ESDlyRemTms: 0,
    V_SF: -1,
    Hz_SF: -2,
  }),
};

/** Values of OpCtl. */
const operation = { stop: 0, start: 1, enterStandby: 2, exitStandby: 3 };
/** The heartbeat of the device begins anew at 0 before it means that there is none. */
const heartbeatRange = 0xffff_ffff;

/** Model 715. */
export const derControl: SimulatedModel = {
  id: 715,
  settings: {
    ControllerHb: between(0, 0, heartbeatRange - 1),
    AlarmReset: momentary(1),
    OpCtl: oneOf(operation.start, operation.stop, operation.enterStandby, operation.exitStandby),
  },
  measure: ({ uptimeS }) => ({ LocRemCtl: 0, DERHb: Math.floor(uptimeS) % heartbeatRange }),
};

/** @returns whether models 703 and 715 let the inverter work */
export const isInService = (setting: ReadSetting): boolean =>
  setting(703, 'ES') === 1 && [operation.start, operation.exitStandby].includes(setting(715, 'OpCtl'));
