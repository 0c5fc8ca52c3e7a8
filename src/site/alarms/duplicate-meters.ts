/**
 * Detects a meter that was entered twice: two sources whose power, or counter, changes to the same values at the same
 * times. Each of them is counted, so the site would count what the meter measures twice.
 */
import type { Source } from '../sources/sources.ts';

/** Two series that have met at a value. */
interface Pair {
  /** Number of times the later of the two came to the value of the other. */
  same: number;
  /** Changes of each series when the counting began. */
  changesA: number;
  changesB: number;
  /** Monotonic ms. */
  since: number;
}

/** The values of one topic. */
interface Series {
  topic: string;
  source: Source;
  /** Value without its sign, which depends on the role of the source. */
  value: number;
  /** Monotonic ms. */
  at: number;
  changes: number;
  /** Pairs by the other topic, the latest at the end. */
  pairs: Map<string, Pair>;
}

interface Duplicate {
  a: Series;
  b: Series;
  /** Changes of the first series when both were last the same. */
  changes: number;
}

/** A topic and a time of measurement, monotonic ms. */
export interface ValuePlace {
  reading: { topic: string };
  at: number;
}

/** Smaller values are equal by chance, W or Wh. */
const leastValue = 20;
/** Time within which two values arrive that were read at one moment, ms. */
const togetherMs = 5000;
/** Changes, and time in ms, that are compared. */
const comparedChanges = 12;
const comparedMs = 60_000;
const sameShare = 0.8;
/** A value that so many series show proves nothing. */
const mostAlike = 4;
const mostPairs = 8;

/** Compares the series of one site. */
export class DuplicateMeters {
  readonly #isRelated: (a: Source, b: Source) => boolean;
  readonly #series = new Map<string, Series>();
  /** Series that show a value now. */
  readonly #showing = new Map<number, Set<Series>>();
  readonly #duplicates = new Map<string, Duplicate>();

  /** @param isRelated whether one of two sources is known to measure the other */
  constructor(isRelated: (a: Source, b: Source) => boolean) {
    this.#isRelated = isRelated;
  }

  /** Takes the newest value of a topic. */
  take(source: Source, signed: number, { reading: { topic }, at }: ValuePlace): void {
    // Chargers that are controlled alike draw alike, and are no term of the consumption.
    if (source.term === 'ev' || source.term === 'heat') return;
    const value = Math.abs(signed);
    const series = this.#seriesOf(topic, source);
    series.source = source;
    series.at = at;
    if (series.value === value) return;
    this.#leave(series);
    series.value = value;
    series.changes++;
    if (value < leastValue) return;
    const alike = this.#showing.get(value);
    if (!alike) {
      this.#showing.set(value, new Set([series]));
      return;
    }
    if (alike.size < mostAlike)
      for (const other of alike) if (Math.abs(at - other.at) <= togetherMs) this.#meet(series, other, at);
    alike.add(series);
  }

  /** @returns pairs of topics that change as one */
  found(): [string, string][] {
    for (const [key, { a, changes }] of this.#duplicates)
      if (a.changes - changes >= comparedChanges) this.#duplicates.delete(key);
    return [...this.#duplicates.values()].map(({ a, b }) => [a.topic, b.topic]);
  }

  /** Forgets the topics that the site does not use any more. */
  keep(isUsed: (topic: string) => boolean): void {
    for (const [topic, series] of this.#series) {
      if (isUsed(topic)) continue;
      this.#leave(series);
      this.#series.delete(topic);
    }
    for (const [key, { a, b }] of this.#duplicates)
      if (!this.#series.has(a.topic) || !this.#series.has(b.topic)) this.#duplicates.delete(key);
  }

  #seriesOf(topic: string, source: Source): Series {
    let series = this.#series.get(topic);
    if (!series) {
      series = { topic, source, value: Number.NaN, at: 0, changes: 0, pairs: new Map() };
      this.#series.set(topic, series);
    }
    return series;
  }

  #leave(series: Series): void {
    const alike = this.#showing.get(series.value);
    if (alike?.delete(series) && alike.size === 0) this.#showing.delete(series.value);
  }

  /** Two series show the same value at the same time. */
  #meet(one: Series, other: Series, at: number): void {
    if (one.source.device === other.source.device || this.#isRelated(one.source, other.source)) return;
    // A pair is kept by the series whose topic comes first.
    const [a, b] = one.topic < other.topic ? [one, other] : [other, one];
    const pair = a.pairs.get(b.topic) ?? { same: 0, changesA: a.changes - 1, changesB: b.changes - 1, since: at };
    pair.same++;
    a.pairs.delete(b.topic);
    const key = `${a.topic} ${b.topic}`;
    const known = this.#duplicates.get(key);
    if (known) known.changes = a.changes;
    const changes = Math.max(a.changes - pair.changesA, b.changes - pair.changesB);
    if (changes >= comparedChanges && at - pair.since >= comparedMs) {
      if (pair.same >= sameShare * changes) this.#duplicates.set(key, { a, b, changes: a.changes });
      return;
    }
    a.pairs.set(b.topic, pair);
    for (const [topic] of a.pairs) if (a.pairs.size > mostPairs) a.pairs.delete(topic);
  }
}
