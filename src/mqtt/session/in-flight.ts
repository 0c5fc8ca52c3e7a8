/**
 * Publications that were handed to a server and are not acknowledged, by Packet Identifier: session state of a client
 * (MQTT 5 §4.1). A durable store may take the place of this one. The client sends them again itself: mqtt.js would
 * replay them one after the other, for ever the same one first, and say nothing of the connection until the last is
 * acknowledged.
 */
import type { ReducedFlags } from '../connection/server-capabilities.ts';
import type { OutboxEntry, QueuedPublication } from '../publishing/publication.ts';
import { PacketIdentifiers, PubrecStore } from './packet-identifiers.ts';

/** A publication that was sent and is not acknowledged. */
export interface InFlightPublication {
  packetId: number;
  entry: OutboxEntry;
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
  add(entry: OutboxEntry, avoided: ReadonlySet<number>): InFlightPublication {
    let packetId = 1;
    while (this.#byId.has(packetId) || avoided.has(packetId)) packetId++;
    const added = { packetId, entry, wasSent: false, isReceived: false, isSuspect: false, endings: 0 };
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
