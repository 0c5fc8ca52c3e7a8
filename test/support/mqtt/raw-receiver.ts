/**
 * The receiving half of QoS 2 as MQTT 3.1.1 figure 4.3 has it (method A), on bare packets: a persistent session whose
 * connection breaks where a test says so, and comes back at once.
 */
import { connectRaw, type RawClient, subscribeRaw } from './raw-client.ts';

export interface RawReceiver {
  /** The numbers in the payloads, in the order of their arrival; what is received twice is in here twice. */
  got: number[];
  connections(): number;
  /** Breaks the connection after so many further packets, whatever they are. */
  breakAfter(packets: number): void;
  close(): void;
}

export const createRawReceiver = async (
  port: number,
  clientId: string,
  filters: Record<string, 0 | 1 | 2>,
): Promise<RawReceiver> => {
  const got: number[] = [];
  /** Packet ids between PUBLISH and PUBREL: session state of the client, MQTT 4.1. */
  const stored = new Set<number>();
  let connections = 0;
  let left = Number.POSITIVE_INFINITY;
  let isClosed = false;
  let client: RawClient;

  const open = async (): Promise<void> => {
    client = await connectRaw(port, clientId, { clean: false });
    const own = client;
    if (isClosed) return own.destroy();
    connections++;
    own.socket.on('close', () => {
      if (!isClosed) void open();
    });
    const take = (packet: RawClient['received'][number]): void => {
      // Packets in the segment in which a connection breaks are ignored.
      if (own.socket.destroyed) return;
      if (packet.cmd === 'publish' && packet.qos === 2) {
        const messageId = packet.messageId as number;
        if (!stored.has(messageId)) got.push(Number(packet.payload));
        stored.add(messageId);
        own.send({ cmd: 'pubrec', messageId });
      }
      if (packet.cmd === 'pubrel') {
        const messageId = packet.messageId as number;
        stored.delete(messageId);
        own.send({ cmd: 'pubcomp', messageId });
      }
      if (--left > 0) return;
      left = Number.POSITIVE_INFINITY;
      own.destroy();
    };
    for (const packet of own.received) take(packet);
    own.onPacket = take;
    if (own.of('connack')[0]?.sessionPresent !== true) await subscribeRaw(own, filters);
  };
  await open();
  return {
    got,
    connections: () => connections,
    breakAfter(packets) {
      left = packets;
    },
    close() {
      isClosed = true;
      client.destroy();
    },
  };
};
