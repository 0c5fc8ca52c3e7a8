/** How a quantity is told: how often, how long a value is of use, and from when on something is missing, ms. */
import type { QuantityMeta } from '../model/meta.ts';

const defaultMaxAgeS = 30;
const shortestGapMs = 60_000;

export const maxAgeOf = (quantity: QuantityMeta | undefined): number => (quantity?.max_age_s ?? defaultMaxAgeS) * 1000;

/** It is told when it changes: the last value holds. */
export const isHeld = (quantity: QuantityMeta | undefined): boolean => quantity?.report === 'on_change';

export const intervalOf = (quantity: QuantityMeta | undefined): number => 1000 * (quantity?.interval_s ?? 0);

/**
 * Three intervals without a sample are an outage, or where none is stated, the time that a value may be used; what is
 * told when it changes is as good as its age.
 */
export const gapOf = (quantity: QuantityMeta | undefined): number =>
  isHeld(quantity) ? maxAgeOf(quantity) : Math.max(shortestGapMs, 3 * intervalOf(quantity) || maxAgeOf(quantity));
