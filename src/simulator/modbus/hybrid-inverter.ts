/** A Sungrow SH-RT hybrid inverter with two strings and a battery. */
import type { ResolvedProfile } from '../../drivers/modbus/index.ts';
import { hybridBatteryVoltage, measureStrings } from '../house/dc-side.ts';
import type { HouseState } from '../house/house-state.ts';
import { batteryMode, type DeviceControl, type PointValues, perPhase, SimulatedDevice } from './simulated-device.ts';

/** Battery power beyond which the running state says charging or discharging, W. */
const idleBatteryW = 30;
/** Values of the points ctl.ems_mode and ctl.forced_cmd in the profile. */
const emsMode = { selfConsumption: 0, forced: 2 };
const forcedCommand = { charge: 170, discharge: 187, stop: 204 };

const stringValues = (state: HouseState): PointValues =>
  Object.fromEntries(
    measureStrings(state).flatMap(({ voltageV, currentA }, i) => [
      [`pv.mppt${i + 1}.voltage`, voltageV],
      [`pv.mppt${i + 1}.current`, currentA],
    ]),
  );

const measureBattery = ({ hybrid }: HouseState): PointValues => {
  const voltageV = hybridBatteryVoltage(hybrid);
  return {
    'battery.power_signed': hybrid.powerW,
    'battery.power_directed': Math.abs(hybrid.powerW),
    'battery.voltage': voltageV,
    'battery.current': hybrid.powerW / voltageV,
    'battery.soc': hybrid.soc,
    'battery.soh': 98,
    'battery.temperature': 24.5,
    'battery.capacity': hybrid.capacityWh,
    'battery.energy_charged': hybrid.chargedWh,
    'battery.energy_discharged': hybrid.dischargedWh,
  };
};

/** The meter at the grid connection that belongs to the inverter. */
const measureGrid = (state: HouseState): PointValues => {
  const { gridW, gridPhasesW, gridVoltagesV } = state;
  const currentsA = gridPhasesW.map((w, i) => Math.abs(w) / (gridVoltagesV[i] ?? 230));
  return {
    'meter.power.total': gridW,
    ...perPhase('meter.power', gridPhasesW),
    ...perPhase('meter.voltage', gridVoltagesV),
    ...perPhase('meter.current', currentsA),
    'grid.export_power': gridW,
    'grid.energy_import': state.importWh,
    'grid.energy_export': state.exportWh,
    'load.power': state.loadW,
  };
};

/** Bits of the running state: power from the roof, charging, discharging. */
const runningState = ({ solarW, hybrid }: HouseState): number =>
  (solarW > 50 ? 1 : 0) + (hybrid.powerW < -idleBatteryW ? 2 : 0) + (hybrid.powerW > idleBatteryW ? 4 : 0);

const measure = (state: HouseState): PointValues => {
  const { hybridAcW, gridVoltagesV } = state;
  const currentsA = gridVoltagesV.map((v) => hybridAcW / 3 / v);
  return {
    serial: 'A2290012345',
    rated_power: 10_000,
    'inverter.temperature': state.inverterTemperatureC,
    ...stringValues(state),
    'pv.power': state.solarW,
    'pv.energy_day': state.producedTodayWh,
    'pv.energy_total': state.producedWh,
    ...perPhase('ac.voltage', gridVoltagesV),
    ...perPhase('ac.current', currentsA),
    'ac.power': hybridAcW,
    'ac.pf': 1,
    'grid.frequency_5241': state.frequencyHz,
    ...measureBattery(state),
    ...measureGrid(state),
    running_state: runningState(state),
  };
};

/** This inverter has no watchdog of its own: it obeys the last order for ever. */
const control: DeviceControl = {
  battery: 'hybrid',
  initial: {
    'ctl.ems_mode': emsMode.selfConsumption,
    'ctl.forced_cmd': forcedCommand.stop,
    'ctl.forced_power': 0,
    'ctl.max_discharge_power': 10_000,
  },
  onWritten() {},
  isWatchdogExpired: () => false,
  readOrder(written) {
    const isForced = written('ctl.ems_mode') === emsMode.forced;
    const powerW = written('ctl.forced_power');
    const byCommand: Record<number, number> = {
      [forcedCommand.charge]: -powerW,
      [forcedCommand.discharge]: powerW,
    };
    const forcedW = isForced ? (byCommand[written('ctl.forced_cmd')] ?? 0) : undefined;
    return {
      mode: batteryMode(forcedW),
      order: { forcedW, maxChargeW: Number.POSITIVE_INFINITY, maxDischargeW: written('ctl.max_discharge_power') },
    };
  },
};

/** @returns the hybrid inverter */
export const createHybridInverter = (profile: ResolvedProfile): SimulatedDevice =>
  new SimulatedDevice(profile, { unit: 1, measure, control });
