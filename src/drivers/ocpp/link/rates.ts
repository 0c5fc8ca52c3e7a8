/** How often something may happen: buckets that fill by time and are emptied by what happens. */
import type { Clock } from '../../../model/time.ts';

export interface Rate {
  perS: number;
  /** What may happen at once after a quiet time. */
  burst: number;
}

/** A record without functions of its own: each connection has some. */
export interface Bucket {
  readonly rate: Rate;
  /** What was left at that time. */
  level: number;
  /** Monotonic, ms. */
  at: number;
}

/** @param now monotonic, ms */
export const createBucket = (rate: Rate, now: number): Bucket => ({ rate, level: rate.burst, at: now });

/**
 * @param now monotonic, ms
 * @returns false where that much is not left; then nothing is taken
 */
export const takeFrom = (bucket: Bucket, now: number, amount = 1): boolean => {
  const { perS, burst } = bucket.rate;
  bucket.level = Math.min(burst, bucket.level + ((now - bucket.at) / 1000) * perS);
  bucket.at = now;
  if (bucket.level < amount) return false;
  bucket.level -= amount;
  return true;
};

/** Puts back what was taken for something that did not happen. */
export const giveBackTo = (bucket: Bucket, amount = 1): void => {
  bucket.level += amount;
};

/** A bucket for each key. Of too many, the ones that were not used for the longest time are forgotten. */
export const createBuckets = (rate: Rate, clock: Clock, maxKeys = 2000): ((key: string) => Bucket) => {
  const buckets = new Map<string, Bucket>();
  return (key) => {
    const bucket = buckets.get(key) ?? createBucket(rate, clock.monotonic());
    buckets.delete(key);
    buckets.set(key, bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > maxKeys && oldest !== undefined) buckets.delete(oldest);
    return bucket;
  };
};
