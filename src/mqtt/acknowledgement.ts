/**
 * Acknowledges what comes with QoS 1 and 2 once it was handed over, and in the order in which it came.
 *
 * At QoS 2 a message goes on when its PUBLISH arrives, and PUBREC says that it did: of the two ways in MQTT 5 §4.3.3
 * (figure 4.3) the one that keeps the packet identifier alone. What has not gone on stays with the broker, and between
 * PUBREC and PUBREL there is no message here that a crash could take along.
 */
import { hash } from 'node:crypto';

/** First byte of PUBACK and of PUBREC, MQTT 5 §3.4.1 and §3.5.1. */
const firstByte = { 1: 0x40, 2: 0x50 } as const;

/** A message of QoS 2 whose packet identifier is not free again. */
export interface UnderWay {
  topic: string;
  /** Of the payload: another server may use the same identifier for another message. */
  digest: string;
  /** Undefined once the message was handed over. */
  handing: Promise<void> | undefined;
}

export interface Arrival {
  qos: 1 | 2;
  /** Packet identifier. */
  id: number;
  topic: string;
  payload: Buffer;
}

/** Hands a message over: done when it returns nothing, or when the promise resolves. */
type Hand = () => void | Promise<void>;

export interface Acknowledgements {
  /** @param hasSession whether the server knows what it has sent us before */
  begin(hasSession: boolean): void;
  /** @param hand is not called for a copy */
  arrive(arrival: Arrival, hand: Hand): void;
  /** PUBREL: the packet identifier is free. */
  release(id: number): void;
  /** The connection is over: the server sends again what it has no acknowledgement of. */
  end(): void;
  /** Nothing more is handed over: what was is acknowledged at once, the rest stays with the server. */
  finish(): void;
  /** Messages of this connection that the server has no acknowledgement of. */
  held(): number;
  /** Messages of QoS 2 that were acknowledged on this connection and not released. */
  unreleased(): number;
}

interface Held {
  id: number;
  isHanded: boolean;
}

type Queues = Record<1 | 2, Held[]>;

/**
 * @param underWay by packet identifier; of the session: it outlives the connection, and a redeploy
 * @param write onto the connection
 * @param acknowledged is told how many were acknowledged at once
 */
export const createAcknowledgements = (
  underWay: Map<number, UnderWay>,
  write: (bytes: Buffer) => void,
  acknowledged: (count: number) => void,
): Acknowledgements => {
  // MQTT-4.6.0-2 and MQTT-4.6.0-3: PUBACKs among themselves, and PUBRECs, in the order of their publications.
  let waiting: Queues = { 1: [], 2: [] };
  const unreleased = new Set<number>();
  let isSending = false;

  /** The acknowledgements of one turn of the loop leave as one write. */
  const send = (ready: Queues): void => {
    const count = ready[1].length + ready[2].length;
    if (count === 0) return;
    const packets = Buffer.allocUnsafe(4 * count);
    let at = 0;
    for (const qos of [1, 2] as const)
      for (const { id } of ready[qos]) {
        at = packets.writeUInt8(firstByte[qos], at);
        at = packets.writeUInt8(2, at);
        at = packets.writeUInt16BE(id, at);
      }
    for (const { id } of ready[2]) unreleased.add(id);
    write(packets);
    acknowledged(count);
  };

  const takeReady = (queue: Held[]): Held[] => {
    const first = queue.findIndex(({ isHanded }) => !isHanded);
    return queue.splice(0, first < 0 ? queue.length : first);
  };

  const settle = (message: Held): void => {
    message.isHanded = true;
    if (isSending) return;
    isSending = true;
    setImmediate(() => {
      isSending = false;
      send({ 1: takeReady(waiting[1]), 2: takeReady(waiting[2]) });
    });
  };

  const handOnce = ({ id, topic, payload }: Arrival, hand: Hand): void | Promise<void> => {
    const digest = hash('sha1', payload, 'base64');
    const known = underWay.get(id);
    // MQTT-4.3.3-10: before PUBREL, a packet with the same identifier is a copy.
    if (known?.topic === topic && known.digest === digest) return known.handing;
    const entry: UnderWay = { topic, digest, handing: undefined };
    underWay.set(id, entry);
    entry.handing = hand()?.then(() => {
      entry.handing = undefined;
    });
    return entry.handing;
  };

  return {
    begin(hasSession) {
      if (!hasSession) underWay.clear();
    },
    arrive(arrival, hand) {
      const message: Held = { id: arrival.id, isHanded: false };
      waiting[arrival.qos].push(message);
      const handing = arrival.qos === 1 ? hand() : handOnce(arrival, hand);
      if (handing) handing.then(() => settle(message));
      else settle(message);
    },
    release(id) {
      underWay.delete(id);
      unreleased.delete(id);
    },
    end() {
      waiting = { 1: [], 2: [] };
      unreleased.clear();
    },
    finish() {
      const left = waiting;
      waiting = { 1: [], 2: [] };
      const handed = (queue: Held[]): Held[] => queue.filter(({ isHanded }) => isHanded);
      send({ 1: handed(left[1]), 2: handed(left[2]) });
      for (const [id, { handing }] of underWay) if (handing) underWay.delete(id);
    },
    held: () => waiting[1].length + waiting[2].length,
    unreleased: () => unreleased.size,
  };
};
