/**
 * The layout of a profile: its polled points with their places in the lists of values and channels. Devices with the same
 * resolved profile share one layout, because a thousand devices would otherwise keep a thousand copies.
 */
import { isLifetimeCounter, isNumeric } from '../codec/number-meaning.ts';
import { scalingOf } from '../codec/point-scaling.ts';
import { type ChannelPoint, type DerivedPoint, hasTarget, type Point } from '../profiles/point.ts';
import { polledPoints, type ResolvedProfile } from '../profiles/resolve-profile.ts';

/** Points with the places of their values. */
export interface PointIndex {
  /** The order of the points is that of their decoded values. */
  points: readonly Point[];
  /** Place of each point by its name. */
  indexOf: ReadonlyMap<string, number>;
}

/** A derived point with the places of its terms. */
export interface DerivedLayout {
  point: DerivedPoint;
  channel: number;
  /** Place of each term in the list of points. */
  termIndices: readonly number[];
  isLifetimeCounter: boolean;
}

/** Facts of each channel that has a register, as one list per fact: a poll of thousands of channels waits for memory. */
interface ChannelColumns {
  /** Place of the point behind the channel. */
  pointIndex: Uint32Array;
  /** 1 if the decoded number is the value, and no condition makes it void. */
  isPlain: Uint8Array;
  /** Factor of a float32 whose value is to be shortened; 0 for all other types. */
  floatFactor: Float64Array;
  /** Range of plausible values. */
  min: Float64Array;
  max: Float64Array;
  isLifetimeCounter: Uint8Array;
}

/** The points and channels of a profile, with their places. */
export interface ProfileLayout extends PointIndex {
  resolved: ResolvedProfile;
  /** The point behind each channel; the channels of derived points follow. */
  channelPoints: readonly ChannelPoint[];
  channelOf: ReadonlyMap<Point, number>;
  columns: ChannelColumns;
  derived: readonly DerivedLayout[];
  /** Places of the points that never read 0 while the device works. */
  aliveIndices: readonly number[];
  /** Names of the points that not every device of the family has: a refusal is no fault. */
  optional: ReadonlySet<string>;
}

/** @returns the points with the places of their values, in the given order */
export const indexPoints = (points: readonly Point[]): PointIndex => ({
  points,
  indexOf: new Map(points.map(({ name }, index) => [name, index])),
});

const optionalPoints = ({ points, derived }: ResolvedProfile): Set<string> =>
  new Set([
    ...points.filter(({ source }) => source.optional || source.onlyWhile).map(({ name }) => name),
    ...derived.flatMap(({ kind, terms }) => (kind === 'first' ? terms.map(({ name }) => name) : [])),
  ]);

const floatFactorOf = (point: Point): number => {
  if (point.type !== 'float32' || point.source.percentAbove !== undefined) return 0;
  const { factor, offset } = scalingOf(point);
  // A value with an offset is rounded by the decoder already.
  return offset === 0 ? factor : 0;
};

const columnsOf = (points: readonly ChannelPoint[], indexOf: PointIndex['indexOf']): ChannelColumns => ({
  pointIndex: Uint32Array.from(points, ({ name }) => indexOf.get(name) ?? 0),
  isPlain: Uint8Array.from(points, (point) =>
    Number(isNumeric(point) && !point.source.voidWhile && !point.source.onlyWhile),
  ),
  floatFactor: Float64Array.from(points, floatFactorOf),
  min: Float64Array.from(points, ({ target }) => target.min),
  max: Float64Array.from(points, ({ target }) => target.max),
  isLifetimeCounter: Uint8Array.from(points, ({ target }) => Number(isLifetimeCounter(target))),
});

const createLayout = (resolved: ResolvedProfile): ProfileLayout => {
  const index = indexPoints(polledPoints(resolved));
  const { points, indexOf } = index;
  const channelPoints = points.filter(hasTarget);
  return {
    ...index,
    resolved,
    channelPoints,
    channelOf: new Map<Point, number>(channelPoints.map((point, channel) => [point, channel])),
    columns: columnsOf(channelPoints, indexOf),
    derived: resolved.derived.map((point, n) => ({
      point,
      channel: channelPoints.length + n,
      termIndices: point.terms.map(({ name }) => indexOf.get(name) ?? -1),
      isLifetimeCounter: isLifetimeCounter(point.target),
    })),
    aliveIndices: resolved.alive.map(({ name }) => indexOf.get(name) ?? -1),
    optional: optionalPoints(resolved),
  };
};

const layouts = new WeakMap<ResolvedProfile, ProfileLayout>();

/** @returns the layout of a resolved profile, the same object for the same profile */
export const layoutOf = (resolved: ResolvedProfile): ProfileLayout => {
  const known = layouts.get(resolved);
  if (known) return known;
  const layout = createLayout(resolved);
  layouts.set(resolved, layout);
  return layout;
};
