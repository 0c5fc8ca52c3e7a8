/** Publications on their way to the server: QoS 0 at once or not at all, QoS 1 and 2 through the outbox. */
import type { MqttClient } from 'mqtt';
import type { Clock } from '../../model/time.ts';
import type { ConnackProperties } from '../connection/server-capabilities.ts';
import type { Session } from '../session/session.ts';
import { AcknowledgedDelivery } from './acknowledged-delivery.ts';
import { banReason, PoisonMessages } from './poison-messages.ts';
import type { OutboxEntry, Publication, QueuedPublication } from './publication.ts';
import type { ConnectionEnd, LeftUnacknowledged, PublishConnection } from './publish-connection.ts';
import { PublishWriter, publishProperties } from './publish-packet.ts';

/** Number of messages on their way. */
export interface QueueDepth {
  /** QoS 1 and 2 that wait for the server. */
  waiting: number;
  /** QoS 1 and 2 that the server has not acknowledged. */
  inFlight: number;
  /** QoS 1 and 2 that the server has refused for now, several times. */
  delayed: number;
  /** QoS 0 dropped since the start. */
  dropped: number;
}

type Done = (error?: Error) => void;

const defaultWindow = 100;
/** Bytes that may lie unsent in the socket before QoS 0 is dropped. */
const mostUnsentBytes = 4 * 1024 * 1024;
/** How long telemetry that has to be sent alone waits for its turn. */
const trialMs = 10_000;
/** MQTT-4.7.3-3 */
const longestTopicBytes = 65_535;
/** MQTT 5 §3.3.2.3.3: a Four Byte Integer. */
const longestExpiryS = 0xffff_ffff;

const ignore: Done = () => {};

const removedError = (topic: string): Error =>
  new Error(`${topic}: the connection to the broker was removed before the broker acknowledged this message`);

/** Sends publications of every QoS over all connections of a client. */
export class PublicationSender {
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #connection: PublishConnection;
  readonly #poison: PoisonMessages;
  readonly #delivery: AcknowledgedDelivery;
  readonly #writer = new PublishWriter();
  #dropped = 0;
  /** Nobody sends anything any more. */
  #isRemoved = false;

  /** @param window publications of QoS 1 and 2 that may be unacknowledged at once */
  constructor(session: Session, connection: PublishConnection, clock: Clock, window = defaultWindow) {
    this.#session = session;
    this.#clock = clock;
    this.#connection = connection;
    this.#poison = new PoisonMessages(clock);
    this.#delivery = new AcknowledgedDelivery({ session, window, clock, connection, poison: this.#poison });
  }

  get depth(): QueueDepth {
    const { outbox, inFlight } = this.#session;
    return {
      waiting: outbox.depth,
      inFlight: inFlight.size,
      delayed: this.#delivery.delayed,
      dropped: this.#dropped,
    };
  }

  /** @param done called once, after PUBACK or PUBCOMP (QoS 0: when written or dropped), or with the error */
  publish(publication: Publication, done: Done = ignore): void {
    const { topic } = publication;
    if (!this.#isTopicName(topic)) done(new Error(`"${topic}" is not a topic to publish to`));
    else if (this.#isRemoved) done(removedError(topic));
    else if (publication.qos > 0) this.#publishAcknowledged(publication, done);
    else this.#publishAtMostOnce(publication, done);
  }

  /**
   * A connection begins: what waits is sent.
   * @param isSessionPresent of CONNACK
   * @param birth goes before everything else
   */
  resume(isSessionPresent: boolean, properties: ConnackProperties | undefined, birth?: Publication): void {
    const publication = birth && this.#queued(birth);
    if (publication?.retain) this.#session.retained.remember(publication);
    this.#delivery.resume(isSessionPresent, properties, publication);
  }

  /** The connection is over. */
  pause(end: ConnectionEnd): LeftUnacknowledged {
    return this.#delivery.pause(end);
  }

  /** The client is closed: what is left goes on with the next one of the session. */
  close(): void {
    this.#delivery.pause({ isByServer: false });
  }

  /** The session ends as well: nobody sends what is left. */
  giveUp(): void {
    const { outbox, inFlight } = this.#session;
    const left = inFlight.all().map(({ entry }) => entry);
    for (const publication of inFlight.all()) inFlight.delete(publication);
    outbox.releaseAll();
    for (let entry = outbox.shift(); entry; entry = outbox.shift()) left.push(entry);
    this.#isRemoved = true;
    for (const { publication, done } of left) done(removedError(publication.topic));
  }

  /** PUBCOMP came. */
  onPubcomp(packetId: number): void {
    this.#delivery.onPubcomp(packetId);
  }

  /** MQTT-4.7.0-1, MQTT-4.7.3-1, -2 and -3. */
  #isTopicName(topic: string): boolean {
    if (topic === '' || /[+#\0]/.test(topic)) return false;
    return Buffer.byteLength(this.#connection.prefix) + Buffer.byteLength(topic) <= longestTopicBytes;
  }

  #queued({ expiryS, ...rest }: Publication): QueuedPublication {
    return expiryS === undefined ? rest : { ...rest, expiresAt: this.#clock.monotonic() + expiryS * 1000 };
  }

  #enqueue(entry: OutboxEntry): boolean {
    const isTaken = this.#session.outbox.push(entry);
    // Publications leave in the order in which they were published.
    this.#writer.flush();
    this.#delivery.send();
    return isTaken;
  }

  #publishAcknowledged(given: Publication, done: Done): void {
    const { outbox, retained } = this.#session;
    const publication = this.#queued(given);
    if (publication.retain) retained.remember(publication);
    if (this.#enqueue({ publication, done })) return;
    if (publication.retain) this.#delivery.makeDue();
    const room = outbox.roomFor(publication);
    done(new Error(`${publication.topic}: ${room} messages are waiting for the broker already, this one is lost`));
  }

  #publishAtMostOnce(given: Publication, done: Done): void {
    const { client, isOnline, address } = this.#connection;
    const topicName = this.#connection.topicName(given);
    if (isOnline && this.#poison.isSuspect(topicName)) {
      this.#publishOnTrial(given, done);
      return;
    }
    const { retained } = this.#session;
    const wanted = given.retain ? this.#queued(given) : undefined;
    if (wanted) retained.remember(wanted);
    const unsentBytes = (client?.stream?.writableLength ?? 0) + this.#writer.pendingBytes;
    if (!client || !isOnline || unsentBytes > mostUnsentBytes || this.#delivery.isOnTrial) {
      this.#dropped++;
      done();
      return;
    }
    const reason = this.#refusal(topicName, given);
    if (reason !== undefined) {
      done(new Error(`${given.topic}: ${reason}`));
      return;
    }
    this.#write(client, topicName, given);
    this.#poison.sentAtMostOnce(topicName);
    if (wanted) retained.onAcknowledged(address, topicName, wanted);
    done();
  }

  /** @returns why a publication of QoS 0 is not sent, in words */
  #refusal(topicName: string, given: Publication): string | undefined {
    const { expiryS = Number.POSITIVE_INFINITY } = given;
    const { limitsPublish } = this.#connection.server.capabilities;
    const reason = expiryS <= 0 || limitsPublish ? this.#connection.refusal(topicName, this.#queued(given)) : undefined;
    const banMs = this.#poison.banMs(topicName, given.payload);
    return reason ?? (banMs === undefined ? undefined : banReason(banMs));
  }

  #write(client: MqttClient, topicName: string, given: Publication): void {
    const { payload, expiryS, responseTopic, correlationData } = given;
    const version = client.options.protocolVersion === 5 ? 5 : 4;
    const retain = given.retain && this.#connection.flags(given).retain;
    if (version === 4 || (responseTopic === undefined && correlationData === undefined)) {
      const expiry = expiryS === undefined ? undefined : Math.min(longestExpiryS, Math.ceil(expiryS));
      this.#writer.publish(client.stream, { topicName, payload, retain, expiryS: expiry }, version);
      return;
    }
    this.#writer.flush();
    const properties = publishProperties(this.#queued(given), this.#clock.monotonic());
    client.publish(topicName, payload, { qos: 0, retain, properties });
  }

  /** Telemetry on a suspected topic is sent with an acknowledgement, and alone. */
  #publishOnTrial(given: Publication, done: Done): void {
    const publication = this.#queued(given);
    if (publication.retain) this.#session.retained.remember(publication);
    const latest = this.#clock.monotonic() + trialMs;
    const expiresAt = Math.min(publication.expiresAt ?? latest, latest);
    if (!this.#enqueue({ publication: { ...publication, qos: 1, expiresAt }, done })) done();
  }
}
