/**
 * aedes, the library that speaks MQTT 3.1.1 with clients: CONNECT and CONNACK, Keep Alive with PINGREQ and PINGRESP
 * (MQTT-3.12.4-1), PUBACK, PUBREC, PUBREL and PUBCOMP, SUBSCRIBE and SUBACK, UNSUBSCRIBE and UNSUBACK, DISCONNECT, Will
 * Messages (MQTT-3.1.2-8). Its persistence and its way of delivering are replaced, as they lose messages.
 */
import type { Socket } from 'node:net';
import type { Aedes, Client, PublishPacket, Subscription } from 'aedes';
import { TopicFilterTrie } from '../subscriptions/topic-filter-trie.ts';

/** A connection, with properties that aedes does not declare. */
export interface AedesClient extends Client {
  conn: Socket;
  _parser: { parse(chunk: Buffer): number };
}

/** Hears the topics of aedes itself. */
type SystemHandler = (packet: PublishPacket, done: () => void) => void;

/** The parts of the broker that Aedes calls. */
interface AedesHooks {
  persistence: object;
  /** A client that lets bytes wait without reading for so long is disconnected, ms. */
  readMs: number;
  /** @param answer called with the return code of CONNACK (MQTT 3.1.1 §3.2.2.3) where the login is refused */
  authenticate(
    client: AedesClient,
    user: string | undefined,
    password: Buffer | undefined,
    answer: (refusal?: { code: number; reason: string }) => void,
  ): void;
  mayPublish(topic: string): boolean;
  maySubscribe(client: AedesClient, subscription: Subscription): boolean;
  publish(client: AedesClient, packet: PublishPacket, done: (error?: Error) => void): void;
}

/** The parts of aedes that are replaced, and that it does not declare either. */
interface Replaced {
  publish(
    packet: PublishPacket,
    client: AedesClient | ((error?: Error) => void) | null,
    done?: (error?: Error) => void,
  ): void;
}

/** Levels of a topic; deeper ones are refused, since each level costs memory. */
const mostLevels = 32;
/** aedes ends no connection that has not logged in: OpenConnections does. */
const never = 0x7fff_ffff;

/** The message bus of aedes, on which only its own topics are left. */
const createSystemBus = () => {
  const handlers = new TopicFilterTrie<SystemHandler>();
  const isOwn = (filter: string): boolean => filter.startsWith('$SYS');
  return {
    on(filter: string, handler: SystemHandler, done?: () => void): void {
      if (isOwn(filter)) handlers.add(filter, handler);
      if (done) setImmediate(done);
    },
    removeListener(filter: string, handler: SystemHandler, done?: () => void): void {
      if (isOwn(filter)) handlers.remove(filter, handler);
      if (done) setImmediate(done);
    },
    emit(packet: PublishPacket, done: () => void): void {
      for (const handler of handlers.match(packet.topic)) handler(packet, () => {});
      setImmediate(done);
    },
    close: (done: () => void): void => void setImmediate(done),
  };
};

/** Loads Aedes, and connects its hooks with the parts of the broker. */
export const startAedes = async (hooks: AedesHooks): Promise<Aedes> => {
  // Loaded when used: a runtime with another broker does not need this one in memory.
  const { Aedes } = await import('aedes');
  const aedes = await Aedes.createBroker({
    mq: createSystemBus(),
    persistence: hooks.persistence,
    concurrency: 0,
    connectTimeout: never,
    drainTimeout: hooks.readMs,
    maxTopicLevels: mostLevels,
    // No limit: a session keeps all Packet Identifiers there are in a few kilobytes.
    maxInflightInbound: 0,
    authenticate(client, user, password, done) {
      hooks.authenticate(client as AedesClient, user, password, (refusal) => {
        if (!refusal) done(null, true);
        else done(Object.assign(new Error(refusal.reason), { returnCode: refusal.code }), false);
      });
    },
    authorizePublish: (_client, { topic }, done) =>
      done(hooks.mayPublish(topic) ? null : new Error(`"${topic}" is no topic that a client may publish`)),
    authorizeSubscribe: (client, subscription, done) =>
      done(null, hooks.maySubscribe(client as AedesClient, subscription) ? subscription : null),
  });
  const replaced = aedes as unknown as Replaced;
  const publishOwn = replaced.publish.bind(aedes);
  replaced.publish = (packet, client, done = () => {}) => {
    if (client && typeof client !== 'function') hooks.publish(client, packet, done);
    else publishOwn(packet, client ?? done);
  };
  return aedes;
};
