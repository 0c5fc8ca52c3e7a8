/**
 * Energy counters to increments that lose nothing and double nothing: dips, resets, rollovers, exchanged meters and
 * spikes are told apart by waiting for confirmation (aggregation §3.3).
 */

export interface CounterLimits {
  /** Largest plausible power behind this counter, W. */
  maxPowerW: number;
  /** Smallest step of the counter, Wh. */
  resolutionWh: number;
  /** The counter starts again from 0 here, Wh. */
  modulusWh?: number;
  /** Longer without a sample is an outage, ms. */
  gapMs: number;
}

interface Sample {
  wh: number;
  /** Time of measurement, ms. */
  ts: number;
}

/** Persisted as it is. */
export interface CounterState {
  last?: Sample;
  /** Readings that do not fit and may turn out to be right. */
  candidates: Sample[];
  /** Counts exchanges and resets: another number, another counter. */
  generation: number;
}

export type CounterEvent = 'counter_reset' | 'counter_rollover' | 'counter_exchanged' | 'counter_recovered';

export interface Step {
  state: CounterState;
  /** Energy since the last accepted sample, >= 0, Wh. */
  deltaWh: number;
  event?: CounterEvent;
}

export const emptyCounter: CounterState = { candidates: [], generation: 0 };

const confirmations = 3;
const resetAfterMs = 60_000;
const maxCandidates = 16;

/** Most energy that fits between two samples. */
const ceiling = (from: Sample, to: Sample, { maxPowerW, resolutionWh }: CounterLimits): number =>
  (maxPowerW * Math.max(0, to.ts - from.ts) * 1.25) / 3_600_000 + 2 * resolutionWh;

const accept = (state: CounterState, sample: Sample, deltaWh: number, event?: CounterEvent): Step => ({
  state: {
    last: sample,
    candidates: [],
    generation: state.generation + (event && event !== 'counter_recovered' && event !== 'counter_rollover' ? 1 : 0),
  },
  deltaWh,
  ...(event && { event }),
});

/** The candidates with a further one, or this one alone where it does not continue them. */
const follow = (state: CounterState, sample: Sample, limits: CounterLimits): Sample[] => {
  const previous = state.candidates.at(-1);
  const continues =
    previous && sample.wh >= previous.wh && sample.wh - previous.wh <= ceiling(previous, sample, limits);
  if (!continues) return [sample];
  // The first one stays: confirmation takes time, however often the meter is read.
  const [first, ...others] = state.candidates as [Sample, ...Sample[]];
  return [first, ...others.slice(-(maxCandidates - 2)), sample];
};

const wait = (state: CounterState, candidates: Sample[]): Step => ({ state: { ...state, candidates }, deltaWh: 0 });

/** Far above: a spike, until what follows continues from it. */
const stepAbove = (state: CounterState, last: Sample, sample: Sample, limits: CounterLimits): Step => {
  const candidates = follow(state, sample, limits);
  const first = candidates[0] as Sample;
  if (candidates.length < confirmations) return wait(state, candidates);
  if (first.ts - last.ts > limits.gapMs) return accept(state, sample, sample.wh - last.wh, 'counter_recovered');
  // Another meter: what it counted before is not ours.
  return accept(state, sample, sample.wh - first.wh, 'counter_exchanged');
};

/** Below: a dip that comes back, or a counter that began again from 0. */
const stepBelow = (state: CounterState, sample: Sample, limits: CounterLimits): Step => {
  const candidates = follow(state, sample, limits);
  const first = candidates[0] as Sample;
  const isConfirmed = candidates.length >= confirmations && sample.ts - first.ts >= resetAfterMs;
  // What it shows now was counted since the reset: a lower bound of what really flowed.
  return isConfirmed ? accept(state, sample, sample.wh, 'counter_reset') : wait(state, candidates);
};

/**
 * Takes one sample.
 * @returns the next state and the energy it adds; samples older than the last change nothing
 */
export const stepCounter = (state: CounterState, sample: Sample, limits: CounterLimits): Step => {
  const { last } = state;
  if (!Number.isFinite(sample.wh) || sample.wh < 0) return { state, deltaWh: 0 };
  if (!last) return { state: { ...state, last: sample, candidates: [] }, deltaWh: 0 };
  if (sample.ts <= last.ts) return { state, deltaWh: 0 };
  const delta = sample.wh - last.wh;
  if (sample.wh === 0 && last.wh > 0) return stepBelow(state, sample, limits);
  if (delta >= 0)
    return delta <= ceiling(last, sample, limits)
      ? accept(state, sample, delta)
      : stepAbove(state, last, sample, limits);
  // The meter's noise: the high-water mark stays.
  const tolerance = Math.max(2 * limits.resolutionWh, 10);
  if (-delta <= tolerance)
    return { state: { ...state, last: { wh: last.wh, ts: sample.ts }, candidates: [] }, deltaWh: 0 };
  const { modulusWh } = limits;
  if (modulusWh !== undefined && last.wh > 0.9 * modulusWh && sample.wh < 0.1 * modulusWh) {
    const over = sample.wh + modulusWh - last.wh;
    if (over <= ceiling(last, sample, limits)) return accept(state, sample, over, 'counter_rollover');
  }
  return stepBelow(state, sample, limits);
};
