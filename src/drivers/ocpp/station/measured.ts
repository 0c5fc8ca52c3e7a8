/** What one EVSE measured last, as limits are made from it and verified by it. */
import type { Measure } from '../words.ts';

/** What limits are made from and verified by: of this moment, it changes in place. Times are monotonic, ms, of arrival. */
export interface Measured {
  /** Largest of the phases, A. */
  current: Fact | undefined;
  /** Phases that carry current. */
  phases: Fact | undefined;
  voltage: Fact | undefined;
  power: Fact | undefined;
  /** What the station allows the car, A. */
  offered: Fact | undefined;
}

interface Fact {
  value: number;
  at: number;
}

const measuredKeys = ['current', 'phases', 'voltage', 'power', 'offered'] as const satisfies (keyof Measured)[];

export const nothingMeasured = (): Measured => ({
  current: undefined,
  phases: undefined,
  voltage: undefined,
  power: undefined,
  offered: undefined,
});

/** Less than this is no current, A. */
const leastCurrentA = 1;
/** A phase that is switched off is no measure of the grid, V. */
const leastVoltage = 50;
const isPhase = (part: string | undefined): boolean => part === 'l1' || part === 'l2' || part === 'l3';

/** In place: thousands of stations do this every few seconds. */
const note = (measured: Measured, key: keyof Measured, value: number, at: number): void => {
  const known = measured[key];
  if (known) {
    known.value = value;
    known.at = at;
  } else measured[key] = { value, at };
};

/** @param at monotonic ms @returns how many phases carry current, where any does */
export const noteMeasures = (measured: Measured, measures: Measure[], at: number): number | undefined => {
  let [currents, largest, active, voltages, volts] = [0, 0, 0, 0, 0];
  for (const { quantity, part, value } of measures) {
    const size = Math.abs(value);
    if (part === undefined) {
      if (quantity === 'power') note(measured, 'power', value, at);
      if (quantity === 'current_offered') note(measured, 'offered', value, at);
    } else if (!isPhase(part)) continue;
    else if (quantity === 'current') {
      currents++;
      largest = Math.max(largest, size);
      if (size >= leastCurrentA) active++;
    } else if (quantity === 'voltage' && size > leastVoltage) [voltages, volts] = [voltages + 1, volts + size];
  }
  if (currents > 0) note(measured, 'current', largest, at);
  if (voltages > 0) note(measured, 'voltage', volts / voltages, at);
  if (active === 0) return undefined;
  note(measured, 'phases', active, at);
  return active;
};

/** Nothing flows any more, as a conclusion: what flowed before tells nothing. */
export const forgetRest = (measured: Measured): void => {
  for (const key of ['current', 'power', 'phases', 'offered'] as const) measured[key] = undefined;
};

export const forgetMeasured = (measured: Measured): void => {
  for (const key of measuredKeys) measured[key] = undefined;
};
