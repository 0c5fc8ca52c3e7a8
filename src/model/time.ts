/** Time as a parameter: rooms that wait or measure get a Clock, so that tests run on virtual time. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since 1970-01-01 UTC. May jump. */
  now(): number;
  /** Milliseconds that never jump back; only differences mean something. */
  monotonic(): number;
  after(ms: number, run: () => void): Timer;
  every(ms: number, run: () => void): Timer;
}

/** ISO 8601 in UTC with milliseconds and Z, the only form of time on the wire. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();

const isoPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;

/** Milliseconds of an ISO 8601 UTC instant, or NaN where the text is none. */
export const parseTime = (text: string): number => {
  const ms = isoPattern.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse takes 30 February for 2 March, and 24:00 for the next day.
  return new Date(ms).getUTCDate() === Number(text.slice(8, 10)) ? ms : Number.NaN;
};

/** Clocks that are further ahead are not believed, ms. */
export const believedAheadMs = 300_000;

/**
 * Whether one thing was said before another that is known. What lies far in the future was said by a clock that has been
 * set back since: it is no measure for what comes now.
 */
export const isSaidBefore = (saidMs: number, knownMs: number, now: number): boolean =>
  saidMs < knownMs && knownMs <= now + believedAheadMs;

/** An outcome that is expected to fail sometimes, with the reason in words. */
export type Result<T> = { ok: true; value: T } | { ok: false; reason: string };
