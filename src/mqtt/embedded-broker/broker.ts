/** The broker behind its port: aedes speaks the protocol, sessions and limits are this broker's own. */
import type { Socket } from 'node:net';
import type { Aedes, PublishPacket, Subscription } from 'aedes';
import type { Clock } from '../../model/time.ts';
import { isShared } from '../subscriptions/topic-filter.ts';
import { type Account, checkLogin } from './access/login.ts';
import { LoginThrottle } from './access/login-throttle.ts';
import { addressOf, hostOf, type OpenConnections } from './access/open-connections.ts';
import { mayPublish } from './access/topic-permissions.ts';
import { createAedesPersistence } from './aedes-persistence.ts';
import { type AedesClient, startAedes } from './aedes-server.ts';
import { type BrokerEvents, limitReason, queueReason } from './broker-events.ts';
import type { BrokerLimits } from './broker-limits.ts';
import { BrokerSessions } from './broker-sessions.ts';
import { FixedHeaderReader } from './fixed-header.ts';
import { OutgoingStream } from './outgoing-stream.ts';
import { RetainedMessages } from './retained-messages.ts';
import { routePublish } from './route-publish.ts';

/** The parts that a broker is made of. */
interface BrokerParts {
  account: Account;
  limits: BrokerLimits;
  clock: Clock;
  connections: OpenConnections;
  events: BrokerEvents;
}

/** Bytes of CONNECT, its Will Message included: a client that sends it has shown no password yet. */
const connectBytes = 65_536;

/** Return codes of CONNACK, MQTT 3.1.1 §3.2.2.3. */
const serverUnavailable = 3;
const badUserNameOrPassword = 4;

/** The broker between its listeners and its sessions. */
export class Broker {
  readonly sessions: BrokerSessions;
  readonly retained: RetainedMessages;
  readonly #parts: BrokerParts;
  readonly #throttle: LoginThrottle;
  /** Connections whose end was told already, with the reason. */
  readonly #ended = new WeakSet<AedesClient>();
  #aedes: Aedes | undefined;

  constructor(parts: BrokerParts) {
    const { limits, clock } = parts;
    this.#parts = parts;
    this.#throttle = new LoginThrottle(limits.loginFailures, clock);
    this.retained = new RetainedMessages({ messages: limits.retainedMessages, bytes: limits.retainedBytes });
    this.sessions = new BrokerSessions(limits, this.retained, clock, {
      dropped: ({ id }, qos, limit) =>
        parts.events.tellLimited({ kind: 'limited', limit, client: id, reason: queueReason(limits, limit, qos) }),
      // MQTT-3.1.4-2
      replaced: (client) => (client as AedesClient).conn.destroy(),
      expired: ({ id }) => this.#limited('sessionExpiryS', { client: id }),
    });
  }

  async start(): Promise<void> {
    const aedes = await startAedes({
      persistence: createAedesPersistence(this.sessions, (client) => this.#onConnack(client)),
      readMs: this.#parts.limits.readS * 1000,
      authenticate: (...given) => this.#authenticate(...given),
      mayPublish,
      maySubscribe: (client, subscription) => this.#subscribe(client, subscription),
      publish: (client, packet, done) => this.#publish(client, packet, done),
    });
    this.#aedes = aedes;
    const { events } = this.#parts;
    const about = (client: { id: string; conn: unknown }) => ({
      client: client.id ?? '',
      address: addressOf(client.conn as Socket),
    });
    aedes.on('client', (client) => events.tell({ kind: 'connected', ...about(client) }));
    aedes.on('clientDisconnect', (client) => events.tell({ kind: 'disconnected', ...about(client) }));
    aedes.on('connectionError', (client, { message }) => {
      if (!this.#ended.has(client as AedesClient))
        events.tellLimited({ kind: 'refused', ...about(client), reason: message });
    });
    aedes.on('clientError', (client, { message }) => {
      if (!this.#ended.has(client as AedesClient))
        events.tellLimited({ kind: 'failed', ...about(client), reason: message });
    });
    aedes.on('subscribe', (subscriptions, client) => {
      if (!client) return;
      events.tell({ kind: 'subscribed', client: client.id, filters: subscriptions.map(({ topic }) => topic) });
      this.#replay(client as AedesClient, subscriptions);
    });
    aedes.on('unsubscribe', (filters, client) => {
      if (!client) return;
      for (const filter of filters) this.sessions.unsubscribe(client, filter);
      events.tell({ kind: 'unsubscribed', client: client.id, filters });
    });
  }

  /** Takes a connection over from the port. */
  open(socket: Socket): void {
    const client = this.#aedes?.handle(socket) as AedesClient;
    const { packetBytes } = this.#parts.limits;
    const headers = new FixedHeaderReader({ connectBytes, packetBytes });
    const parse = client._parser.parse.bind(client._parser);
    // Looked at before aedes gathers the bytes of a packet, whatever its length.
    client._parser.parse = (chunk) => {
      const fault = headers.findFault(chunk);
      if (!fault) return parse(chunk);
      const { reason, isTooLong } = fault;
      const about = { client: client.id ?? '', address: addressOf(socket), reason };
      if (isTooLong) this.#parts.events.tellLimited({ kind: 'limited', limit: 'packetBytes', ...about });
      else this.#parts.events.tellLimited({ kind: client.id ? 'failed' : 'refused', ...about });
      this.#end(client);
      return 0;
    };
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => (this.#aedes ? this.#aedes.close(resolve) : resolve()));
    this.sessions.close();
    this.#throttle.close();
  }

  #authenticate(
    client: AedesClient,
    user: string | undefined,
    password: Buffer | undefined,
    answer: (refusal?: { code: number; reason: string }) => void,
  ): void {
    const { account, events } = this.#parts;
    const address = addressOf(client.conn);
    const attempt = { host: hostOf(client.conn), clientId: client.id, user, password, isGone: () => client.closed };
    checkLogin(account, this.#throttle, attempt, {
      accepted: () => {
        if (client.clean || !this.sessions.isFullFor(client.id)) return answer();
        this.#limited('sessions', { client: client.id, address });
        this.#ended.add(client);
        answer({ code: serverUnavailable, reason: 'server unavailable' });
      },
      refused: (reason) => {
        events.tellLimited({ kind: 'refused', client: client.id, address, reason });
        this.#ended.add(client);
        answer({ code: badUserNameOrPassword, reason });
      },
      throttled: (how) => {
        const reason = limitReason[how === 'delayed' ? 'loginDelayed' : 'loginDropped'](this.#parts.limits);
        events.tellLimited({ kind: 'limited', limit: 'loginFailures', address, reason });
        if (how === 'dropped') this.#end(client);
      },
    });
  }

  /** CONNACK is written: what waits for the client may follow. */
  #onConnack(client: AedesClient): void {
    const { conn } = client;
    if (client.closed || conn.destroyed) return;
    const { limits, clock, connections } = this.#parts;
    connections.loggedIn(addressOf(conn));
    conn.once('close', () => this.sessions.disconnect(client));
    // With less room, a packet of full length could never be sent.
    const bytes = Math.max(limits.outgoingBytes, 2 * limits.packetBytes);
    const stuck = (limit: 'outgoingBytes' | 'readS'): void => {
      this.#limited(limit, { client: client.id, address: addressOf(conn) });
      this.#end(client);
    };
    this.sessions.connect(
      client,
      (session) => new OutgoingStream(conn, { bytes, readMs: limits.readS * 1000 }, clock, () => session.pump(), stuck),
    );
  }

  #subscribe(client: AedesClient, { topic, qos }: Subscription): boolean {
    // aedes takes up the subscriptions of a session before the session has this connection.
    if (!this.sessions.of(client)) return true;
    // Shared subscriptions are of MQTT 5 (§4.8.2): as a topic, "$share/..." would never bring anything.
    if (isShared(topic)) return false;
    const isGranted = this.sessions.subscribe(client, topic, qos);
    if (!isGranted) this.#limited('subscriptions', { client: client.id });
    return isGranted;
  }

  #replay(client: AedesClient, subscriptions: Subscription[]): void {
    const session = this.sessions.of(client);
    for (const { topic } of subscriptions) {
      const granted = session?.subscriptions.get(topic);
      if (granted) session?.replay.add(topic, granted.qos);
    }
    session?.pump();
  }

  #publish(client: AedesClient, packet: PublishPacket, done: () => void): void {
    const { topic, qos, retain } = packet;
    const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
    if (routePublish(this.sessions, this.retained, { topic, payload, qos, retain }, done)) return;
    const limit = this.retained.count >= this.#parts.limits.retainedMessages ? 'retainedMessages' : 'retainedBytes';
    this.#limited(limit, { client: client.id });
  }

  #limited(limit: keyof BrokerLimits & keyof typeof limitReason, about: { client?: string; address?: string }): void {
    const reason = limitReason[limit](this.#parts.limits);
    this.#parts.events.tellLimited({ kind: 'limited', limit, ...about, reason });
  }

  #end(client: AedesClient): void {
    this.#ended.add(client);
    client.conn.destroy();
  }
}
