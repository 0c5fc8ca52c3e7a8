/** Attempts to connect: to which server next, asked in which way, what came of it, and how long to wait. */
import type { IClientOptions, IConnackPacket, MqttClient } from 'mqtt';
import type { Clock } from '../model/time.ts';
import { isUnverified, serverOptions, sessionExpiryOf } from './client-options.ts';
import { createConnectVariants } from './connect-variants.ts';
import { type Asked, explain, isHangUp, type Refusal } from './connection-refusals.ts';
import { ConnectionTrace, isMalformed } from './connection-trace.ts';
import type { Ending, Left } from './line.ts';
import type { LinkEvent } from './link-events.ts';
import type { LinkOptions } from './options.ts';
import { createServerChoice, describeServer, type Server } from './servers.ts';
import type { ServerMemory, Session } from './session.ts';
import { probeTransport } from './transport-probe.ts';

/** A connection that ends sooner counts as a failed attempt (two clients with one id throw each other out). */
const stableMs = 5000;
/** Connections in a row that ended sooner, and for no other reason: somebody else has our client id. */
const endingsOfTwins = 3;

export interface Over {
  refusal: Refusal;
  /** Milliseconds until the next attempt. */
  retryMs: number;
}

export class Attempts {
  #options: LinkOptions;
  #session: Session;
  #clock: Clock;
  #choice;
  #variants;
  #trace = new ConnectionTrace();
  /** By server that hung up: what a closer look has shown. */
  #seen = new Map<Server, string>();
  #connectedAt: number | undefined;
  /** Connections in a row that ended before they were stable, with nothing under way. */
  #shortLived = 0;

  constructor(options: LinkOptions, session: Session, clock: Clock) {
    this.#options = options;
    this.#session = session;
    this.#clock = clock;
    this.#choice = createServerChoice(options.servers);
    this.#variants = createConnectVariants(options.version ?? 'auto', options.will);
  }

  /** That is connected, or comes next. */
  get server(): Server {
    return this.#choice.current();
  }

  get name(): string {
    return describeServer(this.server);
  }

  get memory(): ServerMemory {
    return this.#session.server(this.name);
  }

  get isPreferred(): boolean {
    return this.#choice.isPreferred();
  }

  get isConnected(): boolean {
    return this.#connectedAt !== undefined;
  }

  get isOurs(): boolean {
    return this.#trace.isOurs;
  }

  /** What is known of the connection there is. */
  get facts(): { version: 4 | 5; isPreferred: boolean; isUnverified: boolean } {
    const { version } = this.#variants.of(this.server);
    return { version, isPreferred: this.isPreferred, isUnverified: isUnverified(this.server, this.#options) };
  }

  /** What mqtt.js is told for this server. */
  get clientOptions(): Partial<IClientOptions> {
    return serverOptions(this.server, this.#variants.of(this.server), this.#options, this.#clientId);
  }

  get #clientId(): string {
    return this.memory.clientId ?? this.#options.clientId;
  }

  /** @returns why it makes no sense to connect */
  begin(): Refusal | undefined {
    this.#connectedAt = undefined;
    this.#trace = new ConnectionTrace();
    const { password, username } = this.#options;
    // MQTT-3.1.2-22
    const isForbidden = password !== undefined && username === undefined && this.facts.version === 4;
    return isForbidden ? this.explain('passwordWithoutUser') : undefined;
  }

  listen(client: MqttClient): void {
    client.on('error', (error) => {
      this.#trace.failed(error);
      // It would stay connected, and deaf, until the keep alive ends it.
      if (isMalformed(error)) client.stream?.destroy();
    });
    client.on('packetreceive', (packet) => this.#trace.heard(packet));
  }

  connecting({ stream }: MqttClient): void {
    this.#trace.watch(stream);
  }

  failed(error: unknown): void {
    this.#trace.failed(error instanceof Error ? error : new Error(String(error)));
  }

  /** @returns what should be known of this connection */
  accepted({ properties }: IConnackPacket): LinkEvent[] {
    this.#seen.delete(this.server);
    this.#connectedAt = this.#clock.monotonic();
    if (properties?.assignedClientIdentifier) this.memory.clientId = properties.assignedClientIdentifier;
    const server = this.name;
    const seconds = properties?.sessionExpiryInterval;
    const events: LinkEvent[] = [];
    if (this.facts.isUnverified)
      events.push({
        name: 'certificate_unverified',
        severity: 'warning',
        phrase: { key: 'notice.unverified', params: { server } },
      });
    // MQTT 5 §3.2.2.3.2: absent, it is as it was asked for.
    if (seconds !== undefined && seconds < sessionExpiryOf(this.#options))
      events.push({
        name: 'session_shortened',
        severity: 'warning',
        phrase: { key: 'notice.sessionShortened', params: { server, seconds } },
      });
    return events;
  }

  /** We end the connection ourselves. */
  leave(): void {
    this.#trace.isOurs = true;
  }

  /** @returns whether the same server is to be asked in another way at once */
  hasOtherWay(): boolean {
    return !this.isConnected && this.#variants.refused(this.server, this.#trace);
  }

  get ending(): Ending {
    const reasonCode = this.#trace.disconnect?.reasonCode;
    const { isCrowded } = this.#trace;
    return { isByPeer: this.explain().isOverMessage, isCrowded, ...(reasonCode === undefined ? {} : { reasonCode }) };
  }

  /** @param left by the connection, where there was one. @param refusal where there was no attempt at all */
  over(left?: Left, refusal = this.explain()): Over {
    this.#variants.ended(this.server);
    const isStable = this.isConnected && this.#clock.monotonic() - (this.#connectedAt ?? 0) >= stableMs;
    if (isStable) this.#shortLived = 0;
    else if (left?.open === 0 && refusal.phrase.key === 'refusal.lost') this.#shortLived++;
    const isTwin = this.#shortLived >= endingsOfTwins && refusal.phrase.key === 'refusal.lost';
    const shown = isTwin ? this.explain('twin') : refusal;
    const { isPermanent } = shown;
    return { refusal: shown, retryMs: this.#pauseMs(isPermanent, isStable, left?.isBlamed === true) };
  }

  #pauseMs(isPermanent: boolean, isStable: boolean, isBlamed: boolean): number {
    // The server is well: the message is what has to be found out about, while others wait.
    if (isBlamed) return this.#choice.again();
    return isStable && !isPermanent ? this.#choice.startOver() : this.#choice.failed(isPermanent);
  }

  /** A server that hung up on what we said may speak something else. @returns the refusal that fits better */
  async lookCloser(server: Server): Promise<Refusal | undefined> {
    const key = await probeTransport(server);
    if (!key) return undefined;
    this.#seen.set(server, key);
    return this.explain(key, server);
  }

  /** @param key in place of what the attempt has shown. @param server where it is not the next one any more */
  explain(key?: string, server = this.server): Refusal {
    const asked: Asked = {
      server,
      clientId: this.#clientId,
      user: this.#options.username ?? '',
      hasCertificate: this.#options.tls?.cert !== undefined,
    };
    const refusal = explain(this.#trace, asked, key);
    const seen = isHangUp(refusal) ? this.#seen.get(server) : undefined;
    return seen === undefined ? refusal : explain(this.#trace, asked, seen);
  }
}
