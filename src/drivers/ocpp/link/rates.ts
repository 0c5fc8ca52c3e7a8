/** How often something may happen: buckets that fill by time and are emptied by what happens. */
import type { Clock } from '../../../model/time.ts';

export interface Rate {
  perS: number;
  /** What may happen at once after a quiet time. */
  burst: number;
}

export interface Bucket {
  /** @returns false where that much is not left; then nothing is taken */
  take(amount?: number): boolean;
  /** Puts back what was taken for something that did not happen. */
  giveBack(amount?: number): void;
}

export const createBucket = ({ perS, burst }: Rate, clock: Clock): Bucket => {
  let level = burst;
  let at = clock.monotonic();
  return {
    take(amount = 1) {
      const now = clock.monotonic();
      level = Math.min(burst, level + ((now - at) / 1000) * perS);
      at = now;
      if (level < amount) return false;
      level -= amount;
      return true;
    },
    giveBack(amount = 1) {
      level += amount;
    },
  };
};

/** A bucket for each key. Of too many, the ones that were not used for the longest time are forgotten. */
export const createBuckets = (rate: Rate, clock: Clock, maxKeys = 2000): ((key: string) => Bucket) => {
  const buckets = new Map<string, Bucket>();
  return (key) => {
    const bucket = buckets.get(key) ?? createBucket(rate, clock);
    buckets.delete(key);
    buckets.set(key, bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > maxKeys && oldest !== undefined) buckets.delete(oldest);
    return bucket;
  };
};
