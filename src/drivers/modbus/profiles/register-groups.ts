/** Points that have to be read in one request: a value of several words, and values with the scale factor or the sign they share. */
import { maxReadRegisters } from '../codec/pdu-limits.ts';
import type { Table } from '../messages.ts';
import { companionOf, type Point } from './point.ts';
import type { Profile } from './profile-schema.ts';

/** A span of registers that no request may cut. */
export interface RegisterGroup {
  table: Table;
  /** First address. */
  from: number;
  /** Last address. */
  to: number;
  points: Point[];
}

/** The tables of the data model, in the order in which requests are planned. */
export const tables = ['coil', 'discrete', 'holding', 'input'] as const satisfies Table[];

const spanOf = (points: Point[]): { from: number; to: number } => {
  const words = points.flatMap((point) => point.words);
  return { from: Math.min(...words), to: Math.max(...words) };
};

/**
 * @param points points of one table
 * @returns the groups by ascending address; points that share a scale factor, or a sign, are in one group with it, but for
 *   far scale factors
 */
export const groupPoints = (points: Point[]): RegisterGroup[] => {
  const byName = new Map(points.map((point) => [point.name, point]));
  const groups = new Map<string, Point[]>();
  for (const point of points) {
    const key = (point.source.scaleFar ? undefined : companionOf(point.source)) ?? point.name;
    const group = groups.get(key) ?? [];
    group.push(point);
    groups.set(key, group);
  }
  for (const [key, group] of groups) {
    const factor = byName.get(key);
    if (factor && !group.includes(factor)) group.push(factor);
  }
  return [...groups.values()]
    .map((group) => ({ table: (group[0] as Point).table, ...spanOf(group), points: group }))
    .sort((a, b) => a.from - b.from || a.to - b.to);
};

/** Whether a range that the profile knows to be readable, as [address, count], contains a group. */
export const contains = ([address, count]: [number, number], group: RegisterGroup): boolean =>
  group.from >= address && group.to < address + count;

/** @returns in words why no request can read the group; undefined if one can */
const groupFault = ({ limits = {} }: Profile, group: RegisterGroup): string | undefined => {
  const { maxRegs = maxReadRegisters, forbidden = [], blocks = [] } = limits;
  const { from, to, points: inside } = group;
  const what = inside.length === 1 ? 'its words' : `${inside.map(({ name }) => name).join(', ')} belong together and`;
  const span = `${what} lie within ${from}..${to}`;
  const touched = forbidden.find(([first, last]) => first <= to && last >= from);
  if (touched) return `${span}, which touches ${touched.join('..')}, a forbidden range`;
  if (to - from + 1 <= maxRegs || blocks.some((block) => contains(block, group))) return undefined;
  return `${span}, which is more than the ${maxRegs} registers of one request`;
};

/** @returns the first point of each group that no request can read, and the reason in words */
export const unreadableGroups = (points: Point[], profile: Profile): [Point, string][] => {
  const readable = points.filter(({ isReadable }) => isReadable);
  return tables
    .flatMap((table) => groupPoints(readable.filter((point) => point.table === table)))
    .flatMap((group): [Point, string][] => {
      const fault = groupFault(profile, group);
      return fault === undefined ? [] : [[group.points[0] as Point, fault]];
    });
};
