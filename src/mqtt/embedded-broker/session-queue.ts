/** Messages of QoS 1 and 2 on their way to one client: those that wait, and those that it has not acknowledged. */
import { type ApplicationMessage, encodePublish, encodePubrel } from './packets.ts';

interface Entry {
  /** Undefined once the client has received it: then only PUBREL is sent again. */
  message: ApplicationMessage | undefined;
  qos: 1 | 2;
  retain: boolean;
  dup: boolean;
  order: number;
  messageId: number;
}

class Fifo {
  #entries: (Entry | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#entries.length - this.#head;
  }
  get first(): Entry | undefined {
    return this.#entries[this.#head];
  }
  push(entry: Entry): void {
    this.#entries.push(entry);
  }
  shift(): Entry | undefined {
    const entry = this.#entries[this.#head];
    if (!entry) return undefined;
    this.#entries[this.#head++] = undefined;
    if (this.#head > 1000 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }
}

/** Bytes of the queues of all sessions together, and the share of each. */
export class QueuedBytes {
  used = 0;
  readonly #limit: number;
  readonly #sessions: () => number;

  constructor(limit: number, sessions: () => number) {
    this.#limit = limit;
    this.#sessions = sessions;
  }

  /** Whether there is no room for more: a queue has its fair share also where others are full. */
  isFull(own: number, more: number): boolean {
    return this.used + more > this.#limit && own + more > this.#limit / Math.max(1, this.#sessions());
  }
}

/** The bound that is reached first. */
export type QueueLimit = 'queuedMessages' | 'queuedBytes' | 'queuedBytesTotal';

/** Bounds of the messages that wait for one client, and for all of them. */
export interface QueueBounds {
  messages: number;
  bytes: number;
  total: QueuedBytes;
}

/** Publications that are sent before the first is acknowledged: MQTT 3.1.1 lets the sender choose. */
const mostInFlight = 1000;

/** Bytes that an entry costs beside its topic and payload, about. */
const entryBytes = 200;

const sizeOf = ({ topic, payload }: ApplicationMessage): number => topic.length + payload.length + entryBytes;

/** The messages of one session that are sent, or wait to be sent. */
export class SessionQueue {
  readonly #bounds: QueueBounds;
  readonly #dropped: (qos: 1 | 2, limit: QueueLimit) => void;
  readonly #waiting = { 1: new Fifo(), 2: new Fifo() };
  readonly #inFlight = new Map<number, Entry>();
  #again: Entry[] = [];
  #order = 0;
  #lastId = 0;
  #bytes = 0;

  /** @param dropped called for each message that found no room, or was dropped to make room */
  constructor(bounds: QueueBounds, dropped: (qos: 1 | 2, limit: QueueLimit) => void) {
    this.#bounds = bounds;
    this.#dropped = dropped;
  }

  get waiting(): number {
    return this.#waiting[1].length + this.#waiting[2].length;
  }
  get size(): number {
    return this.waiting + this.#inFlight.size;
  }

  /**
   * A full queue drops its oldest message of QoS 1 that was not sent yet, which is mostly a state that a newer one
   * replaces. What was acknowledged to a publisher at QoS 2 is never dropped for something newer: where only such
   * messages wait, the new one finds no room.
   */
  push(message: ApplicationMessage, qos: 1 | 2, retain: boolean): void {
    const size = sizeOf(message);
    for (let limit = this.#reached(size); limit; limit = this.#reached(size)) {
      const oldest = size > this.#bounds.bytes ? undefined : this.#waiting[1].shift();
      if (oldest) this.#free(oldest);
      this.#dropped(oldest ? 1 : qos, limit);
      if (!oldest) return;
    }
    this.#order++;
    this.#waiting[qos].push({ message, qos, retain, dup: false, order: this.#order, messageId: 0 });
    this.#bytes += size;
    this.#bounds.total.used += size;
  }

  /** @returns the next PUBLISH or PUBREL to send, as bytes; undefined where nothing may be sent now */
  next(): Buffer[] | undefined {
    const entry = this.#nextEntry();
    if (!entry) return undefined;
    return entry.message ? encodePublish(entry.message, entry) : encodePubrel(entry.messageId);
  }

  /** A new connection of the session: unacknowledged PUBLISH and PUBREL packets are sent again first (MQTT-4.4.0-1). */
  restart(): void {
    this.#again = [...this.#inFlight.values()].reverse();
    for (const entry of this.#again) entry.dup = true;
  }

  /** PUBREC came: the message itself is not sent any more (MQTT-4.3.3-1). */
  onPubrec(messageId: number): void {
    const entry = this.#inFlight.get(messageId);
    if (entry?.qos !== 2) return;
    this.#free(entry);
    entry.message = undefined;
  }

  /** PUBACK or PUBCOMP came: the Packet Identifier is free. */
  onAcknowledged(messageId: number): void {
    const entry = this.#inFlight.get(messageId);
    if (!entry) return;
    this.#inFlight.delete(messageId);
    this.#free(entry);
  }

  /** The session ends. */
  clear(): void {
    this.#bounds.total.used -= this.#bytes;
    this.#bytes = 0;
  }

  #reached(more: number): QueueLimit | undefined {
    const { messages, bytes, total } = this.#bounds;
    if (this.size >= messages) return 'queuedMessages';
    if (this.#bytes + more > bytes) return 'queuedBytes';
    return total.isFull(this.#bytes, more) ? 'queuedBytesTotal' : undefined;
  }

  #free({ message }: Entry): void {
    if (!message) return;
    const size = sizeOf(message);
    this.#bytes -= size;
    this.#bounds.total.used -= size;
  }

  #nextEntry(): Entry | undefined {
    for (let entry = this.#again.pop(); entry; entry = this.#again.pop())
      if (this.#inFlight.get(entry.messageId) === entry) return entry;
    if (this.#inFlight.size >= mostInFlight) return undefined;
    const [one, two] = [this.#waiting[1].first, this.#waiting[2].first];
    const entry = this.#waiting[!two || (one && one.order < two.order) ? 1 : 2].shift();
    if (!entry) return undefined;
    entry.messageId = this.#freeId();
    this.#inFlight.set(entry.messageId, entry);
    return entry;
  }

  /** @returns a Packet Identifier that is not in use (MQTT-2.3.1-4) */
  #freeId(): number {
    do this.#lastId = this.#lastId === 65_535 ? 1 : this.#lastId + 1;
    while (this.#inFlight.has(this.#lastId));
    return this.#lastId;
  }
}
