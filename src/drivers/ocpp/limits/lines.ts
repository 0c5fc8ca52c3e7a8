/** What is wanted on each EVSE, and what the station holds of it. */
import type { Timer } from '../../../model/time.ts';
import type { Profile } from '../words.ts';
import type { Later } from './prober.ts';
import type { Wish } from './translation.ts';

export interface Line {
  evse: number;
  wish: Wish | undefined;
  /** Monotonic; after it, nothing of the wish is written. */
  notAfter: number;
  /** What the station took last on this connection: A at the beginning, and when, monotonic. */
  sent: { signature: string; currentA: number; phases: number; profile: Profile; at: number } | undefined;
  later: Later | undefined;
  isSuspended: boolean;
  overSince: number | undefined;
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

export const createLines = (): Lines => {
  const lines = new Map<number, Line>();
  return {
    of(evse) {
      const known = lines.get(evse);
      if (known) return known;
      const line: Line = {
        evse,
        wish: undefined,
        notAfter: Number.POSITIVE_INFINITY,
        sent: undefined,
        later: undefined,
        isSuspended: false,
        overSince: undefined,
        refresh: undefined,
        turn: Promise.resolve(),
      };
      lines.set(evse, line);
      return line;
    },
    all: () => [...lines.values()],
  };
};
