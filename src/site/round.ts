/** Digits that mean something: what is finer than any meter is left out of messages. */

export const round = (value: number | null, digits = 1): number | null =>
  value === null ? null : Math.round(value * 10 ** digits) / 10 ** digits;
