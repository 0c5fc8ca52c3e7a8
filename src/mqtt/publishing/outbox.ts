/** Publications of QoS 1 and 2 that wait for the server. A durable store may take the place of this one. */
import type { OutboxEntry, QueuedPublication } from './publication.ts';

/** Publications that wait to be sent. */
export interface Outbox {
  /** @returns false when there is no room: the sender gets the error, nothing is dropped silently */
  push(entry: OutboxEntry): boolean;
  /** Takes out the oldest entry whose topic is not held. */
  shift(): OutboxEntry | undefined;
  /** Makes an entry that was taken out in vain the next again. */
  putBack(entry: OutboxEntry): void;
  /**
   * Keeps what waits on a topic in its order until the topic is released.
   * @param entry comes before all others on the topic
   */
  hold(topic: string, entry?: OutboxEntry): void;
  release(topic: string): void;
  isHeld(topic: string): boolean;
  releaseAll(): void;
  /** @returns how many entries may wait for one more of this kind to be taken */
  roomFor(publication: QueuedPublication): number;
  /** Publications that wait already stay, however small the capacity becomes. */
  resize(capacity: number): void;
  /** Number of entries that wait. */
  readonly depth: number;
}

/**
 * Share of the capacity that is kept free of what matters less: a later message repeats the value of a retained topic,
 * nothing repeats an event or a command, and from QoS 2 somebody is billed (model.md §4).
 */
const reserveOf = ({ qos, retain }: QueuedPublication): number => (qos === 2 ? 0 : retain ? 0.25 : 0.1);

/** An outbox that ends with the process. */
export class MemoryOutbox implements Outbox {
  #capacity: number;
  /** undefined: an entry that was taken out, and that nothing may keep in memory with all that it was published with. */
  #entries: (OutboxEntry | undefined)[] = [];
  /** Place of the oldest entry in #entries. */
  #first = 0;
  /** Entries that were passed over, by held topic. */
  readonly #held = new Map<string, OutboxEntry[]>();
  #heldCount = 0;

  /** @param capacity number of entries */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get depth(): number {
    return this.#entries.length - this.#first + this.#heldCount;
  }

  push(entry: OutboxEntry): boolean {
    if (this.depth >= this.roomFor(entry.publication)) return false;
    this.#entries.push(entry);
    return true;
  }

  shift(): OutboxEntry | undefined {
    for (let entry = this.#next(); entry; entry = this.#next()) {
      const waiting = this.#held.get(entry.publication.topic);
      if (!waiting) return entry;
      waiting.push(entry);
      this.#heldCount++;
    }
    return undefined;
  }

  putBack(entry: OutboxEntry): void {
    if (this.#first === 0) this.#entries.unshift(entry);
    else this.#entries[--this.#first] = entry;
  }

  hold(topic: string, entry?: OutboxEntry): void {
    const waiting = this.#held.get(topic) ?? [];
    this.#held.set(topic, waiting);
    if (!entry) return;
    waiting.unshift(entry);
    this.#heldCount++;
  }

  release(topic: string): void {
    const waiting = this.#held.get(topic);
    if (!waiting) return;
    this.#held.delete(topic);
    this.#heldCount -= waiting.length;
    if (waiting.length === 0) return;
    this.#entries = [...waiting, ...this.#entries.slice(this.#first)];
    this.#first = 0;
  }

  isHeld(topic: string): boolean {
    return this.#held.has(topic);
  }

  releaseAll(): void {
    for (const topic of [...this.#held.keys()]) this.release(topic);
  }

  roomFor(publication: QueuedPublication): number {
    return this.#capacity - Math.floor(this.#capacity * reserveOf(publication));
  }

  resize(capacity: number): void {
    this.#capacity = capacity;
  }

  #next(): OutboxEntry | undefined {
    const entry = this.#entries[this.#first];
    if (!entry) return undefined;
    this.#entries[this.#first++] = undefined;
    if (this.#first > 1024 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return entry;
  }
}
