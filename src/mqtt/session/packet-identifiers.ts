/**
 * Packet Identifiers (MQTT 5 §2.2.1) and the publications that are in flight under them: those that were handed to a
 * server and are not acknowledged, as the session state of a client (MQTT 5 §4.1). A durable store may take the place
 * of this one. The client sends them again itself: mqtt.js would replay them one after the other, for ever the same one
 * first, and say nothing of the connection until the last is acknowledged.
 */
import mqtt from 'mqtt';
import type { ReducedFlags } from '../connection/server-capabilities.ts';
import type { OutboxEntry, QueuedPublication } from '../publishing/publication.ts';

/** SUBSCRIBE and UNSUBSCRIBE use the upper half, so that they never take the identifier of a publication. */
const firstOfOthers = 0x8000;
const last = 0xffff;

/**
 * Gives mqtt.js the Packet Identifier that was chosen for a publication, and any of the upper half for other packets.
 */
class PacketIdentifiers extends mqtt.DefaultMessageIdProvider {
  #chosen: number | undefined;
  #nextOther = firstOfOthers;

  /** The next packet has this identifier. */
  choose(packetId: number): void {
    this.#chosen = packetId;
  }

  override allocate(): number {
    const packetId = this.#chosen ?? this.#nextOther++;
    this.#chosen = undefined;
    if (this.#nextOther > last) this.#nextOther = firstOfOthers;
    return packetId;
  }
}

/** Keeps nothing, and so replays nothing. mqtt.js stores PUBREL as soon as PUBREC has come. */
class PubrecStore extends mqtt.Store {
  readonly #onPubrec: (packetId: number) => void;

  constructor(onPubrec: (packetId: number) => void) {
    super({ clean: false });
    this.#onPubrec = onPubrec;
  }

  override put(...[packet, stored]: Parameters<mqtt.Store['put']>): this {
    if (packet.cmd === 'pubrel' && packet.messageId !== undefined) this.#onPubrec(packet.messageId);
    stored();
    return this;
  }

  override del(...[, deleted]: Parameters<mqtt.Store['del']>): this {
    deleted();
    return this;
  }
}

/** A publication that was sent and is not acknowledged. */
export interface InFlightPublication {
  packetId: number;
  entry: OutboxEntry;
  /** Topic Name under which the publication was sent last, with the prefix. */
  topicName: string;
  /** PUBLISH was written to a server. */
  wasSent: boolean;
  /** PUBREC came: the server has the message and waits for PUBREL. */
  isReceived: boolean;
  /** The publication was unacknowledged, among others, when the server ended the connection. */
  isSuspect: boolean;
  /** Connections that the server ended while this publication alone was unacknowledged. */
  endings: number;
  /** Flags with which the publication is tried now, where those asked for ended the connection. */
  trial?: ReducedFlags | undefined;
}

/** The publications in flight of one session, in the order in which they were sent. */
export class InFlight {
  readonly #byId = new Map<number, InFlightPublication>();
  /** Packet store for mqtt.js: it keeps nothing, and tells which publications were received. */
  readonly store = new PubrecStore((packetId) => {
    const publication = this.#byId.get(packetId);
    if (publication) publication.isReceived = true;
  });
  readonly packetIds = new PacketIdentifiers();

  get size(): number {
    return this.#byId.size;
  }

  /**
   * Assigns the lowest Packet Identifier that is unused (MQTT-2.2.1-3): after a crash, few can be those that a server
   * still holds.
   * @param avoided Packet Identifiers that a server may hold
   */
  add(entry: OutboxEntry, topicName: string, avoided: ReadonlySet<number>): InFlightPublication {
    let packetId = 1;
    while (this.#byId.has(packetId) || avoided.has(packetId)) packetId++;
    const added = { packetId, entry, topicName, wasSent: false, isReceived: false, isSuspect: false, endings: 0 };
    this.#byId.set(packetId, added);
    return added;
  }

  /** Whether this very publication is in flight. */
  has(publication: QueuedPublication): boolean {
    for (const { entry } of this.#byId.values()) if (entry.publication === publication) return true;
    return false;
  }

  get(packetId: number): InFlightPublication | undefined {
    return this.#byId.get(packetId);
  }

  delete({ packetId }: InFlightPublication): void {
    this.#byId.delete(packetId);
  }

  /** @returns all of them in the order in which they were sent first (MQTT-4.6.0-1) */
  all(): InFlightPublication[] {
    return [...this.#byId.values()];
  }
}
