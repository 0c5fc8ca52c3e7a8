/**
 * Comparison of a counter with the power measured beside it: a counter in another unit, one that stands still, or one
 * that counts something else is found by what it counts while the power is known (aggregation §3.1).
 */

/** How a counter differs from the power. */
export type Mismatch =
  /** The counter shows about a thousand times too much or too little: it counts in another unit. */
  'unit' | 'stands_still' | 'ratio';

/** Energy by the counter and by the power, over the time in which the power was known and flowed. */
export interface ComparedEnergy {
  countedWh: number;
  integratedWh: number;
  /** Number of times the counter rose. */
  rises: number;
}

/** Energy since the last reading of the counter that was compared. */
interface PendingEnergy {
  countedWh: number;
  /** Time between the readings of the counter, ms. */
  ms: number;
  /** Energy by power, Wh: all of it, and where the power is high enough to be compared. */
  energyWh: number;
  integratedWh: number;
  /** Time in which the power was high enough, and in which it was known, ms. */
  flowMs: number;
  coveredMs: number;
  /** The power was unknown for a part of the time. */
  hasGap: boolean;
}

/** A counter and its power since both last agreed; saved as it is. */
export interface CounterComparison {
  whole: ComparedEnergy;
  /** The part that was compared since the doubt began. */
  recent: ComparedEnergy;
  pending: PendingEnergy;
  /** Energy by power since the counter last rose, and the longest time that took before. */
  still: { integratedWh: number; flowMs: number; readings: number; longestFlowMs: number };
  /** Smallest step that was seen, Wh. */
  stepWh?: number;
  /** suspected: the counter counts much more than flowed, and whether its steps are that large is unknown yet. */
  trust: 'trusted' | 'suspected' | 'doubted';
  /** ratio: counted energy by energy that flowed. */
  doubt?: { reason: Mismatch; ratio: number };
}

/** How a counter is compared. */
export interface ComparisonRules {
  /** Resolution that the device states, Wh. */
  resolutionWh?: number;
  /** Whether the counter is reported on change, so that silence says that it has not changed. */
  isHeld: boolean;
  /** Time between two reports, ms; 0: unknown. */
  intervalMs: number;
  /** Power below which meters may not count, W. */
  floorW: number;
}

/** Longest time that a meter takes from one step to the next, ms. */
const longestStepMs = 900_000;

/** @returns a comparison of nothing */
export const nothingCompared = (): ComparedEnergy => ({ countedWh: 0, integratedWh: 0, rises: 0 });
const nothingPending = (): PendingEnergy => ({
  countedWh: 0,
  ms: 0,
  energyWh: 0,
  integratedWh: 0,
  flowMs: 0,
  coveredMs: 0,
  hasGap: false,
});

/** @returns the comparison of a counter that was not read yet */
export const createCounterComparison = (): CounterComparison => ({
  whole: nothingCompared(),
  recent: nothingCompared(),
  pending: nothingPending(),
  still: { integratedWh: 0, flowMs: 0, readings: 0, longestFlowMs: 0 },
  trust: 'trusted',
});

/** Energy by power. */
export interface Flow {
  /** Energy in the direction of the counter, Wh. */
  wh: number;
  /** Time in which the power was known, ms. */
  ms: number;
}

/** Notes power that has flowed in the direction of the counter. */
export const noteFlow = (comparison: CounterComparison, { wh, ms }: Flow, { floorW }: ComparisonRules): void => {
  const { pending, still } = comparison;
  pending.coveredMs += ms;
  pending.energyWh += wh;
  if (wh * 3_600_000 < floorW * ms) return;
  pending.integratedWh += wh;
  pending.flowMs += ms;
  still.integratedWh += wh;
  still.flowMs += ms;
};

/** Notes that the power was unknown for a time. */
export const noteGap = (comparison: CounterComparison): void => {
  comparison.pending.hasGap = true;
};

const addPending = (compared: ComparedEnergy, pending: PendingEnergy, rises: number): void => {
  compared.countedWh += pending.countedWh;
  compared.integratedWh += pending.integratedWh;
  compared.rises += rises;
};

const noteStep = (comparison: CounterComparison, deltaWh: number): void => {
  const { still } = comparison;
  if (deltaWh <= 0) {
    still.readings++;
    return;
  }
  comparison.stepWh = Math.min(comparison.stepWh ?? Number.POSITIVE_INFINITY, deltaWh);
  still.longestFlowMs = Math.max(still.longestFlowMs, Math.min(still.flowMs, longestStepMs));
  still.integratedWh = 0;
  still.flowMs = 0;
  still.readings = 0;
};

/** Energy of a time in which only the counter was known throughout. */
export interface CountedAlone {
  countedWh: number;
  /** Part of the energy that the power has seen, Wh. */
  seenWh: number;
}

/** A reading of the counter that was accepted. */
export interface CountedEnergy {
  /** Energy since the reading before, Wh. */
  deltaWh: number;
  /** Difference to what the counter showed before, Wh. */
  riseWh: number;
  /** Time since the reading before, ms. */
  ms: number;
  /** The counter shows less than it did, and stays at its high-water mark. */
  isBelowMark: boolean;
  /** The power is known, and not too old. */
  isPowerKnown: boolean;
}

/** Late or unordered readings may leave the times of counter and power different by this factor. */
const mostApart = 2;

/** @returns what the counter alone has seen; undefined where the power was known as well */
export const noteCount = (
  comparison: CounterComparison,
  count: CountedEnergy,
  { resolutionWh }: ComparisonRules,
): CountedAlone | undefined => {
  const { pending, whole, recent } = comparison;
  const { deltaWh, riseWh, ms, isBelowMark, isPowerKnown } = count;
  noteStep(comparison, isBelowMark ? riseWh : deltaWh);
  pending.countedWh += deltaWh;
  pending.ms += ms;
  const isAlone = !isPowerKnown || pending.hasGap;
  // A counter that is read more often than the power waits for the next power.
  if (!isAlone && pending.coveredMs === 0) return undefined;
  comparison.pending = nothingPending();
  const { countedWh, coveredMs } = pending;
  if (isAlone || coveredMs * mostApart < pending.ms) return { countedWh, seenWh: pending.energyWh };
  if (isBelowMark || coveredMs > pending.ms * mostApart) return undefined;
  // A meter need not count power that is close to zero, but must not count more than that.
  const stepWh = resolutionWh ?? comparison.stepWh ?? countedWh;
  if (pending.flowMs < coveredMs / 2 && countedWh <= 2 * stepWh) return undefined;
  const rises = deltaWh > 0 ? 1 : 0;
  addPending(whole, pending, rises);
  addPending(recent, pending, rises);
  return undefined;
};
