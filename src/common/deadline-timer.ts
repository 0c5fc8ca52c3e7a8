/** One timer for many deadlines: setting a timer for each of thousands of requests would cost more than the requests. */
import type { Clock, Timer } from '../model/time.ts';

/** Runs a function at the earliest of the deadlines that were asked for, and then forgets all of them. */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #run: () => void;
  #timer: Timer | undefined;
  /** Monotonic ms at which the timer fires. */
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, run: () => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /** @param at monotonic ms; a deadline that lies behind an earlier one changes nothing */
  by(at: number): void {
    if (this.#dueAt <= at) return;
    this.#timer?.cancel();
    this.#dueAt = at;
    this.#timer = this.#clock.after(Math.max(0, at - this.#clock.monotonic()), () => {
      this.cancel();
      this.#run();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }
}
