/** The order of the requests of one poll: where answers carry no id, one must not pass for that to its neighbour. */
import { answerShape, type ReadRequest } from './request.ts';

/** @returns the longest list beside the one named, the first of several; undefined where all others are empty */
const longest = <T>(lists: T[][], but?: T[]): T[] | undefined => {
  let found: T[] | undefined;
  for (const list of lists) if (list !== but && list.length > (found?.length ?? 0)) found = list;
  return found;
};

/** Neighbours differ in the shape of their answers as long as there is another shape left. */
export const apart = <T extends { request: ReadRequest }>(items: readonly T[]): T[] => {
  // Nothing can come between two.
  if (items.length < 3) return [...items];
  const byShape = new Map<string, T[]>();
  for (const item of items) {
    const shape = answerShape(item.request);
    const alike = byShape.get(shape);
    if (alike) alike.push(item);
    else byShape.set(shape, [item]);
  }
  const shapes = [...byShape.values()];
  const ordered: T[] = [];
  // The shape that most requests have is taken first: it would be left over at the end.
  let next = longest(shapes);
  while (next) {
    ordered.push(...next.splice(0, 1));
    next = longest(shapes, next) ?? (next.length > 0 ? next : undefined);
  }
  return ordered;
};
