/** Limits of a number. */

/** @returns the value, or the nearer of the two limits */
export const clamp = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));
