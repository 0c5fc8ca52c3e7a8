/** Candidate readings of a counter: a series that does not fit what was accepted, followed until it proves right or ends. */
import { type CounterLimits, type CounterSample, fitsLimits, meanPowerOf, powerMargin } from './counter-limits.ts';

/** A series of readings that never falls; saved as it is. */
export interface CounterCandidate {
  first: CounterSample;
  /** Time at which the counter last showed 0 before the first reading, ms. */
  zeroAt?: number;
  latest: CounterSample;
  count: number;
  /** Highest power between two of the readings, W. */
  fastestW: number;
}

/** State of a candidate. */
export type CandidateState =
  | 'waiting'
  /** The series is another counter, or this one after an outage. */
  | 'confirmed'
  /** The series counts faster than the device is believed to, all the time. */
  | 'above_ceiling'
  /** The series contains a jump. */
  | 'unsteady';

const confirmations = 3;
/** Readings that confirm a power above the ceiling. */
const confirmationsAbove = 6;
const confirmMs = 60_000;
/** A series whose fastest step exceeds its mean by more than this factor contains a jump. */
const steadyRatio = 2;

/** @returns the candidate with its times moved by so many ms */
export const moveCandidate = (candidate: CounterCandidate, ms: number): CounterCandidate => {
  const { first, zeroAt, latest, count, fastestW } = candidate;
  return {
    first: { wh: first.wh, ts: first.ts + ms },
    ...(zeroAt !== undefined && { zeroAt: zeroAt + ms }),
    latest: { wh: latest.wh, ts: latest.ts + ms },
    count,
    fastestW,
  };
};

/** @returns a series that begins with a reading */
export const beginCandidate = (sample: CounterSample): CounterCandidate => ({
  first: sample,
  latest: sample,
  count: 1,
  fastestW: 0,
});

/**
 * A device without contact to its meter may show zeros, so a series that counts from 0 begins with the last of them.
 * @returns the series with a further reading, or a new one that begins with it
 */
export const followCandidate = (
  candidate: CounterCandidate,
  sample: CounterSample,
  limits: CounterLimits,
): CounterCandidate => {
  const { latest, count, fastestW } = candidate;
  const stepWh = sample.wh - latest.wh;
  const ms = sample.ts - latest.ts;
  if (latest.wh === 0 && (sample.wh === 0 || !fitsLimits(stepWh, ms, limits)))
    return { ...beginCandidate(sample), zeroAt: latest.ts };
  if (stepWh < 0 || sample.wh === 0 || ms > limits.gapMs) return beginCandidate(sample);
  const stepW = meanPowerOf(Math.max(0, stepWh - 2 * limits.resolutionWh), ms);
  return { ...candidate, latest: sample, count: count + 1, fastestW: Math.max(fastestW, stepW) };
};

/** @returns what the readings until now say of the series */
export const candidateState = (
  { first, latest, count, fastestW }: CounterCandidate,
  limits: CounterLimits,
): CandidateState => {
  const wh = latest.wh - first.wh;
  const ms = latest.ts - first.ts;
  if (count < confirmations || ms < confirmMs) return 'waiting';
  if (fastestW <= limits.maxPowerW * powerMargin) return 'confirmed';
  if (count < confirmationsAbove) return 'waiting';
  const isSteady = !fitsLimits(wh, ms, limits) && fastestW <= steadyRatio * meanPowerOf(wh, ms);
  return isSteady ? 'above_ceiling' : 'unsteady';
};
