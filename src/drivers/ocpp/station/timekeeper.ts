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

export interface Timekeeper {
  connected(): void;
  /** Something with a time has come in, late or not. */
  judge(at: number | undefined, isOffline?: boolean): Moment;
  /** How far its clock is ahead, ms, where that is more than a station should be off. */
  skewMs(): number | undefined;
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

export const createTimekeeper = (clock: Clock): Timekeeper => {
  let connectedAt = clock.now();
  let skew = 0;
  let last: { lead: number; arrived: number } | undefined;
  let same = 0;

  const learn = (lead: number): void => {
    // Nothing is told before it happens.
    if (lead > skew) skew = Math.abs(lead) > usualMs ? lead : 0;
    const arrived = clock.monotonic();
    if (last && arrived - last.arrived < apartMs) return;
    same = last && Math.abs(lead - last.lead) <= sameDelayMs ? same + 1 : 0;
    last = { lead, arrived };
    if (same >= timesSame) skew = Math.abs(lead) > usualMs ? lead : 0;
  };

  return {
    connected() {
      connectedAt = clock.now();
      last = undefined;
      same = 0;
    },
    judge(at, isOffline = false) {
      const now = clock.now();
      if (!isBelievable(at)) return { at: now, isReplay: isOffline };
      if (!isOffline) learn(at - now);
      const ours = Math.min(now, at - skew);
      return { at: ours, isReplay: isOffline || ours < connectedAt - usualMs };
    },
    skewMs: () => (Math.abs(skew) > wrongMs ? skew : undefined),
  };
};
