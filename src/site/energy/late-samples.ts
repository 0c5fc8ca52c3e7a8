/** Late samples of the power of one source, put between those that came in time, and the gaps they fill (aggregation §2.3). */
import {
  addStretch,
  type EndedSample,
  type EnergyStretch,
  type IntegrationRules,
  integrate,
  integrateFrom,
  type PowerSample,
} from './integrate-power.ts';

/** Time of which no samples are known, in one piece, or in several once late samples came. */
export interface Gap {
  pieces: number;
}

/** A sample in a series. */
export interface Knot extends EndedSample {
  /** The gap up to the next knot. */
  gap: Gap | undefined;
  /** The gap that the time up to the next knot was a part of, until late samples came. */
  filledOf?: Gap;
  /** Samples between this knot and the next are integrated already, and forgotten. */
  isClosed: boolean;
}

/** Energy that a sample adds; some of it negative where the sample came late. */
export interface EnergyChange extends EnergyStretch {
  /** The gap up to this sample, or the gap that it fell into. */
  gap?: Gap;
  /** The sample came late, and nothing of its gap is left. */
  isFilled?: boolean;
}

/** Times are equal that differ by less, ms. */
export const sameMs = 0.5;
/** Time for which all samples are kept, ms. */
const keptMs = 30_000;
const fewestKept = 8;
const mostGaps = 32;
/** Pieces that are kept at most, since a gap that is filled in any order is in many pieces meanwhile. */
const mostPieces = 256;

const toKnot = (sample: EndedSample): Knot => ({ ...sample, gap: undefined, isClosed: false });

/** @returns the newest knots, and both ends of the newest gaps */
export const pruneKnots = (knots: Knot[]): Knot[] => {
  const newest = knots.at(-1);
  if (!newest) return knots;
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
    if (kept.length > 0 && kept.at(-1) !== knots[i + 1]) knot.isClosed = true;
    kept.push(knot);
  }
  return kept.reverse();
};

const findBefore = (knots: Knot[], at: number): number => {
  let i = knots.length - 1;
  while (i >= 0 && (knots[i] as Knot).at > at) i--;
  return i;
};

/** Puts a sample before the first knot: what was measured first may come second, but not much later. */
const prependKnot = (knots: Knot[], sample: PowerSample, rules: IntegrationRules): EnergyChange | undefined => {
  const [first] = knots;
  if (!first || first.at - sample.at < sameMs || first.at - sample.at > keptMs) return undefined;
  const change = integrate(sample, first, rules);
  if (change.uncoveredMs > 0) return undefined;
  knots.unshift(toKnot(sample));
  return { ...change, gap: { pieces: 0 } };
};

/** Divides the gap before a late knot into what is left of it on both sides. */
const divideGap = (
  [before, knot]: [Knot, Knot],
  gap: Gap,
  [first, second]: [EnergyStretch, EnergyStretch],
): Pick<EnergyChange, 'gap' | 'isFilled'> => {
  before.filledOf = gap;
  knot.filledOf = gap;
  gap.pieces--;
  before.gap = first.uncoveredMs > 0 ? gap : undefined;
  knot.gap = second.uncoveredMs > 0 ? gap : undefined;
  gap.pieces += (before.gap ? 1 : 0) + (knot.gap ? 1 : 0);
  return { gap, isFilled: gap.pieces === 0 };
};

/**
 * Puts a late sample between the knots.
 * @param rules isWhole: the first knot is the first sample that ever came
 * @returns undefined where the sample is known already, or too old
 */
export const insertKnot = (
  knots: Knot[],
  sample: PowerSample,
  rules: IntegrationRules & { isWhole: boolean },
): EnergyChange | undefined => {
  const i = findBefore(knots, sample.at);
  const before = knots[i];
  const after = knots[i + 1];
  if (!before && after && rules.isWhole) return prependKnot(knots, sample, rules);
  if (!before || !after || before.isClosed) return undefined;
  if (sample.at - before.at < sameMs || after.at - sample.at < sameMs) return undefined;
  const knot = toKnot(sample);
  const first = integrateFrom(before, knot, rules);
  const second = integrateFrom(knot, after, rules);
  const change = addStretch(addStretch(first, second), integrateFrom(before, after, rules), -1);
  knots.splice(i + 1, 0, knot);
  const { gap, filledOf } = before;
  if (gap) return { ...change, ...divideGap([before, knot], gap, [first, second]) };
  if (!filledOf || filledOf.pieces === 0) return change;
  knot.filledOf = filledOf;
  return { ...change, gap: filledOf };
};
