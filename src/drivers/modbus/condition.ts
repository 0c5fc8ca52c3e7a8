/** Conditions on the value of a point: what a command requires, and while which a reading is void. */
import { didYouMean, knownWords } from './did-you-mean.ts';
import type { Point } from './point.ts';

export interface Condition {
  min?: number | undefined;
  max?: number | undefined;
  is?: (number | string)[] | undefined;
}

export const isMet = (given: unknown, { min, max, is }: Condition): boolean => {
  const value = typeof given === 'boolean' ? Number(given) : given;
  if (is) return is.some((each) => each === value);
  if (typeof value !== 'number') return false;
  return value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY);
};

/** The words a point says; undefined where it says numbers, or any text. */
const wordsOf = ({ source }: Point): string[] | undefined =>
  source.enum && [...new Set(Object.values(source.enum).map(String))];

/** @returns why the condition can never hold, or always does, in words */
export const conditionFault = (
  { point: name, is, min, max }: Condition & { point: string },
  points: ReadonlyMap<string, Point>,
): string | undefined => {
  const point = points.get(name);
  if (!point) return `"${name}" is no point with a register${didYouMean(name, [...points.keys()])}`;
  if (!point.isReadable) return `${name} cannot be read`;
  if (is === undefined && min === undefined && max === undefined) return `a condition on ${name} needs is, min or max`;
  const words = wordsOf(point);
  if (!words) return undefined;
  if (!is) return `${name} says words, which have no min or max${knownWords('', words)}`;
  const stranger = is.find((each) => !words.includes(String(each)) || typeof each === 'number');
  return stranger === undefined ? undefined : `${name} never says ${stranger}${knownWords(String(stranger), words)}`;
};
