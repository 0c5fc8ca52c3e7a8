/** Debounces a condition: values that arrive together were not sampled together. */

/** A condition that is false at first, and that changes once the contrary has held for a time. */
export class Debounce {
  readonly #ms: number;
  #holds = false;
  /** Monotonic ms since when the condition was seen to be the contrary. */
  #contrarySince: number | undefined;

  /** @param ms monotonic time for which the contrary has to hold */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /**
   * @param isTrue whether the condition is met now
   * @param at monotonic ms
   * @returns the debounced condition
   */
  update(isTrue: boolean, at: number): boolean {
    if (isTrue === this.#holds) this.#contrarySince = undefined;
    else {
      this.#contrarySince ??= at;
      if (at - this.#contrarySince >= this.#ms) {
        this.#holds = isTrue;
        this.#contrarySince = undefined;
      }
    }
    return this.#holds;
  }

  /** Nothing is known of the condition now: the time for which the contrary held before does not count. */
  interrupt(): void {
    this.#contrarySince = undefined;
  }
}
