/**
 * The silent interval between two exchanges on a serial line. The specification wants 3.5 character times (MODBUS over
 * Serial Line V1.02 §2.5.1.1), but adapters and gateways need much more, and a line with surplus frames needs more still.
 */

/** Upper bound of an interval that has grown, ms. */
const longestMs = 1000;
/** Room for copies that come a little later than the one that was seen. */
const margin = 1.25;
/** Exchanges without a surplus frame after which an interval that has grown is halved. */
const cleanExchanges = 500;

/** The interval of one line. */
export class SilentInterval {
  readonly #configuredMs: number;
  #ms: number;
  /** Exchanges in a row without a surplus frame. */
  #clean = 0;

  constructor(configuredMs: number) {
    this.#configuredMs = configuredMs;
    this.#ms = configuredMs;
  }

  get ms(): number {
    return this.#ms;
  }

  /** A copy of a frame has come this long after the frame. @returns whether the interval has grown */
  growBeyond(ms: number): boolean {
    this.#clean = 0;
    const neededMs = Math.ceil(ms * margin);
    if (neededMs <= this.#ms || neededMs > longestMs) return false;
    this.#ms = neededMs;
    return true;
  }

  countCleanExchange(): void {
    this.#clean++;
    if (this.#clean < cleanExchanges || this.#ms === this.#configuredMs) return;
    this.#clean = 0;
    this.#ms = Math.max(this.#configuredMs, this.#ms / 2);
  }

  /** Returns to the configured interval, because one that has grown may be what keeps requests from being sent. */
  reset(): void {
    this.#ms = this.#configuredMs;
  }
}
