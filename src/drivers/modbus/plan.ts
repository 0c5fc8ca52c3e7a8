/**
 * The read planner: which registers are asked for in one request. Points are never split; holes are read over
 * only as far as the profile allows; a scale factor travels with its values.
 */

import type { Point } from './point.ts';
import type { Profile } from './profile.ts';

export interface Block {
  table: Point['table'];
  address: number;
  count: number;
  points: Point[];
}

/** Ranges found unreadable at run time, besides those the profile names. */
export interface LearntRange {
  table: Point['table'];
  from: number;
  to: number;
}

/** What has to lie in one request: a point with its scale factor. */
interface Group {
  table: Point['table'];
  from: number;
  to: number;
  points: Point[];
}

const bounds = (points: Point[]): { from: number; to: number } => {
  const words = points.flatMap((point) => point.words);
  return { from: Math.min(...words), to: Math.max(...words) };
};

/** Points that share a scale factor are tied to it. */
const tie = (points: Point[]): Group[] => {
  const byName = new Map(points.map((point) => [point.name, point]));
  const groups = new Map<string, Point[]>();
  for (const point of points) {
    const key = point.source.scaleFrom ?? point.name;
    const group = groups.get(key) ?? [];
    group.push(point);
    groups.set(key, group);
  }
  for (const [key, group] of groups) {
    const factor = byName.get(key);
    if (factor && !group.includes(factor)) group.push(factor);
  }
  return [...groups.values()]
    .map((group) => ({ table: (group[0] as Point).table, ...bounds(group), points: group }))
    .sort((a, b) => a.from - b.from || a.to - b.to);
};

const covers = ([address, count]: [number, number], group: Group): boolean =>
  group.from >= address && group.to < address + count;

const toBlock = (groups: Group[]): Block => {
  const from = Math.min(...groups.map((group) => group.from));
  const to = Math.max(...groups.map((group) => group.to));
  const points = [...new Set(groups.flatMap((group) => group.points))];
  return { table: (groups[0] as Group).table, address: from, count: to - from + 1, points };
};

/**
 * What can be read in no request: a value whose words, or values whose scale factor, lie too far apart.
 * @returns the first point of each such group, and why in words
 */
export const planFaults = (points: Point[], { limits = {} }: Profile): [Point, string][] => {
  const { maxRegs = 125, forbidden = [], blocks = [] } = limits;
  const faultOf = (group: Group): string | undefined => {
    const { from, to, points: inside } = group;
    const what =
      inside.length === 1 ? 'its words' : `${inside.map(({ name }) => name).join(', ')} share a scale factor and`;
    const span = `${what} lie within ${from}..${to}`;
    const touched = forbidden.find(([first, last]) => first <= to && last >= from);
    if (touched) return `${span}, which touches ${touched.join('..')}, a forbidden range`;
    if (to - from + 1 <= maxRegs || blocks.some((block) => covers(block, group))) return undefined;
    return `${span}, which is more than the ${maxRegs} registers of one request`;
  };
  const readable = points.filter(({ isReadable }) => isReadable);
  return (['coil', 'discrete', 'holding', 'input'] as const)
    .flatMap((table) => tie(readable.filter((point) => point.table === table)))
    .flatMap((group): [Point, string][] => {
      const fault = faultOf(group);
      return fault === undefined ? [] : [[group.points[0] as Point, fault]];
    });
};

/**
 * Plans the requests for a set of points.
 * @param learnt ranges that proved unreadable; a hole over one is never read
 */
export const planReads = (points: Point[], profile: Profile, learnt: LearntRange[] = []): Block[] => {
  const { maxRegs = 125, maxGap = 0, blocks = [], forbidden = [], perPoint = false } = profile.limits ?? {};
  const isForbidden = (table: Point['table'], from: number, to: number): boolean =>
    forbidden.some(([first, last]) => first <= to && last >= from) ||
    learnt.some((range) => range.table === table && range.from <= to && range.to >= from);
  const planned: Block[] = [];

  for (const table of ['coil', 'discrete', 'holding', 'input'] as const) {
    let open = tie(points.filter((point) => point.table === table));
    if (perPoint) {
      planned.push(...open.map((group) => toBlock([group])));
      continue;
    }
    for (const block of blocks) {
      const inside = open.filter((group) => covers(block, group));
      if (inside.length === 0) continue;
      open = open.filter((group) => !inside.includes(group));
      planned.push(toBlock(inside));
    }
    let current: Group[] = [];
    let to = -1;
    for (const group of open) {
      const first = current[0];
      const fits =
        first !== undefined &&
        group.from - to - 1 <= maxGap &&
        Math.max(to, group.to) - first.from + 1 <= maxRegs &&
        !(group.from > to + 1 && isForbidden(table, to + 1, group.from - 1));
      if (!fits && current.length > 0) {
        planned.push(toBlock(current));
        current = [];
        to = -1;
      }
      current.push(group);
      to = Math.max(to, group.to);
    }
    if (current.length > 0) planned.push(toBlock(current));
  }
  return planned;
};

/**
 * Halves a block that the device refuses, along its points.
 * @returns one block less than whole where it cannot be split
 */
export const splitBlock = (block: Block): Block[] => {
  const groups = tie(block.points);
  if (groups.length < 2) return [block];
  const middle = Math.ceil(groups.length / 2);
  return [toBlock(groups.slice(0, middle)), toBlock(groups.slice(middle))];
};
