/** Which Topic Filters a client holds at the server for all that its subscribers ask for: none lies within another. */
import type { QoS } from '../publishing/publication.ts';
import { covers } from './topic-filter.ts';
import { TopicFilterTrie } from './topic-filter-trie.ts';

/** @returns for a filter, those of the given ones that match all its topics: the filter itself, too, where it was given */
const createCovering = (filters: Iterable<string>): ((filter: string) => string[]) => {
  const trie = new TopicFilterTrie<string>();
  for (const filter of filters) trie.add(filter, filter);
  // A filter is looked up as if it were a topic: whatever covers it matches it as well.
  return (filter) => [...trie.match(filter)].filter((wide) => covers(wide, filter));
};

/** @returns the widest of the filters that are asked for, each with the highest QoS of those that lie within it */
export const widestOf = (asked: Map<string, QoS>): Map<string, QoS> => {
  const coveringOf = createCovering(asked.keys());
  const covering = new Map([...asked.keys()].map((filter) => [filter, coveringOf(filter)]));
  const widest = new Map<string, QoS>();
  for (const [filter, qos] of asked) if (covering.get(filter)?.length === 1) widest.set(filter, qos);
  for (const [filter, qos] of asked)
    for (const wide of covering.get(filter) ?? []) {
      const level = widest.get(wide);
      if (level !== undefined && level < qos) widest.set(wide, qos);
    }
  return widest;
};

/** @returns those of the held filters that match topics of the given ones */
export const coveringOf = (held: Map<string, QoS>, filters: string[]): [string, QoS][] => {
  const covering = createCovering(held.keys());
  const found = new Set(filters.flatMap(covering));
  return [...held].filter(([filter]) => found.has(filter));
};
