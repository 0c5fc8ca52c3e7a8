/** The restarts of a simulated station, as Reset and some deviations ask for them. */
import type { Clock, Timer } from '../../model/time.ts';
import type { BootReason } from './outgoing-calls.ts';

interface StationRestartsOptions {
  hasTransactions(): boolean;
  /** @returns number of messages about transactions that are not sent yet */
  queuedMessages(): number;
  switchOff(): Promise<void>;
  switchOn(reason: BootReason): void;
}

/** Time that a restart takes, s. */
const restartS = 1;
/** Longest time that a restart waits for the messages about transactions, s. */
const flushS = 5;

interface PlannedRestart {
  reason: BootReason;
  waitsForTransactions: boolean;
  /** Monotonic ms at which the station no longer waits for its messages to be sent. */
  until: number;
}

/** At most one restart is planned at a time: the last one that was asked for. */
export class StationRestarts {
  readonly #options: StationRestartsOptions;
  readonly #clock: Clock;
  #planned: PlannedRestart | undefined;
  #restarting: Timer | undefined;

  constructor(options: StationRestartsOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** @param waitsForTransactions restarts after the end of the last transaction */
  plan(reason: BootReason, waitsForTransactions: boolean): void {
    this.#planned = { reason, waitsForTransactions, until: this.#clock.monotonic() + flushS * 1000 };
  }

  /** Restarts when the planned restart is due. */
  watch(): void {
    if (this.#planned && this.#isDue(this.#planned)) void this.#restart(this.#planned.reason);
  }

  /** The station is switched off: it does not come back by itself. */
  cancel(): void {
    this.#restarting?.cancel();
  }

  #isDue({ waitsForTransactions, until }: PlannedRestart): boolean {
    if (waitsForTransactions && this.#options.hasTransactions()) return false;
    return this.#options.queuedMessages() === 0 || this.#clock.monotonic() > until;
  }

  async #restart(reason: BootReason): Promise<void> {
    this.#planned = undefined;
    await this.#options.switchOff();
    this.#restarting = this.#clock.after(restartS * 1000, () => this.#options.switchOn(reason));
  }
}
