/** The broker behind its port: the protocol library on one side, sessions and limits on the other. */
import type { Socket } from 'node:net';
import type { Aedes, PublishPacket, Subscription } from 'aedes';
import type { Clock } from '../../model/time.ts';
import { addressOf, type Connections, hostOf } from './connections.ts';
import { type EventLimiter, limitReason, queueReason } from './events.ts';
import { FixedHeaders } from './frames.ts';
import { type LibraryClient, startLibrary } from './library.ts';
import type { BrokerLimits } from './limits.ts';
import { type Account, judgeLogin } from './login.ts';
import { LoginBrake } from './login-brake.ts';
import { Outlet } from './outlet.ts';
import { createPersistence } from './persistence.ts';
import { RetainedMessages } from './retained.ts';
import { route } from './router.ts';
import { Sessions } from './sessions.ts';

export interface BrokerParts {
  account: Account;
  limits: BrokerLimits;
  clock: Clock;
  connections: Connections;
  events: EventLimiter;
}

/** Bytes of CONNECT, its will included: whoever sends it has shown no password yet. */
const connectBytes = 65_536;

// MQTT 3.1.1 §3.2.2.3
const serverUnavailable = 3;
const badUserNameOrPassword = 4;

export class Broker {
  readonly sessions: Sessions;
  readonly retained: RetainedMessages;
  readonly #parts: BrokerParts;
  readonly #brake: LoginBrake;
  /** Connections whose end has been told already, with the reason. */
  readonly #ended = new WeakSet<LibraryClient>();
  #library: Aedes | undefined;

  constructor(parts: BrokerParts) {
    const { limits, clock } = parts;
    this.#parts = parts;
    this.#brake = new LoginBrake(limits.loginFailures, clock);
    this.retained = new RetainedMessages({ messages: limits.retainedMessages, bytes: limits.retainedBytes });
    this.sessions = new Sessions(limits, this.retained, clock, {
      dropped: ({ id }, qos, limit) =>
        parts.events.tell({ kind: 'limited', limit, client: id, reason: queueReason(limits, limit, qos) }),
      // MQTT-3.1.4-2
      replaced: (client) => (client as LibraryClient).conn.destroy(),
      expired: ({ id }) => this.#limited('sessionExpiryS', { client: id }),
    });
  }

  async start(): Promise<void> {
    const library = await startLibrary({
      memory: createPersistence(this.sessions, (client) => this.#connected(client)),
      readMs: this.#parts.limits.readS * 1000,
      authenticate: (...given) => this.#authenticate(...given),
      mayPublish: (topic) => !/^\$SYS\/|[+#\0]/.test(topic),
      maySubscribe: (client, subscription) => this.#subscribe(client, subscription),
      publish: (client, packet, done) => this.#publish(client, packet, done),
    });
    this.#library = library;
    const { events } = this.#parts;
    const about = (client: { id: string; conn: unknown }) => ({
      client: client.id ?? '',
      address: addressOf(client.conn as Socket),
    });
    library.on('client', (client) => events.pass({ kind: 'connected', ...about(client) }));
    library.on('clientDisconnect', (client) => events.pass({ kind: 'disconnected', ...about(client) }));
    library.on('connectionError', (client, { message }) => {
      if (!this.#ended.has(client as LibraryClient))
        events.tell({ kind: 'refused', ...about(client), reason: message });
    });
    library.on('clientError', (client, { message }) => {
      if (!this.#ended.has(client as LibraryClient)) events.tell({ kind: 'failed', ...about(client), reason: message });
    });
    library.on('subscribe', (subscriptions, client) => {
      if (!client) return;
      events.pass({ kind: 'subscribed', client: client.id, filters: subscriptions.map(({ topic }) => topic) });
      this.#replay(client as LibraryClient, subscriptions);
    });
    library.on('unsubscribe', (filters, client) => {
      if (!client) return;
      for (const filter of filters) this.sessions.unsubscribe(client, filter);
      events.pass({ kind: 'unsubscribed', client: client.id, filters });
    });
  }

  /** Takes a connection over. */
  open(socket: Socket): void {
    const client = this.#library?.handle(socket) as LibraryClient;
    const { packetBytes } = this.#parts.limits;
    const headers = new FixedHeaders({ connectBytes, packetBytes });
    const parse = client._parser.parse.bind(client._parser);
    // Looked at before the library gathers the bytes of a packet, whatever its length.
    client._parser.parse = (chunk) => {
      const fault = headers.faultOf(chunk);
      if (!fault) return parse(chunk);
      const { reason, isLength } = fault;
      const about = { client: client.id ?? '', address: addressOf(socket), reason };
      if (isLength) this.#parts.events.tell({ kind: 'limited', limit: 'packetBytes', ...about });
      else this.#parts.events.tell({ kind: client.id ? 'failed' : 'refused', ...about });
      this.#end(client);
      return 0;
    };
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => (this.#library ? this.#library.close(resolve) : resolve()));
    this.sessions.close();
    this.#brake.close();
  }

  #authenticate(
    client: LibraryClient,
    user: string | undefined,
    password: Buffer | undefined,
    answer: (refusal?: { code: number; reason: string }) => void,
  ): void {
    const { account, events } = this.#parts;
    const address = addressOf(client.conn);
    const attempt = { host: hostOf(client.conn), clientId: client.id, user, password, isGone: () => client.closed };
    judgeLogin(account, this.#brake, attempt, {
      accepted: () => {
        if (client.clean || !this.sessions.isFullFor(client.id)) return answer();
        this.#limited('sessions', { client: client.id, address });
        this.#ended.add(client);
        answer({ code: serverUnavailable, reason: 'server unavailable' });
      },
      refused: (reason) => {
        events.tell({ kind: 'refused', client: client.id, address, reason });
        this.#ended.add(client);
        answer({ code: badUserNameOrPassword, reason });
      },
      braked: (how) => {
        const reason = limitReason[how === 'delayed' ? 'loginDelayed' : 'loginDropped'](this.#parts.limits);
        events.tell({ kind: 'limited', limit: 'loginFailures', address, reason });
        if (how === 'dropped') this.#end(client);
      },
    });
  }

  /** CONNACK is written: what waits for the client may follow. */
  #connected(client: LibraryClient): void {
    const { conn } = client;
    if (client.closed || conn.destroyed) return;
    const { limits, clock, connections } = this.#parts;
    connections.loggedIn(addressOf(conn));
    conn.once('close', () => this.sessions.disconnect(client));
    // Otherwise a packet of full length could never be sent.
    const bytes = Math.max(limits.outgoingBytes, 2 * limits.packetBytes);
    const stuck = (limit: 'outgoingBytes' | 'readS'): void => {
      this.#limited(limit, { client: client.id, address: addressOf(conn) });
      this.#end(client);
    };
    this.sessions.connect(
      client,
      (session) => new Outlet(conn, { bytes, readMs: limits.readS * 1000 }, clock, () => session.pump(), stuck),
    );
  }

  #subscribe(client: LibraryClient, { topic, qos }: Subscription): boolean {
    // The library takes up the subscriptions of a session before the session has this connection.
    if (!this.sessions.of(client)) return true;
    const isGranted = this.sessions.subscribe(client, topic, qos);
    if (!isGranted) this.#limited('subscriptions', { client: client.id });
    return isGranted;
  }

  #replay(client: LibraryClient, subscriptions: Subscription[]): void {
    const session = this.sessions.of(client);
    for (const { topic } of subscriptions) {
      const granted = session?.subscriptions.get(topic);
      if (granted) session?.replay.add(topic, granted.qos);
    }
    session?.pump();
  }

  #publish(client: LibraryClient, packet: PublishPacket, done: () => void): void {
    const { topic, qos, retain } = packet;
    const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
    if (route(this.sessions, this.retained, { topic, payload, qos, retain }, done)) return;
    const limit = this.retained.count >= this.#parts.limits.retainedMessages ? 'retainedMessages' : 'retainedBytes';
    this.#limited(limit, { client: client.id });
  }

  #limited(limit: keyof BrokerLimits & keyof typeof limitReason, about: { client?: string; address?: string }): void {
    const reason = limitReason[limit](this.#parts.limits);
    this.#parts.events.tell({ kind: 'limited', limit, ...about, reason });
  }

  #end(client: LibraryClient): void {
    this.#ended.add(client);
    client.conn.destroy();
  }
}
