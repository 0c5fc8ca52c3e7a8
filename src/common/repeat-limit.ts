/** A rate limit for what is told: the first of several alike at once, those that follow within a pause together. */

/** The part of a clock that a limit needs. */
interface Timers {
  after(ms: number, run: () => void): { cancel(): void };
}

interface Pause<T> {
  timer: { cancel(): void };
  latest: T | undefined;
  count: number;
}

/** Limits how often items of one kind are told. */
export class RepeatLimit<T> {
  readonly #pauseMs: number;
  readonly #timers: Timers;
  readonly #tell: (item: T, heldBack: number) => void;
  readonly #pauses = new Map<string, Pause<T>>();

  /**
   * @param pauseMs between two that are told of one kind
   * @param tell called with an item and with how many were held back since the one before, this one included; 0: the
   *   item is told as it comes
   */
  constructor(pauseMs: number, timers: Timers, tell: (item: T, heldBack: number) => void) {
    this.#pauseMs = pauseMs;
    this.#timers = timers;
    this.#tell = tell;
  }

  /** Number of kinds that were told within the last pause. */
  get size(): number {
    return this.#pauses.size;
  }

  has(kind: string): boolean {
    return this.#pauses.has(kind);
  }

  /** @param kind items of one kind are alike */
  add(kind: string, item: T): void {
    const pause = this.#pauses.get(kind);
    if (pause) {
      pause.latest = item;
      pause.count++;
      return;
    }
    this.#begin(kind);
    this.#tell(item, 0);
  }

  close(): void {
    for (const { timer } of this.#pauses.values()) timer.cancel();
    this.#pauses.clear();
  }

  #begin(kind: string): void {
    const timer = this.#timers.after(this.#pauseMs, () => this.#end(kind));
    this.#pauses.set(kind, { timer, latest: undefined, count: 0 });
  }

  #end(kind: string): void {
    const pause = this.#pauses.get(kind);
    this.#pauses.delete(kind);
    if (pause?.latest === undefined) return;
    this.#begin(kind);
    this.#tell(pause.latest, pause.count);
  }
}
