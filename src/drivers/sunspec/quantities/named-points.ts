/**
 * Points of a profile that name a point of a model, "103:W", instead of a register: they are located in the models of
 * a device, with their header and scale factor.
 */
import { maxReadRegisters, type Profile, type ProfilePoint } from '../../modbus/index.ts';
import { type NameOfPoint, profilePointOf } from '../codec/profile-points.ts';
import { symbolKeysOf } from '../codec/symbols.ts';
import type { PlacedPoint } from '../models/model-layout.ts';
import { completePoints } from './poll-groups.ts';
import { isRefused, type ReadModel } from './read-model.ts';

/** A profile without points of type sunspec. */
export interface LocatedProfile {
  profile: Profile;
  /** Points that the device does not have, in words. */
  missing: string[];
}

/** The models that points can name. */
export interface NamedModels {
  models: readonly ReadModel[];
  /** Ids of all models that the device lists. */
  listed: readonly number[];
}

interface Found {
  model: ReadModel;
  point: PlacedPoint;
}

/** A name: model, number among the models of this id, number of the instance of its group, point. */
const namePattern = /^(\d+)(?:#(\d+))?(?::(\d+))?:([\w.-]+)$/;

/** @returns the path of a point in the only group that repeats; 0 stands for the points outside of it */
const pathIn = ({ layout }: ReadModel, instance: string | undefined, point: string): string => {
  const [group = ''] = layout.repeats.keys();
  return instance === undefined || instance === '0' ? point : `${group}.${instance}.${point}`;
};

const find = (name: string, { models, listed }: NamedModels): Found | string => {
  const [, id = '', nth = '1', instance, pointName = ''] = namePattern.exec(name) ?? [];
  const ofId = models.filter((model) => model.id === Number(id));
  const model = ofId[Number(nth) - 1];
  if (!model) {
    return ofId.length > 0
      ? `the device lists model ${id} ${ofId.length} times only`
      : `the device has no model ${id}; it lists ${[...new Set(listed)].join(', ')}`;
  }
  const path = pathIn(model, instance, pointName);
  const point = model.layout.points.get(path);
  if (!point) return `model ${id} of the device has no point ${path}`;
  if (isRefused(model, point)) return `the device refuses to give point ${path} of model ${id}`;
  const { size } = point.definition;
  if (size > maxReadRegisters)
    return `point ${path} of model ${id} has ${size} registers, and one request can carry ${maxReadRegisters}: it cannot be polled`;
  return { model, point };
};

/** Leaves out points that refer to a point which the device does not have, as far as they cannot do without it. */
const withoutMissing = (points: readonly ProfilePoint[], missing: ReadonlySet<string>): ProfilePoint[] =>
  points.flatMap((point) => {
    const isThere = (term: string): boolean => !missing.has(term.replace(/^-/, ''));
    const { sum, firstOf, voidWhile, ...rest } = point;
    if (sum) return sum.every(isThere) ? [point] : [];
    if (voidWhile && missing.has(voidWhile.point)) return [{ ...rest, ...(firstOf && { firstOf }) }];
    const [only, ...others] = firstOf?.filter(isThere) ?? [];
    if (!firstOf) return [point];
    if (only === undefined) return [];
    return [others.length > 0 ? { ...point, firstOf: [only, ...others] } : { ...rest, sum: [only] }];
  });

/** @returns the point of the integrator, with what the model knows of it where the integrator says nothing */
export const describeNamedPoint = (given: ProfilePoint, point: PlacedPoint, nameOf: NameOfPoint): ProfilePoint => {
  const { addr: _addr, type: _type, ...own } = given;
  const isWord = given.quantity !== undefined && !given.enum && !given.bits;
  return {
    ...profilePointOf(point, nameOf),
    ...(isWord ? symbolKeysOf(point.definition) : {}),
    ...own,
  };
};

/** @param profile one that names points of models, or a composed one with points of the integrator */
export const locateNamedPoints = (profile: Profile, named: NamedModels): LocatedProfile => {
  const missing = new Map<string, string>();
  const placed = profile.points.flatMap((given) => {
    if (given.type !== 'sunspec') return [];
    const found = find(String(given.addr), named);
    if (typeof found !== 'string')
      return [
        {
          ...found,
          profilePoint: describeNamedPoint(given, found.point, found.model.nameOf),
          group: given.group ?? 'fast',
        } as const,
      ];
    missing.set(given.name, `${given.name}: ${found}`);
    return [];
  });
  if (placed.length === 0 && missing.size === 0) return { profile, missing: [] };
  const { points: added, guards: headers } = completePoints(placed);
  const plain = profile.points.filter(({ type }) => type !== 'sunspec');
  const known = new Map(plain.map((point) => [point.name, point]));
  // A scale factor that is polled already decides how often its values are read.
  const groupOf = (point: ProfilePoint): ProfilePoint['group'] =>
    known.get(point.scaleFrom ?? '')?.group ?? point.group;
  const fresh = added
    .filter(({ name }) => !known.has(name))
    .map((point): ProfilePoint => {
      const group = groupOf(point);
      return group === undefined ? point : { ...point, group };
    });
  const guarded = new Set(profile.guards?.map(({ point }) => point));
  return {
    profile: {
      ...profile,
      points: [...withoutMissing(plain, new Set(missing.keys())), ...fresh],
      guards: [...(profile.guards ?? []), ...headers.filter(({ point }) => !guarded.has(point))],
    },
    missing: [...missing.values()],
  };
};
