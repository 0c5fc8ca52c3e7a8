/** Rounding of numbers for messages: digits beyond the resolution of any meter are left out. */

/** @returns the number rounded half up to so many digits after the decimal point */
export const roundTo = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;
