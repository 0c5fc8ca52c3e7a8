/** Packets of MQTT 3.1.1 as bytes: those the broker sends by itself, and the fixed headers of those that come. */

export type QoS = 0 | 1 | 2;

export const lowerQoS = (a: QoS, b: QoS): QoS => Math.min(a, b) as QoS;

export interface Message {
  topic: string;
  payload: Buffer;
  qos: QoS;
  /** Its packet at QoS 0, which is the same for every client. */
  frame?: Buffer[];
}

/** How a message goes to one client. */
export interface Delivery {
  qos: QoS;
  retain: boolean;
  dup: boolean;
  /** Where qos is 1 or 2. */
  messageId: number;
}

/** Above that, copying a payload beside its header costs more than a second write. */
const joinedBytes = 4096;

const lengthBytes = (length: number): number => (length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4);

// MQTT 3.1.1 §3.3
export const encodePublish = ({ topic, payload }: Message, delivery: Delivery): Buffer[] => {
  const { qos, retain, dup, messageId } = delivery;
  const topicLength = Buffer.byteLength(topic);
  const remaining = 2 + topicLength + (qos > 0 ? 2 : 0) + payload.length;
  const headLength = 1 + lengthBytes(remaining) + remaining - payload.length;
  const isJoined = payload.length <= joinedBytes;
  const frame = Buffer.allocUnsafe(isJoined ? headLength + payload.length : headLength);
  frame[0] = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  let at = 1;
  // MQTT 3.1.1 §2.2.3
  for (let rest = remaining; at === 1 || rest > 0; rest >>>= 7) frame[at++] = (rest & 127) | (rest > 127 ? 128 : 0);
  at = frame.writeUInt16BE(topicLength, at);
  at += frame.write(topic, at);
  if (qos > 0) at = frame.writeUInt16BE(messageId, at);
  if (isJoined) payload.copy(frame, at);
  return isJoined ? [frame] : [frame, payload];
};

const atMostOnce: Delivery = { qos: 0, retain: false, dup: false, messageId: 0 };

/** The packet of a message that is delivered as it comes, at QoS 0. */
export const frameOf = (message: Message): Buffer[] => {
  message.frame ??= encodePublish(message, atMostOnce);
  return message.frame;
};

// MQTT 3.1.1 §3.6
export const encodePubrel = (messageId: number): Buffer[] => [Buffer.from([0x62, 2, messageId >> 8, messageId & 255])];

/** Type and flags of CONNECT, MQTT 3.1.1 §3.1.1. */
const connectHeader = 0x10;

/** Follows the packets in what one client sends by their fixed headers, so that none is gathered that is too long. */
export class FixedHeaders {
  readonly #limits: { connectBytes: number; packetBytes: number };
  #packets = 0;
  #isInLength = false;
  #length = 0;
  #factor = 1;
  #left = 0;

  constructor(limits: { connectBytes: number; packetBytes: number }) {
    this.#limits = limits;
  }

  /** @returns what is wrong with these bytes in words, and whether it is their length */
  faultOf(chunk: Buffer): { reason: string; isLength: boolean } | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, chunk.length - at);
        this.#left -= skipped;
        at += skipped;
      } else {
        const fault = this.#take(chunk[at++] as number);
        if (fault) return fault;
      }
    }
    return undefined;
  }

  #take(byte: number): { reason: string; isLength: boolean } | undefined {
    if (!this.#isInLength) {
      this.#packets++;
      // MQTT-3.1.0-1
      if (this.#packets === 1 && byte !== connectHeader)
        return { reason: 'what it sends does not begin with CONNECT', isLength: false };
      this.#isInLength = true;
      this.#length = 0;
      this.#factor = 1;
      return undefined;
    }
    this.#length += (byte & 127) * this.#factor;
    this.#factor *= 128;
    if (byte > 127) {
      // MQTT 3.1.1 §2.2.3
      if (this.#factor > 2_097_152) return { reason: 'the length of a packet is malformed', isLength: false };
      return undefined;
    }
    this.#isInLength = false;
    this.#left = this.#length;
    const { connectBytes, packetBytes } = this.#limits;
    const limit = this.#packets === 1 ? Math.min(connectBytes, packetBytes) : packetBytes;
    if (this.#length <= limit) return undefined;
    const what = this.#packets === 1 ? 'CONNECT' : 'a packet';
    return { reason: `${what} of ${this.#length} bytes; ${limit} are allowed`, isLength: true };
  }
}
