/**
 * A broker with limits, for tests of what our client publishes. In MQTT 5 it tells its limits in CONNACK and ends the
 * connection of a client that oversteps them with the reason code, in 3.1.1 it hangs up without a word. It delivers
 * nothing; what it has accepted for good can be looked at. For tests of what our client receives: scripted-broker.ts.
 */
import { createServer, type Socket } from 'node:net';
import {
  parser as createParser,
  generate,
  type IConnackPacket,
  type IConnectPacket,
  type IDisconnectPacket,
  type IPublishPacket,
  type Packet,
} from 'mqtt-packet';

export interface StrictOptions {
  version?: 4 | 5;
  maximumQoS?: 0 | 1;
  retainAvailable?: false;
  maximumPacketSize?: number;
  receiveMaximum?: number;
  /**
   * With more unreleased messages of QoS 2 than this, the broker says 0x93: in PUBREC, as EMQX does, or as it ends the
   * connection.
   */
  secretMaximum?: { most: number; isInPubrec: boolean };
  /** Further properties of CONNACK. */
  properties?: IConnackPacket['properties'];
  /** Ends the connection of who publishes this; a number is told as the reason in MQTT 5. */
  hatesPublish?(packet: IPublishPacket): boolean | number;
  /** The reason code of PUBACK and PUBREC. */
  judge?(packet: IPublishPacket): number;
  /** The code of CONNACK; 0: welcome. */
  admit?(packet: IConnectPacket): number;
  /** Nothing is acknowledged while this holds. */
  isDeaf?(): boolean;
  /** How long it takes to acknowledge this. */
  delayMs?(packet: IPublishPacket): number;
  /** PUBREL is not heard while this holds. */
  isDeafToRelease?(): boolean;
  /** Against the specification: PUBREL for what it does not hold stays without an answer, or ends the connection. */
  ignoresUnknownRelease?: boolean;
  hangsUpOnUnknownRelease?: boolean;
  ignoresPings?: boolean;
}

interface Session {
  /** Received with QoS 2 and not released, by packet id. */
  unreleased: Map<number, IPublishPacket>;
}

export interface StrictBroker {
  port: number;
  options: StrictOptions;
  /** Messages the broker is responsible for: those of QoS 2 once they were released. */
  taken: IPublishPacket[];
  connects: IConnectPacket[];
  /** Every packet of every client. */
  received: Packet[];
  /** Reason codes with which it ended connections; undefined: without a word. */
  ended: (number | undefined)[];
  sessions: Map<string, Session>;
  /** Ends all connections. @param reasonCode told in DISCONNECT, MQTT 5 */
  cut(reasonCode?: number, properties?: IDisconnectPacket['properties']): void;
  close(): Promise<void>;
}

/** @returns the reason to end the connection, where there is one */
const oversteps = (packet: IPublishPacket, size: number, options: StrictOptions): number | boolean => {
  const { maximumQoS = 2, retainAvailable = true, maximumPacketSize = Number.POSITIVE_INFINITY } = options;
  if (packet.qos > maximumQoS) return 0x9b;
  if (packet.retain && !retainAvailable) return 0x9a;
  if (size > maximumPacketSize) return 0x95;
  return options.hatesPublish?.(packet) ?? false;
};

export const startStrictBroker = async (options: StrictOptions = {}, given = 0): Promise<StrictBroker> => {
  const taken: IPublishPacket[] = [];
  const connects: IConnectPacket[] = [];
  const received: Packet[] = [];
  const ended: (number | undefined)[] = [];
  const sessions = new Map<string, Session>();
  const open = new Map<Socket, StrictBroker['cut']>();

  const serve = (socket: Socket): void => {
    const parser = createParser();
    let version: 4 | 5 = 4;
    let session: Session = { unreleased: new Map() };
    let unanswered = 0;
    const send = (packet: Packet): void => {
      if (!socket.destroyed) socket.write(generate(packet, { protocolVersion: version }));
    };
    const end: StrictBroker['cut'] = (reasonCode, properties) => {
      if (socket.destroyed) return;
      ended.push(version === 5 ? reasonCode : undefined);
      if (version === 5 && reasonCode !== undefined)
        send({ cmd: 'disconnect', reasonCode, ...(properties && { properties }) });
      socket.destroySoon();
      // Packets that are still on their way from the client are read by nobody.
      parser.removeAllListeners();
    };
    open.set(socket, end);

    /** @returns the code of CONNACK */
    const judgeConnect = (packet: IConnectPacket): number => {
      const { maximumQoS = 2, retainAvailable = true } = options;
      if (options.version !== undefined && version !== options.version) return version === 5 ? 0x84 : 1;
      if (packet.will?.retain && !retainAvailable) return 0x9a;
      if ((packet.will?.qos ?? 0) > maximumQoS) return 0x9b;
      return options.admit?.(packet) ?? 0;
    };
    const connect = (packet: IConnectPacket): void => {
      connects.push(packet);
      version = packet.protocolVersion === 5 ? 5 : 4;
      const code = judgeConnect(packet);
      if (version === 4 && code >= 0x80) {
        end();
        return;
      }
      const known = packet.clean ? undefined : sessions.get(packet.clientId);
      session = known ?? { unreleased: new Map() };
      if (code === 0) sessions.set(packet.clientId, session);
      const { maximumQoS, retainAvailable, maximumPacketSize, receiveMaximum, properties } = options;
      const told = { maximumQoS, retainAvailable, maximumPacketSize, receiveMaximum, ...properties };
      const limits = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
      const sessionPresent = code === 0 && known !== undefined;
      if (version === 5) send({ cmd: 'connack', sessionPresent, reasonCode: code, properties: limits });
      else send({ cmd: 'connack', sessionPresent, returnCode: code });
      if (code !== 0) socket.destroySoon();
    };

    const acknowledge = (packet: IPublishPacket): void => {
      const { qos, messageId = 0 } = packet;
      const { unreleased } = session;
      // As mosquitto does: what was never released takes a place, also where its client is long dead.
      const isFull = qos === 2 && !unreleased.has(messageId) && unreleased.size >= (options.receiveMaximum ?? 65_535);
      const reasonCode = isFull ? 0x97 : (options.judge?.(packet) ?? 0);
      const isTaken = reasonCode < 0x80;
      const { most = Number.POSITIVE_INFINITY, isInPubrec = false } = options.secretMaximum ?? {};
      if (isTaken && qos === 2 && !unreleased.has(messageId) && unreleased.size >= most) {
        // No packet of the specification, and so none that could be generated.
        if (isInPubrec) socket.write(Buffer.from([0x50, 4, messageId >> 8, messageId & 0xff, 0x93, 0]));
        else end(0x93);
        return;
      }
      if (qos === 1 || !isTaken) unanswered--;
      if (isTaken && qos === 1) taken.push(packet);
      // MQTT-4.3.3-10: the same packet id is the same message until it is released.
      if (isTaken && qos === 2 && !unreleased.has(messageId)) unreleased.set(messageId, packet);
      const answer = (): void =>
        send({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId, ...(version === 5 && { reasonCode }) });
      const delayMs = options.delayMs?.(packet) ?? 0;
      if (delayMs > 0) setTimeout(answer, delayMs);
      else answer();
    };
    const publish = (packet: IPublishPacket, size: number): void => {
      const overstep = oversteps(packet, size, options);
      const { qos, messageId = 0 } = packet;
      if (overstep !== false) end(overstep === true ? undefined : overstep);
      else if (qos === 0) taken.push(packet);
      else if (options.isDeaf?.()) {
        if (qos === 2) session.unreleased.set(messageId, packet);
      } else if (++unanswered > (options.receiveMaximum ?? 65_535)) end(0x93);
      else acknowledge(packet);
    };

    const release = (messageId: number): void => {
      if (options.isDeafToRelease?.()) return;
      const held = session.unreleased.get(messageId);
      session.unreleased.delete(messageId);
      if (!held && options.ignoresUnknownRelease) return;
      if (!held && options.hangsUpOnUnknownRelease) {
        end();
        return;
      }
      if (held) {
        taken.push(held);
        unanswered--;
      }
      // MQTT 5 §3.7.2.1: Packet Identifier not found.
      send({ cmd: 'pubcomp', messageId, ...(version === 5 && { reasonCode: held ? 0 : 0x92 }) });
    };

    parser.on('packet', (packet) => {
      received.push(packet);
      const { length = 0 } = packet;
      const size = 1 + (length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4) + length;
      if (packet.cmd === 'connect') connect(packet);
      else if (packet.cmd === 'publish') publish(packet, size);
      else if (packet.cmd === 'pubrel') release(packet.messageId ?? 0);
      else if (packet.cmd === 'subscribe') {
        const { messageId = 0, subscriptions } = packet;
        send({ cmd: 'suback', messageId, granted: subscriptions.map(({ qos }) => qos) });
      } else if (packet.cmd === 'unsubscribe') {
        const { messageId = 0, unsubscriptions } = packet;
        send({ cmd: 'unsuback', messageId, granted: unsubscriptions.map(() => 0) } as Packet);
      } else if (packet.cmd === 'pingreq' && !options.ignoresPings) send({ cmd: 'pingresp' });
      else if (packet.cmd === 'disconnect') socket.end();
    });
    parser.on('error', () => end(0x81));
    socket.on('data', (chunk) => parser.parse(chunk));
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  };

  const server = createServer({ noDelay: true }, serve);
  await new Promise<void>((resolve) => server.listen(given, '127.0.0.1', resolve));
  const address = server.address();
  const cut: StrictBroker['cut'] = (reasonCode, properties) => {
    for (const end of open.values()) end(reasonCode, properties);
  };
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    options,
    taken,
    connects,
    received,
    ended,
    sessions,
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open.keys()) socket.destroy();
      }),
  };
};
