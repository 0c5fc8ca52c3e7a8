/** Power over time to energy, split by direction (aggregation §3.2). */

export interface PowerSample {
  w: number;
  /** Monotonic time of measurement, ms. */
  at: number;
}

export interface IntegrationRules {
  /** The source tells each change: between two samples power was the first of them, not on the way to the second. */
  isHeld: boolean;
  /** Nothing is known beyond this distance of two samples, ms. */
  gapMs: number;
}

export interface Stretch {
  /** Where power was positive, Wh. */
  positiveWh: number;
  /** Where power was negative, Wh, >= 0. */
  negativeWh: number;
  /** How much of the time between the samples is known, and how much is not, ms. */
  coveredMs: number;
  uncoveredMs: number;
}

export const noStretch: Stretch = { positiveWh: 0, negativeWh: 0, coveredMs: 0, uncoveredMs: 0 };

/** @param sign -1: the second is taken from the first */
export const addStretch = (a: Stretch, b: Stretch, sign: 1 | -1 = 1): Stretch => ({
  positiveWh: a.positiveWh + sign * b.positiveWh,
  negativeWh: a.negativeWh + sign * b.negativeWh,
  coveredMs: a.coveredMs + sign * b.coveredMs,
  uncoveredMs: a.uncoveredMs + sign * b.uncoveredMs,
});

const msPerHour = 3_600_000;

const split = (wh: number, coveredMs: number, uncoveredMs: number): Stretch =>
  wh >= 0
    ? { positiveWh: wh, negativeWh: 0, coveredMs, uncoveredMs }
    : { positiveWh: 0, negativeWh: -wh, coveredMs, uncoveredMs };

/**
 * Energy between two samples. Of a source that is read periodically by the trapezoidal rule, where a change of sign is
 * split at the zero of the line; a longer gap is not integrated. A value that is held counts until it is too old.
 */
export const integrate = (from: PowerSample, to: PowerSample, { isHeld, gapMs }: IntegrationRules): Stretch => {
  const ms = to.at - from.at;
  if (isHeld) {
    const heldMs = Math.min(ms, gapMs);
    return split((from.w * heldMs) / msPerHour, heldMs, ms - heldMs);
  }
  if (ms > gapMs) return split(0, 0, ms);
  const hours = ms / msPerHour;
  if (from.w * to.w >= 0) return split(((from.w + to.w) / 2) * hours, ms, 0);
  const share = Math.abs(from.w) / (Math.abs(from.w) + Math.abs(to.w));
  const firstWh = (Math.abs(from.w) / 2) * hours * share;
  const secondWh = (Math.abs(to.w) / 2) * hours * (1 - share);
  return {
    positiveWh: from.w > 0 ? firstWh : secondWh,
    negativeWh: from.w > 0 ? secondWh : firstWh,
    coveredMs: ms,
    uncoveredMs: 0,
  };
};
