/**
 * What brokers retain for us: what it should be, and what each of them has acknowledged. The difference is due at every
 * connection: a server that was away while another took its place still serves what was true before.
 */
import type { Taken } from './outbox.ts';

export interface Retained {
  /** What should be retained, without prefix. */
  topics(): string[];
  /** The newest of its topic; an empty payload takes the topic away. */
  remember(publication: Taken): void;
  /** It is due no more, since a server does not take it; what lies there is as it was. @param topic on the wire */
  refused(server: string, topic: string, publication: Taken): void;
  /** Whether this is what its topic should hold. */
  isWanted(publication: Taken): boolean;
  /** It is sent to a server, which may take it without our hearing of it. @param topic as it stands on the wire */
  send(server: string, topic: string): void;
  /** A server has taken it. @param topic as it stands on the wire */
  acknowledge(server: string, topic: string, publication: Taken): void;
  /** A connection to a server begins. @param hasSession whether it knows us; otherwise it may have lost everything */
  arrive(server: string, hasSession: boolean): void;
  /**
   * What a server does not hold as it should: topics to take away, among them those of an earlier prefix, then values.
   * Walks along with what is remembered meanwhile.
   * @param now monotonic, ms: what is over by then is wanted no longer
   */
  due(server: string, prefix: string, now: number): Iterator<Taken>;
}

export const createRetained = (): Retained => {
  const wanted = new Map<string, Taken>();
  /** By server, by topic on the wire; undefined: something may be there, nobody knows what. */
  const held = new Map<string, Map<string, Taken | undefined>>();

  const heldBy = (server: string): Map<string, Taken | undefined> => {
    const known = held.get(server) ?? new Map<string, Taken | undefined>();
    held.set(server, known);
    return known;
  };
  const isWantedThere = (topic: string, prefix: string): boolean =>
    topic.startsWith(prefix) && wanted.has(topic.slice(prefix.length));

  return {
    topics: () => [...wanted.keys()],
    remember(publication) {
      const { topic, payload } = publication;
      // To the end, where a walk that has begun still comes by.
      wanted.delete(topic);
      if (payload.length > 0) wanted.set(topic, publication);
    },
    refused(server, topic, publication) {
      if (wanted.get(publication.topic) === publication) wanted.delete(publication.topic);
      heldBy(server).delete(topic);
    },
    isWanted: (publication) => wanted.get(publication.topic) === publication,
    send(server, topic) {
      heldBy(server).set(topic, undefined);
    },
    acknowledge(server, topic, publication) {
      if (publication.payload.length > 0) heldBy(server).set(topic, publication);
      else heldBy(server).delete(topic);
    },
    arrive(server, hasSession) {
      const known = heldBy(server);
      // QoS 0 may have been lost on the way.
      for (const [topic, publication] of known) if (!hasSession || publication?.qos === 0) known.set(topic, undefined);
    },
    *due(server, prefix, now) {
      const known = heldBy(server);
      for (const [topic, { expiresAt }] of wanted)
        if (expiresAt !== undefined && expiresAt <= now) wanted.delete(topic);
      for (const topic of known.keys())
        if (!isWantedThere(topic, prefix)) yield { topic, payload: '', qos: 1, retain: true, isAbsolute: true };
      for (const [topic, publication] of wanted) if (known.get(prefix + topic) !== publication) yield publication;
    },
  };
};
