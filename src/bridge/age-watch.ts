/** Notices when values grow old. It wakes when the first of them may be: thousands of devices have nothing to do until then. */
import type { Message } from '../model/message.ts';
import type { Clock, Timer } from '../model/time.ts';
import type { Outputs } from './outputs.ts';

export interface AgeWatch {
  /** Something was measured: the next value to grow old may be another. */
  taken(): void;
  close(): void;
}

/** The status counts the seconds of what is old, ms. */
const countEveryMs = 1000;
/** Clocks are set: no value is believed for longer than this without a look at the time, ms. */
const longestSleepMs = 60_000;

export const createAgeWatch = (
  outputs: Outputs,
  clock: Clock,
  /** @param messages none where values only grew older */
  old: (messages: Message<'reading/1'>[]) => void,
): AgeWatch => {
  let timer: Timer | undefined;
  /** ms since 1970 */
  let wakesAt = Number.POSITIVE_INFINITY;

  const sleep = (): void => {
    timer?.cancel();
    const now = clock.now();
    const wait = outputs.staleSince() === undefined ? outputs.staleFrom() + 1 - now : countEveryMs;
    wakesAt = now + wait;
    timer =
      wait === Number.POSITIVE_INFINITY ? undefined : clock.after(Math.min(Math.max(wait, 1), longestSleepMs), look);
  };

  const look = (): void => {
    const now = clock.now();
    const messages = now > outputs.staleFrom() ? outputs.takeOld(now) : [];
    if (outputs.staleSince() !== undefined) old(messages);
    sleep();
  };

  return {
    taken() {
      if (outputs.staleFrom() < wakesAt) sleep();
    },
    close: () => timer?.cancel(),
  };
};
