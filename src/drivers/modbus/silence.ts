/**
 * When a connection that says nothing is taken for dead. One that has answered before is ended soon; one that never
 * has may belong to a gateway that takes its time after each connection, so that each new one is given longer.
 */
import type { Clock } from '../../model/time.ts';

export interface Silence {
  opened(): void;
  /** @returns how long after it was opened the connection gave its first answer, where requests had gone without one, ms */
  answered(): number | undefined;
  /** A request went without an answer; @returns why the connection is to be ended, in words */
  unanswered(): string | undefined;
}

/** Unanswered requests in a row. */
const limit = 3;
/** A first answer that comes sooner is a slow one, and not that of a gateway which has to get ready, ms. */
const slowStartMs = 2000;
/** How long a connection that has never answered is kept all the same, ms: the first, the second, and so on. */
const patienceMs = [0, 10_000, 30_000];

export const createSilence = (clock: Clock): Silence => {
  let openedAt = 0;
  let count = 0;
  let hasAnswered = false;
  let silentConnections = 0;

  return {
    opened() {
      openedAt = clock.monotonic();
      count = 0;
      hasAnswered = false;
    },
    answered() {
      const tookMs = clock.monotonic() - openedAt;
      const isLate = !hasAnswered && count > 0 && tookMs >= slowStartMs;
      hasAnswered = true;
      silentConnections = 0;
      count = 0;
      return isLate ? tookMs : undefined;
    },
    unanswered() {
      count++;
      if (count < limit) return undefined;
      const patience = patienceMs[Math.min(silentConnections, patienceMs.length - 1)] as number;
      if (!hasAnswered && clock.monotonic() - openedAt < patience) return undefined;
      if (!hasAnswered) silentConnections++;
      return `no answer to ${count} requests in a row`;
    },
  };
};
