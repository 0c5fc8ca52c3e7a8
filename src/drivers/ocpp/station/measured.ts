/** What one EVSE measured last, as limits are made from it and verified by it. */
import type { Clock } from '../../../model/time.ts';
import type { Measure } from '../words.ts';

/** What limits are made from and verified by. Times are monotonic, ms, of arrival. */
export interface Measured {
  /** Largest of the phases, A. */
  current?: { value: number; at: number };
  /** Phases that carry current. */
  phases?: { value: number; at: number };
  voltage?: { value: number; at: number };
  power?: { value: number; at: number };
  /** What the station allows the car, A. */
  offered?: { value: number; at: number };
}

export interface Meter {
  /** Of this moment: it changes in place. */
  measured(): Measured;
  /** @returns how many phases carry current, where any does */
  take(measures: Measure[]): number | undefined;
  /** Nothing flows, as a conclusion. */
  rest(): void;
  forgetPhases(): void;
  forget(): void;
}

/** Less than this is no current, A. */
const leastCurrentA = 1;
/** A phase that is switched off is no measure of the grid, V. */
const leastVoltage = 50;
const isPhase = (part: string | undefined): boolean => part === 'l1' || part === 'l2' || part === 'l3';

export const createMeter = (clock: Clock): Meter => {
  let measured: Measured = {};

  /** In place: thousands of stations do this every few seconds. */
  const note = (key: keyof Measured, value: number, at: number): void => {
    const known = measured[key];
    if (!known) measured[key] = { value, at };
    else [known.value, known.at] = [value, at];
  };

  return {
    measured: () => measured,
    take(measures) {
      const at = clock.monotonic();
      let [currents, largest, active, voltages, volts] = [0, 0, 0, 0, 0];
      for (const { quantity, part, value } of measures) {
        const size = Math.abs(value);
        if (part === undefined) {
          if (quantity === 'power') note('power', value, at);
          if (quantity === 'current_offered') note('offered', value, at);
        } else if (!isPhase(part)) continue;
        else if (quantity === 'current') {
          currents++;
          largest = Math.max(largest, size);
          if (size >= leastCurrentA) active++;
        } else if (quantity === 'voltage' && size > leastVoltage) [voltages, volts] = [voltages + 1, volts + size];
      }
      if (currents > 0) note('current', largest, at);
      if (voltages > 0) note('voltage', volts / voltages, at);
      if (active === 0) return undefined;
      note('phases', active, at);
      return active;
    },
    rest() {
      const at = clock.monotonic();
      const { voltage } = measured;
      measured = { ...(voltage && { voltage }), current: { value: 0, at }, power: { value: 0, at } };
    },
    forgetPhases() {
      const { phases: _, ...rest } = measured;
      measured = rest;
    },
    forget() {
      measured = {};
    },
  };
};
