/** The order of the requests of one poll: without identifiers, a response must not pass for that to the next request. */
import { type ReadRequest, responseShape } from '../messages.ts';

/** @returns the longest list other than the given one, the first of several; undefined if all others are empty */
const longest = <T>(lists: T[][], except?: T[]): T[] | undefined => {
  let found: T[] | undefined;
  for (const list of lists) if (list !== except && list.length > (found?.length ?? 0)) found = list;
  return found;
};

/** Orders requests so that neighbours differ in the shape of their responses, for as long as there is another shape. */
export const separateAlike = <T extends { request: ReadRequest }>(items: readonly T[]): T[] => {
  const byShape = new Map<string, T[]>();
  for (const item of items) {
    const shape = responseShape(item.request);
    const alike = byShape.get(shape);
    if (alike) alike.push(item);
    else byShape.set(shape, [item]);
  }
  const shapes = [...byShape.values()];
  const ordered: T[] = [];
  // The most frequent shape is taken first, because it would be left over at the end.
  let next = longest(shapes);
  while (next) {
    ordered.push(...next.splice(0, 1));
    next = longest(shapes, next) ?? (next.length > 0 ? next : undefined);
  }
  return ordered;
};
