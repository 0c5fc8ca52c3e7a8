/** Conditions on the value of a point: what a command requires, and what makes a reading void. */
import { didYouMean, knownWords } from '../../../common/did-you-mean.ts';
import type { Point } from './point.ts';
import type { Condition } from './point-schema.ts';

/** @returns the words of an enumeration; undefined for a point of numbers, or of any text */
const enumWordsOf = ({ source }: Point): string[] | undefined =>
  source.enum && [...new Set(Object.values(source.enum).map(String))];

/** @returns in words why a condition can never hold, or always does; undefined if it makes sense */
export const conditionFault = (
  { point: name, is, min, max }: Condition,
  points: ReadonlyMap<string, Point>,
): string | undefined => {
  const point = points.get(name);
  if (!point) return `"${name}" is no point with a register${didYouMean(name, [...points.keys()])}`;
  if (!point.isReadable) return `${name} cannot be read`;
  if (is === undefined && min === undefined && max === undefined) return `a condition on ${name} needs is, min or max`;
  const words = enumWordsOf(point);
  if (!words) return undefined;
  if (!is) return `${name} is a word, which has no min or max${knownWords('', words)}`;
  const stranger = is.find((each) => !words.includes(String(each)) || typeof each === 'number');
  return stranger === undefined ? undefined : `${name} is never ${stranger}${knownWords(String(stranger), words)}`;
};
