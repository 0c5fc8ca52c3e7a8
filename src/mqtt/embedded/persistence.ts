/**
 * What the protocol library asks of its memory, answered by the sessions. Its own memory loses acknowledged messages:
 * it keeps the PUBREL packet itself, and takes it for that of the next handshake, since neither has a broker id; the
 * packet id is then overwritten before it is written. It knows packet ids of QoS 2 without their session, gives out
 * ids that are under way, keeps no retained message until it is acknowledged, and has no bounds.
 */
import { Readable } from 'node:stream';
import type { QoS } from './frames.ts';
import type { SessionClient, Sessions } from './sessions.ts';

interface Acknowledgement {
  cmd?: string;
  messageId?: number;
}

/**
 * A filter of no message. The library tells a client that its session is present where it has a subscription; a
 * session of a client that only publishes is present as well, MQTT-3.2.2-2.
 */
const sessionMarker = '$session/#';

const nothing = Promise.resolve(undefined);
/** Expected once for each message of QoS 2: an error of its own each time would cost a stack trace. */
const unknown = new Error('no such packet');
const taken = new Error('a packet id that is in use, or a session that another connection has');
const empty = (): Readable => Readable.from([]);

/** @param ready called when CONNACK is written, and what waits may follow */
export const createPersistence = (sessions: Sessions, ready: (client: never) => void) => ({
  async setup(): Promise<void> {},

  // The library has these from the client itself, and needs them only where a cluster shares its memory.
  putWill: async (): Promise<void> => nothing,
  delWill: async (): Promise<void> => nothing,
  streamWill: empty,

  // Subscriptions are those of the session, which has them when the library asks whether they are allowed, and which
  // ends when a clean connection takes its place.
  addSubscriptions: async (): Promise<void> => nothing,
  removeSubscriptions: async (): Promise<void> => nothing,
  cleanSubscriptions: async (): Promise<void> => nothing,
  async subscriptionsByClient({ id }: { id: string }): Promise<{ topic: string; qos: QoS }[]> {
    const session = sessions.persistentOf(id);
    if (!session) return [];
    const own = [...session.subscriptions.values()].map(({ filter, qos }) => ({ topic: filter, qos }));
    return [{ topic: sessionMarker, qos: 0 }, ...own];
  },
  createRetainedStreamCombi: empty,

  outgoingStream(client: never): Readable {
    ready(client);
    return empty();
  },
  /** PUBREC. */
  async outgoingUpdate(client: SessionClient, { messageId = 0 }: Acknowledgement): Promise<void> {
    sessions.of(client)?.queue.release(messageId);
  },
  /** PUBACK and PUBCOMP. */
  async outgoingClearMessageId(client: SessionClient, { messageId = 0 }: Acknowledgement): Promise<void> {
    sessions.of(client)?.acknowledge(messageId);
  },

  /** Asked for each PUBLISH of QoS 2 and each PUBREL: MQTT-4.3.3-2. */
  incomingGetPacket(client: SessionClient, { messageId = 0 }: Acknowledgement): Promise<Acknowledgement> {
    return sessions.of(client)?.received.has(messageId) ? Promise.resolve({ messageId }) : Promise.reject(unknown);
  },
  /** @throws where another connection has the session: it will publish the message again */
  async incomingStorePacket(client: SessionClient, { messageId = 0 }: Acknowledgement): Promise<void> {
    const received = sessions.of(client)?.received;
    if (!received || received.has(messageId)) throw taken;
    received.add(messageId);
  },
  async incomingDelPacket(client: SessionClient, { messageId = 0 }: Acknowledgement): Promise<void> {
    sessions.of(client)?.received.delete(messageId);
  },
  cleanIncoming: async (): Promise<void> => nothing,
});
