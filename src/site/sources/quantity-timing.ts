/** Timing of a quantity as its meta states it: interval, largest age, and the gap that counts as an outage; all in ms. */
import type { QuantityMeta } from '../../model/meta.ts';

/** Largest age of a quantity whose meta states none, s. */
const defaultMaxAgeS = 30;
const shortestGapMs = 60_000;

/** @returns ms for which a value may be used after it was measured */
export const maxAgeOf = (quantity: QuantityMeta | undefined): number => (quantity?.max_age_s ?? defaultMaxAgeS) * 1000;

/** @returns whether the quantity is reported on change, so that its last value holds until the next one comes */
export const isHeld = (quantity: QuantityMeta | undefined): boolean => quantity?.report === 'on_change';

/** @returns ms between two reports of a quantity; 0 where its meta does not say */
export const intervalOf = (quantity: QuantityMeta | undefined): number => 1000 * (quantity?.interval_s ?? 0);

/**
 * Three intervals without a sample are an outage. Without a stated interval the largest age takes their place, as it
 * does for a quantity that is reported on change.
 * @returns ms
 */
export const gapOf = (quantity: QuantityMeta | undefined): number =>
  isHeld(quantity) ? maxAgeOf(quantity) : Math.max(shortestGapMs, 3 * intervalOf(quantity) || maxAgeOf(quantity));
