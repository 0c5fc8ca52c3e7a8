/**
 * Takes off the broker what is retained of a device or site that is no more (MQTT-3.3.1-6): what this session knows of
 * at once, and then what an earlier run of this runtime has left there, which only the broker can tell.
 */
import { isRecord } from '../../model/safety.ts';
import type { Clock, Timer } from '../../model/time.ts';
import type { BrokerClient } from '../client.ts';
import type { Subscriber } from '../subscriptions/subscriptions.ts';
import type { RetainedPublications } from './retained-publications.ts';

interface RemovalOptions {
  /**
   * Name of this runtime, as the meta of its devices has it: a device that another runtime speaks for is left alone.
   */
  gateway: string;
  /** Whether a device or site that was removed has come back meanwhile. */
  isBack(path: string): boolean;
}

/** A search for what is retained of one device or site. */
interface Search {
  subscriber: Subscriber;
  timer: Timer;
}

/** The broker has sent what it retains within so long, ms. */
const searchMs = 2000;

const gatewayOf = (payload: Buffer): unknown => {
  try {
    const meta: unknown = JSON.parse(payload.toString());
    return isRecord(meta) ? meta.gateway : undefined;
  } catch {
    return undefined;
  }
};

/** The removals of one client. Paths are the beginning of topics: "devices/101", "sites/home". */
export class RetainedRemoval {
  readonly #client: BrokerClient;
  readonly #retained: RetainedPublications;
  readonly #options: RemovalOptions;
  readonly #clock: Clock;
  readonly #following: { remove(): void };
  readonly #searches = new Map<string, Search>();
  /** Paths that wait for the connection. */
  readonly #waiting = new Set<string>();
  readonly #doneListeners = new Set<() => void>();

  constructor(client: BrokerClient, retained: RetainedPublications, options: RemovalOptions, clock: Clock) {
    this.#client = client;
    this.#retained = retained;
    this.#options = options;
    this.#clock = clock;
    // Publications that wait for the connection are sent first.
    this.#following = client.onState(() => clock.after(0, () => this.#follow()));
  }

  remove(path: string): void {
    // A tree of bare values has a prefix of its own.
    for (const topic of this.#retained.topics())
      if (topic.startsWith(`${path}/`) || topic.includes(`/${path}/`)) this.#clear(topic);
    this.#waiting.add(path);
    this.#follow();
  }

  /** Removes one topic alone, as far as this session knows of it. */
  withdraw(topic: string): void {
    for (const each of this.#retained.topics()) if (each === topic || each.endsWith(`/${topic}`)) this.#clear(each);
  }

  /** Resolves when nothing is searched for any more. */
  done(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#searches.size === 0) resolve();
      else this.#doneListeners.add(resolve);
    });
  }

  close(): void {
    this.#following.remove();
    for (const path of [...this.#searches.keys()]) this.#end(path);
  }

  #clear(topic: string): void {
    this.#client.publish({ topic, payload: '', qos: 1, retain: true });
  }

  #follow(): void {
    if (this.#client.state.kind !== 'online') {
      // A retained message that has not come on this connection will not come any more.
      for (const path of [...this.#searches.keys()]) {
        this.#waiting.add(path);
        this.#end(path);
      }
      return;
    }
    const paths = [...this.#waiting];
    this.#waiting.clear();
    for (const path of paths) if (!this.#options.isBack(path)) this.#search(path);
  }

  #search(path: string): void {
    const found = new Set<string>();
    let isForeign = false;
    const subscriber = this.#client.subscribe([`${path}/#`], 1, ({ topic, payload, retain }) => {
      if (!retain || payload.length === 0) return;
      found.add(topic);
      isForeign ||= topic === `${path}/meta` && gatewayOf(payload) !== this.#options.gateway;
    });
    const timer = this.#clock.after(searchMs, () => {
      this.#end(path);
      if (!isForeign && !this.#options.isBack(path)) for (const topic of found) this.#clear(topic);
    });
    this.#searches.set(path, { subscriber, timer });
  }

  #end(path: string): void {
    const search = this.#searches.get(path);
    this.#searches.delete(path);
    search?.timer.cancel();
    search?.subscriber.remove(true);
    if (this.#searches.size === 0) for (const listener of this.#doneListeners) listener();
  }
}
