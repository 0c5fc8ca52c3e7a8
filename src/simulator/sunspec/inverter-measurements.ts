/** Measured values of the hybrid inverter that several models tell in their own words. */
import { hybridBatteryVoltage } from '../house/dc-side.ts';
import type { HouseState } from '../house/house-state.ts';
import type { Phases } from '../per-phase.ts';

/** The AC terminal: W and var are positive into the house. */
export interface AcTerminal {
  w: number;
  va: number;
  var: number;
  /** Share of the active power in the apparent power, with the sign of the active power. */
  powerFactor: number;
  /** Current of each phase, A, without a sign. */
  currentsA: Phases;
  /** Between phase and neutral, V. */
  voltagesV: Phases;
  /** Between L1 and L2, L2 and L3, L3 and L1, V. */
  lineVoltagesV: Phases;
}

const lineVoltage = (a: number, b: number): number => Math.sqrt(a * a + b * b + a * b);

/** @returns voltages between L1 and L2, L2 and L3, L3 and L1, V */
export const lineVoltages = ([l1, l2, l3]: Phases): Phases => [
  lineVoltage(l1, l2),
  lineVoltage(l2, l3),
  lineVoltage(l3, l1),
];

/** @returns the values at the AC terminal, which has the same power on each phase */
export const measureTerminal = ({ hybridAcW, hybridVar, gridVoltagesV }: HouseState): AcTerminal => {
  const va = Math.hypot(hybridAcW, hybridVar);
  const [l1, l2, l3] = gridVoltagesV;
  return {
    w: hybridAcW,
    va,
    var: hybridVar,
    powerFactor: va === 0 ? 1 : hybridAcW / va,
    currentsA: [va / 3 / l1, va / 3 / l2, va / 3 / l3],
    voltagesV: [l1, l2, l3],
    lineVoltagesV: lineVoltages(gridVoltagesV),
  };
};

/** @returns current of the battery, A; positive discharges */
export const batteryCurrent = ({ hybrid }: HouseState): number => hybrid.powerW / hybridBatteryVoltage(hybrid);

/** Power below which something is idle, W. */
const idleW = 30;

/** Whether the roof gives less than it could, W. */
export const isThrottled = ({ solarW, solarAvailableW, isHybridConnected }: HouseState): boolean =>
  isHybridConnected && solarW < solarAvailableW - 1;

/** The states of an inverter that the simulated one can have. */
export type InverterState = 'standby' | 'sleeping' | 'throttled' | 'running';

/** @returns what the inverter does now */
export const inverterState = (state: HouseState): InverterState => {
  if (!state.isHybridConnected) return 'standby';
  if (isThrottled(state)) return 'throttled';
  return state.solarW < idleW && Math.abs(state.hybrid.powerW) < idleW ? 'sleeping' : 'running';
};

/** Values of ChaSt in models 124 and 802. */
const chargeStates = { empty: 2, discharging: 3, charging: 4, full: 5, holding: 6 };
const emptySoc = 5;
const fullSoc = 99.5;

/** @returns ChaSt of a battery: what it does, or why it does nothing */
export const chargeState = ({ powerW, soc }: { powerW: number; soc: number }): number => {
  if (powerW > idleW) return chargeStates.discharging;
  if (powerW < -idleW) return chargeStates.charging;
  if (soc <= emptySoc) return chargeStates.empty;
  return soc >= fullSoc ? chargeStates.full : chargeStates.holding;
};
