/**
 * Devices and sites that were removed lately. Copies of messages about them are still on their way when they go,
 * between nodes and from the broker, and would bring them back.
 */
import type { Message } from '../model/message.ts';
import type { Meta } from '../model/meta.ts';
import { type Clock, parseTime } from '../model/time.ts';

interface Removed {
  /** The last meta of the device. */
  meta: Meta | undefined;
  /** Wall clock, ms. */
  at: number;
  /** Monotonic, ms. */
  since: number;
}

/** No message is on its way for so long; a deploy holds some up for 20 s. */
const underWayMs = 60_000;

/** "devices/101" of "devices/101/battery/soc" */
const pathOf = (topic: string): string => topic.split('/', 2).join('/');

const isNotNewer = (ts: string | undefined, than: string | undefined): boolean =>
  ts === undefined || than === undefined || ts <= than;

/** The removed paths of one runtime: the beginning of topics, as "devices/101", "sites/home". */
export class RemovedPaths {
  readonly #clock: Clock;
  readonly #removed = new Map<string, Removed>();
  /** Number of paths that were removed lately. */
  count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param meta the last one of the device, where it is known */
  add(path: string, meta: Meta | undefined): void {
    this.#prune();
    this.#removed.set(path, { meta, at: this.#clock.now(), since: this.#clock.monotonic() });
    this.count = this.#removed.size;
  }

  /** A device or site is there again. */
  delete(path: string): void {
    this.#removed.delete(path);
    this.count = this.#removed.size;
  }

  /** @returns what was removed lately */
  paths(): string[] {
    this.#prune();
    return [...this.#removed.keys()];
  }

  /** Whether a message was sent before the device or site that it is about was removed. */
  isFromBefore(message: Message): boolean {
    const removed = this.#removed.get(pathOf(message.topic));
    if (!removed) return false;
    if (this.#isOver(removed)) {
      this.#prune();
      return false;
    }
    // The clocks of two gateways differ: the meta of one says nothing about that of another.
    if (message.schema === 'meta/1')
      return message.gateway === removed.meta?.gateway && isNotNewer(message.ts, removed.meta.ts);
    return typeof message.ts !== 'string' || parseTime(message.ts) <= removed.at;
  }

  #isOver({ since }: Removed): boolean {
    return this.#clock.monotonic() - since > underWayMs;
  }

  #prune(): void {
    for (const [path, removed] of this.#removed) if (this.#isOver(removed)) this.#removed.delete(path);
    this.count = this.#removed.size;
  }
}
