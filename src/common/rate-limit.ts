/** Rate limits: token buckets that fill by time and are emptied by what happens. */

/** A rate with its burst. */
export interface Rate {
  /** Tokens that come back in a second. */
  perS: number;
  /** Tokens of a full bucket: what may happen at once after a quiet time. */
  burst: number;
}

/** One token bucket. It is full at first. */
export class TokenBucket {
  readonly #rate: Rate;
  #level: number;
  /** Monotonic ms of the last take. */
  #at: number;

  /** @param now monotonic ms */
  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#level = rate.burst;
    this.#at = now;
  }

  /**
   * @param now monotonic ms
   * @returns false when fewer tokens are left; then none is taken
   */
  take(now: number, tokens = 1): boolean {
    const { perS, burst } = this.#rate;
    this.#level = Math.min(burst, this.#level + ((now - this.#at) / 1000) * perS);
    this.#at = now;
    if (this.#level < tokens) return false;
    this.#level -= tokens;
    return true;
  }

  /** Puts back tokens that were taken for something that did not happen. */
  giveBack(tokens = 1): void {
    this.#level += tokens;
  }
}

/** A token bucket for each key. Of too many, the ones that were not used for the longest time are forgotten. */
export class KeyedTokenBuckets {
  readonly #rate: Rate;
  readonly #maxKeys: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(rate: Rate, maxKeys = 2000) {
    this.#rate = rate;
    this.#maxKeys = maxKeys;
  }

  /** @param now monotonic ms */
  bucketOf(key: string, now: number): TokenBucket {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#rate, now);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > this.#maxKeys && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}
