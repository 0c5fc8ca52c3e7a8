/**
 * Retained publications of this client: those that servers should hold, and those that each of them has acknowledged.
 * The difference is due at every connection: a server that was away while another took its place still serves what was
 * true before.
 */
import type { QueuedPublication } from './publication.ts';

/** The retained publications of one client. */
export class RetainedPublications {
  /** The publication that each topic should hold, without prefix. */
  readonly #wanted = new Map<string, QueuedPublication>();
  /** Acknowledged values by server and by Topic Name on the wire; undefined: the server may hold any value. */
  readonly #held = new Map<string, Map<string, QueuedPublication | undefined>>();

  /** @returns topics that should hold something, without prefix */
  topics(): string[] {
    return [...this.#wanted.keys()];
  }

  /** The newest publication of its topic; an empty payload takes the topic away (MQTT-3.3.1-6). */
  remember(publication: QueuedPublication): void {
    const { topic, payload } = publication;
    // Deleted first: it then comes last, where a walk through what is due that has begun still comes by.
    this.#wanted.delete(topic);
    if (payload.length > 0) this.#wanted.set(topic, publication);
  }

  /**
   * A server does not take a publication, which is due no more; what lies on its topic there is as it was.
   * @param topicName with the prefix
   */
  onRefused(server: string, topicName: string, publication: QueuedPublication): void {
    if (this.isWanted(publication)) this.#wanted.delete(publication.topic);
    this.#heldBy(server).delete(topicName);
  }

  /** Whether this publication is what its topic should hold. */
  isWanted(publication: QueuedPublication): boolean {
    return this.#wanted.get(publication.topic) === publication;
  }

  /**
   * A publication is sent to a server, which may take it without our hearing of it.
   * @param topicName with the prefix
   */
  onSent(server: string, topicName: string): void {
    this.#heldBy(server).set(topicName, undefined);
  }

  /**
   * A server has taken a publication.
   * @param topicName with the prefix
   */
  onAcknowledged(server: string, topicName: string, publication: QueuedPublication): void {
    if (publication.payload.length > 0) this.#heldBy(server).set(topicName, publication);
    else this.#heldBy(server).delete(topicName);
  }

  /**
   * A connection to a server begins.
   * @param hasSession whether the server knows this client; otherwise it may have lost everything
   */
  onConnected(server: string, hasSession: boolean): void {
    const held = this.#heldBy(server);
    // QoS 0 may have been lost on the way.
    for (const [topic, publication] of held) if (!hasSession || publication?.qos === 0) held.set(topic, undefined);
  }

  /**
   * The publications that a server does not hold as it should: topics to remove, among them those of an earlier prefix,
   * then values. Walks along with what is remembered meanwhile.
   * @param now monotonic, ms: what has expired by then is not wanted any longer
   */
  *due(server: string, prefix: string, now: number): Iterator<QueuedPublication> {
    const held = this.#heldBy(server);
    for (const [topic, { expiresAt }] of this.#wanted)
      if (expiresAt !== undefined && expiresAt <= now) this.#wanted.delete(topic);
    for (const topic of held.keys())
      if (!this.#isWantedThere(topic, prefix)) yield { topic, payload: '', qos: 1, retain: true, isAbsolute: true };
    for (const [topic, publication] of this.#wanted) if (held.get(prefix + topic) !== publication) yield publication;
  }

  #isWantedThere(topicName: string, prefix: string): boolean {
    return topicName.startsWith(prefix) && this.#wanted.has(topicName.slice(prefix.length));
  }

  #heldBy(server: string): Map<string, QueuedPublication | undefined> {
    let held = this.#held.get(server);
    if (!held) {
      held = new Map();
      this.#held.set(server, held);
    }
    return held;
  }
}
