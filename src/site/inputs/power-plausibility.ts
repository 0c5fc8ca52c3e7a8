/**
 * Keeps implausible samples of power from the sums and from what is shown: samples above the nameplate, or far above what
 * the device has ever shown. A device that goes on to show such power is believed, with all it showed meanwhile.
 */

/** Limits of the power of one source. */
export interface PowerLimit {
  /** Largest plausible power, W. */
  maxPowerW: number;
  /** Whether the limit is the rating on the device's nameplate. */
  isRated: boolean;
  /** Whether the power is reported on change: nothing may come to confirm what was never shown before. */
  isHeld: boolean;
}

/** One sample of power with the item it belongs to. */
export interface PowerItem<T> {
  w: number;
  /** Time of measurement, monotonic ms. */
  at: number;
  item: T;
}

/** The limit that a sample exceeds: the rating, the largest power of any device, or what the device has shown before. */
export type Grounds = 'rating' | 'largest_power' | 'history';

/** Implausible samples that are dropped. */
export interface DroppedSamples {
  samples: number;
  /** The largest of them, W. */
  w: number;
  /** The limit they exceed, W. */
  limitW: number;
  grounds: Grounds;
}

/** Outcome for a sample, and for those before. */
export interface Assessment<T> {
  isBelieved: boolean;
  /** Samples before this one that are believed now, since the device goes on to show such power. */
  confirmed?: PowerItem<T>[];
  /** Whether the confirmed samples are above the largest plausible power. */
  isAbove?: boolean;
  /** Samples before this one that turned out to be wrong. */
  dropped?: DroppedSamples;
}

/** Inverters give more than their rating for a while: factor on the largest power. */
const ratingMargin = 1.5;
/** Factor on the largest power that was shown. */
const historyRatio = 10;
/** A smaller load may begin at any time, such as a car on three phases or a sauna, W. */
const leastHistoryW = 12_000;
/** Samples before there is a history. */
const fewestSamples = 10;
/** Power that has begun stays within this factor; garbage does not. */
const alikeRatio = 3;
/** Samples in a row that confirm each other. */
const confirmations = 3;
/** Samples in a row, and their time in ms, that confirm power above the largest plausible one. */
const confirmationsAbove = 6;
const confirmMsAbove = 60_000;
const mostHeld = 60;

const isAlike = (a: number, b: number): boolean =>
  Math.sign(a) === Math.sign(b) && Math.abs(a) <= alikeRatio * Math.abs(b) && Math.abs(b) <= alikeRatio * Math.abs(a);

/** The plausibility check of the power of one source. */
export class PowerPlausibility<T> {
  /** Largest power that three samples in a row have shown, W. */
  #highW: number;
  /** The two samples before, W without sign. */
  readonly #before: [number, number] = [0, 0];
  #count = 0;
  /** Samples in a row that are not believed yet, and what speaks against them. */
  #held: PowerItem<T>[] = [];
  #against: { limitW: number; grounds: Grounds } = { limitW: 0, grounds: 'history' };

  /** @param highW the largest power of an earlier run, W */
  constructor(highW = 0) {
    this.#highW = highW;
  }

  /** Largest power that several samples in a row have shown, W. */
  get highW(): number {
    return this.#highW;
  }

  /** @returns whether nothing speaks against a sample */
  isPlausible(w: number, limit: PowerLimit): boolean {
    return Math.abs(w) <= Math.min(this.#largestW(limit), this.#shownLimitW(limit));
  }

  /** @returns whether the next sample is believed at once, as nearly every one; otherwise it has to be assessed */
  accepts(w: number, limit: PowerLimit): boolean {
    if (this.#held.length > 0 || !this.isPlausible(w, limit)) return false;
    this.#learn(Math.abs(w));
    return true;
  }

  /** Assesses the next sample. */
  assess(sample: PowerItem<T>, limit: PowerLimit): Assessment<T> {
    const { w } = sample;
    if (this.isPlausible(w, limit)) {
      this.#learn(Math.abs(w));
      return { isBelieved: true, ...(this.#held.length > 0 && { dropped: this.#drop() }) };
    }
    const last = this.#held.at(-1);
    const dropped = last && !isAlike(last.w, w) ? this.#drop() : undefined;
    if (this.#held.length >= mostHeld) this.#held.splice(1, 1);
    if (this.#held.length === 0) this.#against = this.#findAgainst(limit);
    this.#held.push(sample);
    const isAbove = Math.abs(w) > this.#largestW(limit);
    if (!this.#isConfirmed(sample.at, isAbove)) return { isBelieved: false, ...(dropped && { dropped }) };
    const confirmed = this.#held;
    this.#held = [];
    for (const each of confirmed) this.#learn(Math.abs(each.w));
    return { isBelieved: true, confirmed: confirmed.slice(0, -1), isAbove };
  }

  /** Samples that are not believed yet were measured so many ms later than was thought. */
  move(ms: number): void {
    for (const held of this.#held) held.at += ms;
  }

  #largestW({ maxPowerW }: PowerLimit): number {
    return ratingMargin * Math.max(maxPowerW, this.#highW);
  }

  /** @returns the limit by what was shown before, W; infinite where a nameplate decides, or nothing was shown yet */
  #shownLimitW({ isRated, isHeld }: PowerLimit): number {
    return isRated || isHeld || (this.#count < fewestSamples && this.#highW === 0)
      ? Number.POSITIVE_INFINITY
      : Math.max(leastHistoryW, historyRatio * this.#highW);
  }

  #findAgainst(limit: PowerLimit): { limitW: number; grounds: Grounds } {
    const [largestW, shownW] = [this.#largestW(limit), this.#shownLimitW(limit)];
    if (limit.isRated) return { limitW: largestW, grounds: 'rating' };
    return shownW < largestW ? { limitW: shownW, grounds: 'history' } : { limitW: largestW, grounds: 'largest_power' };
  }

  /** The smallest of three samples in a row is no outlier. */
  #learn(w: number): void {
    const before = this.#before;
    const least = Math.min(before[0], before[1], w);
    if (least > this.#highW) this.#highW = least;
    before[0] = before[1];
    before[1] = w;
    this.#count++;
  }

  /** @param at time of the last sample, monotonic ms */
  #isConfirmed(at: number, isAbove: boolean): boolean {
    const count = this.#held.length;
    if (!isAbove) return count >= confirmations;
    return count >= confirmationsAbove && at - (this.#held[0]?.at ?? at) >= confirmMsAbove;
  }

  #drop(): DroppedSamples {
    const held = this.#held;
    this.#held = [];
    const w = held.reduce((largest, each) => (Math.abs(each.w) > Math.abs(largest) ? each.w : largest), 0);
    return { samples: held.length, w, ...this.#against };
  }
}
