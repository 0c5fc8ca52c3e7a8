/** Integrates power over time to energy, split by direction (aggregation §3.2). */

/** One sample of power. */
export interface PowerSample {
  /** W; the sign is that of the source. */
  w: number;
  /** Time of measurement, monotonic ms. */
  at: number;
}

/** A sample that may have ended before its age did, since its source fell silent or said that it does not know. */
export interface EndedSample extends PowerSample {
  /** Time up to which the sample is held at most, monotonic ms. */
  until?: number;
}

/** How the power of a source is integrated. */
export interface IntegrationRules {
  /** The source reports on change: between two samples power stays at the first, and does not move to the second. */
  isHeld: boolean;
  /** Largest distance of two samples between which the power is known, ms. */
  gapMs: number;
}

/** Energy of a stretch of time. */
export interface EnergyStretch {
  /** Energy while power was positive, Wh. */
  positiveWh: number;
  /** Energy while power was negative, Wh, >= 0. */
  negativeWh: number;
  /** Time in which the power is known, ms. */
  coveredMs: number;
  /** Time in which the power is unknown, ms. */
  uncoveredMs: number;
}

/** A stretch of no length. */
export const noStretch: EnergyStretch = { positiveWh: 0, negativeWh: 0, coveredMs: 0, uncoveredMs: 0 };

/** @param sign -1: the second stretch is subtracted from the first */
export const addStretch = (a: EnergyStretch, b: EnergyStretch, sign: 1 | -1 = 1): EnergyStretch => ({
  positiveWh: a.positiveWh + sign * b.positiveWh,
  negativeWh: a.negativeWh + sign * b.negativeWh,
  coveredMs: a.coveredMs + sign * b.coveredMs,
  uncoveredMs: a.uncoveredMs + sign * b.uncoveredMs,
});

const msPerHour = 3_600_000;

const splitByDirection = (wh: number, coveredMs: number, uncoveredMs: number): EnergyStretch =>
  wh >= 0
    ? { positiveWh: wh, negativeWh: 0, coveredMs, uncoveredMs }
    : { positiveWh: 0, negativeWh: -wh, coveredMs, uncoveredMs };

/**
 * Integrates between two samples: for a source that is read periodically by the trapezoidal rule, split at the zero of
 * the line where the sign changes, and not across a gap; for a source that reports on change with the value held until
 * it is too old.
 */
export const integrate = (from: PowerSample, to: PowerSample, { isHeld, gapMs }: IntegrationRules): EnergyStretch => {
  const ms = to.at - from.at;
  if (isHeld) {
    const heldMs = Math.min(ms, gapMs);
    return splitByDirection((from.w * heldMs) / msPerHour, heldMs, ms - heldMs);
  }
  if (ms > gapMs) return splitByDirection(0, 0, ms);
  const hours = ms / msPerHour;
  if (from.w * to.w >= 0) return splitByDirection(((from.w + to.w) / 2) * hours, ms, 0);
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

/** @returns energy between two samples, of which the first may have ended */
export const integrateFrom = (from: EndedSample, to: PowerSample, rules: IntegrationRules): EnergyStretch =>
  integrate(
    from,
    to,
    rules.isHeld && from.until !== undefined ? { ...rules, gapMs: Math.min(rules.gapMs, from.until - from.at) } : rules,
  );
