/**
 * The client of a broker, or of a cluster of them: servers in order of preference, a session that survives connections,
 * a back-off of its own, and no message lost that its QoS promises. One mqtt.js client is kept over all connections,
 * because it holds the packets in flight. Clauses of the specification cited in this room are those of MQTT 5 unless
 * they say 3.1.1; in embedded-broker/ they are those of MQTT 3.1.1.
 */
import { Socket } from 'node:net';
import mqtt, { type IConnackPacket, type MqttClient, type Packet } from 'mqtt';
import type { Phrase } from '../model/phrase.ts';
import { describeServer, type Server } from '../model/server-address.ts';
import type { Clock, Timer } from '../model/time.ts';
import type { ClientEvent } from './client-events.ts';
import type { ClientOptions } from './client-options.ts';
import { clientOptions, sessionExpiryOf } from './connection/connect.ts';
import { type AttemptResult, ConnectionAttempts } from './connection/connection-attempts.ts';
import { isHangUp } from './connection/connection-failure.ts';
import { ConnectionNotices } from './connection/connection-notices.ts';
import type { ConnectionState } from './connection/connection-state.ts';
import { disconnect, waitUntil } from './connection/disconnect.ts';
import { PreferredServerWatch } from './connection/preferred-server.ts';
import type { Publication, QoS } from './publishing/publication.ts';
import { PublicationSender, type QueueDepth } from './publishing/publication-sender.ts';
import { PublishConnection } from './publishing/publish-connection.ts';
import type { Session } from './session/session.ts';
import { IncomingPublishes } from './subscriptions/incoming-publish.ts';
import { ServerSubscriptions } from './subscriptions/subscribe.ts';
import { type Handler, type Subscriber, type SubscriberOptions, Subscriptions } from './subscriptions/subscriptions.ts';
import { isFilter } from './subscriptions/topic-filter.ts';

const defaultConnectTimeoutMs = 5000;
const defaultReturnCheckMs = 60_000;
/** Pause before the same server is asked with another CONNECT, ms. */
const otherVariantMs = 10;
const closeWithinMs = 2000;
/** At the end of a session, what was retained is taken away as well. */
const endWithinMs = 5000;

/** The client of one broker node: it connects, publishes and subscribes until it is closed. */
export class BrokerClient {
  /** Prefix of every topic on the wire; empty: none. */
  readonly prefix: string;
  readonly #options: ClientOptions;
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #connectTimeoutMs: number;
  readonly #attempts: ConnectionAttempts;
  readonly #preferred: PreferredServerWatch;
  readonly #notices: ConnectionNotices;
  readonly #connection: PublishConnection;
  readonly #sender: PublicationSender;
  readonly #subscriptions: Subscriptions;
  readonly #serverSubscriptions: ServerSubscriptions;
  readonly #incoming: IncomingPublishes;
  readonly #stateListeners = new Set<() => void>();
  readonly #eventListeners = new Set<(event: ClientEvent) => void>();
  #state: ConnectionState = { kind: 'closed' };
  /** Open, also while an earlier connection of the session is still closing. */
  #isWanted = false;
  #mqtt: MqttClient | undefined;
  #timer: Timer | undefined;

  constructor(options: ClientOptions, session: Session, clock: Clock) {
    const { servers, connectTimeoutMs = defaultConnectTimeoutMs, returnCheckMs = defaultReturnCheckMs } = options;
    this.#options = options;
    this.#session = session;
    this.#clock = clock;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.prefix = options.prefix ? `${options.prefix.replace(/\/+$/, '')}/` : '';
    session.openAs(options.clientId);
    this.#attempts = new ConnectionAttempts({ ...options, prefix: this.prefix }, session, clock);
    const server = servers[0] as Server;
    this.#preferred = new PreferredServerWatch({ server, everyMs: returnCheckMs, timeoutMs: connectTimeoutMs }, clock);
    const tell = (event: ClientEvent): void => this.#tell(event);
    this.#notices = new ConnectionNotices(clock, tell);
    this.#connection = new PublishConnection(this.prefix, clock, this.#attempts.record, tell);
    this.#sender = new PublicationSender(session, this.#connection, clock, options.window);
    this.#subscriptions = new Subscriptions(clock, () => this.#serverSubscriptions.reconcileSoon());
    this.#serverSubscriptions = new ServerSubscriptions({
      session,
      prefix: this.prefix,
      subscriptions: this.#subscriptions,
      clock,
      isClosed: () => this.#state.kind === 'closed',
      onlineClient: () => (this.#state.kind === 'online' ? this.#mqtt : undefined),
      capabilities: () => this.#attempts.record.capabilities,
      refused: (phrase) => this.#onSubscriptionRefused(phrase),
    });
    this.#incoming = new IncomingPublishes(session, this.prefix, this.#subscriptions, clock);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get depth(): QueueDepth {
    return this.#sender.depth;
  }

  open(): void {
    if (this.#state.kind !== 'closed') return;
    this.#isWanted = true;
    const { closing } = this.#session;
    if (closing) void closing.then(() => this.#isWanted && this.#connect());
    else this.#connect();
  }

  /**
   * @param isFinal the session ends as well: nobody will come back for it
   * @param settle work that still needs the connection: the connection ends after it
   */
  async close(isFinal: boolean, settle = async (): Promise<void> => {}): Promise<void> {
    // The local broker may go in the same deploy, and how the connection ends is no news then.
    this.#notices.close();
    const session = this.#session;
    const closing = Promise.all([session.closing, settle().then(() => this.#close(isFinal))]);
    session.closing = closing;
    await closing;
    if (session.closing === closing) session.closing = undefined;
  }

  /**
   * Hands over one message. QoS 1 and 2 wait while the broker is away; QoS 0 is dropped then and counted.
   * @param done called once, after PUBACK or PUBCOMP (QoS 0: when written), or with the error
   */
  publish(publication: Publication, done?: (error?: Error) => void): void {
    this.#sender.publish(publication, done);
  }

  /** @throws where a filter is not well-formed, in words */
  subscribe(filters: string[], qos: QoS, handler: Handler, options?: SubscriberOptions): Subscriber {
    for (const filter of filters) if (!isFilter(filter)) throw new Error(`"${filter}" is not a topic filter`);
    const subscriber = this.#subscriptions.add(filters, qos, handler, options);
    this.#serverSubscriptions.onSubscribed(filters);
    return subscriber;
  }

  onState(listener: () => void): { remove(): void } {
    this.#stateListeners.add(listener);
    return { remove: () => void this.#stateListeners.delete(listener) };
  }

  /** Registers a listener for events that people should know of; each is told once. */
  onEvent(listener: (event: ClientEvent) => void): { remove(): void } {
    this.#eventListeners.add(listener);
    return { remove: () => void this.#eventListeners.delete(listener) };
  }

  #tell(event: ClientEvent): void {
    for (const listener of this.#eventListeners) listener(event);
  }

  #enter(state: ConnectionState): void {
    this.#state = state;
    this.#connection.isOnline = state.kind === 'online';
    for (const listener of this.#stateListeners) listener();
  }

  #connect(): void {
    this.#timer = undefined;
    const attempts = this.#attempts;
    this.#enter({ kind: 'connecting', server: attempts.address });
    const pointless = attempts.begin();
    if (pointless) {
      this.#wait(attempts.over(undefined, pointless));
      return;
    }
    try {
      this.#mqtt ??= this.#createClient();
      Object.assign(this.#mqtt.options, attempts.connectOptions);
      this.#mqtt.connect();
      attempts.onConnecting(this.#mqtt);
    } catch (error) {
      // A key or certificate that cannot be read fails here, before any socket.
      attempts.onError(error);
      this.#onClose();
    }
  }

  #createClient(): MqttClient {
    const options = clientOptions(this.#options, this.#session, this.#connectTimeoutMs);
    // The debug log of mqtt.js costs time also while it is off: it is there where somebody asks for it.
    const log = process.env.DEBUG ? {} : { log: () => {} };
    const client = mqtt.connect({ ...options, ...this.#attempts.connectOptions, ...log });
    this.#attempts.listen(client);
    client.on('packetreceive', (packet) => this.#onPacket(packet));
    client.on('connect', (connack) => {
      // A message must not wait for the acknowledgement of the one before: 40 ms, where the server delays it.
      if (client.stream instanceof Socket) client.stream.setNoDelay(true);
      this.#onConnack(connack);
    });
    client.on('close', () => this.#onClose());
    this.#incoming.attach(client);
    return client;
  }

  /** Hears each packet before mqtt.js does its work on it. */
  #onPacket(packet: Packet): void {
    const { cmd, messageId } = packet;
    if (cmd === 'publish') this.#incoming.onPublish(packet);
    else if (cmd === 'pubrel' && messageId !== undefined) this.#incoming.onPubrel(messageId);
    // After mqtt.js has seen PUBCOMP, too: until then the Packet Identifier is not free.
    else if (cmd === 'pubcomp' && messageId !== undefined) queueMicrotask(() => this.#sender.onPubcomp(messageId));
    else if (cmd === 'disconnect') this.#attempts.onPacket(packet);
    else if (cmd === 'connack') {
      this.#attempts.onPacket(packet);
      // Before the "connect" of mqtt.js: what the server sends right behind CONNACK may come first.
      if ((packet.reasonCode ?? packet.returnCode) === 0) this.#incoming.onConnack(packet.sessionPresent);
    }
  }

  #onConnack(connack: IConnackPacket): void {
    const attempts = this.#attempts;
    const sessionExpiryS = sessionExpiryOf(this.#options);
    attempts.onConnack(connack);
    if (this.#mqtt) this.#connection.onConnack(this.#mqtt, attempts.address, attempts.record);
    const { address: server, facts } = attempts;
    this.#enter({ kind: 'online', server, ...facts });
    this.#notices.onConnack(connack, { server, isUnverified: facts.isUnverified, sessionExpiryS });
    this.#sender.resume(connack.sessionPresent, connack.properties, this.#options.birth?.());
    this.#serverSubscriptions.onConnack();
    if (attempts.isPreferred) this.#preferred.onConnected();
    else this.#preferred.start(() => this.#returnToPreferred());
  }

  #onClose(): void {
    if (this.#state.kind === 'closed' || this.#state.kind === 'waiting') return;
    const attempts = this.#attempts;
    this.#preferred.stop();
    if (attempts.hasOtherVariant()) {
      this.#timer = this.#clock.after(otherVariantMs, () => this.#connect());
      return;
    }
    this.#wait(attempts.over(attempts.isConnected ? this.#sender.pause(attempts.end) : undefined));
  }

  #wait({ failure, retryMs }: AttemptResult): void {
    const { server } = failure.phrase.params;
    this.#notices.offline(failure.phrase, !this.#attempts.isOurEnd);
    this.#timer = this.#clock.after(retryMs, () => this.#connect());
    this.#enter({ kind: 'waiting', server: String(server), reason: failure.phrase, retryMs });
    if (isHangUp(failure)) void this.#explainBetter(failure.server);
  }

  async #explainBetter(server: Server): Promise<void> {
    const better = await this.#attempts.lookCloser(server);
    if (!better || this.#state.kind !== 'waiting' || this.#state.server !== describeServer(server)) return;
    this.#notices.offline(better.phrase, true);
    this.#enter({ ...this.#state, reason: better.phrase });
  }

  #returnToPreferred(): void {
    if (this.#state.kind !== 'online') return;
    this.#attempts.leave();
    this.#mqtt?.stream.destroy();
  }

  #onSubscriptionRefused(phrase: Phrase): void {
    if (this.#state.kind !== 'online') return;
    const isNew = this.#state.problem?.params.filter !== phrase.params.filter;
    this.#enter({ ...this.#state, problem: phrase });
    if (isNew) this.#tell({ name: 'subscription_refused', severity: 'warning', phrase });
  }

  /** Whether every handshake has come to its end, in both directions, or will not any more. */
  #isDrained(): boolean {
    const { waiting, inFlight } = this.#sender.depth;
    return this.#state.kind !== 'online' || waiting + inFlight + this.#incoming.unreleased === 0;
  }

  async #close(isFinal: boolean): Promise<void> {
    this.#isWanted = false;
    this.#subscriptions.close();
    // A message that was handed over in this turn arrives in the next.
    await new Promise((resolve) => setImmediate(resolve));
    // Before the farewell: nobody here takes it for the Will Message of an earlier connection, and answers it.
    this.#incoming.finish();
    if (this.#state.kind === 'online') {
      if (isFinal) this.#serverSubscriptions.unsubscribeAll();
      if (this.#options.farewell) this.#sender.publish(this.#options.farewell());
      await waitUntil(() => this.#isDrained(), isFinal ? endWithinMs : closeWithinMs, this.#clock);
    }
    const client = this.#mqtt;
    const wasOnline = this.#state.kind === 'online';
    this.#enter({ kind: 'closed' });
    // After the wait: a connection that broke in the meantime has set them again.
    this.#timer?.cancel();
    this.#serverSubscriptions.close();
    this.#preferred.stop();
    this.#notices.close();
    this.#sender.close();
    this.#mqtt = undefined;
    const { inFlight } = this.#sender.depth;
    if (client) await disconnect(client, { wasOnline, isFinal, inFlight, silentMs: closeWithinMs }, this.#clock);
    if (isFinal) this.#sender.giveUp();
  }
}
