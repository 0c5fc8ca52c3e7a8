/** The true state of the simulated house: powers in W with the signs of the model. */
import type { Phases } from '../per-phase.ts';
import { type BatteryState, createBattery } from './battery.ts';

/** The true state of the house, which its devices measure. */
export interface HouseState {
  /** Local hour of day, 0 to 24. */
  hour: number;
  /** DC power of the two strings on the hybrid inverter, W. */
  stringsW: [number, number];
  /** DC power of the roof, W. */
  solarW: number;
  /** DC power that the roof could give, W. */
  solarAvailableW: number;
  producedWh: number;
  /** Production since midnight, Wh. */
  producedTodayWh: number;
  /** Battery on the DC side of the hybrid inverter. */
  hybrid: BatteryState;
  /** AC terminal of the hybrid inverter, W; positive feeds the house. */
  hybridAcW: number;
  /** Reactive power that the hybrid inverter supplies, var. */
  hybridVar: number;
  /** Whether the hybrid inverter is connected to the house. */
  isHybridConnected: boolean;
  /** Energy that the hybrid inverter has fed into the house, and drawn from it. */
  hybridOutWh: number;
  hybridInWh: number;
  /** Battery on the AC side, with an inverter of its own on L1. */
  storage: BatteryState;
  /** Power of all consumers, cars among them, W. */
  loadW: number;
  /** Power at the grid connection, W; positive imports. */
  gridW: number;
  gridPhasesW: Phases;
  gridVoltagesV: Phases;
  frequencyHz: number;
  importWh: number;
  exportWh: number;
  importPhasesWh: Phases;
  exportPhasesWh: Phases;
  inverterTemperatureC: number;
}

/** @param hour local hour of day, 0 to 24 @returns the state in which the house begins */
export const initialState = (
  options: { hybridCapacityWh?: number; storageCapacityWh?: number },
  hour: number,
): HouseState => ({
  hour,
  stringsW: [0, 0],
  solarW: 0,
  solarAvailableW: 0,
  producedWh: 18_240_000,
  producedTodayWh: 6200,
  hybrid: createBattery(options.hybridCapacityWh ?? 9600, 5000, { soc: 58, dischargedWh: 4_310_000 }),
  hybridAcW: 0,
  hybridVar: 0,
  isHybridConnected: true,
  hybridOutWh: 17_610_000,
  hybridInWh: 148_000,
  storage: createBattery(options.storageCapacityWh ?? 6400, 3700, { soc: 41, dischargedWh: 2_150_000 }),
  loadW: 400,
  gridW: 0,
  gridPhasesW: [0, 0, 0],
  gridVoltagesV: [230, 230, 230],
  frequencyHz: 50,
  importWh: 6_480_000,
  exportWh: 9_120_000,
  importPhasesWh: [2_160_000, 2_160_000, 2_160_000],
  exportPhasesWh: [3_040_000, 3_040_000, 3_040_000],
  inverterTemperatureC: 41,
});
