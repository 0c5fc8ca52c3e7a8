/** One session, MQTT 3.1.1 §3.1.2.4: what outlives the connection of a client, and the connection while there is one. */
import { encodePublish, frameOf, lowerQoS, type Message, type QoS } from './frames.ts';
import type { Outlet } from './outlet.ts';
import { PacketIds } from './packet-ids.ts';
import { OutgoingQueue, type QueueBounds, type QueueLimit } from './queue.ts';
import { type RetainedMessages, RetainedReplay } from './retained.ts';

/** One topic filter of one session. */
export interface Subscription {
  session: Session;
  filter: string;
  qos: QoS;
}

/** With more than so many waiting, a connected client is behind: publishers wait for it, as long as it moves. */
const behindMessages = 1000;
/** So many acknowledgements show that it moves. */
const progressAcknowledgements = 100;
/** Retained messages that are sent before others get their turn. */
const replayPortion = 500;

export class Session {
  readonly id: string;
  readonly isPersistent: boolean;
  readonly subscriptions = new Map<string, Subscription>();
  /** Packet ids of QoS 2 publications the client has not released yet. */
  readonly received = new PacketIds();
  readonly queue: OutgoingQueue;
  readonly replay: RetainedReplay;
  /** Since when the client is away, monotonic. */
  absentSinceMs = 0;
  #outlet: Outlet | undefined;
  #acknowledged = 0;
  #isReplaying = false;

  /** @param dropped called for each message that found no room in its queue */
  constructor(
    id: string,
    isPersistent: boolean,
    bounds: QueueBounds,
    retained: RetainedMessages,
    dropped: (session: Session, qos: 1 | 2, limit: QueueLimit) => void,
  ) {
    this.id = id;
    this.isPersistent = isPersistent;
    this.queue = new OutgoingQueue(bounds, (qos, limit) => dropped(this, qos, limit));
    this.replay = new RetainedReplay(retained);
  }

  get outlet(): Outlet | undefined {
    return this.#outlet;
  }

  /** Whether this client takes less than it gets. */
  get isBehind(): boolean {
    return this.#outlet?.isCongested === true || this.queue.waiting > behindMessages;
  }

  /** Whether there is anything that a client which comes back would miss. */
  get isEmpty(): boolean {
    const { subscriptions, queue, received, replay } = this;
    return subscriptions.size === 0 && queue.size === 0 && received.count === 0 && !replay.isPending;
  }

  connect(outlet: Outlet): void {
    this.#outlet = outlet;
    this.queue.restart();
    this.pump();
  }

  disconnect(nowMs: number): void {
    this.#outlet?.close();
    this.#outlet = undefined;
    this.absentSinceMs = nowMs;
  }

  /** @param qos of the message, or of the subscription where that is lower: MQTT-3.8.4-6 */
  deliver(message: Message, qos: QoS): void {
    if (qos === 0) this.#outlet?.send(frameOf(message));
    else this.#enqueue(message, qos, false);
  }

  acknowledge(messageId: number): void {
    this.queue.complete(messageId);
    this.#acknowledged++;
    if (this.#acknowledged % progressAcknowledgements === 0) this.#outlet?.progress();
    this.pump();
  }

  /** Sends what waits, as far as the client takes it. */
  pump(): void {
    const outlet = this.#outlet;
    if (!outlet) return;
    while (!outlet.isCongested) {
      const frame = this.queue.next();
      if (!frame) break;
      outlet.send(frame);
    }
    if (!this.isBehind) outlet.release();
    if (!this.#isReplaying && this.replay.isPending) this.#startReplay();
  }

  #enqueue(message: Message, qos: 1 | 2, retain: boolean): void {
    this.queue.push(message, qos, retain);
    this.pump();
  }

  #startReplay(): void {
    this.#isReplaying = true;
    setImmediate(() => {
      this.#isReplaying = false;
      for (let left = replayPortion; left > 0; left--) {
        const outlet = this.#outlet;
        if (!outlet || outlet.isCongested || this.queue.waiting > behindMessages) return;
        const next = this.replay.next();
        if (!next) return;
        const { message } = next;
        const qos = lowerQoS(next.qos, message.qos);
        if (qos === 0) outlet.send(encodePublish(message, { qos, retain: true, dup: false, messageId: 0 }));
        else this.#enqueue(message, qos, true);
      }
      this.pump();
    });
  }
}
