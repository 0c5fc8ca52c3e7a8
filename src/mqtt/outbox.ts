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
  /** @returns false when it is full: the sender gets the error, nothing is dropped silently */
  push(entry: Entry): boolean;
  /** The oldest entry leaves. */
  shift(): Entry | undefined;
  /** An entry that was handed over in vain goes back to the front. */
  unshift(entry: Entry): void;
  /** What waits already stays, however small it becomes. */
  resize(capacity: number): void;
  readonly depth: number;
  readonly capacity: number;
}

export const createMemoryOutbox = (initialCapacity: number): Outbox => {
  let capacity = initialCapacity;
  let entries: Entry[] = [];
  let first = 0;
  return {
    push(entry) {
      if (entries.length - first >= capacity) return false;
      entries.push(entry);
      return true;
    },
    shift() {
      const entry = entries[first];
      if (!entry) return undefined;
      first++;
      if (first > 1024 && first * 2 > entries.length) {
        entries = entries.slice(first);
        first = 0;
      }
      return entry;
    },
    unshift(entry) {
      if (first > 0) {
        first--;
        entries[first] = entry;
      } else entries.unshift(entry);
    },
    resize(given) {
      capacity = given;
    },
    get depth() {
      return entries.length - first;
    },
    get capacity() {
      return capacity;
    },
  };
};
