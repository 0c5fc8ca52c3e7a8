/**
 * The PUBLISH packet (MQTT 5 §3.3, MQTT 3.1.1 §3.3): its properties, its size on the wire, and at QoS 0 its bytes. A
 * poll brings a hundred readings in one turn of the event loop: they are written one behind the other and leave as one
 * write, where mqtt.js would hand the system some pieces for each of them.
 */
import type { Duplex } from 'node:stream';
import type { QueuedPublication } from './publication.ts';

/** Fields of a PUBLISH of QoS 0. */
interface Publish {
  topicName: string;
  payload: string | Buffer;
  retain: boolean;
  /** Message Expiry Interval in seconds (MQTT 5 §3.3.2.3.3). */
  expiryS: number | undefined;
}

/** First byte: type PUBLISH, DUP 0 (MQTT-3.3.1-2), QoS 0. */
const publishHeader = 0x30;
const retainFlag = 0x01;
/** Identifier of the property Message Expiry Interval. */
const messageExpiryInterval = 0x02;
const expiryPropertyBytes = 5;
/** Bytes before the topic name at most: first byte, Remaining Length (§1.5.5), length of the topic name. */
const mostHeaderBytes = 1 + 4 + 2;
/** Pieces of memory of this size are written until they are full, bytes. */
const pieceBytes = 256 * 1024;

/**
 * Properties of PUBLISH (MQTT 5 §3.3.2.3).
 * @param now monotonic, ms
 */
export const publishProperties = (
  { expiresAt, correlationData, responseTopic }: QueuedPublication,
  now: number,
): { messageExpiryInterval?: number; correlationData?: Buffer; responseTopic?: string } => ({
  ...(expiresAt === undefined ? {} : { messageExpiryInterval: Math.ceil((expiresAt - now) / 1000) }),
  ...(correlationData === undefined ? {} : { correlationData }),
  ...(responseTopic === undefined ? {} : { responseTopic }),
});

/** Bytes of a Variable Byte Integer (MQTT 5 §1.5.5). */
export const variableByteIntegerLength = (value: number): number =>
  value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4;

/**
 * Bytes of PUBLISH on the wire (MQTT 5 §3.3), as the Maximum Packet Size counts them (§3.2.2.3.6).
 * @param topic with the prefix
 */
export const publishPacketSize = (
  topic: string,
  { payload, qos, expiresAt, correlationData, responseTopic }: QueuedPublication,
): number => {
  const properties =
    (expiresAt === undefined ? 0 : 5) +
    (correlationData === undefined ? 0 : 3 + correlationData.length) +
    (responseTopic === undefined ? 0 : 3 + Buffer.byteLength(responseTopic));
  const header = 2 + Buffer.byteLength(topic) + (qos > 0 ? 2 : 0) + variableByteIntegerLength(properties) + properties;
  const remaining = header + Buffer.byteLength(payload);
  return 1 + variableByteIntegerLength(remaining) + remaining;
};

const byteLength = (text: string | Buffer): number =>
  typeof text === 'string' ? Buffer.byteLength(text) : text.length;

/** Writes PUBLISH packets of QoS 0 to one connection. */
export class PublishWriter {
  #piece: Buffer = Buffer.alloc(0);
  /** Start and end of what is not handed to the stream yet. */
  #start = 0;
  #end = 0;
  #stream: Duplex | undefined;

  /** Bytes that wait for the end of this turn. */
  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  /**
   * Adds a packet, which is written to the stream before this turn of the event loop ends.
   * @param version 4: MQTT 3.1.1, whose packets have no properties
   */
  publish(stream: Duplex, { topicName, payload, retain, expiryS }: Publish, version: 4 | 5): void {
    const properties = version === 4 ? 0 : expiryS === undefined ? 1 : 1 + expiryPropertyBytes;
    const topicBytes = Buffer.byteLength(topicName);
    const remaining = 2 + topicBytes + properties + byteLength(payload);
    this.#reserve(stream, mostHeaderBytes + remaining);
    const piece = this.#piece;
    let at = this.#end;
    piece[at++] = publishHeader | (retain ? retainFlag : 0);
    for (let rest = remaining; ; rest >>>= 7) {
      piece[at++] = (rest & 0x7f) | (rest > 0x7f ? 0x80 : 0);
      if (rest <= 0x7f) break;
    }
    at = piece.writeUInt16BE(topicBytes, at);
    at += piece.write(topicName, at);
    if (version === 5) {
      // MQTT-2.2.2-1: no properties are a Property Length of zero.
      piece[at++] = expiryS === undefined ? 0 : expiryPropertyBytes;
      if (expiryS !== undefined) {
        piece[at++] = messageExpiryInterval;
        at = piece.writeUInt32BE(expiryS, at);
      }
    }
    at += typeof payload === 'string' ? piece.write(payload, at) : payload.copy(piece, at);
    this.#end = at;
  }

  /** Hands what waits to the stream now: a packet that is written by others must not overtake it. */
  flush(): void {
    const bytes = this.#piece.subarray(this.#start, this.#end);
    this.#start = this.#end;
    if (bytes.length > 0 && this.#stream?.writable) this.#stream.write(bytes);
  }

  /** Makes room for so many bytes behind the last packet. What was handed over before stays with its stream. */
  #reserve(stream: Duplex, bytes: number): void {
    if (this.#stream !== stream) this.#begin(stream);
    if (this.#end + bytes <= this.#piece.length) return;
    this.flush();
    this.#piece = Buffer.allocUnsafeSlow(Math.max(pieceBytes, bytes));
    this.#start = 0;
    this.#end = 0;
  }

  /** Keeps the stream from writing until this turn of the event loop ends. */
  #begin(stream: Duplex): void {
    this.flush();
    this.#stream = stream;
    stream.cork();
    process.nextTick(() => {
      if (this.#stream === stream) {
        this.flush();
        this.#stream = undefined;
      }
      stream.uncork();
    });
  }
}
