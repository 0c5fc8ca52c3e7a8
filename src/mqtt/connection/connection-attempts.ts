/** Attempts to connect: which server is asked next with which CONNECT, what came of it, and how long to wait. */
import type { IClientOptions, IConnackPacket, IDisconnectPacket, MqttClient } from 'mqtt';
import { describeServer, type Server } from '../../model/server-address.ts';
import type { Clock } from '../../model/time.ts';
import type { ClientOptions } from '../client-options.ts';
import type { ConnectionEnd, LeftUnacknowledged } from '../publishing/publish-connection.ts';
import type { ServerRecord, Session } from '../session/session.ts';
import { connectOptions, isUnverified } from './connect.ts';
import { ConnectFallback } from './connect-fallback.ts';
import { type ConnectAttempt, type ConnectionFailure, explainFailure, isHangUp } from './connection-failure.ts';
import { ConnectionTrace, isMalformed } from './connection-trace.ts';
import { detectProtocol } from './protocol-detection.ts';
import { ServerSelection } from './server-selection.ts';

/** A connection that ends sooner counts as a failed attempt: two clients with one identifier end each other's, ms. */
const stableMs = 5000;
/** Connections in a row that end sooner, and for no other reason: another client has the same identifier. */
const endingsOfTwins = 3;

/** The end of one attempt to connect, and of the connection that came of it. */
export interface AttemptResult {
  failure: ConnectionFailure;
  /** Milliseconds until the next attempt. */
  retryMs: number;
}

/** Knowledge of the present connection. */
interface ConnectionFacts {
  version: 4 | 5;
  isPreferred: boolean;
  isUnverified: boolean;
}

/** The connections of one client, one at a time. */
export class ConnectionAttempts {
  readonly #options: ClientOptions;
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #selection: ServerSelection;
  readonly #fallback: ConnectFallback;
  readonly #addresses: Map<Server, string>;
  #trace = new ConnectionTrace();
  /** The protocol that was found at servers that hung up, as the key of a failure. */
  readonly #detected = new Map<Server, string>();
  /** Monotonic, ms; undefined: CONNACK has not accepted this attempt. */
  #connectedAt: number | undefined;
  /** Connections in a row that ended before they were stable, with nothing unacknowledged. */
  #shortLived = 0;

  constructor(options: ClientOptions, session: Session, clock: Clock) {
    this.#options = options;
    this.#session = session;
    this.#clock = clock;
    this.#selection = new ServerSelection(options.servers);
    this.#fallback = new ConnectFallback(options.version ?? 'auto', options.will);
    this.#addresses = new Map(options.servers.map((server) => [server, describeServer(server)]));
  }

  /** The server that is connected, or comes next. */
  get server(): Server {
    return this.#selection.current;
  }

  /** Address of the server that is connected, or comes next. */
  get address(): string {
    return this.#addresses.get(this.server) ?? '';
  }

  get record(): ServerRecord {
    return this.#session.server(this.address);
  }

  get isPreferred(): boolean {
    return this.#selection.isPreferred;
  }

  get isConnected(): boolean {
    return this.#connectedAt !== undefined;
  }

  /** Whether this client ended the connection itself. */
  get isOurEnd(): boolean {
    return this.#trace.isOurEnd;
  }

  get facts(): ConnectionFacts {
    const { version } = this.#fallback.variant(this.server);
    return { version, isPreferred: this.isPreferred, isUnverified: isUnverified(this.server, this.#options) };
  }

  /** Options of mqtt.js for the next attempt. */
  get connectOptions(): Partial<IClientOptions> {
    const variant = this.#fallback.variant(this.server);
    return connectOptions(this.#options, { server: this.server, variant, clientId: this.#clientId });
  }

  /** The ended connection tells which publications were in flight. */
  get end(): ConnectionEnd {
    const reasonCode = this.#trace.disconnect?.reasonCode;
    return {
      isByServer: this.explain().isOverMessage,
      isReceiveMaximumExceeded: this.#trace.isReceiveMaximumExceeded,
      ...(reasonCode === undefined ? {} : { reasonCode }),
    };
  }

  get #clientId(): string {
    return this.record.clientId ?? this.#options.clientId;
  }

  /** An attempt begins. @returns why it makes no sense to connect */
  begin(): ConnectionFailure | undefined {
    this.#connectedAt = undefined;
    this.#trace = new ConnectionTrace();
    const { password, username } = this.#options;
    // MQTT 3.1.1, MQTT-3.1.2-22: no Password without a User Name.
    const isForbidden = password !== undefined && username === undefined && this.facts.version === 4;
    return isForbidden ? this.explain('passwordWithoutUser') : undefined;
  }

  /** Hears what happens to a client; once for each. */
  listen(client: MqttClient): void {
    client.on('error', (error) => {
      this.#trace.onError(error);
      // mqtt.js reads nothing more: the connection would stay, and deaf, until the Keep Alive ends it.
      if (isMalformed(error)) client.stream?.destroy();
    });
  }

  /** CONNACK or DISCONNECT came. */
  onPacket(packet: IConnackPacket | IDisconnectPacket): void {
    this.#trace.onPacket(packet);
  }

  onConnecting({ stream }: MqttClient): void {
    this.#trace.watch(stream);
  }

  onError(error: unknown): void {
    this.#trace.onError(error instanceof Error ? error : new Error(String(error)));
  }

  /** CONNACK has accepted the connection. */
  onConnack({ properties }: IConnackPacket): void {
    this.#detected.delete(this.server);
    this.#connectedAt = this.#clock.monotonic();
    // Assigned Client Identifier, MQTT 5 §3.2.2.3.7.
    if (properties?.assignedClientIdentifier) this.record.clientId = properties.assignedClientIdentifier;
  }

  /** This client ends the connection itself. */
  leave(): void {
    this.#trace.isOurEnd = true;
  }

  /** @returns whether the same server is to be asked with another CONNECT at once */
  hasOtherVariant(): boolean {
    return !this.isConnected && this.#fallback.onRefused(this.server, this.#trace);
  }

  /**
   * The attempt, or the connection that it led to, is over.
   * @param left by the connection, where there was one
   * @param failure where there was no attempt at all
   */
  over(left?: LeftUnacknowledged, failure = this.explain()): AttemptResult {
    this.#fallback.onEnded(this.server);
    const isStable = this.isConnected && this.#clock.monotonic() - (this.#connectedAt ?? 0) >= stableMs;
    if (isStable) this.#shortLived = 0;
    else if (left?.count === 0 && failure.phrase.key === 'refusal.lost') this.#shortLived++;
    const isTwin = this.#shortLived >= endingsOfTwins && failure.phrase.key === 'refusal.lost';
    const shown = isTwin ? this.explain('twin') : failure;
    return { failure: shown, retryMs: this.#pauseMs(shown.isPermanent, isStable, left?.isBlamed === true) };
  }

  /** A server that hung up may speak another protocol. @returns the failure that fits better */
  async lookCloser(server: Server): Promise<ConnectionFailure | undefined> {
    const key = await detectProtocol(server);
    if (!key) return undefined;
    this.#detected.set(server, key);
    return this.explain(key, server);
  }

  /**
   * @param key in place of what the attempt has shown
   * @param server where it is not the next one any more
   */
  explain(key?: string, server = this.server): ConnectionFailure {
    const attempt: ConnectAttempt = {
      server,
      clientId: this.#clientId,
      user: this.#options.username ?? '',
      hasCertificate: this.#options.tls?.cert !== undefined,
    };
    const failure = explainFailure(this.#trace, attempt, key);
    const detected = isHangUp(failure) ? this.#detected.get(server) : undefined;
    return detected === undefined ? failure : explainFailure(this.#trace, attempt, detected);
  }

  #pauseMs(isPermanent: boolean, isStable: boolean, isBlamed: boolean): number {
    // The server is well: the message is what has to be found out about, while others wait.
    if (isBlamed) return this.#selection.again();
    return isStable && !isPermanent ? this.#selection.startOver() : this.#selection.failed(isPermanent);
  }
}
