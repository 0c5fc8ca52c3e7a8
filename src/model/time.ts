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

const readTime = (text: string): number => {
  const ms = isoPattern.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse takes 30 February for 2 March, and 24:00 for the next day.
  return new Date(ms).getUTCDate() === Number(text.slice(8, 10)) ? ms : Number.NaN;
};

/** All readings of a poll have one time, so the time that was read last is often asked for again. */
const last = { text: '', ms: Number.NaN };

/** @returns milliseconds since 1970 of an ISO 8601 instant in UTC, or NaN where the text is none */
export const parseTime = (text: string): number => {
  if (text !== last.text) {
    last.ms = readTime(text);
    last.text = text;
  }
  return last.ms;
};

/** A time this far ahead of our clock is not believed, ms. */
export const believedAheadMs = 300_000;

/**
 * Whether a message is older than one that is known. A known time far in the future comes from a clock that has been set
 * back since, and orders nothing that arrives now.
 */
export const isSaidBefore = (saidMs: number, knownMs: number, now: number): boolean =>
  saidMs < knownMs && knownMs <= now + believedAheadMs;

/** An outcome that is expected to fail sometimes, with the reason in words. */
export type Result<T> = { ok: true; value: T } | { ok: false; reason: string };
