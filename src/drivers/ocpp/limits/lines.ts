/** What is wanted on each EVSE, and what the station holds of it. */
import type { Timer } from '../../../model/time.ts';
import type { Profile } from '../words.ts';
import type { Showing } from './effect.ts';
import type { Step } from './limit-form.ts';
import type { Later } from './prober.ts';
import type { Wish } from './translation.ts';

/** The limit that the station took last on this connection. */
export interface Sent {
  signature: string;
  /** From `at` on, what it falls back to by itself among them. */
  steps: Step[];
  /** For which they were made. */
  phases: number;
  profile: Profile;
  /** Monotonic, ms. */
  at: number;
}

export interface Line {
  evse: number;
  wish: Wish | undefined;
  /** From when the steps of the wish count, ms since 1970. */
  since: number;
  /** Monotonic; after it, nothing of the wish is written. */
  notAfter: number;
  sent: Sent | undefined;
  /** Currents that showed before the limit of this signature was told for the first time. */
  before: { signature: string; showing: Showing } | undefined;
  later: Later | undefined;
  isSuspended: boolean;
  /** Monotonic, ms: more flows than it may, or less is offered. */
  overSince: number | undefined;
  underSince: number | undefined;
  /** It offered less than it was told, and was told once more. */
  isToldAgain: boolean;
  /** It offers no more than this, however often it is told: A. */
  stationLimitA: number | undefined;
  refresh: Timer | undefined;
  /** One thing is told at a time. */
  turn: Promise<unknown>;
}

export interface Lines {
  /** A new one wants nothing. */
  of(evse: number): Line;
  all(): Line[];
}

/** Waits for what is being told already; the wish is that of the moment. */
export const inTurn = <T>(line: Line, work: () => Promise<T>): Promise<T> => {
  const done = line.turn.then(work);
  line.turn = done.catch(() => {});
  return done;
};

/** The step that counts so long after the first, ms. */
export const stepAt = (steps: Step[], passedMs: number): Step | undefined =>
  steps.findLast(({ startS }) => startS * 1000 <= passedMs) ?? steps[0];

/** The current that the station should give now, and since when it knows. @param now monotonic ms */
export const toldNow = ({ sent }: Line, now: number): { currentA: number; at: number } | undefined =>
  sent && { currentA: stepAt(sent.steps, now - sent.at)?.currentA ?? 0, at: sent.at };

export const createLines = (): Lines => {
  const lines = new Map<number, Line>();
  return {
    of(evse) {
      const known = lines.get(evse);
      if (known) return known;
      const line: Line = {
        evse,
        wish: undefined,
        since: 0,
        notAfter: Number.POSITIVE_INFINITY,
        sent: undefined,
        before: undefined,
        later: undefined,
        isSuspended: false,
        overSince: undefined,
        underSince: undefined,
        isToldAgain: false,
        stationLimitA: undefined,
        refresh: undefined,
        turn: Promise.resolve(),
      };
      lines.set(evse, line);
      return line;
    },
    all: () => [...lines.values()],
  };
};
