/** Equality of two flat records: parameters of commands, parameters of texts. */

/**
 * Compares two records value by value, in whatever order their names stand. Values that are lists or records themselves
 * are compared as JSON.
 */
export const isSame = (a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean => {
  const names = Object.keys(a);
  const isEqual = (name: string): boolean => a[name] === b[name] || JSON.stringify(a[name]) === JSON.stringify(b[name]);
  return names.length === Object.keys(b).length && names.every(isEqual);
};
