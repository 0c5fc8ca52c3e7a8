/**
 * The send quota of the server (MQTT 5 §4.9): how many publications it sends before it waits for acknowledgements. No
 * server tells (RabbitMQ 10, mosquitto 20, others without end), so the quota is learnt: a subscriber that gathers
 * messages before they go on must not keep the server waiting.
 */
import type { Clock } from '../../model/time.ts';

/** The smallest quota that a known broker has without being told. */
const smallestQuota = 10;
/** As many messages as the quota in so short a time are a stream, which has to flow, ms. */
const streamMs = 100;
/** A server that was waiting sends within so short a time, ms. */
const promptMs = 20;

/** The quota of one server. */
export class ServerSendQuota {
  readonly #clock: Clock;
  #quota = smallestQuota;
  #slotAt = 0;
  #inSlot = 0;
  #inSlotBefore = 0;
  /** When the first and the last publication since the last acknowledgement came, monotonic, ms. */
  #firstAt: number | undefined;
  #lastAt = 0;
  #acknowledgedAt = 0;
  /** How many came at once and were all that came, when the server was kept waiting last. */
  #stalledAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new connection, perhaps to another server. */
  onConnack(): void {
    this.#quota = smallestQuota;
    this.#stalledAt = undefined;
    this.#firstAt = undefined;
    this.#inSlot = 0;
    this.#inSlotBefore = 0;
  }

  /**
   * A publication has come.
   * @param held number of those that are not acknowledged, with this one
   * @returns whether the server may be waiting, so that what was gathered has to go on
   */
  onPublish(held: number): boolean {
    const now = this.#clock.monotonic();
    this.#firstAt ??= now;
    this.#lastAt = now;
    // The server never sends more than its quota, so the quota is no less than what has been seen.
    this.#quota = Math.max(this.#quota, held);
    const flows = this.#isStream(now);
    return flows || held >= this.#quota;
  }

  /**
   * @param count of publications that were acknowledged
   * @param left number of those that are still not acknowledged
   */
  onAcknowledged(count: number, left: number): void {
    const now = this.#clock.monotonic();
    // The quota is smaller than was thought where twice some came at once, and then nothing until they were
    // acknowledged. Where the two differ, the smaller was all there was to send.
    const wasPrompt =
      this.#firstAt !== undefined &&
      this.#firstAt - this.#acknowledgedAt < promptMs &&
      this.#lastAt - this.#firstAt < promptMs;
    const wasStalled = wasPrompt && left === 0 && now - this.#lastAt > promptMs;
    if (wasStalled && this.#stalledAt !== undefined) this.#quota = Math.max(count, this.#stalledAt);
    this.#stalledAt = wasStalled ? count : undefined;
    this.#firstAt = undefined;
    this.#acknowledgedAt = now;
  }

  #isStream(now: number): boolean {
    if (now - this.#slotAt >= streamMs) {
      this.#inSlotBefore = now - this.#slotAt < 2 * streamMs ? this.#inSlot : 0;
      this.#inSlot = 0;
      this.#slotAt = now;
    }
    this.#inSlot++;
    return this.#inSlot >= this.#quota || this.#inSlotBefore >= this.#quota;
  }
}
