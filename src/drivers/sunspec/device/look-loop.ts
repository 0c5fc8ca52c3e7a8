/** Looks at a device again and again until it shows itself: less and less often, and never twice at the same time. */
import { BackOff } from '../../../common/back-off.ts';
import { pause } from '../../../common/pause.ts';
import type { Clock } from '../../../model/time.ts';

/** Pauses between looks at a device that is not there: the upper bound of the first, and of all, ms. */
const [firstPauseMs, longestPauseMs] = [5000, 60_000];

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

  /** Wants a look, unless the last one ended less than so many ms ago. Never rejects. */
  async wantUnlessRecent(ms: number): Promise<void> {
    if (this.#device.clock.monotonic() - this.#endedAt >= ms) await this.want();
  }

  /** All who wanted a look until now have got one. */
  settle(): void {
    this.#isWanted = false;
  }

  async #look(): Promise<string | undefined> {
    try {
      return await this.#device.look();
    } catch (error) {
      return String(error);
    } finally {
      this.#endedAt = this.#device.clock.monotonic();
    }
  }
}
