/** Notices when values grow old. It wakes when the first of them may be: thousands of devices have nothing to do until then. */
import type { Message } from '../model/message.ts';
import type { Clock, Timer } from '../model/time.ts';
import { type Outputs, takeOld } from './outputs.ts';

export interface AgeWatch {
  readonly outputs: Outputs;
  readonly clock: Clock;
  /** @param messages none where values only grew older */
  readonly old: (messages: Message<'reading/1'>[]) => void;
  timer: Timer | undefined;
  /** ms since 1970 */
  wakesAt: number;
}

/** The status counts the seconds of what is old, ms. */
const countEveryMs = 1000;
/** Clocks are set: no value is believed for longer than this without a look at the time, ms. */
const longestSleepMs = 60_000;

export const createAgeWatch = (outputs: Outputs, clock: Clock, old: AgeWatch['old']): AgeWatch => ({
  outputs,
  clock,
  old,
  timer: undefined,
  wakesAt: Number.POSITIVE_INFINITY,
});

/** Just after the last moment of the first value that may grow old. */
const oldAt = ({ outputs }: AgeWatch): number => outputs.staleFrom + 1;

const sleep = (watch: AgeWatch): void => {
  const { outputs, clock } = watch;
  watch.timer?.cancel();
  const now = clock.now();
  watch.wakesAt = outputs.staleSince === undefined ? oldAt(watch) : now + countEveryMs;
  const wait = watch.wakesAt - now;
  watch.timer =
    wait === Number.POSITIVE_INFINITY
      ? undefined
      : clock.after(Math.min(Math.max(wait, 1), longestSleepMs), () => look(watch));
};

const look = (watch: AgeWatch): void => {
  const { outputs, clock } = watch;
  const now = clock.now();
  const messages = now > outputs.staleFrom ? takeOld(outputs, now) : [];
  if (outputs.staleSince !== undefined) watch.old(messages);
  sleep(watch);
};

/** Something was measured: the next value to grow old may be another. */
export const watchAges = (watch: AgeWatch): void => {
  if (oldAt(watch) < watch.wakesAt) sleep(watch);
};

export const endAgeWatch = (watch: AgeWatch): void => watch.timer?.cancel();
