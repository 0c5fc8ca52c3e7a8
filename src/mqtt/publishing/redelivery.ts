/**
 * Publications that were unacknowledged when a connection ended, in the order in which they are sent again
 * (MQTT-4.4.0-1, MQTT-4.6.0-1). Sending a message alone shows whether it is to blame for the end: all that were in
 * flight when the server hung up go one by one, and the one that ended a connection alone waits until the rest is
 * through and the connection has lasted a moment.
 */
import type { Clock, Timer } from '../../model/time.ts';
import type { InFlightPublication } from '../session/packet-identifiers.ts';
import type { Outbox } from './outbox.ts';

/** A connection that has lasted so long does not end by chance at the moment a message is sent, ms. */
const settledMs = 1000;

const topicOf = ({ entry }: InFlightPublication): string => entry.publication.topic;

/** The publications that are sent again on one connection. */
export class Redelivery {
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  #ready: InFlightPublication[] = [];
  /** Those that ended a connection alone, and those that follow them on their topics. */
  #deferred: InFlightPublication[] = [];
  /** Number of publications that are still to be sent again. */
  left = 0;
  #isSettled = false;
  #timer: Timer | undefined;

  constructor(outbox: Outbox, clock: Clock) {
    this.#outbox = outbox;
    this.#clock = clock;
  }

  /**
   * A connection begins.
   * @param settled called when the connection has lasted a moment
   */
  start(unacknowledged: InFlightPublication[], settled: () => void): void {
    const blamed = new Set(unacknowledged.filter(({ endings }) => endings > 0).map(topicOf));
    this.#deferred = unacknowledged.filter((publication) => blamed.has(topicOf(publication)));
    this.#ready = unacknowledged.filter((publication) => !blamed.has(topicOf(publication)));
    this.left = unacknowledged.length;
    for (const topic of blamed) this.#outbox.hold(topic);
    this.#isSettled = false;
    this.#timer = this.#clock.after(settledMs, () => {
      this.#isSettled = true;
      settled();
    });
  }

  /** Sends a publication alone, when the connection has lasted a moment. */
  defer(publication: InFlightPublication): void {
    this.#deferred.push(publication);
    this.left++;
    this.#outbox.hold(topicOf(publication));
  }

  /**
   * @param isAnyUnacknowledged whether a publication of this connection is
   * @returns wait: nothing may be sent until that is acknowledged
   */
  next(isAnyUnacknowledged: boolean): InFlightPublication | 'wait' | undefined {
    const from = this.#ready.length > 0 ? this.#ready : this.#isSettled ? this.#deferred : [];
    if (from[0]?.isSuspect && isAnyUnacknowledged) return 'wait';
    const next = from.shift();
    if (next) this.left--;
    return next;
  }

  /** A publication was acknowledged, or is given up: what waits on its topic may go. */
  end(publication: InFlightPublication): void {
    const topic = topicOf(publication);
    if (!this.#deferred.some((each) => topicOf(each) === topic)) this.#outbox.release(topic);
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
