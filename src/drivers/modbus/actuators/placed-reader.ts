/**
 * Points read for commands, with the guards in front of them: nothing may be written, or taken for a limit of others,
 * where the registers have another meaning than the profile says.
 */
import { ModbusFailure } from '../failures.ts';
import type { PointReader } from '../polling/point-reader.ts';
import type { Point } from '../profiles/point.ts';
import type { ResolvedProfile } from '../profiles/resolve-profile.ts';

/** A point that holds one of these numbers as long as the registers are where the profile says. */
interface GuardPoint {
  point: Point;
  is: readonly number[];
}

const addressOf = ({ words: [first = 0] }: Point): number => first;

const guardsOf = ({ profile, points }: ResolvedProfile): GuardPoint[] =>
  (profile.guards ?? []).flatMap(({ point: name, is }) => {
    const point = points.find((each) => each.name === name);
    return point ? [{ point, is }] : [];
  });

/**
 * @returns the guards right in front of a point, which lie in the same part of the register map: two neighbours at most,
 *   as SunSpec has them with the ID and the length of a model
 */
const guardsBefore = (point: Point, guards: readonly GuardPoint[]): GuardPoint[] => {
  const before = guards.filter((each) => each.point.table === point.table && addressOf(each.point) < addressOf(point));
  const last = Math.max(...before.map((each) => addressOf(each.point)));
  return before.filter((each) => addressOf(each.point) >= last - 1);
};

/** @returns a reader whose reads fail as "displaced" if a guard in front of the points holds another number */
export const createPlacedReader = (resolved: ResolvedProfile, unit: number, read: PointReader): PointReader => {
  const all = guardsOf(resolved);
  if (all.length === 0) return read;
  return async (points) => {
    const guards = [...new Set(points.flatMap((point) => guardsBefore(point, all)))];
    const snapshot = await read([...new Set([...guards.map(({ point }) => point), ...points])]);
    for (const { point, is } of guards) {
      const value = snapshot.value(point);
      if (typeof value !== 'number' || !is.includes(value))
        throw new ModbusFailure(
          'displaced',
          `unit ${unit}: ${point.name} reads ${value ?? 'nothing'} instead of ${is.join(' or ')}: the registers are not where they were, and nothing is written`,
        );
    }
    return snapshot;
  };
};
