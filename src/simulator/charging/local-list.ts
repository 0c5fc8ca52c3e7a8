/** Tags that a station knows by itself: OCPP 1.6 §3.5.2, 2.0.1 part 2 D01. */

export interface LocalEntry {
  token: string;
  /** undefined: it is taken off the list. */
  status: string | undefined;
}

export interface LocalList {
  /** 0: there is none. */
  version(): number;
  /** @returns undefined for a tag that is not on it */
  statusOf(token: string): string | undefined;
  update(version: number, isFull: boolean, entries: LocalEntry[]): 'Accepted' | 'VersionMismatch';
}

export const createLocalList = (): LocalList => {
  const tokens = new Map<string, string>();
  let version = 0;
  return {
    version: () => version,
    statusOf: (token) => tokens.get(token),
    update(next, isFull, entries) {
      if (!isFull && next <= version) return 'VersionMismatch';
      if (isFull) tokens.clear();
      for (const { token, status } of entries)
        if (status) tokens.set(token, status);
        else tokens.delete(token);
      version = next;
      return 'Accepted';
    },
  };
};
