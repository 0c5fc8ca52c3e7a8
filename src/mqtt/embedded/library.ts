/**
 * The library that speaks MQTT 3.1.1 with clients: CONNECT, keep alive, acknowledgements, wills. What a message is, who
 * gets it and what waits is not its own: its memory and its way of delivering are replaced, as they lose messages.
 */
import type { Socket } from 'node:net';
import type { Aedes, Client, PublishPacket, Subscription } from 'aedes';
import { createTrie } from '../trie.ts';

/** A connection, with what the library does not declare. */
export interface LibraryClient extends Client {
  conn: Socket;
  _parser: { parse(chunk: Buffer): number };
}

/** The library's own topics, to those who subscribed to them. */
type SystemHandler = (packet: PublishPacket, done: () => void) => void;

export interface LibraryHooks {
  memory: object;
  readMs: number;
  /** @param answer with the code of MQTT 3.1.1 §3.2.2.3 where it is refused */
  authenticate(
    client: LibraryClient,
    user: string | undefined,
    password: Buffer | undefined,
    answer: (refusal?: { code: number; reason: string }) => void,
  ): void;
  mayPublish(topic: string): boolean;
  maySubscribe(client: LibraryClient, subscription: Subscription): boolean;
  publish(client: LibraryClient, packet: PublishPacket, done: (error?: Error) => void): void;
}

/** The parts of the library that are replaced, and that it does not declare either. */
interface Replaced {
  publish(
    packet: PublishPacket,
    client: LibraryClient | ((error?: Error) => void) | null,
    done?: (error?: Error) => void,
  ): void;
}

/** Deeper topics are refused: each level costs the one who is asked for it. */
const mostLevels = 32;
/** The library's own clock ends no connection that has not logged in: that is timed with the connection itself. */
const never = 0x7fff_ffff;

/** The bus of the library, on which only its own topics are left. */
const createSystemBus = () => {
  const handlers = createTrie<SystemHandler>();
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

export const startLibrary = async (hooks: LibraryHooks): Promise<Aedes> => {
  // Loaded when used: who has a broker needs no second one in memory.
  const { Aedes } = await import('aedes');
  const aedes = await Aedes.createBroker({
    mq: createSystemBus(),
    persistence: hooks.memory,
    concurrency: 0,
    connectTimeout: never,
    drainTimeout: hooks.readMs,
    maxTopicLevels: mostLevels,
    // All packet ids there are: a session keeps them in a few kilobytes.
    maxInflightInbound: 0,
    authenticate(client, user, password, done) {
      hooks.authenticate(client as LibraryClient, user, password, (refusal) => {
        if (!refusal) done(null, true);
        else done(Object.assign(new Error(refusal.reason), { returnCode: refusal.code }), false);
      });
    },
    authorizePublish: (_client, { topic }, done) =>
      done(hooks.mayPublish(topic) ? null : new Error(`"${topic}" is no topic that a client may publish`)),
    authorizeSubscribe: (client, subscription, done) =>
      done(null, hooks.maySubscribe(client as LibraryClient, subscription) ? subscription : null),
  });
  const replaced = aedes as unknown as Replaced;
  const publishOwn = replaced.publish.bind(aedes);
  replaced.publish = (packet, client, done = () => {}) => {
    if (client && typeof client !== 'function') hooks.publish(client, packet, done);
    else publishOwn(packet, client ?? done);
  };
  return aedes;
};
