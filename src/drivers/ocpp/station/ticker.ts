/**
 * Time as it passes for a station: with a message where one comes, since all of the station is in the caches of the CPU
 * then; by a timer only where the station is silent.
 */
import type { Clock, Timer } from '../../../model/time.ts';

export interface TickerOptions {
  /** Between two steps, about. */
  stepMs: number;
  /** Whether there is a station to do the step to. */
  isUsable(): boolean;
  step(): void;
}

/** Share of a step: a message takes over what the timer would do a little later. */
const withMessage = 0.8;
/** Share of a step: timers are not exact. */
const byItself = 0.95;

/** Steps about every `stepMs` while the station is usable. */
export class Ticker {
  private readonly clock: Clock;
  private readonly options: TickerOptions;
  /** Monotonic ms. */
  private steppedAt: number;
  private timer: Timer | undefined;

  constructor(clock: Clock, options: TickerOptions) {
    this.clock = clock;
    this.options = options;
    this.steppedAt = clock.monotonic();
  }

  start(): void {
    const { stepMs } = this.options;
    this.timer = this.clock.every(stepMs, () => this.stepAfter(byItself * stepMs));
  }

  /** The station said something. */
  heard(): void {
    this.stepAfter(withMessage * this.options.stepMs);
  }

  close(): void {
    this.timer?.cancel();
  }

  private stepAfter(ms: number): void {
    const now = this.clock.monotonic();
    if (!this.options.isUsable() || now - this.steppedAt < ms) return;
    this.steppedAt = now;
    this.options.step();
  }
}
