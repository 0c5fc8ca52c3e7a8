/** One timer for many pauses: it is moved only when an earlier end of one comes. */
import type { Clock, Timer } from '../../model/time.ts';

export interface WakeUp {
  /** @param at monotonic */
  by(at: number): void;
  cancel(): void;
}

export const createWakeUp = (clock: Clock, run: () => void): WakeUp => {
  let next: { at: number; timer: Timer } | undefined;
  return {
    by(at) {
      if (next && next.at <= at) return;
      next?.timer.cancel();
      const timer = clock.after(at - clock.monotonic(), () => {
        next = undefined;
        run();
      });
      next = { at, timer };
    },
    cancel: () => next?.timer.cancel(),
  };
};
