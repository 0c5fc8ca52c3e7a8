/**
 * When something was measured, by the clock of a station that may be wrong: set to local time, not set at all, or
 * telling today what happened while it had no connection.
 */
import type { Clock } from '../../../model/time.ts';

export interface Moment {
  /** ms since 1970, by our clock; never in the future. */
  at: number;
  /** Told late: newer things may be known. */
  isReplay: boolean;
}

/** What the times of one station have shown. Times are ms; thousands of these are at work: a record. */
export interface Timekeeper {
  /** Since 1970, by our clock. */
  connectedAt: number;
  /** How far its clock is ahead, where that is more than usual. */
  skew: number;
  /** Of the time it told last, and when that was, monotonic; NaN: none on this connection. */
  lead: number;
  arrivedAt: number;
  /** How often the lead was the same. */
  same: number;
}

const earliest = Date.UTC(2020, 0, 1);
/** model.md §5.3: nothing is from before; stations that never had the time say 1970. */
export const isBelievable = (at: number | undefined): at is number => at !== undefined && at >= earliest;

/** Less than this is no fault, ms. */
const usualMs = 60_000;
/** From here on it is one to be told of. */
const wrongMs = 600_000;
/** What is told on and on with the same delay is not late: its clock is. */
const sameDelayMs = 2000;
const apartMs = 5000;
const timesSame = 2;

export const createTimekeeper = (clock: Clock): Timekeeper => ({
  connectedAt: clock.now(),
  skew: 0,
  lead: Number.NaN,
  arrivedAt: Number.NaN,
  same: 0,
});

/** The connection is new. */
export const beginConnection = (time: Timekeeper, clock: Clock): void => {
  time.connectedAt = clock.now();
  time.lead = Number.NaN;
  time.arrivedAt = Number.NaN;
  time.same = 0;
};

const skewOf = (lead: number): number => (Math.abs(lead) > usualMs ? lead : 0);

const learn = (time: Timekeeper, lead: number, arrivedAt: number): void => {
  // Nothing is told before it happens.
  if (lead > time.skew) time.skew = skewOf(lead);
  if (arrivedAt - time.arrivedAt < apartMs) return;
  time.same = Math.abs(lead - time.lead) <= sameDelayMs ? time.same + 1 : 0;
  time.lead = lead;
  time.arrivedAt = arrivedAt;
  if (time.same >= timesSame) time.skew = skewOf(lead);
};

/** Something with a time has come in, late or not. */
export const judgeTime = (time: Timekeeper, at: number | undefined, isOffline: boolean, clock: Clock): Moment => {
  const now = clock.now();
  if (!isBelievable(at)) return { at: now, isReplay: isOffline };
  if (!isOffline) learn(time, at - now, clock.monotonic());
  const ours = Math.min(now, at - time.skew);
  return { at: ours, isReplay: isOffline || ours < time.connectedAt - usualMs };
};

/** How far its clock is ahead, ms, where that is more than a station should be off. */
export const wrongBy = ({ skew }: Timekeeper): number | undefined => (Math.abs(skew) > wrongMs ? skew : undefined);
