/**
 * Sequence numbers that were seen, as stretches without a gap: [first, last, first, last, ...], ascending. However long
 * a backlog is, it is one stretch.
 */

/** Stretches that are kept; where there are more gaps, the oldest stretch is forgotten. */
const mostStretches = 32;

/** @returns the position of the first stretch that ends at the number before this one, or later */
const find = (stretches: number[], number: number): number => {
  let low = 0;
  let high = stretches.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stretches[2 * middle + 1] ?? 0) < number - 1) low = middle + 1;
    else high = middle;
  }
  return 2 * low;
};

/**
 * Adds a number.
 * @returns whether it was there before
 */
export const addSequenceNumber = (stretches: number[], number: number): boolean => {
  const at = find(stretches, number);
  const first = stretches[at];
  const last = stretches[at + 1];
  if (first === undefined || last === undefined || number < first - 1) {
    stretches.splice(at, 0, number, number);
    if (stretches.length > 2 * mostStretches) stretches.splice(0, 2);
    return false;
  }
  if (number === first - 1) stretches[at] = number;
  else if (number === last + 1) {
    stretches[at + 1] = number;
    const next = stretches[at + 2];
    // The gap to the stretch behind it is closed.
    if (next === number + 1) stretches.splice(at + 1, 2);
  } else return true;
  return false;
};
