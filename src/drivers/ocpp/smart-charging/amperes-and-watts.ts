/**
 * Limits in amperes per phase and in watts: a charging schedule is in one of the two units (its chargingRateUnit), and the
 * voltage and the phases of the EVSE convert one into the other.
 */

/** One period of a limit. */
export interface SchedulePeriod {
  /** s after the first period began. */
  startS: number;
  /** A per phase. */
  currentA: number;
  /** The limit as it was asked for in watts: sent as it is where the station takes watts. */
  powerW?: number;
}

/** The supply of an EVSE, by which watts and amperes are converted. */
export interface Supply {
  /** Between phase and neutral, V. */
  voltage: number;
  phases: 1 | 2 | 3;
}

/** IEC 61851-1: the least charging current, A per phase. */
const usualMinCurrentA = 6;

/** @returns the current to a tenth of an ampere, rounded down; 0, a pause, below the least charging current */
export const toSettableCurrent = (currentA: number, minCurrentA = usualMinCurrentA): number => {
  const tenths = Math.floor(currentA * 10 + 1e-6) / 10;
  return tenths < minCurrentA ? 0 : tenths;
};

/** @returns A per phase */
export const toCurrent = (powerW: number, { voltage, phases }: Supply): number => powerW / (voltage * phases);

/** @returns a limit in the unit of a schedule: A per phase, or whole W of all phases */
export const toLimit = ({ currentA, powerW }: SchedulePeriod, unit: 'A' | 'W', { voltage, phases }: Supply): number => {
  if (unit === 'A') return currentA;
  if (powerW !== undefined && currentA > 0) return Math.floor(powerW);
  return Math.floor(currentA * voltage * phases);
};
