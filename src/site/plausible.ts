/** What can have flowed between two readings of an energy counter. */

export interface CounterLimits {
  /** Largest plausible power behind this counter, W. */
  maxPowerW: number;
  /** Smallest step of the counter, Wh. */
  resolutionWh: number;
  /** The counter starts again from 0 here, Wh. */
  modulusWh?: number;
  /** Longer without an accepted sample is an outage, ms. */
  gapMs: number;
}

export interface Sample {
  wh: number;
  /** Time of measurement, ms: monotonic here, since 1970 where it is saved. */
  ts: number;
}

/** Clocks and meters are not exact. */
export const margin = 1.25;

export const powerOf = (wh: number, ms: number): number => (wh * 3_600_000) / ms;

/** Whether so much energy can flow in this time. */
export const fits = (wh: number, ms: number, { maxPowerW, resolutionWh }: CounterLimits): boolean =>
  wh <= (maxPowerW * margin * Math.max(0, ms)) / 3_600_000 + 2 * resolutionWh;
