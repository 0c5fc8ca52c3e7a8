/** A map that forgets: keys live in two generations, and the older one goes as a whole once the younger is full. */

/** Remembers the keys that were set or read lately. */
export class RecentMap<T> {
  readonly #count: number;
  readonly #ageMs: number;
  readonly #monotonic: () => number;
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  /** When the young generation began, monotonic, ms. */
  #since: number;

  /**
   * @param count keys that are remembered at least; there are never more than twice as many
   * @param ageMs how long a key is remembered at least that nobody asks for, unless there are too many
   * @param monotonic time, ms
   */
  constructor(count: number, ageMs: number, monotonic: () => number) {
    this.#count = count;
    this.#ageMs = ageMs;
    this.#monotonic = monotonic;
    this.#since = monotonic();
  }

  get(key: string): T | undefined {
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const older = this.#old.get(key);
    if (older === undefined) return undefined;
    this.#age();
    this.#young.set(key, older);
    return older;
  }

  set(key: string, value: T): void {
    this.#age();
    this.#young.set(key, value);
  }

  #age(): void {
    const isDue = this.#young.size >= this.#count || this.#monotonic() - this.#since >= this.#ageMs;
    if (!isDue) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#since = this.#monotonic();
  }
}
