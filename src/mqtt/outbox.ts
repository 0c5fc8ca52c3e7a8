/** What waits for the broker. The seam for a durable one: the link knows only this interface. */

export interface Publication {
  topic: string;
  payload: string | Buffer;
  qos: 0 | 1 | 2;
  retain: boolean;
  /** Seconds from now until it is worth nothing. */
  expiryS?: number;
  /** Tells the receiver of a response what it answers (MQTT 5). */
  correlationData?: Buffer;
  /** Where an answer is wanted (MQTT 5), as it stands on the wire. */
  responseTopic?: string;
  /** The topic is as it stands on the wire: no prefix is put before it. */
  isAbsolute?: boolean;
}

/** A publication the link has taken. */
export interface Taken extends Omit<Publication, 'expiryS'> {
  /** When it is worth nothing, monotonic, ms. */
  expiresAt?: number;
}

export interface Entry {
  publication: Taken;
  /** Called once: without an error after PUBACK or PUBCOMP. */
  done(error?: Error): void;
}

export interface Outbox {
  /** @returns false when there is no room: the sender gets the error, nothing is dropped silently */
  push(entry: Entry): boolean;
  /** The oldest entry whose topic is not held leaves. */
  shift(): Entry | undefined;
  /** An entry that was handed over in vain is the next again. */
  putBack(entry: Entry): void;
  /** What waits on this topic stays, in its order, until the topic is released. @param entry comes before all others */
  hold(topic: string, entry?: Entry): void;
  release(topic: string): void;
  isHeld(topic: string): boolean;
  releaseAll(): void;
  /** How many may wait for one more of this kind to be taken. */
  roomFor(publication: Taken): number;
  /** What waits already stays, however small it becomes. */
  resize(capacity: number): void;
  readonly depth: number;
}

/**
 * Room that is kept free of what matters less: the value of a topic is told again by the next, an event or a command is
 * not, and from QoS 2 somebody is billed (model.md §4).
 */
const reserveOf = ({ qos, retain }: Taken): number => (qos === 2 ? 0 : retain ? 0.25 : 0.1);

export const createMemoryOutbox = (initialCapacity: number): Outbox => {
  let capacity = initialCapacity;
  let entries: Entry[] = [];
  let first = 0;
  /** By held topic: what was passed over. */
  const held = new Map<string, Entry[]>();
  let heldCount = 0;

  const next = (): Entry | undefined => {
    const entry = entries[first];
    if (!entry) return undefined;
    first++;
    if (first > 1024 && first * 2 > entries.length) {
      entries = entries.slice(first);
      first = 0;
    }
    return entry;
  };
  const release = (topic: string): void => {
    const waiting = held.get(topic) ?? [];
    held.delete(topic);
    heldCount -= waiting.length;
    if (waiting.length === 0) return;
    entries = [...waiting, ...entries.slice(first)];
    first = 0;
  };
  const depth = (): number => entries.length - first + heldCount;
  const roomFor = (publication: Taken): number => capacity - Math.floor(capacity * reserveOf(publication));

  return {
    push(entry) {
      if (depth() >= roomFor(entry.publication)) return false;
      entries.push(entry);
      return true;
    },
    shift() {
      for (let entry = next(); entry; entry = next()) {
        const waiting = held.get(entry.publication.topic);
        if (!waiting) return entry;
        waiting.push(entry);
        heldCount++;
      }
      return undefined;
    },
    putBack(entry) {
      if (first === 0) entries.unshift(entry);
      else entries[--first] = entry;
    },
    hold(topic, entry) {
      const waiting = held.get(topic) ?? [];
      held.set(topic, waiting);
      if (!entry) return;
      waiting.unshift(entry);
      heldCount++;
    },
    release,
    isHeld: (topic) => held.has(topic),
    releaseAll() {
      for (const topic of [...held.keys()]) release(topic);
    },
    roomFor,
    resize(given) {
      capacity = given;
    },
    get depth() {
      return depth();
    },
  };
};
