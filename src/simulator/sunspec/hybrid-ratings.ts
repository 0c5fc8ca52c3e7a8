/** The nameplate of the hybrid inverter of the house, which its old and its new models tell. */
import { ratedVa } from '../house/inverter-power.ts';

/** Ratings in W, VA, var, A, V and Wh. */
export const ratings = {
  powerW: ratedVa,
  apparentVa: ratedVa,
  reactiveVar: 6000,
  /** One phase. */
  currentA: 14.5,
  voltageV: 230,
  chargeW: 5000,
  dischargeW: 5000,
  /** Nominal voltage of the battery. */
  batteryV: 205,
  lowestPowerFactor: 0.8,
} as const;
