/**
 * Wild samples of power are kept from the sums and from what is shown: more than the nameplate allows, or far more than
 * the device has ever shown. What such a device goes on to show is believed, with all it showed meanwhile.
 */

export interface PowerLimit {
  /** Largest plausible power, W. */
  maxPowerW: number;
  /** Whether the device's nameplate says so. */
  isRated: boolean;
  /** It is told only when it changes: nothing may come to confirm what was never shown before. */
  isHeld: boolean;
}

interface Held<T> {
  w: number;
  at: number;
  what: T;
}

/** Thousands of these are at work: a record. */
export interface PowerGuard<T> {
  /** Largest power that several samples in a row have shown, W. */
  highW: number;
  /** The two samples before, W without sign. */
  before: [number, number];
  count: number;
  /** Those in a row that are not believed yet, and what speaks against them. */
  held: Held<T>[];
  against: { limitW: number; grounds: Grounds };
}

export type Grounds = 'rating' | 'largest_power' | 'history';

/** Wild samples that are not used, and the largest of them. */
export interface Dropped {
  samples: number;
  w: number;
  limitW: number;
  grounds: Grounds;
}

export interface Judgement<T> {
  isBelieved: boolean;
  /** Those before it that are believed now: the device goes on to show what it began with. */
  confirmed?: Held<T>[];
  /** They are above its largest power. */
  isAbove?: boolean;
  /** Those before it were wild. */
  dropped?: Dropped;
}

/** Inverters give more than their rating for a while. */
const ratingMargin = 1.5;
const historyRatio = 10;
/** Less may begin at any time: a car on three phases, a sauna; W. */
const leastHistoryW = 12_000;
/** Before so many samples there is no history. */
const fewestSamples = 10;
/** A row shows what has begun; garbage is not alike. */
const alike = 3;
const confirmations = 3;
/** Against a nameplate it takes more. */
const confirmationsAbove = 6;
const confirmMsAbove = 60_000;
const mostHeld = 60;

export const createPowerGuard = <T>(highW = 0): PowerGuard<T> => ({
  highW,
  before: [0, 0],
  count: 0,
  held: [],
  against: { limitW: 0, grounds: 'history' },
});

const largestOf = ({ highW }: PowerGuard<unknown>, { maxPowerW }: PowerLimit): number =>
  ratingMargin * Math.max(maxPowerW, highW);

/** Infinite where a nameplate says what is possible, or nothing was shown yet. */
const shownOf = ({ highW, count }: PowerGuard<unknown>, { isRated, isHeld }: PowerLimit): number =>
  isRated || isHeld || (count < fewestSamples && highW === 0)
    ? Number.POSITIVE_INFINITY
    : Math.max(leastHistoryW, historyRatio * highW);

const findAgainst = (guard: PowerGuard<unknown>, limit: PowerLimit): PowerGuard<unknown>['against'] => {
  const [largestW, shownW] = [largestOf(guard, limit), shownOf(guard, limit)];
  if (limit.isRated) return { limitW: largestW, grounds: 'rating' };
  return shownW < largestW ? { limitW: shownW, grounds: 'history' } : { limitW: largestW, grounds: 'largest_power' };
};

/** Whether nothing speaks against a sample. */
export const isPlausible = (guard: PowerGuard<unknown>, w: number, limit: PowerLimit): boolean =>
  Math.abs(w) <= Math.min(largestOf(guard, limit), shownOf(guard, limit));

/** The least of three in a row is no outlier. */
const learn = (guard: PowerGuard<unknown>, w: number): void => {
  const { before } = guard;
  const least = Math.min(before[0], before[1], w);
  if (least > guard.highW) guard.highW = least;
  before[0] = before[1];
  before[1] = w;
  guard.count++;
};

const isAlike = (a: number, b: number): boolean =>
  a * b > 0 && Math.abs(a) <= alike * Math.abs(b) && Math.abs(b) <= alike * Math.abs(a);

const isConfirmed = ({ held: row }: PowerGuard<unknown>, isAbove: boolean): boolean => {
  const [first] = row;
  const last = row.at(-1);
  if (!first || !last) return false;
  if (!isAbove) return row.length >= confirmations;
  return row.length >= confirmationsAbove && last.at - first.at >= confirmMsAbove;
};

const drop = (guard: PowerGuard<unknown>): Dropped => {
  const row = guard.held;
  guard.held = [];
  const w = row.reduce((largest, each) => (Math.abs(each.w) > Math.abs(largest) ? each.w : largest), 0);
  return { samples: row.length, w, ...guard.against };
};

/**
 * Judges the next sample of a source.
 * @param at monotonic time of measurement, ms
 * @returns undefined where there is nothing to say: it is believed, and so was the one before
 */
export const judgePower = <T>(
  guard: PowerGuard<T>,
  w: number,
  at: number,
  what: T,
  limit: PowerLimit,
): Judgement<T> | undefined => {
  if (isPlausible(guard, w, limit)) {
    learn(guard, Math.abs(w));
    return guard.held.length === 0 ? undefined : { isBelieved: true, dropped: drop(guard) };
  }
  const last = guard.held.at(-1);
  const dropped = last && !isAlike(last.w, w) ? drop(guard) : undefined;
  if (guard.held.length >= mostHeld) guard.held.splice(1, 1);
  if (guard.held.length === 0) guard.against = findAgainst(guard, limit);
  guard.held.push({ w, at, what });
  const isAbove = Math.abs(w) > largestOf(guard, limit);
  if (!isConfirmed(guard, isAbove)) return { isBelieved: false, ...(dropped && { dropped }) };
  const confirmed = guard.held;
  guard.held = [];
  for (const each of confirmed) learn(guard, Math.abs(each.w));
  return { isBelieved: true, confirmed: confirmed.slice(0, -1), isAbove };
};
