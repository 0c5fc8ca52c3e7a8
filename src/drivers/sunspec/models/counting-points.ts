/** The points of a model that say how often its groups repeat: they are read before the model can be laid out. */
import type { ModelDefinition, PointDefinition, PointGroup } from '../messages.ts';
import type { Counts } from './model-instance.ts';

/** A counting point, and its register counted from the point ID of its model. */
interface CountingPoint {
  name: string;
  offset: number;
}

const countsIn = ({ groups }: PointGroup): string[] =>
  groups.flatMap((group) => [...(typeof group.count === 'string' ? [group.count] : []), ...countsIn(group)]);

const offsetsOf = (points: readonly PointDefinition[]): CountingPoint[] => {
  let next = 0;
  return points.map(({ name, size }) => {
    const offset = next;
    next += size;
    return { name, offset };
  });
};

/** @returns the points of a model that count groups, in the order of their registers */
export const countingPoints = ({ group }: ModelDefinition): CountingPoint[] => {
  const names = new Set(countsIn(group));
  return offsetsOf(group.points).filter(({ name }) => names.has(name));
};

/** @returns registers from the point ID on that have to be read to know all counts; 0 if no point counts groups */
export const registersUntilCounts = (definition: ModelDefinition): number =>
  (countingPoints(definition).at(-1)?.offset ?? -1) + 1;

/** The pattern of a count, or of a uint16, that is not implemented. */
const notImplemented = 0xffff;

/**
 * Reads the counts of a model.
 * @param data the registers of the model, big-endian, from its point ID on
 * @returns the counts that the registers hold; a point that is not implemented, or lies behind the data, is left out
 */
export const readCounts = (definition: ModelDefinition, data: Uint8Array): Counts => {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const told = countingPoints(definition)
    .filter(({ offset }) => offset * 2 + 2 <= data.length)
    .map(({ name, offset }): [string, number] => [name, view.getUint16(offset * 2)]);
  return new Map(told.filter(([, count]) => count !== notImplemented));
};
