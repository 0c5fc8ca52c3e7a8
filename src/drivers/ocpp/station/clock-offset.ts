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

const earliest = Date.UTC(2020, 0, 1);
/** model.md §5.3: nothing is from before; stations that never had the time say 1970. */
export const isBelievable = (at: number | undefined): at is number => at !== undefined && at >= earliest;

/** Less than this is no fault, ms. */
const usualMs = 60_000;
/** From here on it is one to be told of. */
const wrongMs = 600_000;
/** Messages that keep the same delay are not late: the clock of the station is wrong. */
const sameDelayMs = 2000;
const apartMs = 5000;
const timesSame = 2;

const skewOf = (leadMs: number): number => (Math.abs(leadMs) > usualMs ? leadMs : 0);

/** The clock of one station, as the times that it told have shown. */
export class ClockOffset {
  private readonly clock: Clock;
  /** ms since 1970, by our clock. */
  private connectedAt: number;
  /** How far the station's clock is ahead, ms, where that is more than usual. */
  private skewMs = 0;
  /** Lead of the time told last, ms, and when that time arrived, monotonic ms; NaN: none on this connection. */
  private leadMs = Number.NaN;
  private arrivedAt = Number.NaN;
  /** How often the lead was the same. */
  private same = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.connectedAt = clock.now();
  }

  /** The connection is new. */
  begin(): void {
    this.connectedAt = this.clock.now();
    this.leadMs = Number.NaN;
    this.arrivedAt = Number.NaN;
    this.same = 0;
  }

  /** A time of the station by our clock. @param at ms since 1970, as told @param isOffline it says that it tells it late */
  momentOf(at: number | undefined, isOffline: boolean): Moment {
    const now = this.clock.now();
    if (!isBelievable(at)) return { at: now, isReplay: isOffline };
    if (!isOffline) this.learn(at - now);
    const ours = Math.min(now, at - this.skewMs);
    return { at: ours, isReplay: isOffline || ours < this.connectedAt - usualMs };
  }

  /** How far the station's clock is ahead, ms; undefined: not more than a station may be off. */
  wrongBy(): number | undefined {
    return Math.abs(this.skewMs) > wrongMs ? this.skewMs : undefined;
  }

  private learn(leadMs: number): void {
    const arrivedAt = this.clock.monotonic();
    // Nothing is told before it happens.
    if (leadMs > this.skewMs) this.skewMs = skewOf(leadMs);
    if (arrivedAt - this.arrivedAt < apartMs) return;
    this.same = Math.abs(leadMs - this.leadMs) <= sameDelayMs ? this.same + 1 : 0;
    this.leadMs = leadMs;
    this.arrivedAt = arrivedAt;
    if (this.same >= timesSame) this.skewMs = skewOf(leadMs);
  }
}
