/**
 * PUBACK and PUBREC for messages that were handed over, in the order in which they came (MQTT-4.6.0-2, MQTT-4.6.0-3).
 *
 * At QoS 2 a message goes on when its PUBLISH arrives, and PUBREC says that it did: of the two ways in MQTT 5 §4.3.3
 * (figure 4.3) the one that keeps the Packet Identifier alone. What has not gone on stays with the server, and between
 * PUBREC and PUBREL there is no message here that a crash could take along.
 */
import { hash } from 'node:crypto';
import type { ReceivedPublish } from '../session/session.ts';

/** First byte of PUBACK and of PUBREC, MQTT 5 §3.4.1 and §3.5.1. */
const firstByte = { 1: 0x40, 2: 0x50 } as const;

/** A PUBLISH that wants an acknowledgement. */
export interface Arrival {
  qos: 1 | 2;
  packetId: number;
  topic: string;
  payload: Buffer;
}

/** Hands a message over: taken when the function returns nothing, or when its promise resolves. */
type Hand = () => void | Promise<void>;

interface Held {
  packetId: number;
  isHanded: boolean;
}

type Queues = Record<1 | 2, Held[]>;

/** Sends PUBACK, PUBREC and PUBCOMP. */
interface AcknowledgementSink {
  /** Writes packets onto the connection. */
  write(bytes: Buffer): void;
  /** @param count of acknowledgements that were written at once */
  acknowledged(count: number): void;
}

const takeReady = (queue: Held[]): Held[] => {
  const first = queue.findIndex(({ isHanded }) => !isHanded);
  return queue.splice(0, first < 0 ? queue.length : first);
};

/** PUBACKs and PUBRECs without Reason Code, which means success (MQTT 5 §3.4.2.1, §3.5.2.1). */
const encodeAcknowledgements = (ready: Queues): Buffer => {
  const packets = Buffer.allocUnsafe(4 * (ready[1].length + ready[2].length));
  let at = 0;
  for (const qos of [1, 2] as const)
    for (const { packetId } of ready[qos]) {
      at = packets.writeUInt8(firstByte[qos], at);
      at = packets.writeUInt8(2, at);
      at = packets.writeUInt16BE(packetId, at);
    }
  return packets;
};

/** The acknowledgements that one connection owes, in the order of its PUBLISH packets. */
export class Acknowledgements {
  readonly #received: Map<number, ReceivedPublish>;
  readonly #sink: AcknowledgementSink;
  #waiting: Queues = { 1: [], 2: [] };
  /** Packet Identifiers of QoS 2 that were acknowledged on this connection and not released. */
  readonly #unreleased = new Set<number>();
  #isSending = false;

  /**
   * @param received messages of QoS 2 of the session, by Packet Identifier: they outlive the connection, and a
   *   redeploy
   */
  constructor(received: Map<number, ReceivedPublish>, sink: AcknowledgementSink) {
    this.#received = received;
    this.#sink = sink;
  }

  /** Number of messages of this connection that the server has no acknowledgement of. */
  get held(): number {
    return this.#waiting[1].length + this.#waiting[2].length;
  }

  /** Number of messages of QoS 2 that were acknowledged on this connection and not released. */
  get unreleased(): number {
    return this.#unreleased.size;
  }

  /** @param isSessionPresent of CONNACK: whether the server knows what it has sent before */
  onConnack(isSessionPresent: boolean): void {
    if (!isSessionPresent) this.#received.clear();
  }

  /** @param hand is not called for a copy of a message that was handed over before */
  onPublish(arrival: Arrival, hand: Hand): void {
    const held: Held = { packetId: arrival.packetId, isHanded: false };
    this.#waiting[arrival.qos].push(held);
    const handing = arrival.qos === 1 ? hand() : this.#handOnce(arrival, hand);
    if (handing) handing.then(() => this.#onHanded(held));
    else this.#onHanded(held);
  }

  /** The Packet Identifier is free (MQTT-4.3.3-11). */
  onPubrel(packetId: number): void {
    this.#received.delete(packetId);
    this.#unreleased.delete(packetId);
  }

  /** The connection is over: the server sends again what it has no acknowledgement of. */
  onClose(): void {
    this.#waiting = { 1: [], 2: [] };
    this.#unreleased.clear();
  }

  /** Nothing more is handed over: what was is acknowledged at once, the rest stays with the server. */
  finish(): void {
    const left = this.#waiting;
    this.#waiting = { 1: [], 2: [] };
    const handed = (queue: Held[]): Held[] => queue.filter(({ isHanded }) => isHanded);
    this.#send({ 1: handed(left[1]), 2: handed(left[2]) });
    for (const [packetId, { handing }] of this.#received) if (handing) this.#received.delete(packetId);
  }

  /** The acknowledgements of one turn of the event loop leave as one write. */
  #onHanded(held: Held): void {
    held.isHanded = true;
    if (this.#isSending) return;
    this.#isSending = true;
    setImmediate(() => {
      this.#isSending = false;
      this.#send({ 1: takeReady(this.#waiting[1]), 2: takeReady(this.#waiting[2]) });
    });
  }

  #send(ready: Queues): void {
    const count = ready[1].length + ready[2].length;
    if (count === 0) return;
    for (const { packetId } of ready[2]) this.#unreleased.add(packetId);
    this.#sink.write(encodeAcknowledgements(ready));
    this.#sink.acknowledged(count);
  }

  #handOnce({ packetId, topic, payload }: Arrival, hand: Hand): void | Promise<void> {
    const digest = hash('sha1', payload, 'base64');
    const known = this.#received.get(packetId);
    // MQTT-4.3.3-10: before PUBREL, a PUBLISH with the same Packet Identifier is a copy.
    if (known?.topic === topic && known.digest === digest) return known.handing;
    const entry: ReceivedPublish = { topic, digest, handing: undefined };
    this.#received.set(packetId, entry);
    entry.handing = hand()?.then(() => {
      entry.handing = undefined;
    });
    return entry.handing;
  }
}
