/** Staleness: a reading whose successor does not come in time is told again, as stale and with its own time. */
import type { Message } from '../../model/message.ts';
import type { Clock, Timer } from '../../model/time.ts';
import type { Readings } from './readings.ts';

/** The node status shows the age of stale readings in seconds, and is updated this often, ms. */
const statusIntervalMs = 1000;
/** Longest sleep, ms: a wall clock that is set may make readings stale at any time. */
const maxSleepMs = 60_000;

/**
 * Wakes up when the first reading of a device may be stale. A runtime has thousands of devices, and nothing to do for
 * them until then.
 */
export class Staleness {
  readonly #readings: Readings;
  readonly #clock: Clock;
  readonly #onStale: (messages: Message<'reading/1'>[]) => void;
  #timer: Timer | undefined;
  /** Wall clock, ms. */
  #wakesAt = Number.POSITIVE_INFINITY;

  /** @param onStale called with the readings that have become stale; with none if stale readings only grew older */
  constructor(readings: Readings, clock: Clock, onStale: (messages: Message<'reading/1'>[]) => void) {
    this.#readings = readings;
    this.#clock = clock;
    this.#onStale = onStale;
  }

  /** Wakes up earlier if there are new readings that become stale before those that were known. */
  update(): void {
    if (this.#staleAt < this.#wakesAt) this.#sleep();
  }

  close(): void {
    this.#timer?.cancel();
  }

  /** Wall clock, ms: just after the last moment of the first reading that may become stale. */
  get #staleAt(): number {
    return this.#readings.staleFrom + 1;
  }

  #sleep(): void {
    this.#timer?.cancel();
    const now = this.#clock.now();
    this.#wakesAt = this.#readings.staleSince === undefined ? this.#staleAt : now + statusIntervalMs;
    const waitMs = this.#wakesAt - now;
    this.#timer =
      waitMs === Number.POSITIVE_INFINITY
        ? undefined
        : this.#clock.after(Math.min(Math.max(waitMs, 1), maxSleepMs), () => this.#look());
  }

  #look(): void {
    const now = this.#clock.now();
    const messages = now > this.#readings.staleFrom ? this.#readings.expire(now) : [];
    if (this.#readings.staleSince !== undefined) this.#onStale(messages);
    this.#sleep();
  }
}
