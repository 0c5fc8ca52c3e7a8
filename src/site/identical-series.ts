/**
 * One meter that was entered twice: two sources whose power, or counter, changes to the same values at the same times.
 * Each of them is booked, so the site would count what it measures twice.
 */
import type { Source } from './sources.ts';

interface Pair {
  /** How often the later of the two came to what the other shows. */
  same: number;
  /** Changes of each when the counting began. */
  changesA: number;
  changesB: number;
  since: number;
}

interface Series {
  topic: string;
  source: Source;
  /** Without sign: the direction depends on the role. */
  value: number;
  at: number;
  changes: number;
  /** By topic, those that were met last at the end. */
  pairs: Map<string, Pair>;
}

interface Twins {
  a: Series;
  b: Series;
  /** Changes of the first when they were the same the last time. */
  changes: number;
}

export interface IdenticalSeries {
  /** @param at monotonic, ms */
  take(topic: string, source: Source, value: number, at: number): void;
  /** Topics that change as one, in pairs. */
  found(): [string, string][];
  /** @param isPresent topics that are left */
  keep(isPresent: (topic: string) => boolean): void;
}

/** Small values meet by chance. */
const least = 20;
/** What is read at one moment arrives within this time, ms. */
const togetherMs = 5000;
/** So many changes, over so long a time, are judged. */
const judgedChanges = 12;
const judgedMs = 60_000;
const sameShare = 0.8;
/** A value that so many show tells nothing. */
const mostAlike = 4;
const mostPairs = 8;

/** @param isRelated one of them is known to measure the other */
export const createIdenticalSeries = (isRelated: (a: Source, b: Source) => boolean): IdenticalSeries => {
  const all = new Map<string, Series>();
  /** Who shows a value now. */
  const showing = new Map<number, Set<Series>>();
  const twins = new Map<string, Twins>();

  const leave = (series: Series): void => {
    const alike = showing.get(series.value);
    if (alike?.delete(series) && alike.size === 0) showing.delete(series.value);
  };

  const meet = (one: Series, other: Series, at: number): void => {
    if (one.source.device === other.source.device || isRelated(one.source, other.source)) return;
    // A pair is kept by the one whose topic comes first.
    const [a, b] = one.topic < other.topic ? [one, other] : [other, one];
    const pair = a.pairs.get(b.topic) ?? { same: 0, changesA: a.changes - 1, changesB: b.changes - 1, since: at };
    pair.same++;
    a.pairs.delete(b.topic);
    const key = `${a.topic} ${b.topic}`;
    const known = twins.get(key);
    if (known) known.changes = a.changes;
    const changes = Math.max(a.changes - pair.changesA, b.changes - pair.changesB);
    if (changes >= judgedChanges && at - pair.since >= judgedMs) {
      if (pair.same >= sameShare * changes) twins.set(key, { a, b, changes: a.changes });
      return;
    }
    a.pairs.set(b.topic, pair);
    for (const [topic] of a.pairs) if (a.pairs.size > mostPairs) a.pairs.delete(topic);
  };

  return {
    take(topic, source, given, at) {
      // Cars that are steered alike draw alike, and are no part of what the site consumes.
      if (source.term === 'ev' || source.term === 'heat') return;
      const value = Math.abs(given);
      let series = all.get(topic);
      if (!series) {
        series = { topic, source, value: Number.NaN, at, changes: 0, pairs: new Map() };
        all.set(topic, series);
      }
      series.source = source;
      series.at = at;
      if (series.value === value) return;
      leave(series);
      series.value = value;
      series.changes++;
      if (value < least) return;
      const alike = showing.get(value);
      if (!alike) {
        showing.set(value, new Set([series]));
        return;
      }
      if (alike.size < mostAlike)
        for (const other of alike) if (Math.abs(at - other.at) <= togetherMs) meet(series, other, at);
      alike.add(series);
    },
    found() {
      for (const [key, { a, changes }] of twins) if (a.changes - changes >= judgedChanges) twins.delete(key);
      return [...twins.values()].map(({ a, b }) => [a.topic, b.topic]);
    },
    keep(isPresent) {
      for (const [topic, series] of all) {
        if (isPresent(topic)) continue;
        leave(series);
        all.delete(topic);
      }
      for (const [key, { a, b }] of twins) if (!all.has(a.topic) || !all.has(b.topic)) twins.delete(key);
    },
  };
};
