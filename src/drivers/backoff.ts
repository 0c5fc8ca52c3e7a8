/** Exponential back-off with jitter, so that many clients do not return at once. */
export interface Backoff {
  /** @returns milliseconds until the next attempt: between half of the pause and all of it */
  next(): number;
  /** It went well: the next pause is the first again. */
  reset(): void;
}

export const createBackoff = (firstMs: number, longestMs: number, random: () => number = Math.random): Backoff => {
  let attempt = 0;
  return {
    next() {
      const ceiling = Math.min(longestMs, firstMs * 2 ** attempt);
      attempt = Math.min(attempt + 1, 16);
      return ceiling * (0.5 + random() / 2);
    },
    reset() {
      attempt = 0;
    },
  };
};
