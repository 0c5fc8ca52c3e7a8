/**
 * Limits that are reached at present: each is told once when that begins, and again only after it was quiet for a
 * while.
 */
import type { Clock, Timer } from '../../model/time.ts';
import type { BrokerEvent } from './broker-events.ts';

type Limited = Extract<BrokerEvent, { kind: 'limited' }>;

/** ms; longer than the pause after which what goes on is told again. */
const quietMs = 60_000;
/** Client identifiers are chosen by strangers, so their number is bounded. */
const mostStates = 100;

const nameOf = ({ client, address }: Limited): string =>
  client === undefined ? (address ?? 'the broker') : `client "${client}"${address ? ` at ${address}` : ''}`;

/** Listeners of the limits that are reached. */
interface ActiveLimitsSink {
  /** @param sentence for the log */
  began(sentence: string): void;
  /** No limit is reached any more. */
  ended(): void;
}

/** The limits of one broker that are reached at present. */
export class ActiveLimits {
  readonly #clock: Clock;
  readonly #sink: ActiveLimitsSink;
  /** Timers that end the states, by limit and client. */
  readonly #states = new Map<string, Timer>();

  constructor(clock: Clock, sink: ActiveLimitsSink) {
    this.#clock = clock;
    this.#sink = sink;
  }

  note(event: BrokerEvent): void {
    if (event.kind !== 'limited') return;
    const key = this.#keyOf(event);
    const quiet = this.#clock.after(quietMs, () => {
      this.#states.delete(key);
      if (this.#states.size === 0) this.#sink.ended();
    });
    const before = this.#states.get(key);
    before?.cancel();
    this.#states.set(key, quiet);
    if (!before) this.#sink.began(`${nameOf(event)}: ${event.reason}`);
  }

  any(): boolean {
    return this.#states.size > 0;
  }

  close(): void {
    for (const timer of this.#states.values()) timer.cancel();
  }

  #keyOf({ limit, client }: Limited): string {
    const own = client === undefined ? limit : `${limit} ${client}`;
    return this.#states.has(own) || this.#states.size < mostStates ? own : limit;
  }
}
