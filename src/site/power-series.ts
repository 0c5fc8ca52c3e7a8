/**
 * The power samples of one source as far as others may still come between them: late ones are integrated where they
 * belong, and fill gaps (aggregation §2.3).
 */
import {
  addStretch,
  type IntegrationRules,
  integrate,
  noStretch,
  type PowerSample,
  type Stretch,
} from './integrate.ts';

/** Time of which no samples are known, in one piece or in several since some came late. */
export interface Gap {
  pieces: number;
}

/** A sample that may have ended before its age did: its source fell silent, or said that it does not know. */
export interface EndedSample extends PowerSample {
  /** It is held no longer than until then, monotonic, ms. */
  until?: number;
}

interface Knot extends EndedSample {
  /** The time up to the next one is not known. */
  gap: Gap | undefined;
  /** It was not, until samples came late; of a gap of which more may be missing. */
  filledOf?: Gap;
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
  /** The last value as far as it was booked because it holds, though no other has come. */
  held?: HeldStretch | undefined;
}

interface HeldStretch extends Stretch {
  /** Monotonic, ms: up to when it was booked, and may be. */
  until: number;
  endsAt: number;
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
/** A gap that is filled in any order is in many pieces meanwhile. */
const mostPieces = 256;
/** Times are the same that differ by less, ms. */
const sameMs = 0.5;

const toKnot = (sample: EndedSample): Knot => ({ ...sample, gap: undefined, isClosed: false });

export const createPowerSeries = (last?: EndedSample): PowerSeries => ({
  knots: last ? [toKnot(last)] : [],
  limit: usualLimit,
  isWhole: !last,
});

export const lastOf = ({ knots }: PowerSeries): EndedSample | undefined => knots.at(-1);

/** Nothing is known of the power from now on: what was told last holds no longer. @param at monotonic, ms */
export const endLast = ({ knots }: PowerSeries, at: number): void => {
  const last = knots.at(-1);
  if (last && at >= last.at) last.until = Math.min(at, last.until ?? at);
};

/** Up to when the power is known, monotonic, ms. */
export const knownUntil = (series: PowerSeries): number | undefined => series.held?.until ?? lastOf(series)?.at;

const integrateFrom = (from: EndedSample, to: PowerSample, rules: IntegrationRules): Stretch =>
  integrate(
    from,
    to,
    rules.isHeld && from.until !== undefined ? { ...rules, gapMs: Math.min(rules.gapMs, from.until - from.at) } : rules,
  );

/** Keeps the newest, and both ends of the newest gaps. */
const prune = (series: PowerSeries): void => {
  const { knots } = series;
  const newest = knots.at(-1);
  if (!newest) return;
  const kept: Knot[] = [];
  const gaps = new Set<Gap>();
  let pieces = 0;
  const isKept = (gap: Gap | undefined): boolean =>
    gap !== undefined && pieces < mostPieces && (gaps.has(gap) || gaps.size < mostGaps);
  for (let i = knots.length - 1; i >= 0; i--) {
    const knot = knots[i] as Knot;
    const isRecent = newest.at - knot.at <= keptMs || kept.length < fewestKept;
    const beginsGap = isKept(knot.gap);
    const endsGap = isKept(knots[i - 1]?.gap);
    if (knot.gap && beginsGap) {
      gaps.add(knot.gap);
      pieces++;
    }
    if (!isRecent && !beginsGap && !endsGap) continue;
    // What lay between this one and the next is gone.
    if (kept.length > 0 && kept.at(-1) !== knots[i + 1]) knot.isClosed = true;
    kept.push(knot);
  }
  series.isWhole = false;
  series.knots = kept.reverse();
  series.limit = Math.max(usualLimit, 2 * kept.length);
};

/**
 * Books the last value of a source that tells each change up to a time, for it holds as long as no other comes.
 * @param at monotonic, ms
 * @returns undefined where that was done already, or the value is too old
 */
export const holdLast = (series: PowerSeries, at: number, rules: IntegrationRules): Change | undefined => {
  const last = lastOf(series);
  if (!last) return undefined;
  const endsAt = Math.min(last.at + rules.gapMs, last.until ?? Number.POSITIVE_INFINITY);
  const until = Math.min(at, endsAt);
  if (until <= (knownUntil(series) ?? until)) return undefined;
  const whole = integrate(last, { w: last.w, at: until }, rules);
  const change = addStretch(whole, series.held ?? noStretch, -1);
  series.held = { ...whole, until, endsAt };
  return change;
};

const appendKnot = (series: PowerSeries, knot: Knot, rules: IntegrationRules): Change | undefined => {
  const { knots } = series;
  const last = knots.at(-1);
  if (!last) {
    knots.push(knot);
    return undefined;
  }
  if (knot.at - last.at < sameMs) return replaceLast(series, knot, rules);
  const change: Change = integrateFrom(last, knot, rules);
  if (change.uncoveredMs > 0) {
    last.gap = { pieces: 1 };
    change.gap = last.gap;
  }
  knots.push(knot);
  if (knots.length > series.limit) prune(series);
  return change;
};

/** Adds the newest sample. @returns undefined for the first */
export const append = (series: PowerSeries, sample: PowerSample, rules: IntegrationRules): Change | undefined => {
  const { held } = series;
  series.held = undefined;
  const change = appendKnot(series, toKnot(sample), rules);
  return held ? { ...change, ...addStretch(change ?? noStretch, held, -1) } : change;
};

/** Another value of the same moment takes the place of the first. */
const replaceLast = ({ knots }: PowerSeries, knot: Knot, rules: IntegrationRules): Change | undefined => {
  const before = knots.at(-2);
  const last = knots.pop();
  knots.push(knot);
  return (
    before &&
    last &&
    addStretch(integrateFrom(before, { ...knot, at: last.at }, rules), integrateFrom(before, last, rules), -1)
  );
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
  const first = integrateFrom(before, knot, rules);
  const second = integrateFrom(knot, after, rules);
  const change = addStretch(addStretch(first, second), integrateFrom(before, after, rules), -1);
  knots.splice(i + 1, 0, knot);
  const { gap, filledOf } = before;
  if (!gap) {
    if (!filledOf || filledOf.pieces === 0) return change;
    knot.filledOf = filledOf;
    return { ...change, gap: filledOf };
  }
  before.filledOf = gap;
  knot.filledOf = gap;
  gap.pieces--;
  before.gap = first.uncoveredMs > 0 ? gap : undefined;
  knot.gap = second.uncoveredMs > 0 ? gap : undefined;
  gap.pieces += (before.gap ? 1 : 0) + (knot.gap ? 1 : 0);
  return { ...change, gap, isFilled: gap.pieces === 0 };
};

export const moveSample = ({ w, at, until }: EndedSample, ms: number): EndedSample => ({
  w,
  at: at + ms,
  ...(until !== undefined && { until: until + ms }),
});

/** The last sample as another run has to go on from it. */
export const resumeOf = (series: PowerSeries): EndedSample | undefined => {
  const last = lastOf(series);
  const { held } = series;
  return last && held ? { w: last.w, at: held.until, until: held.endsAt } : last;
};

/** The samples were measured so much later than was thought, ms. */
export const moveSeries = ({ knots, held }: PowerSeries, ms: number): void => {
  for (const knot of knots) Object.assign(knot, moveSample(knot, ms));
  if (!held) return;
  held.until += ms;
  held.endsAt += ms;
};
