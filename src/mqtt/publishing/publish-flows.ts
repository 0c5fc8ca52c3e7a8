/**
 * PUBLISH of QoS 1 and 2 and its answer, PUBACK or PUBREC and PUBCOMP (MQTT 5 §4.3.2, §4.3.3): sent as far as the
 * server takes it, given back to its sender where it does not, tried again where the server has no room at the moment,
 * and set aside where it ends connections. As many are in flight at once as the send quota allows, which begins with the
 * Receive Maximum of the server (MQTT 5 §4.9).
 */
import type { Clock } from '../../model/time.ts';
import type { InFlightPublication } from '../session/packet-identifiers.ts';
import type { Session } from '../session/session.ts';
import { banReason, type PoisonMessages } from './poison-messages.ts';
import type { OutboxEntry, PublishFlags } from './publication.ts';
import type { PublishConnection } from './publish-connection.ts';
import { publishProperties } from './publish-packet.ts';
import {
  packetIdentifierInUse,
  packetIdentifierNotFound,
  publishRefusal,
  reasonCodeOf,
} from './publish-reason-codes.ts';
import type { Redelivery } from './redelivery.ts';
import type { RefusedPublications } from './refused-publications.ts';

/** The parts that the flows of one connection share. */
export interface PublishFlowsParts {
  session: Session;
  /** Publications of QoS 1 and 2 that this client leaves unacknowledged at once, however many the server takes. */
  window: number;
  clock: Clock;
  connection: PublishConnection;
  poison: PoisonMessages;
  redelivery: Redelivery;
  refused: RefusedPublications;
}

/** Outcomes of the publications in flight. */
interface PublishFlowsSink {
  /** There is room for another publication. */
  answered(): void;
  /** An older value of a retained topic came after a newer one: the newer has to be published again. */
  overtaken(): void;
}

/** The publications in flight on one connection. */
export class PublishFlows {
  readonly #parts: PublishFlowsParts;
  readonly #sink: PublishFlowsSink;
  /** Unacknowledged on this connection, with the number in the order of sending. */
  readonly #unacknowledged = new Map<InFlightPublication, number>();
  /** The publication beside which nothing may be sent. */
  #alone: InFlightPublication | undefined;
  #isSessionPresent = false;
  /** Send quota of the connection (MQTT-4.9.0-1), counted in publications. */
  #quota = 0;

  constructor(parts: PublishFlowsParts, sink: PublishFlowsSink) {
    this.#parts = parts;
    this.#sink = sink;
  }

  /** Number of publications unacknowledged on this connection. */
  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }

  /** Whether the send quota allows another publication (MQTT-4.9.0-2). */
  get hasRoom(): boolean {
    return this.#unacknowledged.size < this.#quota;
  }

  /** Whether the publication that is in flight may end the connection: nothing else may come under suspicion. */
  get isOnTrial(): boolean {
    return this.#alone !== undefined;
  }

  /**
   * A connection begins, and the Receive Maximum of its server is known (MQTT-3.3.4-7).
   * @param received publications that the server has and waits to be released
   */
  begin(isSessionPresent: boolean, received: InFlightPublication[]): void {
    const { window, connection } = this.#parts;
    this.#isSessionPresent = isSessionPresent;
    this.#quota = Math.min(window, connection.server.capabilities.receiveMaximum);
    for (const publication of received) this.#unacknowledged.set(publication, this.#parts.poison.number());
  }

  /** The connection is over. @returns publications that no PUBACK or PUBREC came for, and whether it was one alone */
  end(): { open: InFlightPublication[]; isAlone: boolean } {
    const open = [...this.#unacknowledged.keys()].filter(({ isReceived }) => !isReceived);
    const isAlone = this.#unacknowledged.size === 1 && open.length === 1;
    this.#unacknowledged.clear();
    this.#alone = undefined;
    return { open, isAlone };
  }

  send(entry: OutboxEntry): void {
    const { session, poison, redelivery, connection } = this.#parts;
    const { publication } = entry;
    const topicName = connection.topicName(publication);
    const banMs = poison.banMs(topicName, publication.payload);
    const reason = connection.refusal(topicName, publication) ?? (banMs === undefined ? undefined : banReason(banMs));
    if (reason !== undefined) {
      entry.done(new Error(`${publication.topic}: ${reason}`));
      return;
    }
    const sent = session.inFlight.add(entry, topicName, connection.server.heldPacketIds.avoided);
    const isKnown = poison.isKnown(topicName, publication.payload);
    if (isKnown) sent.endings = 1;
    sent.isSuspect = isKnown || poison.isSuspect(topicName);
    if (sent.isSuspect) redelivery.defer(sent);
    else this.#publish(sent);
  }

  sendAgain(sent: InFlightPublication): void {
    const { connection } = this.#parts;
    const { publication } = sent.entry;
    sent.topicName = connection.topicName(publication);
    const reason = connection.refusal(sent.topicName, publication);
    if (reason === undefined) this.#publish(sent);
    else this.#giveUp(sent, new Error(`${publication.topic}: ${reason}`));
  }

  /** PUBCOMP came for a PUBREL that this client sent itself, of which mqtt.js may know nothing. */
  onPubcomp(packetId: number): void {
    const sent = this.#parts.session.inFlight.get(packetId);
    if (sent?.isReceived) this.#onAnswer(sent, { qos: 2, retain: sent.entry.publication.retain });
  }

  /** A publication ended one connection too many. */
  setAside(sent: InFlightPublication): void {
    const { poison, connection } = this.#parts;
    const { topicName, entry } = sent;
    const { topic, qos, payload } = entry.publication;
    const bytes = Buffer.byteLength(payload);
    poison.ban(topicName, bytes);
    this.#forgetRetained(sent);
    const params = { topic: topicName, bytes, qos, server: connection.address };
    connection.tell({ name: 'message_set_aside', severity: 'alarm', phrase: { key: 'notice.setAside', params } });
    const advice = 'check that this client may publish there, and how large a message the broker takes';
    this.#giveUp(
      sent,
      new Error(`${topic}: the broker ends the connection over this message (${bytes} bytes); ${advice}`),
    );
  }

  #publish(sent: InFlightPublication): void {
    const { session, poison, connection, clock } = this.#parts;
    const { topicName, entry } = sent;
    const { publication } = entry;
    const { client, address, server } = connection;
    const { capabilities } = server;
    if (sent.isSuspect && capabilities.isDoubtful(capabilities.reduce(publication)))
      sent.trial ??= capabilities.nextReducedFlags(publication);
    const flags = sent.trial ?? connection.flags(publication);
    const { qos, retain } = flags;
    const properties =
      client?.options.protocolVersion === 5 ? { properties: publishProperties(publication, clock.monotonic()) } : {};
    this.#unacknowledged.set(sent, poison.number());
    if (sent.isSuspect) this.#alone = sent;
    if (retain) session.retained.onSent(address, topicName);
    if (qos > 0) session.inFlight.packetIds.choose(sent.packetId);
    // MQTT-3.3.1-1, and MQTT-3.3.1-2: never with QoS 0.
    const dup = qos > 0 && sent.wasSent && this.#isSessionPresent;
    sent.wasSent = true;
    client?.publish(topicName, publication.payload, { qos, retain, dup, ...properties }, (error) => {
      const reasonCode = error ? reasonCodeOf(error) : undefined;
      // An error that is no answer is the end of the connection: the message goes again with the next.
      if (!error || reasonCode !== undefined) this.#onAnswer(sent, flags, reasonCode);
    });
  }

  /** PUBACK, PUBCOMP, or a PUBREC that refuses the message. */
  #onAnswer(sent: InFlightPublication, flags: PublishFlags, reasonCode?: number): void {
    const number = this.#unacknowledged.get(sent);
    if (number === undefined) return;
    this.#unacknowledged.delete(sent);
    if (sent === this.#alone) this.#alone = undefined;
    if (reasonCode === undefined || (sent.isReceived && reasonCode === packetIdentifierNotFound))
      this.#onTaken(sent, flags, number);
    else if (reasonCode === packetIdentifierInUse) this.#sendUnderAnotherId(sent);
    else this.#onRefused(sent, reasonCode);
    this.#sink.answered();
  }

  #sendUnderAnotherId(sent: InFlightPublication): void {
    const { session, connection } = this.#parts;
    connection.server.heldPacketIds.avoided.add(sent.packetId);
    session.inFlight.delete(sent);
    session.outbox.putBack(sent.entry);
  }

  /**
   * MQTT-4.4.0-2: with a Reason Code of 0x80 or greater the message is acknowledged; another attempt is a new message.
   */
  #onRefused(sent: InFlightPublication, reasonCode: number): void {
    const { session, refused, connection } = this.#parts;
    const { entry } = sent;
    const triedForS = refused.triedForS(entry);
    session.inFlight.delete(sent);
    if (!refused.add(entry, reasonCode)) {
      this.#forgetRetained(sent);
      this.#fail(sent, publishRefusal(entry.publication.topic, reasonCode, triedForS));
    } else if (refused.isNews()) {
      const params = { server: connection.address, delayed: refused.delayed };
      connection.tell({ name: 'delivery_delayed', severity: 'warning', phrase: { key: 'notice.delayed', params } });
    }
  }

  #onTaken(sent: InFlightPublication, flags: PublishFlags, number: number): void {
    const { session, connection, poison, refused, clock } = this.#parts;
    const { entry, trial, topicName } = sent;
    const { publication } = entry;
    const { capabilities } = connection.server;
    const isLate = sent.isSuspect || (refused.count > 0 && refused.triedForS(entry) !== undefined);
    capabilities.onTaken(flags);
    if (trial) {
      capabilities.learn(publication, trial, clock.monotonic());
      connection.flags(publication);
    }
    poison.prove(topicName, publication.payload, number);
    this.#end(sent);
    if (publication.retain) {
      session.retained.onAcknowledged(connection.address, topicName, publication);
      if (isLate && !session.retained.isWanted(publication)) this.#sink.overtaken();
    }
    entry.done();
  }

  /** The server does not want a publication, and does not retain it either. */
  #forgetRetained({ topicName, entry: { publication } }: InFlightPublication): void {
    const { session, connection } = this.#parts;
    if (publication.retain) session.retained.onRefused(connection.address, topicName, publication);
  }

  /** Nobody knows whether the server has the message: where it has, the Packet Identifier is taken there. */
  #giveUp(sent: InFlightPublication, error: Error): void {
    if (sent.entry.publication.qos === 2 && sent.wasSent)
      this.#parts.connection.server.heldPacketIds.avoided.add(sent.packetId);
    this.#fail(sent, error);
  }

  #fail(sent: InFlightPublication, error: Error): void {
    this.#end(sent);
    sent.entry.done(error);
  }

  /** A publication is in flight no more: what waits on its topic may go. */
  #end(sent: InFlightPublication): void {
    const { session, redelivery, refused } = this.#parts;
    session.inFlight.delete(sent);
    if (redelivery.left > 0) redelivery.end(sent);
    else session.outbox.release(sent.entry.publication.topic);
    if (refused.count > 0) refused.end(sent.entry);
  }
}
