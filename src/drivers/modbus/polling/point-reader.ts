/** Single points read at once, beside the polls: the facts that a command needs before and after it writes. */
import type { Value } from '../../../model/reading.ts';
import { valueAt } from '../codec/decode.ts';
import { type Decoding, PointValues } from '../device/point-values.ts';
import { indexPoints, type PointIndex } from '../device/profile-layout.ts';
import type { Table } from '../messages.ts';
import { companionOf, isTextPoint, type Point } from '../profiles/point.ts';
import type { ResolvedProfile } from '../profiles/resolve-profile.ts';
import type { Bus } from '../transport/bus/bus.ts';
import { compileTable } from './compiled-block.ts';
import { planReads, type RegisterBlock } from './read-plan.ts';

/** The contents of registers at one moment. */
export interface PointSnapshot {
  /** @returns a register or bit as it was read; undefined if it was not */
  word(table: Table, address: number): number | undefined;
  /** @returns the value of a point in its unit; null if the device tells none */
  value(point: Point): Value;
}

/** @throws ModbusFailure */
export type PointReader = (points: readonly Point[]) => Promise<PointSnapshot>;

/** The requests for a set of points, which commands read again and again. */
interface ReadPlan {
  index: PointIndex;
  blocks: { block: RegisterBlock; decoding: Decoding }[];
}

const createPlan = ({ profile, points: all }: ResolvedProfile, wanted: readonly Point[]): ReadPlan => {
  const companions = wanted.flatMap(({ source }) => all.filter(({ name }) => name === companionOf(source)));
  const index = indexPoints([...new Set([...wanted, ...companions])]);
  const blocks = planReads(index.points, profile).map((block) => {
    const { address, points } = block;
    return { block, decoding: { table: compileTable(block, index), texts: points.filter(isTextPoint), address } };
  });
  return { index, blocks };
};

/** @returns a function that reads points, with the scale factors and signs of those that have one */
export const createPointReader = (resolved: ResolvedProfile, bus: Pick<Bus, 'read'>, unit: number): PointReader => {
  const plans = new Map<string, ReadPlan>();

  return async (wanted) => {
    const key = wanted.map(({ name }) => name).join();
    const { index, blocks } = plans.get(key) ?? createPlan(resolved, wanted);
    plans.set(key, { index, blocks });
    const values = new PointValues(index);
    const words = new Map<string, number>();
    for (const { block, decoding } of blocks) {
      const { table, address, count } = block;
      const data = await bus.read({ unit, table, address, count });
      for (let n = 0; n < count; n++) words.set(`${table} ${address + n}`, valueAt(data, table, n));
      values.decode(decoding, data);
    }
    return {
      word: (table, address) => words.get(`${table} ${address}`),
      value: ({ name }) => values.valueOf(name),
    };
  };
};
