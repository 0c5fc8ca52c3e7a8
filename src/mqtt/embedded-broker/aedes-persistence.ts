/**
 * The persistence that aedes asks for, answered by the sessions of this broker. The one that aedes brings loses
 * acknowledged messages: it keeps the PUBREL packet itself and takes it for that of the next handshake, since neither
 * has a broker id, so that the Packet Identifier is overwritten before it is written. It knows Packet Identifiers of
 * QoS 2 without their session, gives out identifiers that are in use, keeps no retained message until it is
 * acknowledged, and has no bounds.
 */
import { Readable } from 'node:stream';
import type { QoS } from '../publishing/publication.ts';
import type { BrokerSessions, SessionClient } from './broker-sessions.ts';

interface Acknowledgement {
  cmd?: string;
  messageId?: number;
}

/**
 * A Topic Filter that no message matches. aedes tells a client that its session is present where the session has a
 * subscription; a session of a client that only publishes is present as well (MQTT-3.2.2-2).
 */
const sessionMarker = '$session/#';

const nothing = Promise.resolve(undefined);
/** Expected once for each message of QoS 2: a new error each time would cost a stack trace. */
const unknown = new Error('no such packet');
const taken = new Error('a packet id that is in use, or a session that another connection has');
const empty = (): Readable => Readable.from([]);

/** @param ready called when CONNACK is written: what waits for the client may follow */
export const createAedesPersistence = (sessions: BrokerSessions, ready: (client: never) => void) => ({
  async setup(): Promise<void> {},

  // aedes has the Will Messages from the clients themselves, and asks for these only where brokers share a persistence.
  putWill: async (): Promise<void> => nothing,
  delWill: async (): Promise<void> => nothing,
  streamWill: empty,

  // The session has the subscriptions: it gets them when aedes asks whether they are allowed, and it ends when a clean
  // connection takes its place.
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
  /** PUBREC came. */
  async outgoingUpdate(client: SessionClient, { messageId = 0 }: Acknowledgement): Promise<void> {
    sessions.of(client)?.queue.onPubrec(messageId);
  },
  /** PUBACK or PUBCOMP came. */
  async outgoingClearMessageId(client: SessionClient, { messageId = 0 }: Acknowledgement): Promise<void> {
    sessions.of(client)?.onAcknowledged(messageId);
  },

  /** aedes asks for each PUBLISH of QoS 2 and each PUBREL whether the Packet Identifier is in use (MQTT-4.3.3-2). */
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
