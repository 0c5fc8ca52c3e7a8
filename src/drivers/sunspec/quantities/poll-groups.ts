/**
 * Which points of a device are polled together: the header and the scale factors of each model with its values, and all
 * of a model in one group, because one request carries them.
 */
import { maxReadRegisters, type ProfilePoint } from '../../modbus/index.ts';
import { profilePointOf } from '../codec/profile-points.ts';
import type { PlacedPoint } from '../models/model-layout.ts';
import type { ReadModel } from './read-model.ts';

type PollGroup = NonNullable<ProfilePoint['group']>;

/** A point with the model that it is read from. */
export interface PlacedProfilePoint {
  model: ReadModel;
  point: PlacedPoint;
  profilePoint: ProfilePoint;
  group: PollGroup;
}

/** The points of a device as they are polled. */
export interface PolledPoints {
  points: ProfilePoint[];
  /** Points that hold the id and the length of a model as long as it is where it was. */
  guards: { point: string; is: number[] }[];
}

const order: readonly PollGroup[] = ['fast', 'slow', 'once'];

/** @returns the group of each model: that of the point that is wanted most often */
const groupsOf = (placed: readonly PlacedProfilePoint[]): Map<ReadModel, PollGroup> => {
  const groups = new Map<ReadModel, PollGroup>();
  for (const { model, group } of placed) {
    const known = groups.get(model) ?? 'once';
    groups.set(model, order.indexOf(group) < order.indexOf(known) ? group : known);
  }
  return groups;
};

/** Registers from the first to the last one that a point and its scale factor need. */
const reach = ({ address, definition, scaleFactor }: PlacedPoint): [from: number, to: number] => {
  const factor = typeof scaleFactor === 'object' ? scaleFactor.address : address;
  return [Math.min(address, factor), Math.max(address + definition.size - 1, factor)];
};

/** @returns the points that one request can read with the scale factor that they share */
const withinReach = (sharing: readonly PlacedProfilePoint[]): Set<PlacedProfilePoint> => {
  const near = new Set<PlacedProfilePoint>();
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const each of sharing.toSorted((a, b) => a.point.address - b.point.address)) {
    const [first, last] = reach(each.point);
    const next = { from: Math.min(from, first), to: Math.max(to, last) };
    const isRefusedBetween = [...each.model.refused].some((address) => address >= next.from && address <= next.to);
    if (next.to - next.from + 1 > maxReadRegisters || isRefusedBetween) continue;
    ({ from, to } = next);
    near.add(each);
  }
  return near;
};

const headerOf = (model: ReadModel, group: PollGroup): { points: ProfilePoint[]; guards: PolledPoints['guards'] } => {
  const { layout, toldLength, id, nameOf } = model;
  const header = ['ID', 'L'].map((path) => layout.points.get(path)).filter((point) => point !== undefined);
  const points = header.map((point): ProfilePoint => {
    const { name, addr } = profilePointOf(point, nameOf);
    return { name, table: 'holding', ...(addr === undefined ? {} : { addr }), type: 'uint16', group };
  });
  const numbers = [id, toldLength];
  return { points, guards: points.map(({ name }, n) => ({ point: name, is: [numbers[n] ?? 0] })) };
};

/** Adds headers and scale factors to the points of a device. */
export const completePoints = (placed: readonly PlacedProfilePoint[]): PolledPoints => {
  const groups = groupsOf(placed);
  const factors = new Set(placed.map(({ profilePoint }) => profilePoint.scaleFrom));
  const near = new Set(
    [...factors].flatMap((factor) => {
      const sharing = placed.filter(({ profilePoint }) => profilePoint.scaleFrom === factor);
      return factor === undefined ? sharing : [...withinReach(sharing)];
    }),
  );
  const points = new Map<string, ProfilePoint>();
  const guards: PolledPoints['guards'] = [];
  for (const [model, group] of groups) {
    const header = headerOf(model, group);
    for (const each of header.points) points.set(each.name, each);
    guards.push(...header.guards);
  }
  for (const each of placed) {
    const { model, point, profilePoint } = each;
    const group = groups.get(model) ?? 'fast';
    points.set(profilePoint.name, { ...profilePoint, group, ...(near.has(each) ? {} : { scaleFar: true }) });
    if (typeof point.scaleFactor !== 'object') continue;
    const factor = profilePointOf(point.scaleFactor, model.nameOf);
    if (!points.has(factor.name)) points.set(factor.name, { ...factor, group });
  }
  return { points: [...points.values()], guards };
};
