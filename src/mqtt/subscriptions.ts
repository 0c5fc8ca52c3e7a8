/** All subscriptions of one client: one set of filters at the broker, one walk per message, each handler once. */
import type { Clock, Timer } from '../model/time.ts';
import { widestOf } from './filters.ts';
import { createTrie } from './trie.ts';
import { createUnclaimed, type Unclaimed } from './unclaimed.ts';

export interface Incoming {
  topic: string;
  payload: Buffer;
  qos: 0 | 1 | 2;
  retain: boolean;
  responseTopic?: string;
  correlationData?: Buffer;
  expiryS?: number;
}

/**
 * Takes one message; only then may the broker forget it (QoS 1 and 2). Taken when it returns, or when its promise
 * resolves, which is false where it was closed before.
 */
export type Handler = ((message: Incoming) => void) | ((message: Incoming) => Promise<boolean> | undefined);

export interface SubscriberOptions {
  /** Who subscribes: after a redeploy it gets what came in the meantime. Without a name nobody is waited for. */
  owner?: string;
  /** The broker may be waiting for acknowledgements: what was gathered has to go on. */
  hurry?(): void;
}

export interface Subscriber {
  /** @param isFinal its owner will not come back */
  remove(isFinal?: boolean): void;
}

interface Subscription extends SubscriberOptions {
  filters: string[];
  qos: 0 | 1 | 2;
  handler: Handler;
  /** What came while its owner is away; undefined before and after. */
  unclaimed?: Unclaimed<Incoming> | undefined;
  /** The next life of its owner. */
  successor?: Subscription;
}

export interface Subscriptions {
  add(filters: string[], qos: 0 | 1 | 2, handler: Handler, options?: SubscriberOptions): Subscriber;
  /** @returns nothing, or a promise, once everybody has taken the message who wants it */
  dispatch(message: Incoming): void | Promise<void>;
  /** Subscribers may still be on their way: for a moment, what nobody wants is kept for them. */
  expect(): void;
  isExpecting(): boolean;
  /** What was gathered goes on. */
  hurry(): void;
  /** The filters to hold at the broker: none lies within another, so no message comes twice. */
  wanted(): Map<string, 0 | 1 | 2>;
  close(): void;
}

/** As long a redeploy may take. */
const awayMs = 5000;

/** @param left filters are not wanted any more that were */
export const createSubscriptions = (clock: Clock, left: () => void): Subscriptions => {
  const trie = createTrie<Subscription>();
  const all = new Set<Subscription>();
  const timers = new Map<object, Timer>();
  let isExpecting = false;
  const forNewcomers = createUnclaimed<Incoming>();

  const matches = (subscription: Subscription, topic: string): boolean => trie.match(topic).has(subscription);

  const drop = (subscription: Subscription): void => {
    all.delete(subscription);
    for (const filter of subscription.filters) trie.remove(filter, subscription);
    timers.get(subscription)?.cancel();
    timers.delete(subscription);
  };

  /** A message that a subscription has not taken. */
  const keep = ({ unclaimed, successor }: Subscription, message: Incoming): void | Promise<void> => {
    if (unclaimed) return unclaimed.keep(message);
    return successor && matches(successor, message.topic) ? deliver(successor, message) : undefined;
  };

  const deliver = (subscription: Subscription, message: Incoming): void | Promise<void> => {
    if (!all.has(subscription) || subscription.unclaimed) return keep(subscription, message);
    const handover = subscription.handler(message);
    if (!(handover instanceof Promise)) return undefined;
    return handover.then((isTaken) => (isTaken ? undefined : keep(subscription, message)));
  };

  /** The next life of an owner, perhaps with other filters: what it does not want any more, nobody does. */
  const succeed = (earlier: Subscription, subscription: Subscription): void => {
    const { unclaimed } = earlier;
    earlier.unclaimed = undefined;
    earlier.successor = subscription;
    drop(earlier);
    unclaimed?.claim(
      (topic) => matches(subscription, topic),
      (message) => deliver(subscription, message),
    );
    unclaimed?.giveUp();
  };

  return {
    add(filters, qos, handler, options = {}) {
      const subscription: Subscription = { filters, qos, handler, ...options };
      all.add(subscription);
      for (const filter of filters) trie.add(filter, subscription);
      for (const earlier of [...all])
        if (earlier.unclaimed && earlier.owner === options.owner) succeed(earlier, subscription);
      forNewcomers.claim(
        (topic) => matches(subscription, topic),
        (message) => deliver(subscription, message),
      );
      return {
        remove(isFinal = false) {
          if (!all.has(subscription)) return;
          if (isFinal || subscription.owner === undefined) {
            drop(subscription);
            left();
            return;
          }
          const unclaimed = createUnclaimed<Incoming>();
          subscription.unclaimed = unclaimed;
          timers.set(
            subscription,
            clock.after(awayMs, () => {
              subscription.unclaimed = undefined;
              drop(subscription);
              unclaimed.giveUp();
              left();
            }),
          );
        },
      };
    },
    dispatch(message) {
      const matching = trie.match(message.topic);
      if (message.qos === 0) {
        for (const { unclaimed, handler } of matching) if (!unclaimed) handler(message);
        return;
      }
      if (matching.size === 0) return isExpecting ? forNewcomers.keep(message) : undefined;
      const handing: Promise<void>[] = [];
      for (const subscription of matching) {
        const delivery = deliver(subscription, message);
        if (delivery) handing.push(delivery);
      }
      if (handing.length <= 1) return handing[0];
      return Promise.all(handing).then(() => {});
    },
    expect() {
      isExpecting = true;
      timers.get(forNewcomers)?.cancel();
      timers.set(
        forNewcomers,
        clock.after(awayMs, () => {
          isExpecting = false;
          forNewcomers.giveUp();
          left();
        }),
      );
    },
    isExpecting: () => isExpecting,
    hurry() {
      for (const { unclaimed, hurry } of all) if (!unclaimed) hurry?.();
    },
    wanted() {
      const byFilter = new Map<string, 0 | 1 | 2>();
      for (const { filters, qos } of all)
        for (const filter of filters) byFilter.set(filter, Math.max(qos, byFilter.get(filter) ?? 0) as 0 | 1 | 2);
      return widestOf(byFilter);
    },
    close() {
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
    },
  };
};
