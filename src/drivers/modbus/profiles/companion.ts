/** The point that another one is read with: its power of ten, or what tells its sign. */
import { didYouMean } from '../../../common/did-you-mean.ts';
import { conditionFault } from './condition.ts';
import { companionOf, isTextPoint, type Point } from './point.ts';

/** @returns in words why a power of ten, or a sign, cannot be read with its values; undefined if it can */
export const companionFault = (point: Point, points: ReadonlyMap<string, Point>): string | undefined => {
  const { scaleFrom, negativeWhile, sign } = point.source;
  const name = companionOf(point.source);
  if (name === undefined) return undefined;
  if (scaleFrom && negativeWhile) return 'takes either scaleFrom or negativeWhile';
  const key = scaleFrom ? 'scaleFrom' : 'negativeWhile';
  const companion = points.get(name);
  if (!companion) return `${key} "${name}" is not a point${didYouMean(name, [...points.keys()])}`;
  if (companion.table !== point.table) return `${key} "${name}" lies in another table, ${companion.table}`;
  if (companion.group !== point.group) return `${key} "${name}" is read with another group, ${companion.group}`;
  const { scale = 1, offset = 0, enum: words } = companion.source;
  if (scaleFrom && (scale !== 1 || offset !== 0))
    return `scaleFrom "${name}" holds a power of ten, so it takes no scale and no offset`;
  if (!negativeWhile) return undefined;
  if (sign !== undefined) return 'takes its sign from negativeWhile, and no other';
  if (words || isTextPoint(companion)) return `negativeWhile "${name}" is a word; the sign is taken from a number`;
  return conditionFault(negativeWhile, points);
};
