/**
 * The read planner: which registers are read by one request. Points are never split, holes are read over only as far as
 * the profile allows, and a scale factor is read together with its values.
 */
import { maxReadRegisters } from '../codec/pdu-limits.ts';
import type { LearntRange } from '../device/learnt-ranges.ts';
import type { Table } from '../messages.ts';
import type { Point } from '../profiles/point.ts';
import type { Profile } from '../profiles/profile-schema.ts';
import { contains, groupPoints, type RegisterGroup, tables } from '../profiles/register-groups.ts';

/** Neighbouring registers, or bits, that one request reads. */
export interface RegisterBlock {
  table: Table;
  /** First address. */
  address: number;
  /** Registers or bits. */
  count: number;
  points: Point[];
}

interface Planning {
  limits: NonNullable<Profile['limits']>;
  learnt: readonly LearntRange[];
}

/** @param groups by ascending address, at least one */
const toBlock = (groups: RegisterGroup[]): RegisterBlock => {
  const from = Math.min(...groups.map((group) => group.from));
  const to = Math.max(...groups.map((group) => group.to));
  const points = [...new Set(groups.flatMap((group) => group.points))];
  return { table: (groups[0] as RegisterGroup).table, address: from, count: to - from + 1, points };
};

const mayReadOver = (
  { table, from, to }: { table: Table; from: number; to: number },
  { limits, learnt }: Planning,
): boolean =>
  !(limits.forbidden ?? []).some(([first, last]) => first <= to && last >= from) &&
  !learnt.some((range) => range.table === table && range.from <= to && range.to >= from);

/** @param groups by ascending address, of one table */
const mergeNeighbours = (groups: RegisterGroup[], planning: Planning): RegisterBlock[] => {
  const { maxRegs = maxReadRegisters, maxGap = 0 } = planning.limits;
  const blocks: RegisterBlock[] = [];
  let current: RegisterGroup[] = [];
  let to = -1;
  for (const group of groups) {
    const [first] = current;
    const fits =
      first !== undefined &&
      group.from - to - 1 <= maxGap &&
      Math.max(to, group.to) - first.from + 1 <= maxRegs &&
      (group.from <= to + 1 || mayReadOver({ table: group.table, from: to + 1, to: group.from - 1 }, planning));
    if (!fits && current.length > 0) {
      blocks.push(toBlock(current));
      current = [];
      to = -1;
    }
    current.push(group);
    to = Math.max(to, group.to);
  }
  if (current.length > 0) blocks.push(toBlock(current));
  return blocks;
};

const planTable = (points: Point[], planning: Planning): RegisterBlock[] => {
  const { blocks: known = [], perPoint = false } = planning.limits;
  let open = groupPoints(points);
  if (perPoint) return open.map((group) => toBlock([group]));
  const planned: RegisterBlock[] = [];
  for (const range of known) {
    const inside = open.filter((group) => contains(range, group));
    if (inside.length === 0) continue;
    open = open.filter((group) => !inside.includes(group));
    planned.push(toBlock(inside));
  }
  return [...planned, ...mergeNeighbours(open, planning)];
};

/**
 * Plans the requests for a set of points.
 * @param learnt ranges that proved unreadable: no request reads over a hole that overlaps one
 */
export const planReads = (
  points: readonly Point[],
  profile: Profile,
  learnt: readonly LearntRange[] = [],
): RegisterBlock[] =>
  tables.flatMap((table) =>
    planTable(
      points.filter((point) => point.table === table),
      { limits: profile.limits ?? {}, learnt },
    ),
  );

/**
 * Halves a block that the device refuses, along its points.
 * @returns two blocks, or the block itself if it cannot be split
 */
export const splitBlock = (block: RegisterBlock): RegisterBlock[] => {
  const groups = groupPoints(block.points);
  if (groups.length < 2) return [block];
  const middle = Math.ceil(groups.length / 2);
  return [toBlock(groups.slice(0, middle)), toBlock(groups.slice(middle))];
};
