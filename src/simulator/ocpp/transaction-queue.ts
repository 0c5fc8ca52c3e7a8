/** Messages about transactions: sent in order, kept while there is no connection, and sent again when they fail. */
import type { Clock, Timer } from '../../model/time.ts';
import type { Call } from './outgoing-calls.ts';

/** A message about a transaction. */
export interface QueuedCall {
  /** Builds the request when it is sent: only then the id of the transaction may be known. */
  build(): Call;
  onAnswer?(answer: unknown): void;
}

interface TransactionQueueOptions {
  isOnline(): boolean;
  /** @throws where the request fails */
  send(call: Call): Promise<unknown>;
  /** TransactionMessageAttempts of OCPP 1.6, OCPPCommCtrlr.MessageAttempts of 2.0.1. */
  attempts(): number;
  /** TransactionMessageRetryInterval of OCPP 1.6, OCPPCommCtrlr.MessageAttemptInterval of 2.0.1. */
  retryS(): number;
}

/** The messages of one station about its transactions. */
export class TransactionQueue {
  readonly #options: TransactionQueueOptions;
  readonly #clock: Clock;
  readonly #calls: QueuedCall[] = [];
  /** Failed attempts of the first call. */
  #attempts = 0;
  #isSending = false;
  #retrying: Timer | undefined;

  constructor(options: TransactionQueueOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  push(call: QueuedCall): void {
    this.#calls.push(call);
    this.flush();
  }

  /** Sends all it can, unless it is sending or waits for a retry. */
  flush(): void {
    if (!this.#isSending && !this.#retrying) void this.#send();
  }

  /** @returns number of calls that are not answered yet */
  length(): number {
    return this.#calls.length;
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    let goesOn = true;
    while (goesOn && this.#options.isOnline() && this.#calls[0]) goesOn = await this.#sendFirst(this.#calls[0]);
    this.#isSending = false;
  }

  /** @returns false when nothing more is sent for now */
  async #sendFirst(call: QueuedCall): Promise<boolean> {
    try {
      const answer = await this.#options.send(call.build());
      this.#removeFirst();
      call.onAnswer?.(answer);
      return true;
    } catch {
      // Without a connection the call stays, and that was no attempt: OCPP 1.6 §4.6.
      if (!this.#options.isOnline()) return false;
      this.#attempts += 1;
      if (this.#attempts < this.#options.attempts()) {
        this.#retryLater();
        return false;
      }
      this.#removeFirst();
      return true;
    }
  }

  #removeFirst(): void {
    this.#calls.shift();
    this.#attempts = 0;
  }

  /** The pause grows with each attempt. */
  #retryLater(): void {
    this.#retrying = this.#clock.after(this.#options.retryS() * this.#attempts * 1000, () => {
      this.#retrying = undefined;
      this.flush();
    });
  }
}
