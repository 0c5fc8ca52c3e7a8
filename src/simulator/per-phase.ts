/** Values of a three-phase connection. */

/** Values of L1, L2 and L3. */
export type Phases = [number, number, number];

/** @returns the sum of the three phases */
export const sumOf = ([l1, l2, l3]: Phases): number => l1 + l2 + l3;
