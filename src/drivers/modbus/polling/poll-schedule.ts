/** The schedule of a device's polls: a fixed rate, never two polls at once, and one more at once after a slow one. */
import type { Clock, Timer } from '../../../model/time.ts';

/** The timer of one device's polls. */
export class PollSchedule {
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #poll: () => Promise<void>;
  #timer: Timer | undefined;
  #nextAt = 0;
  #isPolling = false;
  #isClosed = false;

  /** @param poll never rejects */
  constructor(intervalMs: number, clock: Clock, poll: () => Promise<void>) {
    this.#intervalMs = intervalMs;
    this.#clock = clock;
    this.#poll = poll;
  }

  /** @param phaseMs time until the first poll */
  start(phaseMs: number): void {
    this.#nextAt = this.#clock.monotonic() + phaseMs;
    this.#wait(phaseMs);
  }

  /** Monotonic ms of the next poll; during a poll, of the one after it. */
  get nextAt(): number {
    return this.#nextAt;
  }

  get isPolling(): boolean {
    return this.#isPolling;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.after(ms, () => void this.#pollWhileDue());
  }

  /**
   * A poll that became due during another one follows at once, and only once, so that a bus that is too slow is used to
   * the full. No timer runs beside a poll, because many devices on such a bus would be busy with their timers alone.
   */
  async #pollWhileDue(): Promise<void> {
    this.#isPolling = true;
    let now = this.#clock.monotonic();
    do {
      this.#advance(now);
      await this.#poll();
      now = this.#clock.monotonic();
    } while (now >= this.#nextAt && !this.#isClosed);
    this.#isPolling = false;
    if (!this.#isClosed) this.#wait(this.#nextAt - now);
  }

  /** Advances by one interval, whether the timer came a little early or late, and further if whole intervals were missed. */
  #advance(now: number): void {
    const intervals = Math.floor((now - this.#nextAt) / this.#intervalMs) + 1;
    this.#nextAt += this.#intervalMs * Math.max(1, intervals);
  }
}
