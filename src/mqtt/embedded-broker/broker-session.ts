/** The session of one client (MQTT 3.1.1 §3.1.2.4): it outlives the connection, and has it while there is one. */

import type { QoS } from '../publishing/publication.ts';
import type { OutgoingStream } from './outgoing-stream.ts';
import { PacketIdSet } from './packet-id-set.ts';
import { type ApplicationMessage, atMostOncePacket, encodePublish, lowerQoS } from './packets.ts';
import { type RetainedMessages, RetainedReplay } from './retained-messages.ts';
import { type QueueBounds, type QueueLimit, SessionQueue } from './session-queue.ts';

/** One Topic Filter of one session. */
export interface Subscription {
  session: BrokerSession;
  filter: string;
  qos: QoS;
}

/** A connected client for which more messages wait is behind: publishers wait for it, as long as it takes any. */
const behindMessages = 1000;
/** Acknowledgements after which a client that is behind is known to take messages. */
const progressAcknowledgements = 100;
/** Retained messages that are sent to one session before others get their turn. */
const replayPortion = 500;

/** The session of one client identifier, with or without a connection. */
export class BrokerSession {
  readonly id: string;
  readonly isPersistent: boolean;
  readonly subscriptions = new Map<string, Subscription>();
  /** Packet Identifiers of QoS 2 that the client has published and not released yet. */
  readonly received = new PacketIdSet();
  readonly queue: SessionQueue;
  readonly replay: RetainedReplay;
  /** Since when the client is away, monotonic, ms. */
  absentSinceMs = 0;
  #stream: OutgoingStream | undefined;
  #acknowledged = 0;
  #isReplaying = false;

  /** @param dropped called for each message that found no room in the queue */
  constructor(
    id: string,
    isPersistent: boolean,
    bounds: QueueBounds,
    retained: RetainedMessages,
    dropped: (session: BrokerSession, qos: 1 | 2, limit: QueueLimit) => void,
  ) {
    this.id = id;
    this.isPersistent = isPersistent;
    this.queue = new SessionQueue(bounds, (qos, limit) => dropped(this, qos, limit));
    this.replay = new RetainedReplay(retained);
  }

  /** The connection; undefined while the client is away. */
  get stream(): OutgoingStream | undefined {
    return this.#stream;
  }

  /** Whether the client takes less than it gets. */
  get isBehind(): boolean {
    return this.#stream?.isCongested === true || this.queue.waiting > behindMessages;
  }

  /** Whether a client that comes back would miss nothing. */
  get isEmpty(): boolean {
    const { subscriptions, queue, received, replay } = this;
    return subscriptions.size === 0 && queue.size === 0 && received.count === 0 && !replay.isPending;
  }

  connect(stream: OutgoingStream): void {
    this.#stream = stream;
    this.queue.restart();
    this.pump();
  }

  disconnect(nowMs: number): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.absentSinceMs = nowMs;
  }

  /** @param qos of the message, or of the subscription where that is lower: MQTT-3.8.4-6 */
  deliver(message: ApplicationMessage, qos: QoS): void {
    if (qos === 0) this.#stream?.send(atMostOncePacket(message));
    else this.#enqueue(message, qos, false);
  }

  /** PUBACK or PUBCOMP came. */
  onAcknowledged(messageId: number): void {
    this.queue.onAcknowledged(messageId);
    this.#acknowledged++;
    if (this.#acknowledged % progressAcknowledgements === 0) this.#stream?.progress();
    this.pump();
  }

  /** Sends what waits, as far as the client takes it. */
  pump(): void {
    const stream = this.#stream;
    if (!stream) return;
    while (!stream.isCongested) {
      const packet = this.queue.next();
      if (!packet) break;
      stream.send(packet);
    }
    if (!this.isBehind) stream.release();
    if (!this.#isReplaying && this.replay.isPending) this.#startReplay();
  }

  #enqueue(message: ApplicationMessage, qos: 1 | 2, retain: boolean): void {
    this.queue.push(message, qos, retain);
    this.pump();
  }

  #startReplay(): void {
    this.#isReplaying = true;
    setImmediate(() => {
      this.#isReplaying = false;
      for (let left = replayPortion; left > 0; left--) {
        const stream = this.#stream;
        if (!stream || stream.isCongested || this.queue.waiting > behindMessages) return;
        const next = this.replay.next();
        if (!next) return;
        const { message } = next;
        const qos = lowerQoS(next.qos, message.qos);
        if (qos === 0) stream.send(encodePublish(message, { qos, retain: true, dup: false, messageId: 0 }));
        else this.#enqueue(message, qos, true);
      }
      this.pump();
    });
  }
}
