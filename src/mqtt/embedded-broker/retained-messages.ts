/** The last retained message of each topic (MQTT 3.1.1 §3.3.1.3), within bounds of number and bytes. */
import type { QoS } from '../publishing/publication.ts';
import type { ApplicationMessage } from './packets.ts';

interface Level {
  below: Map<string, Level>;
  message?: ApplicationMessage;
}

const createLevel = (): Level => ({ below: new Map() });

/** Bytes that a level of a topic costs that no other topic has, about. */
const levelBytes = 150;

const sizeOf = ({ topic, payload }: ApplicationMessage): number => topic.length * 2 + payload.length;

/** The retained messages of one broker by topic. */
export class RetainedMessages {
  readonly #root = createLevel();
  readonly #bounds: { messages: number; bytes: number };
  #count = 0;
  #levels = 0;
  #bytes = 0;

  constructor(bounds: { messages: number; bytes: number }) {
    this.#bounds = bounds;
  }

  get count(): number {
    return this.#count;
  }

  get(topic: string): ApplicationMessage | undefined {
    let level: Level | undefined = this.#root;
    for (const name of topic.split('/')) level = level?.below.get(name);
    return level?.message;
  }

  /**
   * Replaces the message of a topic (MQTT-3.3.1-5); an empty payload takes it away (MQTT-3.3.1-10, -11).
   * @returns whether there was room. Where there was none the topic is empty: the message before is out of date.
   */
  store(message: ApplicationMessage): boolean {
    const { topic, payload } = message;
    const before = this.get(topic);
    if (before) this.#count--;
    if (before) this.#bytes -= sizeOf(before);
    const size = sizeOf(message);
    const { messages, bytes } = this.#bounds;
    const levels = this.#levels + (before ? 0 : topic.split('/').length);
    const hasRoom = this.#count < messages && this.#bytes + size + levels * levelBytes <= bytes;
    if (payload.length > 0 && hasRoom) {
      this.#set(topic, message);
      this.#count++;
      this.#bytes += size;
      return true;
    }
    if (before) this.#remove(this.#root, topic.split('/'), 0);
    return payload.length === 0;
  }

  /** @returns topics that a well-formed filter matches */
  match(filter: string): string[] {
    const found: string[] = [];
    this.#collect(this.#root, filter.split('/'), 0, found);
    return found;
  }

  #set(topic: string, message: ApplicationMessage): void {
    let level = this.#root;
    for (const name of topic.split('/')) {
      let next = level.below.get(name);
      if (!next) {
        next = createLevel();
        this.#levels++;
        level.below.set(name, next);
      }
      level = next;
    }
    level.message = message;
  }

  /** Levels that hold nothing any more go with it. */
  #remove(level: Level, names: string[], at: number): void {
    const name = names[at];
    if (name === undefined) {
      delete level.message;
      return;
    }
    const next = level.below.get(name);
    if (!next) return;
    this.#remove(next, names, at + 1);
    if (next.message || next.below.size > 0) return;
    level.below.delete(name);
    this.#levels--;
  }

  #collect(level: Level, names: string[], at: number, found: string[]): void {
    const name = names[at];
    if (name === undefined || name === '#') if (level.message) found.push(level.message.topic);
    if (name === undefined) return;
    if (name !== '+' && name !== '#') {
      const next = level.below.get(name);
      if (next) this.#collect(next, names, at + 1, found);
      return;
    }
    // MQTT-4.7.2-1: a wildcard at the start does not match topics of the server's own, like $SYS.
    for (const [own, next] of level.below)
      if (level !== this.#root || !own.startsWith('$')) this.#collect(next, names, name === '#' ? at : at + 1, found);
  }
}

/** Sends a session the retained messages of its new subscriptions, a portion at a time. */
export class RetainedReplay {
  readonly #retained: RetainedMessages;
  /** Filters to QoS, in the order of their subscription. */
  readonly #filters = new Map<string, QoS>();
  #topics: string[] = [];
  #qos: QoS = 0;

  constructor(retained: RetainedMessages) {
    this.#retained = retained;
  }

  get isPending(): boolean {
    return this.#topics.length > 0 || this.#filters.size > 0;
  }

  add(filter: string, qos: QoS): void {
    this.#filters.set(filter, qos);
  }

  remove(filter: string): void {
    this.#filters.delete(filter);
  }

  /**
   * @returns the next message and the QoS of its subscription. It is the newest of its topic: one from the moment of
   * the subscription could follow a newer one that was delivered meanwhile.
   */
  next(): { message: ApplicationMessage; qos: QoS } | undefined {
    for (;;) {
      const topic = this.#topics.pop();
      if (topic !== undefined) {
        const message = this.#retained.get(topic);
        if (message) return { message, qos: this.#qos };
        continue;
      }
      const [next] = this.#filters;
      if (!next) return undefined;
      const [filter, qos] = next;
      this.#filters.delete(filter);
      this.#qos = qos;
      this.#topics = this.#retained.match(filter).reverse();
    }
  }
}
