/**
 * The contents of the registers of an actuator at one time, and what they can be after a write that may have been cut off:
 * as before, as wanted, or as they are while some of the points have been written and the others not yet.
 */
import { z } from 'zod';
import type { PointSnapshot } from '../polling/point-reader.ts';
import type { Point } from '../profiles/point.ts';
import type { WantedPoint } from './write-plan.ts';

const contentSchema = z.object({ words: z.array(z.int()), value: z.number().nullable() });
/** The registers of a point, in the order of its words, and the value that they stand for; null: none. */
export type Content = z.infer<typeof contentSchema>;

/** Contents by the names of their points. */
export const contentsSchema = z.record(z.string(), contentSchema);
export type Contents = z.infer<typeof contentsSchema>;

/** Alternatives that are remembered; each write that failed adds some. */
const mostAlternatives = 64;

/** Whether two points hold the same words. */
export const isSameContent = (a: Content | undefined, b: Content | undefined): boolean =>
  a?.words.join() === b?.words.join();

/** @returns the names of the points that differ */
export const differing = (a: Contents, b: Contents): string[] =>
  Object.keys(a).filter((name) => !isSameContent(a[name], b[name]));

/** @returns the contents of points as they were read */
export const contentsOf = (points: readonly Point[], snapshot: PointSnapshot): Contents =>
  Object.fromEntries(
    points.map((point) => {
      const value = snapshot.value(point);
      const words = point.words.map((address) => snapshot.word(point.table, address) ?? 0);
      const number = typeof value === 'boolean' ? Number(value) : value;
      return [point.name, { words, value: typeof number === 'number' ? number : null }];
    }),
  );

/** @returns the contents after a write to some of the points */
export const contentsAfter = (before: Contents, wanted: readonly WantedPoint[]): Contents => {
  const after = { ...before };
  for (const { point, value, words } of wanted)
    if (before[point.name]) after[point.name] = { words: words.map(({ word }) => word), value };
  return after;
};

/**
 * @param requests the points of each request in their order
 * @returns what the registers may hold once the writing has begun, the outcome last
 */
export const possibleContents = (
  before: readonly Contents[],
  requests: readonly (readonly WantedPoint[])[],
): Contents[] => {
  const possible = [...before];
  for (const start of before) {
    let now = start;
    for (const request of requests) {
      // A device that refuses a request as a whole is written to point by point.
      for (let count = 1; count < request.length; count++) possible.push(contentsAfter(now, request.slice(0, count)));
      now = contentsAfter(now, request);
      possible.push(now);
    }
  }
  const unique = possible.filter(
    (each, n) => possible.findLastIndex((other) => differing(each, other).length === 0) === n,
  );
  return unique.slice(-mostAlternatives);
};
