/** All sessions of the broker: by client id, by connection, and by what they subscribed to. */
import type { Clock, Timer } from '../../model/time.ts';
import type { QoS } from '../publishing/publication.ts';
import { isFilter } from '../subscriptions/topic-filter.ts';
import { TopicFilterTrie } from '../subscriptions/topic-filter-trie.ts';
import type { BrokerLimits } from './broker-limits.ts';
import { BrokerSession, type Subscription } from './broker-session.ts';
import type { OutgoingStream } from './outgoing-stream.ts';
import type { RetainedMessages } from './retained-messages.ts';
import { QueuedBytes, type QueueLimit } from './session-queue.ts';

/** A connection as aedes knows it. */
export interface SessionClient {
  id: string;
  clean: boolean;
}

/** Listeners of what happens to sessions. */
interface BrokerSessionsSink {
  /** A message found no room in the queue of this session. */
  dropped(session: BrokerSession, qos: 1 | 2, limit: QueueLimit): void;
  /** Another connection has the session now: the one that had it has to end (MQTT-3.1.4-2). */
  replaced(client: SessionClient): void;
  expired(session: BrokerSession): void;
}

/** Characters of a Topic Filter; a longer one is no topic of a building. */
const longestFilter = 1024;
/** Branches that the Topic Filters of all sessions together may have. */
const mostBranches = 500_000;
/** Pause between two looks for sessions that have expired, ms. */
const sweepMs = 60_000;

/** The sessions of one broker by client identifier. */
export class BrokerSessions {
  readonly #limits: BrokerLimits;
  readonly #retained: RetainedMessages;
  readonly #clock: Clock;
  readonly #sink: BrokerSessionsSink;
  readonly #byId = new Map<string, BrokerSession>();
  readonly #byClient = new Map<SessionClient, BrokerSession>();
  readonly #clientOf = new Map<BrokerSession, SessionClient>();
  readonly #subscriptions = new TopicFilterTrie<Subscription>();
  readonly #sweep: Timer;
  readonly #queued: QueuedBytes;
  #persistent = 0;

  constructor(limits: BrokerLimits, retained: RetainedMessages, clock: Clock, sink: BrokerSessionsSink) {
    this.#limits = limits;
    this.#retained = retained;
    this.#clock = clock;
    this.#sink = sink;
    this.#queued = new QueuedBytes(limits.queuedBytesTotal, () => this.#byId.size);
    this.#sweep = clock.every(sweepMs, () => this.#expire());
  }

  get connected(): number {
    return this.#byClient.size;
  }
  get persistent(): number {
    return this.#persistent;
  }
  get queuedBytes(): number {
    return this.#queued.used;
  }

  /** Bytes that wait to be read by all clients together. */
  get outgoingBytes(): number {
    return [...this.#byClient.values()].reduce((sum, { stream }) => sum + (stream?.waitingBytes ?? 0), 0);
  }

  /** The session of a connection, as long as the connection is the newest of its client identifier. */
  of(client: SessionClient): BrokerSession | undefined {
    return this.#byClient.get(client);
  }

  /** The session a client that asks for it comes back to. */
  persistentOf(id: string): BrokerSession | undefined {
    const session = this.#byId.get(id);
    return session?.isPersistent ? session : undefined;
  }

  /** Whether there is no room for another session that outlives its connection. */
  isFullFor(id: string): boolean {
    return this.#persistent >= this.#limits.sessions && !this.persistentOf(id);
  }

  connect(client: SessionClient, streamOf: (session: BrokerSession) => OutgoingStream): void {
    const before = this.#byId.get(client.id);
    if (before) this.#replace(before);
    const isKept = before?.isPersistent && !client.clean;
    if (before && !isKept) this.discard(client.id);
    const session = isKept ? before : this.#create(client);
    this.#byClient.set(client, session);
    this.#clientOf.set(session, client);
    session.connect(streamOf(session));
  }

  disconnect(client: SessionClient): void {
    const session = this.#byClient.get(client);
    if (!session) return;
    this.#leave(session);
    if (!session.isPersistent || session.isEmpty) this.discard(session.id);
  }

  /** Ends a session, with its subscriptions and all that waits in it. */
  discard(id: string): void {
    const session = this.#byId.get(id);
    if (!session) return;
    this.#replace(session);
    this.#byId.delete(id);
    if (session.isPersistent) this.#persistent--;
    for (const filter of [...session.subscriptions.keys()]) this.#unsubscribe(session, filter);
    session.queue.clear();
  }

  /** @returns whether the subscription is granted */
  subscribe(client: SessionClient, filter: string, qos: QoS): boolean {
    const session = this.#byClient.get(client);
    if (!session || !isFilter(filter) || filter.length > longestFilter) return false;
    const known = session.subscriptions.get(filter);
    if (known) {
      known.qos = qos;
      return true;
    }
    if (session.subscriptions.size >= this.#limits.subscriptions) return false;
    if (this.#subscriptions.branches >= mostBranches) return false;
    const subscription = { session, filter, qos };
    session.subscriptions.set(filter, subscription);
    this.#subscriptions.add(filter, subscription);
    return true;
  }

  unsubscribe(client: SessionClient, filter: string): void {
    const session = this.#byClient.get(client);
    if (session) this.#unsubscribe(session, filter);
  }

  /** @returns every session that subscribed to a topic, with the highest QoS of its filters (MQTT-3.3.5-1) */
  match(topic: string): Map<BrokerSession, QoS> {
    const found = new Map<BrokerSession, QoS>();
    for (const { session, qos } of this.#subscriptions.match(topic)) {
      const known = found.get(session);
      if (known === undefined || known < qos) found.set(session, qos);
    }
    return found;
  }

  close(): void {
    this.#sweep.cancel();
    for (const session of this.#byId.values()) session.disconnect(this.#clock.monotonic());
  }

  #create({ id, clean }: SessionClient): BrokerSession {
    const { queuedMessages: messages, queuedBytes: bytes } = this.#limits;
    const bounds = { messages, bytes, total: this.#queued };
    const session = new BrokerSession(id, !clean, bounds, this.#retained, this.#sink.dropped);
    this.#byId.set(id, session);
    if (session.isPersistent) this.#persistent++;
    return session;
  }

  /** @returns the connection that had the session */
  #leave(session: BrokerSession): SessionClient | undefined {
    const client = this.#clientOf.get(session);
    if (!client) return undefined;
    this.#clientOf.delete(session);
    this.#byClient.delete(client);
    session.disconnect(this.#clock.monotonic());
    return client;
  }

  #replace(session: BrokerSession): void {
    const client = this.#leave(session);
    if (client) this.#sink.replaced(client);
  }

  #unsubscribe(session: BrokerSession, filter: string): void {
    const subscription = session.subscriptions.get(filter);
    if (!subscription) return;
    session.subscriptions.delete(filter);
    session.replay.remove(filter);
    this.#subscriptions.remove(filter, subscription);
  }

  #expire(): void {
    const { sessionExpiryS } = this.#limits;
    const endedBefore = this.#clock.monotonic() - sessionExpiryS * 1000;
    for (const session of [...this.#byId.values()]) {
      if (session.stream || session.absentSinceMs > endedBefore) continue;
      this.discard(session.id);
      this.#sink.expired(session);
    }
  }
}
