/** PUBLISH and PUBREL of MQTT 3.1.1 as bytes: the packets that the broker sends by itself. */
import type { QoS } from '../publishing/publication.ts';
import { variableByteIntegerLength } from '../publishing/publish-packet.ts';

/**
 * @returns the lower of two QoS levels: a message is delivered at that of the subscription or its own (MQTT 3.1.1
 *   §3.8.4)
 */
export const lowerQoS = (a: QoS, b: QoS): QoS => Math.min(a, b) as QoS;

/** An application message on its way through the broker. */
export interface ApplicationMessage {
  topic: string;
  payload: Buffer;
  qos: QoS;
  /** The packet of the message at QoS 0, which is the same for every client. */
  atMostOnce?: Buffer[];
}

/** The fields of PUBLISH that differ between clients. */
interface PublishFields {
  qos: QoS;
  retain: boolean;
  dup: boolean;
  /** Packet Identifier, where qos is 1 or 2. */
  messageId: number;
}

/** Bytes of a payload above which copying it beside its header costs more than a second write. */
const joinedBytes = 4096;

/** @returns PUBLISH (MQTT 3.1.1 §3.3) in one or two pieces */
export const encodePublish = ({ topic, payload }: ApplicationMessage, fields: PublishFields): Buffer[] => {
  const { qos, retain, dup, messageId } = fields;
  const topicLength = Buffer.byteLength(topic);
  const remaining = 2 + topicLength + (qos > 0 ? 2 : 0) + payload.length;
  const headLength = 1 + variableByteIntegerLength(remaining) + remaining - payload.length;
  const isJoined = payload.length <= joinedBytes;
  const packet = Buffer.allocUnsafe(isJoined ? headLength + payload.length : headLength);
  packet[0] = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  let at = 1;
  // Remaining Length, MQTT 3.1.1 §2.2.3
  for (let rest = remaining; at === 1 || rest > 0; rest >>>= 7) packet[at++] = (rest & 127) | (rest > 127 ? 128 : 0);
  at = packet.writeUInt16BE(topicLength, at);
  at += packet.write(topic, at);
  if (qos > 0) at = packet.writeUInt16BE(messageId, at);
  if (isJoined) payload.copy(packet, at);
  return isJoined ? [packet] : [packet, payload];
};

const atMostOnce: PublishFields = { qos: 0, retain: false, dup: false, messageId: 0 };

/** @returns the PUBLISH of a message that is delivered at QoS 0, encoded once for all clients */
export const atMostOncePacket = (message: ApplicationMessage): Buffer[] => {
  message.atMostOnce ??= encodePublish(message, atMostOnce);
  return message.atMostOnce;
};

/** @returns PUBREL (MQTT 3.1.1 §3.6) */
export const encodePubrel = (messageId: number): Buffer[] => [Buffer.from([0x62, 2, messageId >> 8, messageId & 255])];
