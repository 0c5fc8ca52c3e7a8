/** Messages for which a server has no room at the moment: tried again with growing pauses, the order of a topic kept. */
import type { Clock, Timer } from '../model/time.ts';
import type { Entry, Outbox } from './outbox.ts';

export interface Retries {
  /** @returns false when the entry has been tried for too long */
  add(entry: Entry): boolean;
  /** The entry was accepted or refused for good. */
  end(entry: Entry): void;
  /** Since the first refusal, s; undefined: there was none. */
  triedForS(entry: Entry): number | undefined;
  /** Entries that were refused several times and wait. */
  stubborn(): number;
  /** Whether there are such entries, and nobody has been told since there were none. */
  isNews(): boolean;
  /** The connection is over: the next one begins anew. */
  stop(): void;
}

interface Trial {
  since: number;
  count: number;
}

const firstPauseMs = 250;
const longestPauseMs = 30_000;
const giveUpMs = 3600_000;
/** A refusal or two is nothing that anybody has to hear of. */
const stubbornFrom = 3;

/** @param retry called when a topic may go on */
export const createRetries = (outbox: Outbox, clock: Clock, retry: () => void): Retries => {
  const trials = new Map<Entry, Trial>();
  const timers = new Set<Timer>();
  let isTold = false;
  const stubborn = (): number => [...trials.values()].filter(({ count }) => count >= stubbornFrom).length;
  return {
    add(entry) {
      const now = clock.monotonic();
      const trial = trials.get(entry) ?? { since: now, count: 0 };
      if (now - trial.since >= giveUpMs) return false;
      trial.count++;
      trials.set(entry, trial);
      const { topic } = entry.publication;
      outbox.hold(topic, entry);
      const timer = clock.after(Math.min(longestPauseMs, firstPauseMs * 2 ** (trial.count - 1)), () => {
        timers.delete(timer);
        outbox.release(topic);
        retry();
      });
      timers.add(timer);
      return true;
    },
    end: (entry) => void trials.delete(entry),
    triedForS(entry) {
      const trial = trials.get(entry);
      return trial && (clock.monotonic() - trial.since) / 1000;
    },
    stubborn,
    isNews() {
      const wasTold = isTold;
      isTold = stubborn() > 0;
      return isTold && !wasTold;
    },
    stop() {
      for (const timer of timers) timer.cancel();
      timers.clear();
    },
  };
};
