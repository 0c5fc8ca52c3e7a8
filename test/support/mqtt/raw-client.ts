/**
 * An MQTT 3.1.1 client of bare packets on a real socket. It does what a test says and nothing by itself, so it can stop
 * reading, acknowledge late, answer wrongly or send what no library would. A client that behaves: observer.ts.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, type Socket } from 'node:net';
import type { IConnectPacket, IPublishPacket, Packet } from 'mqtt-packet';
import { until } from '../until.ts';

// The codec is a dependency of the library, wherever that is installed.
const require = createRequire(createRequire(import.meta.url).resolve('mqtt'));
const { generate, parser } = require('mqtt-packet') as typeof import('mqtt-packet');

export interface RawClient {
  socket: Socket;
  received: Packet[];
  /** Called for each packet as it comes. */
  onPacket: (packet: Packet) => void;
  /** Received packets of one kind. */
  of<K extends Packet['cmd']>(cmd: K): Extract<Packet, { cmd: K }>[];
  send(...packets: Packet[]): void;
  /** Acknowledges whatever comes and has come, at every QoS. */
  acknowledge(): void;
  isClosed(): boolean;
  /** Sends bytes that are no packet. */
  sendBytes(bytes: Buffer | number[]): void;
  /** Breaks the connection without a word. */
  destroy(): void;
}

/** A socket that has said nothing yet. */
export const openRaw = async (port: number, host = '127.0.0.1'): Promise<RawClient> => {
  const socket = connect({ port, host, noDelay: true });
  await once(socket, 'connect');
  const reading = parser({ protocolVersion: 4 });
  const received: Packet[] = [];
  let isClosed = false;
  const client: RawClient = {
    socket,
    received,
    onPacket: () => {},
    of: (cmd) => received.filter((packet) => packet.cmd === cmd) as never,
    send: (...packets) => void socket.write(Buffer.concat(packets.map((packet) => generate(packet)))),
    acknowledge() {
      client.onPacket = (packet) => {
        if (packet.cmd === 'publish' && packet.qos === 1)
          client.send({ cmd: 'puback', messageId: packet.messageId as number });
        if (packet.cmd === 'publish' && packet.qos === 2)
          client.send({ cmd: 'pubrec', messageId: packet.messageId as number });
        if (packet.cmd === 'pubrel') client.send({ cmd: 'pubcomp', messageId: packet.messageId as number });
        if (packet.cmd === 'pubrec') client.send({ cmd: 'pubrel', messageId: packet.messageId as number });
      };
      for (const packet of received) client.onPacket(packet);
    },
    isClosed: () => isClosed,
    sendBytes: (bytes) => void socket.write(Buffer.from(bytes)),
    destroy: () => void socket.destroy(),
  };
  socket.on('close', () => {
    isClosed = true;
  });
  socket.on('error', () => {});
  socket.on('data', (chunk) => reading.parse(chunk));
  reading.on('packet', (packet) => {
    received.push(packet);
    client.onPacket(packet);
  });
  return client;
};

/** A client that has sent its CONNECT and was answered. */
export const connectRaw = async (
  port: number,
  clientId: string,
  options: Partial<IConnectPacket> = {},
): Promise<RawClient> => {
  const client = await openRaw(port);
  const packet: IConnectPacket = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean: true };
  client.send({ ...packet, keepalive: 0, ...options });
  await until(() => client.of('connack').length > 0 || client.isClosed(), `${clientId} is answered`);
  return client;
};

/** Subscribes and waits for the answer. */
export const subscribeRaw = async (client: RawClient, filters: Record<string, 0 | 1 | 2>): Promise<void> => {
  const before = client.of('suback').length;
  const subscriptions = Object.entries(filters).map(([topic, qos]) => ({ topic, qos }));
  client.send({ cmd: 'subscribe', messageId: 60_000 + before, subscriptions });
  await until(() => client.of('suback').length > before || client.isClosed(), 'the subscription');
};

export const publication = (
  topic: string,
  payload: string | Buffer,
  qos: 0 | 1 | 2 = 0,
  messageId?: number,
): IPublishPacket => ({
  cmd: 'publish',
  topic,
  payload,
  qos,
  dup: false,
  retain: false,
  ...(messageId !== undefined && { messageId }),
});
