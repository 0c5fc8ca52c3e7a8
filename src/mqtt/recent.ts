/** Remembers what came last, in two generations: the older one is forgotten as a whole once the younger is full. */

export interface Recent<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

/**
 * @param count keys that are remembered at least; there are never more than twice as many
 * @param ageMs how long a key is remembered at least that nobody asks for, unless there are too many
 * @param monotonic time, ms
 */
export const createRecent = <T>(count: number, ageMs: number, monotonic: () => number): Recent<T> => {
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  let since = monotonic();

  const age = (): void => {
    const isDue = monotonic() - since >= ageMs;
    if (!isDue && young.size < count) return;
    old = young;
    young = new Map();
    since = monotonic();
  };

  return {
    get(key) {
      const known = young.get(key);
      if (known !== undefined) return known;
      const older = old.get(key);
      if (older === undefined) return undefined;
      age();
      young.set(key, older);
      return older;
    },
    set(key, value) {
      age();
      young.set(key, value);
    },
  };
};
