/** The last measured values of one EVSE, from which limits are made and by which they are verified. */
import type { SampledValue } from '../messages.ts';

/** A value, and when it arrived, monotonic ms. */
interface MeasuredValue {
  value: number;
  at: number;
}

export type MeasuredKey = 'current' | 'phases' | 'voltage' | 'power' | 'offered';

/** Less than this is no current, A. */
const leastCurrentA = 1;
/** A phase that is switched off is no measure of the grid, V. */
const leastVoltage = 50;
const isPhase = (part: string | undefined): boolean => part === 'l1' || part === 'l2' || part === 'l3';

/** The values of this moment, changed in place; undefined: not measured on this connection. */
export class LastMeasured {
  /** Largest of the phases, A. */
  current: MeasuredValue | undefined;
  /** Phases that carry current. */
  phases: MeasuredValue | undefined;
  /** Mean of the phases, V. */
  voltage: MeasuredValue | undefined;
  /** W */
  power: MeasuredValue | undefined;
  /** Current that the station offers the car, A. */
  offered: MeasuredValue | undefined;

  /** @param at monotonic ms @returns how many phases carry current, where any does */
  note(sampledValues: SampledValue[], at: number): number | undefined {
    let [currents, largest, active, voltages, volts] = [0, 0, 0, 0, 0];
    for (const { quantity, part, value } of sampledValues) {
      const size = Math.abs(value);
      if (part === undefined) {
        if (quantity === 'power') this.set('power', value, at);
        if (quantity === 'current_offered') this.set('offered', value, at);
      } else if (!isPhase(part)) continue;
      else if (quantity === 'current') {
        currents++;
        largest = Math.max(largest, size);
        if (size >= leastCurrentA) active++;
      } else if (quantity === 'voltage' && size > leastVoltage) [voltages, volts] = [voltages + 1, volts + size];
    }
    if (currents > 0) this.set('current', largest, at);
    if (voltages > 0) this.set('voltage', volts / voltages, at);
    if (active === 0) return undefined;
    this.set('phases', active, at);
    return active;
  }

  /** Nothing flows any more, as a conclusion: what flowed before tells nothing. */
  forgetFlow(): void {
    this.current = undefined;
    this.power = undefined;
    this.phases = undefined;
    this.offered = undefined;
  }

  forget(): void {
    this.forgetFlow();
    this.voltage = undefined;
  }

  /** In place: thousands of stations do this every few seconds. */
  private set(key: MeasuredKey, value: number, at: number): void {
    const known = this[key];
    if (known) {
      known.value = value;
      known.at = at;
    } else this[key] = { value, at };
  }
}
