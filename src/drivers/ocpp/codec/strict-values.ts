/** Texts and numbers as the wire demands them. All throw an Error for what does not fit, rather than to bend it. */

/** @param most characters. @param what the value is, for the words of the failure */
export const exactText = (text: string, most: number, what: string): string => {
  if (text.length > most) throw new Error(`${what} "${text.slice(0, 60)}" has more than ${most} characters`);
  return text;
};

/** Ids of anything, and numbers of EVSEs and connectors. */
export const exactInteger = (value: number, what: string): number => {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${what} ${value} is no whole number`);
  return value;
};

/** Rounds to whole seconds. */
export const wholeSeconds = (value: number, what: string): number => exactInteger(Math.round(value), what);

/**
 * @returns A to 0.1, W to 1 (OCPP 1.6 §7.14: one digit after the point): down, for a limit is the most that may flow
 */
export const roundLimit = (limit: number, unit: 'A' | 'W'): number => {
  // More than a power station is none either.
  if (!(limit >= 0 && limit <= 1e9)) throw new Error(`${limit} ${unit} is no limit`);
  // 16.1 is 16.1, whatever binary fractions make of it.
  return unit === 'W' ? Math.floor(limit + 1e-6) : Math.floor(limit * 10 + 1e-6) / 10;
};
