/** Looks at a device again and again until it shows itself: less and less often, and never twice at the same time. */
import { BackOff } from '../../../common/back-off.ts';
import { pause } from '../../../common/pause.ts';
import type { Clock } from '../../../model/time.ts';

/** Pauses between looks at a device that is not there: the upper bound of the first, and of all, ms. */
const [firstPauseMs, longestPauseMs] = [5000, 60_000];

/** Time between two looks of which the first one was in vain: at first, and at the most, ms. */
const [firstSpacingMs, longestSpacingMs] = [60_000, 900_000];

/** The device that is looked at. */
export interface LookedAt {
  clock: Clock;
  /** Ends the looking. */
  signal: AbortSignal;
  /** @returns in words why the device does not show itself; undefined if it does */
  look(): Promise<string | undefined>;
  /** A look was in vain. @param retryMs until the next one */
  failed(reason: string, retryMs: number): void;
}

/** The looks at one device. */
export class LookLoop {
  readonly #device: LookedAt;
  #isLooking = false;
  /** Another look is wanted after the one under way. */
  #isWanted = false;
  /** Monotonic ms at which the last look ended. */
  #endedAt = Number.NEGATIVE_INFINITY;
  /** Time after the last look in which none follows. */
  #spacingMs = 0;
  /** The last look has shown something new. */
  #isNews = false;
  /** A look is wanted as soon as the last one is long enough ago. */
  #isSpaced = false;

  constructor(device: LookedAt) {
    this.#device = device;
  }

  /** Wants a look, at once or after the one under way. Never rejects. */
  async want(): Promise<void> {
    this.#isWanted = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { clock, signal, failed } = this.#device;
    const backOff = new BackOff(firstPauseMs, longestPauseMs);
    while (this.#isWanted && !signal.aborted) {
      this.#isWanted = false;
      const reason = await this.#look();
      if (reason === undefined || signal.aborted) continue;
      this.#isWanted = true;
      const retryMs = backOff.next();
      failed(reason, retryMs);
      await pause(retryMs, clock, signal);
    }
    this.#isLooking = false;
  }

  /**
   * Wants a look because something seems to be different: at once, if the last look has shown something new. After looks
   * in vain it waits, longer each time: a device that comes and goes would be kept busy by looks alone. Never rejects.
   */
  async wantSpaced(): Promise<void> {
    if (this.#isNews) return this.want();
    if (this.#isSpaced) return;
    this.#isSpaced = true;
    const { clock, signal } = this.#device;
    const elapsedMs = clock.monotonic() - this.#endedAt;
    if (elapsedMs >= longestSpacingMs) this.#spacingMs = 0;
    await pause(Math.max(0, this.#spacingMs - elapsedMs), clock, signal);
    this.#spacingMs = Math.min(Math.max(this.#spacingMs * 2, firstSpacingMs), longestSpacingMs);
    this.#isSpaced = false;
    await this.want();
  }

  /** All who wanted a look until now have got one, and it has shown something new. */
  settle(): void {
    this.#isWanted = false;
    this.#isNews = true;
    this.#spacingMs = firstSpacingMs;
  }

  async #look(): Promise<string | undefined> {
    this.#isNews = false;
    try {
      return await this.#device.look();
    } catch (error) {
      return String(error);
    } finally {
      this.#endedAt = this.#device.clock.monotonic();
    }
  }
}
