/**
 * Energy counters to increments that lose nothing and double nothing: dips, resets, rollovers, exchanged meters and
 * spikes are told apart by waiting for confirmation (aggregation §3.3).
 */
import { begin, type Candidate, follow, judge, moveCandidate } from './candidates.ts';
import { type CounterLimits, fits, type Sample } from './plausible.ts';

/** Persisted as it is. */
export interface CounterState {
  last?: Sample;
  /** What it shows while it is below what was accepted, Wh: the last one is its high-water mark. */
  shownWh?: number;
  /** When it was seen to rise, ms: some meters count in steps of minutes. */
  roseAt?: number;
  /** The lowest it has shown in this minute and the one before, with the time each began. */
  earlier: Sample[];
  candidate?: Candidate;
  /** Power above the ceiling that a steady series has proven, W. */
  provenW?: number;
  /** Since when, ms, no reading was accepted although some came; and whether that was said. */
  doubt?: { since: number; isReported: boolean };
}

export type CounterEvent =
  /** It began again from 0: what it shows is booked. */
  | 'counter_reset'
  /** It counted over the end of its digits. */
  | 'counter_rollover'
  /** It shows what another meter has counted: only what it counts from there on is booked. */
  | 'counter_exchanged'
  /** What it counted during an outage is booked. */
  | 'counter_recovered'
  /** It counts more than the largest power of the device allows, steadily: believed and booked. */
  | 'counter_above_ceiling'
  /** Its readings fit nothing: nothing is booked until they do. */
  | 'counter_doubted';

export interface Step {
  state: CounterState;
  /** Energy since the last accepted sample, >= 0, Wh. */
  deltaWh: number;
  event?: CounterEvent;
}

export const emptyCounter: CounterState = { earlier: [] };

const doubtMs = 600_000;
/** Longer than this no meter takes from one step to the next. */
const longestStepMs = 900_000;
const minuteMs = 60_000;

/** The lowest of each minute, of this one and the one before. */
const remember = (earlier: Sample[], shown: Sample): Sample[] => {
  const newest = earlier.at(-1);
  if (!newest || shown.ts - newest.ts >= minuteMs) return [...earlier.slice(-1), shown];
  return [...earlier.slice(0, -1), { wh: Math.min(newest.wh, shown.wh), ts: newest.ts }];
};

/** The same with its times moved: they were measured so much later than was thought, or are told by another clock. */
export const moveCounter = (state: CounterState, ms: number): CounterState => {
  const { last, roseAt, earlier, candidate, doubt } = state;
  const moved = ({ wh, ts }: Sample): Sample => ({ wh, ts: ts + ms });
  return {
    ...state,
    ...(last && { last: moved(last) }),
    ...(roseAt !== undefined && { roseAt: roseAt + ms }),
    earlier: earlier.map(moved),
    ...(candidate && { candidate: moveCandidate(candidate, ms) }),
    ...(doubt && { doubt: { ...doubt, since: doubt.since + ms } }),
  };
};

/** Without what was waited for. */
const settled = ({ provenW }: CounterState, last: Sample, roseAt: number, earlier: Sample[]): CounterState => ({
  last,
  roseAt,
  earlier,
  ...(provenW === undefined ? {} : { provenW }),
});

const roseAtOf = ({ roseAt }: CounterState, last: Sample): number => roseAt ?? last.ts;

/** How long what a reading shows more than the last accepted one may have flowed, ms. */
const timeFor = (state: CounterState, last: Sample, { ts }: Sample): number =>
  Math.max(ts - last.ts, Math.min(ts - roseAtOf(state, last), longestStepMs));

/** The same counter went on. */
const proceed = (state: CounterState, last: Sample, sample: Sample, event?: CounterEvent): Step => ({
  state: settled(
    state,
    sample,
    sample.wh > last.wh ? sample.ts : roseAtOf(state, last),
    remember(state.earlier, sample),
  ),
  deltaWh: sample.wh - last.wh,
  ...(event && { event }),
});

/** It fell a little: what it counts next was booked already. */
const hold = (state: CounterState, last: Sample, sample: Sample): CounterState => ({
  ...settled(state, { wh: last.wh, ts: sample.ts }, roseAtOf(state, last), remember(state.earlier, sample)),
  shownWh: sample.wh,
});

/** Its numbers begin anew. */
const beginAnew = (state: CounterState, sample: Sample, deltaWh: number, event: CounterEvent): Step => ({
  state: settled(state, sample, sample.ts, [sample]),
  deltaWh,
  event,
});

/** The energy between two samples if the counter began again at its end; undefined where it is not near it. */
const rolledOver = (last: Sample, sample: Sample, modulusWh = 0): number | undefined =>
  last.wh > 0.9 * modulusWh && last.wh < modulusWh && sample.wh < 0.1 * modulusWh
    ? sample.wh + modulusWh - last.wh
    : undefined;

/** Keeps the candidate for later, and says once that nothing has fitted for long. */
const wait = (state: CounterState, candidate: Candidate): Step => {
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

/** It shows less than what was accepted, and goes on from there. */
const renew = (state: CounterState, last: Sample, candidate: Candidate, limits: CounterLimits): Step => {
  const { first, latest, zeroAt } = candidate;
  const elapsed = first.ts - (zeroAt ?? last.ts);
  const ownWh = latest.wh - first.wh;
  const overWh = rolledOver(last, latest, limits.modulusWh);
  if (overWh !== undefined && first.wh > 0 && fits(overWh - ownWh, elapsed, limits))
    return beginAnew(state, latest, overWh, 'counter_rollover');
  // Counted from 0 since the last accepted sample, if that much can have flowed.
  return fits(first.wh, elapsed, limits)
    ? beginAnew(state, latest, latest.wh, 'counter_reset')
    : beginAnew(state, latest, ownWh, 'counter_exchanged');
};

/** It shows more than can have flowed within a gap, and goes on from there. */
const resume = (state: CounterState, last: Sample, { first, latest }: Candidate, limits: CounterLimits): Step => {
  if (!fits(first.wh - last.wh, timeFor(state, last, first), limits))
    return beginAnew(state, latest, latest.wh - first.wh, 'counter_exchanged');
  return proceed(state, last, latest, first.ts - last.ts > limits.gapMs ? 'counter_recovered' : undefined);
};

/** What does not fit waits for others that confirm it. */
const confirm = (state: CounterState, last: Sample, sample: Sample, limits: CounterLimits): Step => {
  const isBelow = sample.wh < last.wh;
  // What began below and is now above has jumped: one that only counts up to what was accepted fits it.
  const before = state.candidate && state.candidate.first.wh < last.wh === isBelow ? state.candidate : undefined;
  const candidate = before ? follow(before, sample, limits) : begin(sample);
  const adopt = isBelow ? renew : resume;
  switch (judge(candidate, limits)) {
    case 'waiting':
      return wait(state, candidate);
    case 'unsteady':
      return wait(state, begin(sample));
    case 'confirmed':
      return adopt(state, last, candidate, limits);
    case 'above_ceiling': {
      const provenW = candidate.fastestW;
      const step = adopt({ ...state, provenW }, last, candidate, { ...limits, maxPowerW: provenW });
      return { ...step, event: 'counter_above_ceiling' };
    }
  }
};

/**
 * Takes one sample.
 * @returns the next state and the energy it adds; samples older than the last change nothing
 */
export const stepCounter = (state: CounterState, sample: Sample, given: CounterLimits): Step => {
  const { last, candidate, provenW = 0 } = state;
  const unchanged = { state, deltaWh: 0 };
  if (!Number.isFinite(sample.wh) || sample.wh < 0) return unchanged;
  if (!last) return { state: { ...state, last: sample, earlier: [sample] }, deltaWh: 0 };
  if (sample.ts <= Math.max(last.ts, candidate?.latest.ts ?? last.ts)) return unchanged;
  const limits = { ...given, maxPowerW: Math.max(given.maxPowerW, provenW) };
  const rise = sample.wh - (state.shownWh ?? last.wh);
  // One reading alone is not believed with all that could have flowed during an outage.
  const elapsed = Math.min(timeFor(state, last, sample), limits.gapMs);
  if (sample.wh >= last.wh && fits(rise, elapsed, limits)) return proceed(state, last, sample);
  // The meter's noise, or the end of a spike that was low enough to be believed: what it has counted too much is
  // waited for at the high-water mark.
  const tolerance = Math.max(2 * limits.resolutionWh, 10);
  const floor = Math.min(last.wh, ...state.earlier.map(({ wh }) => wh)) - tolerance;
  if (sample.wh < last.wh && sample.wh >= floor) return { state: hold(state, last, sample), deltaWh: 0 };
  // A 0 alone is too often said by a device that does not know.
  const overWh = sample.wh > 0 ? rolledOver(last, sample, limits.modulusWh) : undefined;
  if (overWh !== undefined && fits(overWh, elapsed, limits))
    return beginAnew(state, sample, overWh, 'counter_rollover');
  return confirm(state, last, sample, limits);
};
