/**
 * The power samples of one source as far as others may still come between them: late ones are integrated where they
 * belong, and fill gaps (aggregation §2.3).
 */
import { type IntegrationRules, integrate, type PowerSample, type Stretch } from './integrate.ts';

/** Time of which no samples are known, in one piece or in several since some came late. */
export interface Gap {
  pieces: number;
}

interface Knot extends PowerSample {
  /** The time up to the next one is not known. */
  gap: Gap | undefined;
  /** Samples between this and the next one are integrated already, and forgotten. */
  isClosed: boolean;
}

/** Thousands of these are at work: a record. */
export interface PowerSeries {
  /** In order of time. */
  knots: Knot[];
  /** Nothing is forgotten before there are so many. */
  limit: number;
  /** The first of them is the first that came. */
  isWhole: boolean;
}

/** What a sample has changed, which may be less where it came late. */
export interface Change extends Stretch {
  /** The time up to this sample, or the gap that it fell into. */
  gap?: Gap;
  /** It came late, and nothing of its gap is left. */
  isFilled?: boolean;
}

const keptMs = 30_000;
const fewestKept = 8;
const usualLimit = 32;
const mostGaps = 32;
/** Times are the same that differ by less, ms. */
const sameMs = 0.5;

const toKnot = ({ w, at }: PowerSample): Knot => ({ w, at, gap: undefined, isClosed: false });

export const createPowerSeries = (last?: PowerSample): PowerSeries => ({
  knots: last ? [toKnot(last)] : [],
  limit: usualLimit,
  isWhole: !last,
});

export const lastOf = ({ knots }: PowerSeries): PowerSample | undefined => knots.at(-1);

/** Keeps the newest, and both ends of the newest gaps. */
const prune = (series: PowerSeries): void => {
  const { knots } = series;
  const newest = knots.at(-1);
  if (!newest) return;
  const kept: Knot[] = [];
  let gaps = 0;
  for (let i = knots.length - 1; i >= 0; i--) {
    const knot = knots[i] as Knot;
    const isRecent = newest.at - knot.at <= keptMs || kept.length < fewestKept;
    const beginsGap = knot.gap !== undefined && gaps < mostGaps;
    const endsGap = knots[i - 1]?.gap !== undefined && gaps < mostGaps;
    if (beginsGap) gaps++;
    if (!isRecent && !beginsGap && !endsGap) continue;
    // What lay between this one and the next is gone.
    if (kept.length > 0 && kept.at(-1) !== knots[i + 1]) knot.isClosed = true;
    kept.push(knot);
  }
  series.isWhole = false;
  series.knots = kept.reverse();
  series.limit = Math.max(usualLimit, 2 * kept.length);
};

/** Adds the newest sample. @returns undefined for the first */
export const append = (series: PowerSeries, sample: PowerSample, rules: IntegrationRules): Change | undefined => {
  const { knots } = series;
  const last = knots.at(-1);
  const knot = toKnot(sample);
  if (!last) {
    knots.push(knot);
    return undefined;
  }
  if (sample.at - last.at < sameMs) return replaceLast(series, knot, rules);
  const change: Change = integrate(last, sample, rules);
  if (change.uncoveredMs > 0) {
    last.gap = { pieces: 1 };
    change.gap = last.gap;
  }
  knots.push(knot);
  if (knots.length > series.limit) prune(series);
  return change;
};

const add = (a: Stretch, b: Stretch, sign: 1 | -1): Stretch => ({
  positiveWh: a.positiveWh + sign * b.positiveWh,
  negativeWh: a.negativeWh + sign * b.negativeWh,
  coveredMs: a.coveredMs + sign * b.coveredMs,
  uncoveredMs: a.uncoveredMs + sign * b.uncoveredMs,
});

/** Another value of the same moment takes the place of the first. */
const replaceLast = ({ knots }: PowerSeries, knot: Knot, rules: IntegrationRules): Change | undefined => {
  const before = knots.at(-2);
  const last = knots.pop();
  knots.push(knot);
  return before && last && add(integrate(before, { ...knot, at: last.at }, rules), integrate(before, last, rules), -1);
};

/** The last one that was measured no later. */
const findBefore = (knots: Knot[], at: number): number => {
  let i = knots.length - 1;
  while (i >= 0 && (knots[i] as Knot).at > at) i--;
  return i;
};

/** What was measured first may come second; what is older than that was before the time of this series. */
const prepend = (
  { knots }: PowerSeries,
  sample: PowerSample,
  first: Knot,
  rules: IntegrationRules,
): Change | undefined => {
  if (first.at - sample.at < sameMs || first.at - sample.at > keptMs) return undefined;
  const change = integrate(sample, first, rules);
  if (change.uncoveredMs > 0) return undefined;
  knots.unshift(toKnot(sample));
  return { ...change, gap: { pieces: 0 } };
};

/** Puts a late sample between others. @returns undefined where it is known already, or too old */
export const insert = (series: PowerSeries, sample: PowerSample, rules: IntegrationRules): Change | undefined => {
  const { knots } = series;
  const i = findBefore(knots, sample.at);
  const before = knots[i];
  const after = knots[i + 1];
  if (!before && after && series.isWhole) return prepend(series, sample, after, rules);
  if (!before || !after || before.isClosed) return undefined;
  if (sample.at - before.at < sameMs || after.at - sample.at < sameMs) return undefined;
  const knot = toKnot(sample);
  const first = integrate(before, knot, rules);
  const second = integrate(knot, after, rules);
  const change = add(add(first, second, 1), integrate(before, after, rules), -1);
  knots.splice(i + 1, 0, knot);
  const { gap } = before;
  if (!gap) return change;
  gap.pieces--;
  before.gap = first.uncoveredMs > 0 ? gap : undefined;
  knot.gap = second.uncoveredMs > 0 ? gap : undefined;
  gap.pieces += (before.gap ? 1 : 0) + (knot.gap ? 1 : 0);
  return { ...change, gap, isFilled: gap.pieces === 0 };
};

/** The samples were measured so much later than was thought, ms. */
export const moveSeries = ({ knots }: PowerSeries, ms: number): void => {
  for (const knot of knots) knot.at += ms;
};
