/** Which filters a client holds at the broker for all that is asked of it: none lies within another. */
import { covers, createTrie } from './trie.ts';

type Qos = 0 | 1 | 2;

/** @returns for a filter, those of the given ones that take all its topics: it is itself among them where it was given */
const createCovering = (filters: Iterable<string>): ((filter: string) => string[]) => {
  const trie = createTrie<string>();
  for (const filter of filters) trie.add(filter, filter);
  // A filter is looked up as if it were a topic: whatever covers it matches it as well.
  return (filter) => [...trie.match(filter)].filter((wide) => covers(wide, filter));
};

/** The widest of what is asked, each with the highest QoS of what lies within it. */
export const widestOf = (asked: Map<string, Qos>): Map<string, Qos> => {
  const coveringOf = createCovering(asked.keys());
  const covering = new Map([...asked.keys()].map((filter) => [filter, coveringOf(filter)]));
  const widest = new Map<string, Qos>();
  for (const [filter, qos] of asked) if (covering.get(filter)?.length === 1) widest.set(filter, qos);
  for (const [filter, qos] of asked)
    for (const wide of covering.get(filter) ?? []) {
      const level = widest.get(wide);
      if (level !== undefined && level < qos) widest.set(wide, qos);
    }
  return widest;
};

/** Those of the held ones that take topics of the given filters. */
export const coveringOf = (held: Map<string, Qos>, filters: string[]): [string, Qos][] => {
  const covering = createCovering(held.keys());
  const found = new Set(filters.flatMap(covering));
  return [...held].filter(([filter]) => found.has(filter));
};
