/**
 * Publications that were handed to a server and are not acknowledged, by packet id: the session state of a client (MQTT 5
 * §4.1). The seam for a durable one. They are sent again by us and not by mqtt.js, which would replay them one after the
 * other, for ever the same one first, and say nothing of the connection until the last is acknowledged.
 */
import mqtt from 'mqtt';
import type { Entry, Taken } from './outbox.ts';

/** How a publication is tried after the server ended the connection over it: with less than was asked for. */
export interface Trial {
  qos: 1 | 2;
  retain: boolean;
}

export interface Sent {
  id: number;
  entry: Entry;
  /** It was written to a server. */
  wasSent: boolean;
  /** PUBREC came: the server has it and waits for PUBREL. */
  isReceived: boolean;
  /** It was unacknowledged, among others, when the other side ended the connection. */
  isSuspect: boolean;
  /** Connections that the other side ended while this alone was unacknowledged. */
  endings: number;
  trial?: Trial | undefined;
}

export interface InFlight {
  /** Takes the lowest packet id that is free: after a crash, few ids can be those a server still holds. */
  add(entry: Entry, avoided: ReadonlySet<number>): Sent;
  /** Whether this very publication is in flight. */
  has(publication: Taken): boolean;
  get(id: number): Sent | undefined;
  delete(sent: Sent): void;
  /** In the order of their sending (MQTT-4.6.0-1). */
  all(): Sent[];
  readonly size: number;
  /** What mqtt.js keeps its packets in. */
  readonly store: InstanceType<typeof mqtt.Store>;
  readonly ids: PacketIds;
}

/** SUBSCRIBE and UNSUBSCRIBE stay out of the way of publications. */
const firstOtherId = 0x8000;
const lastId = 0xffff;

/** Hands mqtt.js the packet id of a publication, and any of the upper half for everything else. */
export class PacketIds extends mqtt.DefaultMessageIdProvider {
  #given: number | undefined;
  #other = firstOtherId;

  /** The next packet has this id. */
  give(id: number): void {
    this.#given = id;
  }

  override allocate(): number {
    const id = this.#given ?? this.#other++;
    this.#given = undefined;
    if (this.#other > lastId) this.#other = firstOtherId;
    return id;
  }
}

/** Keeps nothing, and so replays nothing; it hears of PUBREC, after which mqtt.js stores PUBREL. */
class ListeningStore extends mqtt.Store {
  #onReceived: (id: number) => void;

  constructor(onReceived: (id: number) => void) {
    super({ clean: false });
    this.#onReceived = onReceived;
  }

  override put(...[packet, stored]: Parameters<mqtt.Store['put']>): this {
    if (packet.cmd === 'pubrel' && packet.messageId !== undefined) this.#onReceived(packet.messageId);
    stored();
    return this;
  }

  override del(...[, deleted]: Parameters<mqtt.Store['del']>): this {
    deleted();
    return this;
  }
}

export const createInFlight = (): InFlight => {
  const byId = new Map<number, Sent>();
  const store = new ListeningStore((id) => {
    const sent = byId.get(id);
    if (sent) sent.isReceived = true;
  });
  return {
    add(entry, avoided) {
      let id = 1;
      while (byId.has(id) || avoided.has(id)) id++;
      const sent: Sent = { id, entry, wasSent: false, isReceived: false, isSuspect: false, endings: 0 };
      byId.set(id, sent);
      return sent;
    },
    has: (publication) => [...byId.values()].some(({ entry }) => entry.publication === publication),
    get: (id) => byId.get(id),
    delete: ({ id }) => void byId.delete(id),
    all: () => [...byId.values()],
    get size() {
      return byId.size;
    },
    store,
    ids: new PacketIds(),
  };
};
