/** Exponential back-off with jitter, so that clients that lost the same peer do not all return at the same moment. */

/** Doublings after which a pause has long reached its upper bound; a larger exponent would only lose precision. */
const maxDoublings = 16;

/** The pauses between the attempts of one client. */
export class BackOff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #random: () => number;
  #doublings = 0;

  /**
   * @param firstMs upper bound of the first pause
   * @param longestMs upper bound of every pause
   * @param random 0 up to 1; always 1: pauses without jitter
   */
  constructor(firstMs: number, longestMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#random = random;
  }

  /** @returns milliseconds until the next attempt: between half of the current bound and all of that bound */
  next(): number {
    const boundMs = Math.min(this.#longestMs, this.#firstMs * 2 ** this.#doublings);
    this.#doublings = Math.min(this.#doublings + 1, maxDoublings);
    return boundMs * (0.5 + this.#random() / 2);
  }

  /** Begins with the first pause again, after an attempt that succeeded. */
  reset(): void {
    this.#doublings = 0;
  }
}
