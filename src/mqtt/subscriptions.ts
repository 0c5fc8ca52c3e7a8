/** All subscriptions of one client: one set of filters at the broker, one walk per message, each handler once. */
import { covers, createTrie } from './trie.ts';

export interface Incoming {
  topic: string;
  payload: Buffer;
  qos: 0 | 1 | 2;
  retain: boolean;
  responseTopic?: string;
  correlationData?: Buffer;
  expiryS?: number;
}

export type Handler = (message: Incoming) => void;

interface Subscription {
  filters: string[];
  qos: 0 | 1 | 2;
  handler: Handler;
}

export interface Subscriptions {
  add(filters: string[], qos: 0 | 1 | 2, handler: Handler): { remove(): void };
  dispatch(message: Incoming): number;
  /** The filters to hold at the broker: none lies within another, so no message comes twice. */
  wanted(): Map<string, 0 | 1 | 2>;
}

export const createSubscriptions = (): Subscriptions => {
  const trie = createTrie<Subscription>();
  const all = new Set<Subscription>();
  return {
    add(filters, qos, handler) {
      const subscription = { filters, qos, handler };
      all.add(subscription);
      for (const filter of filters) trie.add(filter, subscription);
      return {
        remove() {
          all.delete(subscription);
          for (const filter of filters) trie.remove(filter, subscription);
        },
      };
    },
    dispatch(message) {
      const matching = trie.match(message.topic);
      for (const { handler } of matching) handler(message);
      return matching.size;
    },
    wanted() {
      const byFilter = new Map<string, 0 | 1 | 2>();
      for (const { filters, qos } of all)
        for (const filter of filters) byFilter.set(filter, Math.max(qos, byFilter.get(filter) ?? 0) as 0 | 1 | 2);
      const widest = new Map<string, 0 | 1 | 2>();
      for (const [filter, qos] of byFilter) {
        if ([...byFilter.keys()].some((other) => other !== filter && covers(other, filter))) continue;
        widest.set(filter, qos);
      }
      for (const [filter, qos] of byFilter)
        for (const [wide, level] of widest)
          if (covers(wide, filter)) widest.set(wide, Math.max(level, qos) as 0 | 1 | 2);
      return widest;
    },
  };
};
