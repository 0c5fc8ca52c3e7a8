/** Readings of a counter that do not fit what was accepted: followed until they turn out to be right, or are gone. */
import { type CounterLimits, fits, margin, powerOf, type Sample } from './plausible.ts';

/** A series that never falls. */
export interface Candidate {
  first: Sample;
  /** When the counter last showed 0, before the first of them, ms. */
  zeroAt?: number;
  latest: Sample;
  count: number;
  /** Highest power between two of them, W. */
  fastestW: number;
}

export type Verdict =
  | 'waiting'
  /** Another counter, or this one after an outage. */
  | 'confirmed'
  /** It counts faster than is believed of the device, all the time. */
  | 'above_ceiling'
  /** A jump lies within it. */
  | 'unsteady';

const confirmations = 3;
/** A power above the ceiling has to be shown more often. */
const confirmationsAbove = 6;
const confirmMs = 60_000;
/** A series whose fastest step is further above its mean than this has a jump in it. */
const steadyRatio = 2;

/** The same, measured so much later. */
export const moveCandidate = ({ first, zeroAt, latest, count, fastestW }: Candidate, ms: number): Candidate => ({
  first: { wh: first.wh, ts: first.ts + ms },
  ...(zeroAt !== undefined && { zeroAt: zeroAt + ms }),
  latest: { wh: latest.wh, ts: latest.ts + ms },
  count,
  fastestW,
});

export const begin = (sample: Sample): Candidate => ({ first: sample, latest: sample, count: 1, fastestW: 0 });

/**
 * The series with a further reading, or a new one that begins with it. Zeros may be all a device without its meter has
 * to say: a series is counted from the last of them, if it is counted from 0 at all.
 */
export const follow = (candidate: Candidate, sample: Sample, limits: CounterLimits): Candidate => {
  const { latest, count, fastestW } = candidate;
  const stepWh = sample.wh - latest.wh;
  const ms = sample.ts - latest.ts;
  if (latest.wh === 0 && (sample.wh === 0 || !fits(stepWh, ms, limits))) return { ...begin(sample), zeroAt: latest.ts };
  if (stepWh < 0 || sample.wh === 0 || ms > limits.gapMs) return begin(sample);
  const stepW = powerOf(Math.max(0, stepWh - 2 * limits.resolutionWh), ms);
  return { ...candidate, latest: sample, count: count + 1, fastestW: Math.max(fastestW, stepW) };
};

export const judge = ({ first, latest, count, fastestW }: Candidate, limits: CounterLimits): Verdict => {
  const wh = latest.wh - first.wh;
  const ms = latest.ts - first.ts;
  if (count < confirmations || ms < confirmMs) return 'waiting';
  if (fastestW <= limits.maxPowerW * margin) return 'confirmed';
  if (count < confirmationsAbove) return 'waiting';
  const isSteady = !fits(wh, ms, limits) && fastestW <= steadyRatio * powerOf(wh, ms);
  return isSteady ? 'above_ceiling' : 'unsteady';
};
