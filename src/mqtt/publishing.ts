/**
 * One message of QoS 1 or 2 to the server and its answer: sent as far as the server takes it, given back to its sender
 * where it does not, tried again where the server has no room at the moment, and set aside where it ends connections.
 */
import type { Clock } from '../model/time.ts';
import type { Sent } from './inflight.ts';
import type { Line } from './line.ts';
import type { Entry, Taken } from './outbox.ts';
import { bannedFor, type Poison, payloadBytes } from './poison.ts';
import { isPassing, packetIdentifierInUse, packetIdentifierNotFound, publishRefusal } from './publish-refusals.ts';
import type { Replay } from './replay.ts';
import type { Retries } from './retries.ts';
import type { Manner } from './server-limits.ts';
import type { Session } from './session.ts';
import type { Terms } from './terms.ts';

export interface PublishingParts {
  session: Session;
  terms: Terms;
  clock: Clock;
  line: Line;
  poison: Poison;
  replay: Replay;
  retries: Retries;
}

export interface AnswerSink {
  /** There is room for another. */
  answered(): void;
  /** An older value of a retained topic came after a newer one: the newer has to be said again. */
  overtaken(): void;
}

/** MQTT 5 §3.3.2.3 */
export const propertiesOf = ({ expiresAt, correlationData, responseTopic }: Taken, now: number) => ({
  ...(expiresAt === undefined ? {} : { messageExpiryInterval: Math.ceil((expiresAt - now) / 1000) }),
  ...(correlationData === undefined ? {} : { correlationData }),
  ...(responseTopic === undefined ? {} : { responseTopic }),
});

/** The reason code that mqtt.js puts into its errors (MQTT 5). */
const reasonOf = (error: Error | undefined): number | undefined => {
  const code = error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
};

export class Publishing {
  #parts: PublishingParts;
  #heard: AnswerSink;
  /** Written on this connection and not acknowledged, with the place in the order of sending. */
  #air = new Map<Sent, number>();
  /** What nothing may be sent beside. */
  #lone: Sent | undefined;
  #isResumed = false;

  constructor(parts: PublishingParts, heard: AnswerSink) {
    this.#parts = parts;
    this.#heard = heard;
  }

  /** Messages unacknowledged on this connection. */
  get inAir(): number {
    return this.#air.size;
  }

  /** Whether what is sent now may end the connection: nothing else may come under suspicion. */
  get isOnTrial(): boolean {
    return this.#lone !== undefined;
  }

  /** A connection begins. @param received what the server has and is yet to release */
  begin(hasSession: boolean, received: Sent[]): void {
    this.#isResumed = hasSession;
    for (const sent of received) this.#air.set(sent, this.#parts.poison.mark());
  }

  /** The connection is over. @returns what it left unacknowledged, and whether that was all that was in the air */
  end(): { open: Sent[]; isAlone: boolean } {
    const open = [...this.#air.keys()].filter(({ isReceived }) => !isReceived);
    const isAlone = this.#air.size === 1 && open.length === 1;
    this.#air.clear();
    this.#lone = undefined;
    return { open, isAlone };
  }

  send(entry: Entry): void {
    const { session, poison, replay, terms } = this.#parts;
    const wire = terms.wireTopic(entry.publication);
    const bytes = payloadBytes(entry.publication);
    const reason = terms.refusal(entry.publication) ?? bannedFor(poison.banMs(wire, bytes));
    if (reason !== undefined) {
      entry.done(new Error(`${entry.publication.topic}: ${reason}`));
      return;
    }
    const sent = session.inFlight.add(entry, terms.server().heldIds.avoided);
    const isKnown = poison.isKnown(wire, bytes);
    if (isKnown) sent.endings = 1;
    sent.isSuspect = isKnown || poison.isSuspect(wire);
    if (sent.isSuspect) replay.defer(sent);
    else this.#write(sent);
  }

  sendAgain(sent: Sent): void {
    const reason = this.#parts.terms.refusal(sent.entry.publication);
    if (reason === undefined) this.#write(sent);
    else this.#giveUp(sent, new Error(`${sent.entry.publication.topic}: ${reason}`));
  }

  /** PUBCOMP came for a PUBREL of ours, of which mqtt.js may know nothing. */
  released(id: number): void {
    const sent = this.#parts.session.inFlight.get(id);
    if (sent?.isReceived) this.#onAnswer(sent, { qos: 2, retain: sent.entry.publication.retain });
  }

  /** It ended one connection too many. */
  setAside(sent: Sent): void {
    const { poison, line, terms } = this.#parts;
    const { publication } = sent.entry;
    const { topic, qos } = publication;
    const wire = terms.wireTopic(publication);
    const bytes = payloadBytes(publication);
    poison.ban(wire, bytes);
    this.#forgetRetained(sent);
    const params = { topic: wire, bytes, qos, server: line.server() };
    line.tell({ name: 'message_set_aside', severity: 'alarm', phrase: { key: 'notice.setAside', params } });
    const advice = 'check that this client may publish there, and how large a message the broker takes';
    this.#giveUp(
      sent,
      new Error(`${topic}: the broker ends the connection over this message (${bytes} bytes); ${advice}`),
    );
  }

  #write(sent: Sent): void {
    const { session, poison, line, clock, terms } = this.#parts;
    const { publication } = sent.entry;
    const { limits } = terms.server();
    if (sent.isSuspect && limits.doubts(limits.limit(publication))) sent.trial ??= limits.weaker(publication);
    const manner = sent.trial ?? terms.manner(publication);
    const { qos, retain } = manner;
    const wire = terms.wireTopic(publication);
    const client = line.client();
    const properties =
      client?.options.protocolVersion === 5 ? { properties: propertiesOf(publication, clock.monotonic()) } : {};
    this.#air.set(sent, poison.mark());
    if (sent.isSuspect) this.#lone = sent;
    if (retain) session.retained.send(line.server(), wire);
    if (qos > 0) session.inFlight.ids.give(sent.id);
    // MQTT-3.3.1-1
    const dup = qos > 0 && sent.wasSent && this.#isResumed;
    sent.wasSent = true;
    client?.publish(wire, publication.payload, { qos, retain, dup, ...properties }, (error) => {
      const reasonCode = reasonOf(error ?? undefined);
      // An error that is no answer is the end of the connection: the message goes again with the next.
      if (!error || reasonCode !== undefined) this.#onAnswer(sent, manner, reasonCode);
    });
  }

  #onAnswer(sent: Sent, manner: Manner, reasonCode?: number): void {
    const mark = this.#air.get(sent);
    if (mark === undefined) return;
    this.#air.delete(sent);
    if (sent === this.#lone) this.#lone = undefined;
    const { entry } = sent;
    const { session, retries, terms, line } = this.#parts;
    if (reasonCode === undefined || (sent.isReceived && reasonCode === packetIdentifierNotFound))
      this.#onTaken(sent, manner, mark);
    else if (reasonCode === packetIdentifierInUse) {
      terms.server().heldIds.avoided.add(sent.id);
      session.inFlight.delete(sent);
      session.outbox.putBack(entry);
    } else {
      const { topic } = entry.publication;
      const triedForS = retries.triedForS(entry);
      session.inFlight.delete(sent);
      if (!isPassing(reasonCode) || !retries.add(entry)) {
        this.#forgetRetained(sent);
        this.#fail(sent, publishRefusal(topic, reasonCode, triedForS));
      } else if (retries.isNews()) {
        const params = { server: line.server(), delayed: retries.stubborn() };
        line.tell({ name: 'delivery_delayed', severity: 'warning', phrase: { key: 'notice.delayed', params } });
      }
    }
    this.#heard.answered();
  }

  #onTaken(sent: Sent, manner: Manner, mark: number): void {
    const { session, line, poison, replay, retries, clock, terms } = this.#parts;
    const { entry, trial } = sent;
    const { publication } = entry;
    const { limits } = terms.server();
    const wire = terms.wireTopic(publication);
    const isLate = sent.isSuspect || retries.triedForS(entry) !== undefined;
    limits.proved(manner);
    if (trial) {
      limits.learn(publication, trial, clock.monotonic());
      terms.manner(publication);
    }
    poison.proved(wire, payloadBytes(publication), mark);
    session.inFlight.delete(sent);
    replay.end(sent);
    retries.end(entry);
    if (publication.retain) {
      session.retained.acknowledge(line.server(), wire, publication);
      if (isLate && !session.retained.isWanted(publication)) this.#heard.overtaken();
    }
    entry.done();
  }

  /** The server does not want it, and does not retain it either. */
  #forgetRetained({ entry: { publication } }: Sent): void {
    const { session, terms, line } = this.#parts;
    if (publication.retain) session.retained.refused(line.server(), terms.wireTopic(publication), publication);
  }

  /** Nobody knows whether the server has it: if it has, its packet id is taken there. */
  #giveUp(sent: Sent, error: Error): void {
    if (sent.entry.publication.qos === 2 && sent.wasSent) this.#parts.terms.server().heldIds.avoided.add(sent.id);
    this.#fail(sent, error);
  }

  #fail(sent: Sent, error: Error): void {
    const { session, replay, retries } = this.#parts;
    session.inFlight.delete(sent);
    replay.end(sent);
    retries.end(sent.entry);
    sent.entry.done(error);
  }
}
