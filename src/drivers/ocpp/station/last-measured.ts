/** The last measured values of one EVSE, from which limits are made and by which they are verified. */
import type { SampledValue } from '../messages.ts';

/** Values of this moment, changed in place. Times are monotonic, ms, of arrival. */
export interface LastMeasured {
  /** Largest of the phases, A. */
  current: Fact | undefined;
  /** Phases that carry current. */
  phases: Fact | undefined;
  voltage: Fact | undefined;
  power: Fact | undefined;
  /** Current that the station offers the car, A. */
  offered: Fact | undefined;
}

interface Fact {
  value: number;
  at: number;
}

const measuredKeys = ['current', 'phases', 'voltage', 'power', 'offered'] as const satisfies (keyof LastMeasured)[];

/** The state of an EVSE that has measured nothing on this connection. */
export const nothingMeasured = (): LastMeasured => ({
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
const note = (measured: LastMeasured, key: keyof LastMeasured, fact: Fact): void => {
  const known = measured[key];
  if (known) {
    known.value = fact.value;
    known.at = fact.at;
  } else measured[key] = fact;
};

/** @param at monotonic ms @returns how many phases carry current, where any does */
export const noteSampledValues = (
  measured: LastMeasured,
  sampledValues: SampledValue[],
  at: number,
): number | undefined => {
  let [currents, largest, active, voltages, volts] = [0, 0, 0, 0, 0];
  for (const { quantity, part, value } of sampledValues) {
    const size = Math.abs(value);
    if (part === undefined) {
      if (quantity === 'power') note(measured, 'power', { value, at });
      if (quantity === 'current_offered') note(measured, 'offered', { value, at });
    } else if (!isPhase(part)) continue;
    else if (quantity === 'current') {
      currents++;
      largest = Math.max(largest, size);
      if (size >= leastCurrentA) active++;
    } else if (quantity === 'voltage' && size > leastVoltage) [voltages, volts] = [voltages + 1, volts + size];
  }
  if (currents > 0) note(measured, 'current', { value: largest, at });
  if (voltages > 0) note(measured, 'voltage', { value: volts / voltages, at });
  if (active === 0) return undefined;
  note(measured, 'phases', { value: active, at });
  return active;
};

/** Nothing flows any more, as a conclusion: what flowed before tells nothing. */
export const forgetRest = (measured: LastMeasured): void => {
  for (const key of ['current', 'power', 'phases', 'offered'] as const) measured[key] = undefined;
};

/** Forgets all values in place. */
export const forgetMeasured = (measured: LastMeasured): void => {
  for (const key of measuredKeys) measured[key] = undefined;
};
