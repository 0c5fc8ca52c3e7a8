/**
 * Publications that a server has refused: which of them are tried again, with growing pauses and for how long. The order
 * of a topic is kept.
 */
import { BackOff } from '../../common/back-off.ts';
import type { Clock, Timer } from '../../model/time.ts';
import type { Outbox } from './outbox.ts';
import type { OutboxEntry } from './publication.ts';

interface Trial {
  /** Monotonic, ms. */
  since: number;
  count: number;
  pauses: BackOff;
}

/** Reason Codes for "no room at the moment": Quota exceeded, and 0x93, which EMQX says in PUBREC. */
const passing = new Set([0x93, 0x97]);

const firstPauseMs = 250;
const longestPauseMs = 30_000;
const giveUpMs = 3600_000;
/** Refusals of one publication before anybody has to hear of them. */
const stubbornFrom = 3;

/** Without jitter: only one client sends the publication. */
const createPauses = (): BackOff => new BackOff(firstPauseMs, longestPauseMs, () => 1);

/** The publications of one client that were refused and wait for room at the server. */
export class RefusedPublications {
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #retry: () => void;
  readonly #trials = new Map<OutboxEntry, Trial>();
  readonly #timers = new Set<Timer>();
  /** Number of publications that were refused and have not come to their end. */
  count = 0;
  /** Number of those that were refused several times. */
  delayed = 0;
  #isTold = false;

  /** @param retry called when a topic may go on */
  constructor(outbox: Outbox, clock: Clock, retry: () => void) {
    this.#outbox = outbox;
    this.#clock = clock;
    this.#retry = retry;
  }

  /**
   * The server has refused a publication.
   * @param reasonCode of PUBACK, PUBREC or PUBCOMP
   * @returns whether it is tried again; false: it was refused for good, or has been tried for too long
   */
  add(entry: OutboxEntry, reasonCode: number): boolean {
    if (!passing.has(reasonCode)) return false;
    const now = this.#clock.monotonic();
    const trial = this.#trials.get(entry) ?? { since: now, count: 0, pauses: createPauses() };
    if (now - trial.since >= giveUpMs) return false;
    trial.count++;
    if (trial.count === stubbornFrom) this.delayed++;
    this.#trials.set(entry, trial);
    this.count = this.#trials.size;
    const { topic } = entry.publication;
    this.#outbox.hold(topic, entry);
    const timer = this.#clock.after(trial.pauses.next(), () => {
      this.#timers.delete(timer);
      this.#outbox.release(topic);
      this.#retry();
    });
    this.#timers.add(timer);
    return true;
  }

  /** The publication was accepted or refused for good. */
  end(entry: OutboxEntry): void {
    const trial = this.#trials.get(entry);
    if (trial && trial.count >= stubbornFrom) this.delayed--;
    this.#trials.delete(entry);
    this.count = this.#trials.size;
  }

  /** @returns seconds since the first refusal; undefined: there was none */
  triedForS(entry: OutboxEntry): number | undefined {
    const trial = this.#trials.get(entry);
    return trial && (this.#clock.monotonic() - trial.since) / 1000;
  }

  /** Whether publications are delayed, and nobody has been told since none was. */
  isNews(): boolean {
    const wasTold = this.#isTold;
    this.#isTold = this.delayed > 0;
    return this.#isTold && !wasTold;
  }

  /** The connection is over: the next one begins anew. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
