/**
 * Meters behind meters: a meter may measure sources of its own kind and of others, such as a solar meter with a battery
 * behind it (aggregation §1.3). What the outer meter measures counts once, whatever stands behind it.
 */
import type { Meta } from '../../model/meta.ts';
import type { Source, TermName } from './sources.ts';

/** The sources of a site, each counted once. */
export interface NestedSources {
  /** All sources but those that an outer source of their own term contains. */
  counted: Source[];
  /** Sources of another term, by the source behind which they are measured; they are no part of its term. */
  behind: Map<Source, Source[]>;
  /** Sources whose measurements together are the consumption of the site. */
  roots: Source[];
}

const producers = new Set<TermName>(['solar', 'battery', 'generator', 'inverter']);

/** Grid and producers are the terms that make up consumption. */
const isInBalance = ({ term }: Source): boolean => term === 'grid' || producers.has(term);

/** @returns 1: the outer power contains that of the inner source; -1: the inner power is missing in the outer one */
export const signWithin = (inner: Source, outer: Source): 1 | -1 =>
  producers.has(inner.term) === producers.has(outer.term) ? 1 : -1;

const groupBy = <K, V>(values: V[], keyOf: (value: V) => K): Map<K, V[]> => {
  const groups = new Map<K, V[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
};

/** @returns the source of a device that measures another one: of the same term, else its meter, else the first */
const pickOuter = (candidates: Source[], term: TermName): Source | undefined =>
  candidates.find((each) => each.term === term) ?? candidates.find(({ isMeter }) => isMeter) ?? candidates[0];

/** The outer source of each source on the AC side. */
class MeterHierarchy {
  readonly #outers: Map<Source, Source | undefined>;

  /** @param sources on the AC side */
  constructor(sources: Source[], metas: Meta[]) {
    const byDevice = groupBy(sources, ({ device }) => device);
    const parents = new Map(
      metas.flatMap(({ device, components }) => {
        const parent = components.find((component) => component.parent !== undefined)?.parent;
        return parent === undefined ? [] : [[device, parent]];
      }),
    );
    /** The nearest parent that is a source itself; a circle of parents has none. */
    const outerOf = (source: Source): Source | undefined => {
      const passed = new Set([source.device]);
      for (let { parent } = source; parent !== undefined && !passed.has(parent); parent = parents.get(parent)) {
        passed.add(parent);
        const outer = pickOuter(byDevice.get(parent) ?? [], source.term);
        if (outer) return outer;
      }
      return undefined;
    };
    this.#outers = new Map(sources.map((source) => [source, outerOf(source)]));
  }

  /** @returns whether an outer source of the same term contains the source */
  isCovered(source: Source): boolean {
    return this.#outers.get(source)?.term === source.term && !this.#isCircular(source);
  }

  /** @returns the counted source that contains this one; the grid contains all and is left out */
  measuredBy(source: Source): Source | undefined {
    let outer = this.#isCircular(source) ? undefined : this.#outers.get(source);
    while (outer && this.isCovered(outer)) outer = this.#outers.get(outer);
    return outer?.term === 'grid' ? undefined : outer;
  }

  /** @returns whether a source is part of consumption; a consumer behind a producer is missing in its power */
  isRoot(source: Source): boolean {
    const outer = this.measuredBy(source);
    return isInBalance(source) ? !outer || !isInBalance(outer) : outer !== undefined && isInBalance(outer);
  }

  #isCircular(source: Source): boolean {
    const passed = new Set<Source>();
    for (let next = this.#outers.get(source); next && !passed.has(next); next = this.#outers.get(next)) {
      if (next.device === source.device) return true;
      passed.add(next);
    }
    return false;
  }
}

/** @returns the sources nested; DC sides stand behind their inverter, whatever their parent is */
export const nestSources = (sources: Source[], metas: Meta[]): NestedSources => {
  const hierarchy = new MeterHierarchy(
    sources.filter(({ hybrid }) => hybrid === undefined),
    metas,
  );
  const counted = sources.filter((source) => source.hybrid !== undefined || !hierarchy.isCovered(source));
  const behind = new Map<Source, Source[]>();
  for (const source of counted) {
    const outer = source.hybrid === undefined ? hierarchy.measuredBy(source) : undefined;
    if (outer) behind.set(outer, [...(behind.get(outer) ?? []), source]);
  }
  return { counted, behind, roots: counted.filter((each) => each.hybrid === undefined && hierarchy.isRoot(each)) };
};
