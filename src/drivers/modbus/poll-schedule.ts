/** When a device is polled: at a fixed rate, never twice at once, and once more at once where a poll took too long. */
import type { Clock, Timer } from '../../model/time.ts';

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

  /** @param phaseMs until the first poll */
  start(phaseMs: number): void {
    this.#nextAt = this.#clock.monotonic() + phaseMs;
    this.#wait(phaseMs);
  }

  /** Monotonic time of the poll after the one at work. */
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
   * What became due during a poll follows at once, and only once: a bus that is too slow is used to the full. No timer
   * runs beside a poll, since many devices on such a bus would be busy with their timers alone.
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

  /** Fixed rate: a late poll does not move the following ones. */
  #advance(now: number): void {
    // One interval on, whether the timer came a little early or late; further where whole intervals were missed.
    const intervals = Math.floor((now - this.#nextAt) / this.#intervalMs) + 1;
    this.#nextAt += this.#intervalMs * Math.max(1, intervals);
  }
}
