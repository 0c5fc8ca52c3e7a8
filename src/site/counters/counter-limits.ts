/** Limits of an energy counter: how much energy can have flowed between two of its readings. */

/** Limits by the meta of the device. */
export interface CounterLimits {
  /** Largest plausible power behind this counter, W. */
  maxPowerW: number;
  /** Smallest step of the counter, Wh. */
  resolutionWh: number;
  /** Reading at which the counter rolls over to 0, Wh. */
  modulusWh?: number;
  /** Longest time without an accepted reading that is no outage, ms. */
  gapMs: number;
}

/** One reading of a counter. */
export interface CounterSample {
  wh: number;
  /** Time of measurement, ms: monotonic at runtime, since 1970 where it is saved. */
  ts: number;
}

/** Factor on the largest power, since clocks and meters are not exact. */
export const powerMargin = 1.25;

/** @returns mean power, W */
export const meanPowerOf = (wh: number, ms: number): number => (wh * 3_600_000) / ms;

/** @returns whether so much energy can flow in this time */
export const fitsLimits = (wh: number, ms: number, { maxPowerW, resolutionWh }: CounterLimits): boolean =>
  wh <= (maxPowerW * powerMargin * Math.max(0, ms)) / 3_600_000 + 2 * resolutionWh;
