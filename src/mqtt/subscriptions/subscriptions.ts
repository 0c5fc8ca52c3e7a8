/** All subscriptions of one client: one set of Topic Filters at the server, one walk per message, each handler once. */
import type { Clock, Timer } from '../../model/time.ts';
import type { QoS } from '../publishing/publication.ts';
import { widestOf } from './covering-filters.ts';
import { topicFilterOf } from './topic-filter.ts';
import { TopicFilterTrie } from './topic-filter-trie.ts';
import { UnclaimedMessages } from './unclaimed-messages.ts';

/** A message from the broker. */
export interface IncomingMessage {
  /** Topic Name without the prefix of the client. */
  topic: string;
  payload: Buffer;
  qos: QoS;
  retain: boolean;
  responseTopic?: string;
  correlationData?: Buffer;
  /** Rest of the Message Expiry Interval, s. */
  expiryS?: number;
}

/**
 * Takes one message; only then may the broker forget it (QoS 1 and 2). The message is taken when the handler returns,
 * or when its promise resolves, which is false where the handler was closed before.
 */
export type Handler =
  | ((message: IncomingMessage) => void)
  | ((message: IncomingMessage) => Promise<boolean> | undefined);

export interface SubscriberOptions {
  /** Name of the subscriber: after a redeploy, the next one of that name gets what came in the meantime. */
  owner?: string;
  /** The server may be waiting for acknowledgements: what was gathered has to go on. */
  hurry?(): void;
}

/** A node that receives messages. */
export interface Subscriber {
  /** @param isFinal no subscriber of that name will come back */
  remove(isFinal?: boolean): void;
}

interface Subscription extends SubscriberOptions {
  filters: string[];
  qos: QoS;
  handler: Handler;
  /** Messages that came while the owner is away; undefined before and after. */
  unclaimed?: UnclaimedMessages<IncomingMessage> | undefined;
  /** The next subscription of the owner. */
  successor?: Subscription;
}

/** A redeploy may last so long, ms. */
const awayMs = 5000;

/** The subscribers of one client by Topic Filter. */
export class Subscriptions {
  readonly #clock: Clock;
  readonly #left: () => void;
  readonly #trie = new TopicFilterTrie<Subscription>();
  readonly #all = new Set<Subscription>();
  readonly #timers = new Map<object, Timer>();
  readonly #forNewcomers = new UnclaimedMessages<IncomingMessage>();
  #isExpecting = false;

  /** @param left called when filters are not wanted any more that were */
  constructor(clock: Clock, left: () => void) {
    this.#clock = clock;
    this.#left = left;
  }

  /** Whether subscribers may still be on their way. */
  get isExpecting(): boolean {
    return this.#isExpecting;
  }

  add(filters: string[], qos: QoS, handler: Handler, options: SubscriberOptions = {}): Subscriber {
    const subscription: Subscription = { filters, qos, handler, ...options };
    this.#all.add(subscription);
    for (const filter of filters) this.#trie.add(topicFilterOf(filter), subscription);
    for (const earlier of [...this.#all])
      if (earlier.unclaimed && earlier.owner === options.owner) this.#succeed(earlier, subscription);
    this.#forNewcomers.claim(
      (topic) => this.#matches(subscription, topic),
      (message) => this.#deliver(subscription, message),
    );
    return { remove: (isFinal = false) => this.#remove(subscription, isFinal) };
  }

  /** @returns nothing, or a promise, once everybody has taken the message who wants it */
  dispatch(message: IncomingMessage): void | Promise<void> {
    const matching = this.#trie.match(message.topic);
    if (message.qos === 0) {
      for (const { unclaimed, handler } of matching) if (!unclaimed) handler(message);
      return;
    }
    if (matching.size === 0) return this.#isExpecting ? this.#forNewcomers.keep(message) : undefined;
    const handing: Promise<void>[] = [];
    for (const subscription of matching) {
      const delivery = this.#deliver(subscription, message);
      if (delivery) handing.push(delivery);
    }
    if (handing.length <= 1) return handing[0];
    return Promise.all(handing).then(() => {});
  }

  /** Subscribers may still be on their way: for a moment, what nobody wants is kept for them. */
  expect(): void {
    this.#isExpecting = true;
    this.#after(this.#forNewcomers, () => {
      this.#isExpecting = false;
      this.#forNewcomers.giveUp();
      this.#left();
    });
  }

  /** The gathered messages are passed on. */
  hurry(): void {
    for (const { unclaimed, hurry } of this.#all) if (!unclaimed) hurry?.();
  }

  /** @returns the filters to hold at the server with their QoS: none lies within another, so no message comes twice */
  wanted(): Map<string, QoS> {
    const byFilter = new Map<string, QoS>();
    for (const { filters, qos } of this.#all)
      for (const filter of filters) byFilter.set(filter, Math.max(qos, byFilter.get(filter) ?? 0) as QoS);
    return widestOf(byFilter);
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #remove(subscription: Subscription, isFinal: boolean): void {
    if (!this.#all.has(subscription)) return;
    if (isFinal || subscription.owner === undefined) {
      this.#drop(subscription);
      this.#left();
      return;
    }
    const unclaimed = new UnclaimedMessages<IncomingMessage>();
    subscription.unclaimed = unclaimed;
    this.#after(subscription, () => {
      subscription.unclaimed = undefined;
      this.#drop(subscription);
      unclaimed.giveUp();
      this.#left();
    });
  }

  /** @param key of the timer, which replaces the one before */
  #after(key: object, run: () => void): void {
    this.#timers.get(key)?.cancel();
    this.#timers.set(key, this.#clock.after(awayMs, run));
  }

  #drop(subscription: Subscription): void {
    this.#all.delete(subscription);
    for (const filter of subscription.filters) this.#trie.remove(topicFilterOf(filter), subscription);
    this.#timers.get(subscription)?.cancel();
    this.#timers.delete(subscription);
  }

  #matches(subscription: Subscription, topic: string): boolean {
    return this.#trie.match(topic).has(subscription);
  }

  /** Keeps a message that a subscription has not taken. */
  #keep({ unclaimed, successor }: Subscription, message: IncomingMessage): void | Promise<void> {
    if (unclaimed) return unclaimed.keep(message);
    return successor && this.#matches(successor, message.topic) ? this.#deliver(successor, message) : undefined;
  }

  #deliver(subscription: Subscription, message: IncomingMessage): void | Promise<void> {
    if (!this.#all.has(subscription) || subscription.unclaimed) return this.#keep(subscription, message);
    const handing = subscription.handler(message);
    if (!(handing instanceof Promise)) return undefined;
    return handing.then((isTaken) => (isTaken ? undefined : this.#keep(subscription, message)));
  }

  /** The next subscription of an owner takes over, perhaps with other filters: nobody wants what it does not want. */
  #succeed(earlier: Subscription, subscription: Subscription): void {
    const { unclaimed } = earlier;
    earlier.unclaimed = undefined;
    earlier.successor = subscription;
    this.#drop(earlier);
    unclaimed?.claim(
      (topic) => this.#matches(subscription, topic),
      (message) => this.#deliver(subscription, message),
    );
    unclaimed?.giveUp();
  }
}
