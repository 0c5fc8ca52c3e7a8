/** Registers that wear out with every write: counts the values that they were given on one day. */
import type { Clock } from '../../model/time.ts';

/** New values that such registers take on one day. */
const maxWritesPerDay = 200;
const dayMs = 86_400_000;

/** The answer to a command with a new value after that. */
export const wornOutAnswer = {
  status: 'rejected',
  code: 'INTERLOCK',
  message: `its registers wear out, and have been given ${maxWritesPerDay} new values within a day already`,
} as const;

/** The writes of one actuator within the last day. */
export class RegisterWear {
  readonly #clock: Clock;
  /** Monotonic ms of each write. */
  #writes: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether no new value is accepted today; the safe state always is. */
  get isExhausted(): boolean {
    const since = this.#clock.monotonic() - dayMs;
    return this.#writes.filter((at) => at > since).length >= maxWritesPerDay;
  }

  /** Counts a write of a new value. */
  add(): void {
    const now = this.#clock.monotonic();
    this.#writes = [...this.#writes.filter((at) => at > now - dayMs), now];
  }
}
