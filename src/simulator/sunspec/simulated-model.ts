/** A SunSpec model of a simulated device: its values, the settings that clients write, and controls that revert. */
import type { PointValue } from '../../drivers/sunspec/index.ts';
import type { HouseState } from '../house/house-state.ts';

/** Scaled values of points by their paths, scale factors among them; a point that is missing is not implemented. */
export type PointValues = Record<string, PointValue>;

/** A point that clients write. */
export interface Setting {
  /** Value when the device is switched on. */
  initial: number;
  /** Whether a client may write a value; others are refused with ILLEGAL DATA VALUE. */
  allows(value: number): boolean;
  /** The device takes the value back as soon as it has seen it, as with the reset of an alarm. */
  isMomentary?: boolean;
}

/** @returns the value of a setting of the same device */
export type ReadSetting = (model: number, point: string) => number;

/** A control of a model that the device takes back by itself when its time is over. */
export interface RevertingControl {
  /** Points of the control; a write to one of them starts its time anew. */
  points: readonly string[];
  /** Point with the time, s; 0: the control stays. */
  timeout: string;
  /** Point that tells the time that is left, s. */
  remaining?: string;
  /** Whether the control is at work, so that there is something to take back. */
  isActive(setting: (point: string) => number): boolean;
  /** @returns the settings that hold when the time is over */
  revert(setting: (point: string) => number): Record<string, number>;
}

/** Everything that a model may measure. */
export interface Measured {
  state: HouseState;
  setting: ReadSetting;
  /** Wall clock, ms since 1970. */
  nowMs: number;
  /** Time since the device was switched on, s. */
  uptimeS: number;
}

/** A model as a device has it. */
export interface SimulatedModel {
  id: number;
  /** Numbers of repeating groups by the point that tells them. */
  counts?: Record<string, number>;
  /** Number of the groups that the length of the model tells. */
  repeats?: number;
  settings?: Record<string, Setting>;
  controls?: readonly RevertingControl[];
  /** @returns the values of all points that are no settings */
  measure(measured: Measured): PointValues;
}

/** A number within limits, both included. */
export const between = (initial: number, min: number, max: number): Setting => ({
  initial,
  allows: (value) => value >= min && value <= max,
});

/** A value of an enumeration. */
export const oneOf = (initial: number, ...others: number[]): Setting => ({
  initial,
  allows: (value) => [initial, ...others].includes(value),
});

/** A time in whole seconds, which fits into a uint16. */
export const seconds: Setting = between(0, 0, 65_534);

/** A time in whole seconds, which fits into a uint32. */
export const longSeconds: Setting = between(0, 0, 4_294_967_294);

/** A command that the device carries out at once, and forgets. @param values that it understands beside 0 */
export const momentary = (...values: number[]): Setting => ({ ...oneOf(0, ...values), isMomentary: true });

/** SunSpec counts the seconds since 2000-01-01. */
const epochMs = Date.UTC(2000, 0, 1);

/** @param nowMs since 1970 @returns seconds since 2000-01-01 UTC */
export const sunSpecTime = (nowMs: number): number => Math.floor((nowMs - epochMs) / 1000);

/** Highest values of the types that measured values have most. */
export const highest = { int16: 32_767, uint16: 65_534 } as const;

/**
 * Chooses a scale factor that changes with the values, as inverters of the field do.
 * @param values that share the factor
 * @param finest the factor of small values
 * @param most the highest number that the registers hold
 * @returns the smallest power of ten with which all values fit
 */
export const factorFor = (values: readonly number[], finest: number, most: number): number => {
  const largest = Math.max(...values.map(Math.abs));
  let factor = finest;
  while (Math.round(largest / 10 ** factor) > most) factor++;
  return factor;
};

/** @param prefix of the path: "module.1." @returns the same values by longer paths */
export const prefixed = (prefix: string, values: PointValues): PointValues =>
  Object.fromEntries(Object.entries(values).map(([path, value]) => [`${prefix}${path}`, value]));
