/** What leaves for the broker: QoS 0 at once or not at all, QoS 1 and 2 through the outbox. */
import type { Clock } from '../model/time.ts';
import { Delivery } from './delivery.ts';
import type { Ending, Left, Line } from './line.ts';
import type { Entry, Publication, Taken } from './outbox.ts';
import { bannedFor, createPoison, payloadBytes } from './poison.ts';
import { propertiesOf } from './publishing.ts';
import type { ConnackProperties } from './server-limits.ts';
import type { Session } from './session.ts';
import { createTerms } from './terms.ts';

export interface Sender {
  publish(publication: Publication, done?: (error?: Error) => void): void;
  /**
   * A connection begins: what waits is sent.
   * @param hasSession whether the server knows us
   * @param birth goes before everything else
   */
  resume(hasSession: boolean, properties: ConnackProperties | undefined, birth?: Publication): void;
  /** The connection is over. */
  pause(ending: Ending): Left;
  /** The link is closed: what is left goes on with the next one of the session. */
  close(): void;
  /** The session is over as well: nobody sends what is left. */
  giveUp(): void;
  /** The server has answered a PUBREL. */
  released(packetId: number): void;
  /** Messages waiting and in flight, refused for now by the server, and QoS 0 messages dropped since start. */
  depth(): { waiting: number; inFlight: number; delayed: number; dropped: number };
}

const defaultWindow = 100;
/** Bytes that may lie unsent in the socket before QoS 0 is dropped. */
const socketLimit = 4 * 1024 * 1024;
/** Telemetry that has to be sent alone waits so long for its turn. */
const trialMs = 10_000;

const removed = (topic: string): Error =>
  new Error(`${topic}: the connection to the broker was removed before the broker acknowledged this message`);

/** @param window messages of QoS 1 and 2 that may be unacknowledged at once */
export const createSender = (
  session: Session,
  prefix: string,
  window = defaultWindow,
  clock: Clock,
  line: Line,
): Sender => {
  const { outbox, retained, inFlight } = session;
  const poison = createPoison(clock);
  const terms = createTerms(session, prefix, clock, line);
  const delivery = new Delivery({ session, terms, prefix, window, clock, line, poison });
  let dropped = 0;
  let isOver = false;

  const take = ({ expiryS, ...rest }: Publication): Taken =>
    expiryS === undefined ? rest : { ...rest, expiresAt: clock.monotonic() + expiryS * 1000 };

  const enqueue = (entry: Entry): boolean => {
    const isTaken = outbox.push(entry);
    delivery.pump();
    return isTaken;
  };

  /** @returns why it is not sent */
  const publishAtMostOnce = (publication: Taken): string | undefined => {
    const wire = terms.wireTopic(publication);
    const client = line.client();
    const isFull = (client?.stream?.writableLength ?? 0) > socketLimit;
    if (!line.isOnline() || isFull || delivery.isOnTrial) {
      dropped++;
      return undefined;
    }
    const reason = terms.refusal(publication) ?? bannedFor(poison.banMs(wire, payloadBytes(publication)));
    if (reason !== undefined) return reason;
    const { qos, retain } = terms.manner(publication);
    const properties =
      client?.options.protocolVersion === 5 ? { properties: propertiesOf(publication, clock.monotonic()) } : {};
    client?.publish(wire, publication.payload, { qos, retain, ...properties });
    poison.sentAtMostOnce(wire);
    if (publication.retain) retained.acknowledge(line.server(), wire, publication);
    return undefined;
  };

  const publish = (given: Publication, done: (error?: Error) => void = () => {}): void => {
    const publication = take(given);
    const { topic, qos, retain } = publication;
    if (topic === '' || /[+#\0]/.test(topic)) {
      done(new Error(`"${topic}" is not a topic to publish to`));
      return;
    }
    if (isOver) {
      done(removed(topic));
      return;
    }
    if (retain) retained.remember(publication);
    if (qos > 0) {
      if (enqueue({ publication, done })) return;
      if (retain) delivery.makeDue();
      const room = outbox.roomFor(publication);
      done(new Error(`${topic}: ${room} messages are waiting for the broker already, this one is lost`));
    } else if (line.isOnline() && poison.isSuspect(terms.wireTopic(publication))) {
      const expiresAt = Math.min(publication.expiresAt ?? Number.POSITIVE_INFINITY, clock.monotonic() + trialMs);
      if (!enqueue({ publication: { ...publication, qos: 1, expiresAt }, done })) done();
    } else {
      const reason = publishAtMostOnce(publication);
      done(reason === undefined ? undefined : new Error(`${topic}: ${reason}`));
    }
  };

  return {
    publish,
    resume(hasSession, properties, birth) {
      const publication = birth && take(birth);
      if (publication?.retain) retained.remember(publication);
      delivery.resume(hasSession, properties, publication);
    },
    pause: (ending) => delivery.pause(ending),
    close: () => void delivery.pause({ isByPeer: false }),
    giveUp() {
      const left = inFlight.all().map(({ entry }) => entry);
      for (const sent of inFlight.all()) inFlight.delete(sent);
      outbox.releaseAll();
      for (let entry = outbox.shift(); entry; entry = outbox.shift()) left.push(entry);
      isOver = true;
      for (const { publication, done } of left) done(removed(publication.topic));
    },
    released: (packetId) => delivery.released(packetId),
    depth: () => ({ waiting: outbox.depth, inFlight: inFlight.size, delayed: delivery.delayed, dropped }),
  };
};
