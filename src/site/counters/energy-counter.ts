/**
 * Turns readings of an energy counter into increments that lose nothing and add nothing twice: dips, resets, rollovers,
 * exchanged meters and spikes are told apart by waiting for confirmation (aggregation §3.3).
 */
import { beginCandidate, type CounterCandidate, candidateState, followCandidate } from './counter-candidate.ts';
import { type CounterLimits, type CounterSample, fitsLimits } from './counter-limits.ts';
import {
  beginAnew,
  type CounterState,
  type CounterStep,
  holdHighWaterMark,
  keepCandidate,
  proceed,
  roseAtOf,
} from './counter-state.ts';

/** Longest time that a meter takes from one step to the next, ms. */
const longestStepMs = 900_000;

/** A counter with its last accepted reading and its limits. */
interface KnownCounter {
  state: CounterState;
  last: CounterSample;
  limits: CounterLimits;
}

/** @returns time in which the energy between the last accepted reading and this one may have flowed, ms */
const flowTimeOf = ({ state, last }: KnownCounter, { ts }: CounterSample): number =>
  Math.max(ts - last.ts, Math.min(ts - roseAtOf(state, last), longestStepMs));

/** @returns energy between two readings if the counter rolled over between them; undefined where it was not near that */
const rolledOverWh = (last: CounterSample, sample: CounterSample, modulusWh = 0): number | undefined =>
  last.wh > 0.9 * modulusWh && last.wh < modulusWh && sample.wh < 0.1 * modulusWh
    ? sample.wh + modulusWh - last.wh
    : undefined;

/** Adopts a candidate that shows less than what was accepted. */
const adoptBelow = ({ state, last, limits }: KnownCounter, candidate: CounterCandidate): CounterStep => {
  const { first, latest, zeroAt } = candidate;
  const elapsedMs = first.ts - (zeroAt ?? last.ts);
  const ownWh = latest.wh - first.wh;
  const overWh = rolledOverWh(last, latest, limits.modulusWh);
  if (overWh !== undefined && first.wh > 0 && fitsLimits(overWh - ownWh, elapsedMs, limits))
    return beginAnew(state, latest, { deltaWh: overWh, event: 'counter_rollover' });
  // A counter that was reset has counted from 0 since the last accepted reading, if that much can have flowed.
  return fitsLimits(first.wh, elapsedMs, limits)
    ? beginAnew(state, latest, { deltaWh: latest.wh, event: 'counter_reset' })
    : beginAnew(state, latest, { deltaWh: ownWh, event: 'counter_exchanged' });
};

/** Adopts a candidate that shows more than can have flowed within a gap. */
const adoptAbove = (counter: KnownCounter, { first, latest }: CounterCandidate): CounterStep => {
  const { state, last, limits } = counter;
  if (!fitsLimits(first.wh - last.wh, flowTimeOf(counter, first), limits))
    return beginAnew(state, latest, { deltaWh: latest.wh - first.wh, event: 'counter_exchanged' });
  const step = proceed(state, last, latest);
  return first.ts - last.ts > limits.gapMs ? { ...step, event: 'counter_recovered' } : step;
};

/** A reading that does not fit waits for others that confirm it. */
const awaitConfirmation = (counter: KnownCounter, sample: CounterSample): CounterStep => {
  const { state, last, limits } = counter;
  const isBelow = sample.wh < last.wh;
  // A candidate that began below and is now above has jumped: one that only counts up to what was accepted fits.
  const before = state.candidate && state.candidate.first.wh < last.wh === isBelow ? state.candidate : undefined;
  const candidate = before ? followCandidate(before, sample, limits) : beginCandidate(sample);
  const adopt = isBelow ? adoptBelow : adoptAbove;
  switch (candidateState(candidate, limits)) {
    case 'waiting':
      return keepCandidate(state, candidate);
    case 'unsteady':
      return keepCandidate(state, beginCandidate(sample));
    case 'confirmed':
      return adopt(counter, candidate);
    case 'above_ceiling': {
      const provenW = candidate.fastestW;
      const proven = { state: { ...state, provenW }, last, limits: { ...limits, maxPowerW: provenW } };
      return { ...adopt(proven, candidate), event: 'counter_above_ceiling' };
    }
  }
};

/**
 * Takes one reading.
 * @param given limits by meta; power above them that was proven is allowed as well
 * @returns the next state and the energy it adds; readings older than the last change nothing
 */
export const stepCounter = (state: CounterState, sample: CounterSample, given: CounterLimits): CounterStep => {
  const { last, candidate, provenW = 0 } = state;
  const unchanged = { state, deltaWh: 0 };
  if (!Number.isFinite(sample.wh) || sample.wh < 0) return unchanged;
  if (!last) return { state: { ...state, last: sample, earlier: [sample] }, deltaWh: 0 };
  if (sample.ts <= Math.max(last.ts, candidate?.latest.ts ?? last.ts)) return unchanged;
  const limits = { ...given, maxPowerW: Math.max(given.maxPowerW, provenW) };
  const counter = { state, last, limits };
  const riseWh = sample.wh - (state.shownWh ?? last.wh);
  // One reading alone is not believed with all that could have flowed during an outage.
  const elapsedMs = Math.min(flowTimeOf(counter, sample), limits.gapMs);
  if (sample.wh >= last.wh && fitsLimits(riseWh, elapsedMs, limits)) return proceed(state, last, sample);
  // The meter's noise, or the end of a spike that was low enough to be believed: the counter waits at the high-water
  // mark for what it has counted too much.
  const toleranceWh = Math.max(2 * limits.resolutionWh, 10);
  const floorWh = Math.min(last.wh, ...state.earlier.map(({ wh }) => wh)) - toleranceWh;
  if (sample.wh < last.wh && sample.wh >= floorWh) return holdHighWaterMark(state, last, sample);
  // A 0 alone proves no rollover: devices that do not know often show it.
  const overWh = sample.wh > 0 ? rolledOverWh(last, sample, limits.modulusWh) : undefined;
  if (overWh !== undefined && fitsLimits(overWh, elapsedMs, limits))
    return beginAnew(state, sample, { deltaWh: overWh, event: 'counter_rollover' });
  return awaitConfirmation(counter, sample);
};
