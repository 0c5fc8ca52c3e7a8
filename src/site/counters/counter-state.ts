/** State of one energy counter, and the steps that accepted readings make of it. */
import { type CounterCandidate, moveCandidate } from './counter-candidate.ts';
import type { CounterSample } from './counter-limits.ts';

/** The state of a counter; saved as it is. */
export interface CounterState {
  /** Last accepted reading; while the counter shows less, this is its high-water mark. */
  last?: CounterSample;
  /** The reading while it is below what was accepted, Wh. */
  shownWh?: number;
  /** Time at which the counter was last seen to rise, ms: some meters count in steps of minutes. */
  roseAt?: number;
  /** The lowest reading of the current minute and of the one before, each with the time at which its minute began. */
  earlier: CounterSample[];
  /** Readings that do not fit. */
  candidate?: CounterCandidate;
  /** Power above the ceiling that a steady series has proven, W. */
  provenW?: number;
  /** Time since when no reading was accepted although some came, ms, and whether that was reported. */
  doubt?: { since: number; isReported: boolean };
}

/** Something out of the ordinary that a counter did. */
export type CounterEvent =
  /** The counter began again from 0: what it shows is counted. */
  | 'counter_reset'
  /** The counter rolled over the end of its digits. */
  | 'counter_rollover'
  /** The counter shows what another meter has counted: only what it counts from there on is added. */
  | 'counter_exchanged'
  /** The counter is back after an outage: what it counted meanwhile is added. */
  | 'counter_recovered'
  /** The counter steadily counts more than the largest power of the device allows: believed and added. */
  | 'counter_above_ceiling'
  /** The readings fit nothing: nothing is added until they do. */
  | 'counter_doubted';

/** The outcome of one reading. */
export interface CounterStep {
  state: CounterState;
  /** Energy since the last accepted reading, Wh, >= 0. */
  deltaWh: number;
  event?: CounterEvent;
}

/** A counter of which nothing is known yet. */
export const emptyCounter: CounterState = { earlier: [] };

/** Time without an accepted reading after which that is reported, ms. */
const doubtMs = 600_000;
const minuteMs = 60_000;

/** Keeps the lowest reading of the current minute and of the one before. */
const remember = (earlier: CounterSample[], shown: CounterSample): CounterSample[] => {
  const newest = earlier.at(-1);
  if (!newest || shown.ts - newest.ts >= minuteMs) return [...earlier.slice(-1), shown];
  return [...earlier.slice(0, -1), { wh: Math.min(newest.wh, shown.wh), ts: newest.ts }];
};

/** @returns the same counter with its times moved by so many ms, since its device's clock was off or time is saved */
export const moveCounter = (state: CounterState, ms: number): CounterState => {
  const { last, roseAt, earlier, candidate, doubt } = state;
  const moved = ({ wh, ts }: CounterSample): CounterSample => ({ wh, ts: ts + ms });
  return {
    ...state,
    ...(last && { last: moved(last) }),
    ...(roseAt !== undefined && { roseAt: roseAt + ms }),
    earlier: earlier.map(moved),
    ...(candidate && { candidate: moveCandidate(candidate, ms) }),
    ...(doubt && { doubt: { ...doubt, since: doubt.since + ms } }),
  };
};

/** @returns the time at which a counter last rose, as far as is known, ms */
export const roseAtOf = ({ roseAt }: CounterState, last: CounterSample): number => roseAt ?? last.ts;

/** @returns the state without a candidate and without doubt */
const accepted = (state: CounterState, fields: Pick<CounterState, 'last' | 'roseAt' | 'earlier'>): CounterState => ({
  ...fields,
  ...(state.provenW === undefined ? {} : { provenW: state.provenW }),
});

/** @returns the counter after a reading that goes on from the last one */
export const proceed = (state: CounterState, last: CounterSample, sample: CounterSample): CounterStep => ({
  state: accepted(state, {
    last: sample,
    roseAt: sample.wh > last.wh ? sample.ts : roseAtOf(state, last),
    earlier: remember(state.earlier, sample),
  }),
  deltaWh: sample.wh - last.wh,
});

/** @returns the counter after a reading a little below the last one: what it counts next was added already */
export const holdHighWaterMark = (state: CounterState, last: CounterSample, sample: CounterSample): CounterStep => ({
  state: {
    ...accepted(state, {
      last: { wh: last.wh, ts: sample.ts },
      roseAt: roseAtOf(state, last),
      earlier: remember(state.earlier, sample),
    }),
    shownWh: sample.wh,
  },
  deltaWh: 0,
});

/** @returns the counter after a reading from which its numbers begin anew */
export const beginAnew = (
  state: CounterState,
  sample: CounterSample,
  { deltaWh, event }: { deltaWh: number; event: CounterEvent },
): CounterStep => ({
  state: accepted(state, { last: sample, roseAt: sample.ts, earlier: [sample] }),
  deltaWh,
  event,
});

/** @returns the counter with a candidate kept for later, and once the event that nothing has fitted for long */
export const keepCandidate = (state: CounterState, candidate: CounterCandidate): CounterStep => {
  const { ts, wh } = candidate.latest;
  if (wh === 0) return { state: { ...state, candidate }, deltaWh: 0 };
  const { since, isReported } = state.doubt ?? { since: ts, isReported: false };
  const isDue = !isReported && ts - since >= doubtMs;
  return {
    state: { ...state, candidate, doubt: { since, isReported: isReported || isDue } },
    deltaWh: 0,
    ...(isDue && { event: 'counter_doubted' }),
  };
};
