/** The Local Authorization List of a simulated station: OCPP 1.6 §3.5.2, 2.0.1 part 2 D01. */

/** AuthorizationData. */
interface LocalListEntry {
  /** idTag of OCPP 1.6, idToken of 2.x. */
  token: string;
  /** AuthorizationStatus; undefined removes the token from the list. */
  status: string | undefined;
}

/** The list of one station. */
export class LocalAuthorizationList {
  readonly #statuses = new Map<string, string>();
  #listVersion = 0;

  /** @returns listVersion; 0: there is no list */
  version(): number {
    return this.#listVersion;
  }

  /** @returns AuthorizationStatus; undefined for a token that is not on the list */
  statusOf(token: string): string | undefined {
    return this.#statuses.get(token);
  }

  /** Carries out SendLocalList. @param isFull updateType Full; otherwise Differential */
  update(version: number, isFull: boolean, entries: readonly LocalListEntry[]): 'Accepted' | 'VersionMismatch' {
    if (!isFull && version <= this.#listVersion) return 'VersionMismatch';
    if (isFull) this.#statuses.clear();
    for (const { token, status } of entries)
      if (status) this.#statuses.set(token, status);
      else this.#statuses.delete(token);
    this.#listVersion = version;
    return 'Accepted';
  }
}
