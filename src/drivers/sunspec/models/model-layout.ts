/**
 * The layout of one model of a device: which of its points lie at which addresses. The definition says what follows what,
 * the device tells the length of the model and how often its groups repeat.
 */
import type { PointDefinition, PointGroup } from '../messages.ts';
import { type Repeats, repeatsOf } from './group-repeats.ts';
import { endOf, type ModelInstance, nameOfModel } from './model-instance.ts';
import { isPossibleLength, modelLengthsOf } from './model-lengths.ts';

/** A point of a model at its place in a device. */
export interface PlacedPoint {
  definition: PointDefinition;
  /** Its name, after the names and numbers of the groups that it lies in: "W", "module.2.DCA", "Crv.1.Pt.3.V". */
  path: string;
  /** Address of its first register. */
  address: number;
  /** A constant power of ten, or the point that tells it. */
  scaleFactor?: number | PlacedPoint;
}

/** The points of a model in a device. */
export interface ModelLayout extends ModelInstance {
  /** Points by their paths, in the order of their registers. */
  points: ReadonlyMap<string, PlacedPoint>;
  /** Number of each group that repeats, by its path: "module", "Crv.1.Pt". */
  repeats: ReadonlyMap<string, number>;
  /**
   * The reason, in words, why a model of this definition cannot have the length that the device tells. The model that
   * follows is probably not where this length leads to.
   */
  lengthFault?: string;
  /** Peculiarities in words that are no fault. */
  notes: readonly string[];
}

/** Registers that a device can have. */
const registerCount = 65_536;

interface Placing {
  instance: ModelInstance;
  repeatsByGroup: Repeats['byGroup'];
  points: Map<string, PlacedPoint>;
  repeats: Map<string, number>;
  /** Points that lie beyond the length of the model, wholly or in part. */
  beyond: PlacedPoint[];
  /** Paths of points whose scale factor lies beyond the length. */
  unscaled: string[];
}

/** The next free address, and what is known of the groups around it. */
interface Place {
  address: number;
  /** Path of the group with a dot behind it; empty for the model itself. */
  prefix: string;
  /** Points of the groups around, from the outside to the inside. */
  scopes: readonly ReadonlyMap<string, PlacedPoint>[];
}

/** @returns the points of one instance of a group by their names, whether they lie within the model or not */
const placePoints = (points: readonly PointDefinition[], { address, prefix }: Place): Map<string, PlacedPoint> => {
  let next = address;
  return new Map(
    points.map((definition) => {
      const placed = { definition, path: `${prefix}${definition.name}`, address: next };
      next += definition.size;
      return [definition.name, placed];
    }),
  );
};

/** Adds the points of one instance of a group to the layout. A scale factor may be a point of an outer group. */
const addPoints = (placed: ReadonlyMap<string, PlacedPoint>, { scopes }: Place, placing: Placing): void => {
  const end = Math.min(endOf(placing.instance), registerCount);
  for (const point of placed.values()) {
    const { definition, address, path } = point;
    if (address + definition.size > end) {
      placing.beyond.push(point);
      continue;
    }
    const { scaleFactor } = definition;
    if (typeof scaleFactor === 'number') point.scaleFactor = scaleFactor;
    else if (scaleFactor !== undefined) {
      const factor = placed.get(scaleFactor) ?? scopes.findLast((scope) => scope.has(scaleFactor))?.get(scaleFactor);
      if (!factor || factor.address >= end) {
        placing.unscaled.push(path);
        continue;
      }
      point.scaleFactor = factor;
    }
    placing.points.set(path, point);
  }
};

/** @returns the address behind the group */
const placeGroup = (group: PointGroup, place: Place, placing: Placing): number => {
  const own = placePoints(group.points, place);
  addPoints(own, place, placing);
  const scopes = [...place.scopes, own];
  let address = place.address + group.points.reduce((sum, { size }) => sum + size, 0);
  for (const inner of group.groups) {
    const path = `${place.prefix}${inner.name}`;
    const count = placing.repeatsByGroup.get(inner) ?? 1;
    if (inner.count !== undefined) placing.repeats.set(path, count);
    for (let n = 1; n <= count; n++) {
      const prefix = inner.count === undefined ? `${path}.` : `${path}.${n}.`;
      address = placeGroup(inner, { address, prefix, scopes }, placing);
    }
  }
  return address;
};

/** @returns in words why the length cannot end where it does; undefined if only the pad of the common model is beyond */
const cutFault = (instance: ModelInstance, beyond: readonly PlacedPoint[]): string | undefined => {
  const end = endOf(instance);
  const told = `${nameOfModel(instance)} has the length ${instance.length}`;
  if (end > registerCount) return `${told}, which leads beyond the last register`;
  const cut = beyond.find(({ address }) => address < end);
  if (cut) return `${told}, which ends in the middle of ${cut.path}`;
  const { definition, length } = instance;
  if (isPossibleLength(definition.id, modelLengthsOf(definition.group), length)) return undefined;
  const lost = beyond.find((point) => point.definition.isMandatory);
  if (lost) return `${told}, which leaves no room for ${lost.path}, a point that every device gives`;
  const [first] = beyond;
  return first && `${told}, which leaves no room for ${first.path}`;
};

/** Lays out a model. Points beyond the length that the device tells are left out. */
export const layOutModel = (instance: ModelInstance): ModelLayout => {
  const { definition, address } = instance;
  const { byGroup, fault, notes } = repeatsOf(instance);
  const placing: Placing = {
    instance,
    repeatsByGroup: byGroup,
    points: new Map(),
    repeats: new Map(),
    beyond: [],
    unscaled: [],
  };
  const { length: fixed } = definition;
  // Another edition of a model may have other points in the same places.
  const isOtherEdition = fixed !== undefined && fixed !== instance.length;
  if (!isOtherEdition) placeGroup(definition.group, { address, prefix: '', scopes: [] }, placing);
  const { points, repeats, beyond, unscaled } = placing;
  const lengthFault = isOtherEdition
    ? `${nameOfModel(instance)} has the length ${instance.length}, and not ${fixed}: it is another edition of the model`
    : (fault ?? cutFault(instance, beyond));
  return {
    ...instance,
    points,
    repeats,
    ...(lengthFault === undefined ? {} : { lengthFault }),
    notes: [
      ...notes,
      ...unscaled.map((path) => `${path} has no value, because its scale factor lies beyond the length of the model`),
    ],
  };
};
