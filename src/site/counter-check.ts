/**
 * Counters against power: a counter in another unit, one that stands still, or one that counts something else is found
 * by what it counts while the power beside it is known (aggregation §3.1).
 */

export type Mismatch =
  /** It counts about a thousand times too much or too little: another unit. */
  'unit' | 'stands_still' | 'ratio';

/** Energy by the counter and by the power, of the time in which the power was known and flowed. */
export interface Comparison {
  countedWh: number;
  integratedWh: number;
  /** How often the counter rose. */
  rises: number;
}

interface Pending {
  countedWh: number;
  /** Between the readings of the counter, ms. */
  ms: number;
  /** By power: all, and where it is enough to be compared. */
  energyWh: number;
  integratedWh: number;
  flowMs: number;
  coveredMs: number;
  hasGap: boolean;
}

/** Persisted as it is; all of it since both last agreed, where nothing else is said. */
export interface CounterCheck {
  whole: Comparison;
  /** Since the doubt began. */
  recent: Comparison;
  /** Since the last reading of the counter that was compared. */
  pending: Pending;
  /** Since the counter last rose; the longest of the flows before. */
  still: { integratedWh: number; flowMs: number; readings: number; longestFlowMs: number };
  /** Smallest step seen, Wh. */
  stepWh?: number;
  /** suspected: counts much more than flowed, and nobody knows yet whether its steps are as large as that. */
  trust: 'trusted' | 'suspected' | 'doubted';
  doubt?: { reason: Mismatch; ratio: number };
}

export interface CheckRules {
  /** As the device states it, Wh. */
  resolutionWh?: number;
  /** It tells each change, so that silence says that it has not changed. */
  isHeld: boolean;
  intervalMs: number;
  /** Below this power meters may not count, W. */
  floorW: number;
}

/** Longer than this no meter takes from one step to the next. */
const longestStepMs = 900_000;

export const nothingCompared = (): Comparison => ({ countedWh: 0, integratedWh: 0, rises: 0 });
const nothingPending = (): Pending => ({
  countedWh: 0,
  ms: 0,
  energyWh: 0,
  integratedWh: 0,
  flowMs: 0,
  coveredMs: 0,
  hasGap: false,
});

export const createCounterCheck = (): CounterCheck => ({
  whole: nothingCompared(),
  recent: nothingCompared(),
  pending: nothingPending(),
  still: { integratedWh: 0, flowMs: 0, readings: 0, longestFlowMs: 0 },
  trust: 'trusted',
});

/** Power has flowed in the direction of the counter. */
export const noteFlow = ({ pending, still }: CounterCheck, wh: number, ms: number, { floorW }: CheckRules): void => {
  pending.coveredMs += ms;
  pending.energyWh += wh;
  if (wh * 3_600_000 < floorW * ms) return;
  pending.integratedWh += wh;
  pending.flowMs += ms;
  still.integratedWh += wh;
  still.flowMs += ms;
};

/** The power was not known for a time. */
export const noteGap = (check: CounterCheck): void => {
  check.pending.hasGap = true;
};

const extend = (comparison: Comparison, countedWh: number, integratedWh: number, rises: number): void => {
  comparison.countedWh += countedWh;
  comparison.integratedWh += integratedWh;
  comparison.rises += rises;
};

const noteStep = (check: CounterCheck, deltaWh: number): void => {
  const { still } = check;
  if (deltaWh <= 0) {
    still.readings++;
    return;
  }
  check.stepWh = Math.min(check.stepWh ?? Number.POSITIVE_INFINITY, deltaWh);
  still.longestFlowMs = Math.max(still.longestFlowMs, Math.min(still.flowMs, longestStepMs));
  still.integratedWh = 0;
  still.flowMs = 0;
  still.readings = 0;
};

/** Energy of a time in which only the counter was there all along, Wh: by it, and what of it the power has seen. */
export interface CountedAlone {
  countedWh: number;
  seenWh: number;
}

/** A reading of the counter that was accepted. */
export interface Count {
  /** Energy since the one before, and how much more it shows, Wh. */
  deltaWh: number;
  riseWh: number;
  /** Since the one before, ms. */
  ms: number;
  /** It shows less than it did, and is waited for at what it has shown. */
  isWaitedFor: boolean;
  /** The power is not too old. */
  isPowerKnown: boolean;
}

/** Readings that come late, or in another order, may leave counter and power at different times. */
const mostApart = 2;

/** @returns undefined where the power was known as well */
export const noteCount = (
  check: CounterCheck,
  count: Count,
  { resolutionWh }: CheckRules,
): CountedAlone | undefined => {
  const { pending, whole, recent } = check;
  const { deltaWh, riseWh, ms, isWaitedFor, isPowerKnown } = count;
  noteStep(check, isWaitedFor ? riseWh : deltaWh);
  pending.countedWh += deltaWh;
  pending.ms += ms;
  const isAlone = !isPowerKnown || pending.hasGap;
  // Read more often than the power: the next power belongs to it.
  if (!isAlone && pending.coveredMs === 0) return undefined;
  check.pending = nothingPending();
  const { countedWh, coveredMs } = pending;
  if (isAlone || coveredMs * mostApart < pending.ms) return { countedWh, seenWh: pending.energyWh };
  if (isWaitedFor || coveredMs > pending.ms * mostApart) return undefined;
  // Next to nothing flows, of which a meter need not take notice; but it need not make it more.
  const stepWh = resolutionWh ?? check.stepWh ?? countedWh;
  if (pending.flowMs < coveredMs / 2 && countedWh <= 2 * stepWh) return undefined;
  const rises = deltaWh > 0 ? 1 : 0;
  extend(whole, pending.countedWh, pending.integratedWh, rises);
  extend(recent, pending.countedWh, pending.integratedWh, rises);
  return undefined;
};
