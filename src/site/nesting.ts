/**
 * Sources behind other sources: a meter may measure devices of its own kind and of others, as a meter of the sun with a
 * battery behind it (aggregation §1.3). What it measures counts once, whatever stands behind it.
 */
import type { Meta } from '../model/meta.ts';
import type { Source, TermName } from './sources.ts';

export interface Nesting {
  /** All but those that a source of their own kind measures already. */
  counted: Source[];
  /** By the source that measures them: those of another kind, which are no part of its term. */
  behind: Map<Source, Source[]>;
  /** Their measurements together are what the site consumes. */
  roots: Source[];
}

const producers = new Set<TermName>(['solar', 'battery', 'generator', 'inverter']);

/** Grid and producers are the terms of consumption. */
const isInBalance = ({ term }: Source): boolean => term === 'grid' || producers.has(term);

/** 1: the power of the inner one is part of the outer one's; -1: it works against it. */
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

/** What of a device measures another one: a source of the same kind, else its meter, else the device itself. */
const pick = (candidates: Source[], term: TermName): Source | undefined =>
  candidates.find((each) => each.term === term) ?? candidates.find(({ isMeter }) => isMeter) ?? candidates[0];

/** @param sources DC sides stand behind their inverter, whatever their parent is */
export const nest = (sources: Source[], metas: Meta[]): Nesting => {
  const ac = sources.filter(({ hybrid }) => hybrid === undefined);
  const byDevice = groupBy(ac, ({ device }) => device);
  const parents = new Map(
    metas.flatMap(({ device, components }) => {
      const parent = components.find((component) => component.parent !== undefined)?.parent;
      return parent === undefined ? [] : [[device, parent]];
    }),
  );

  /** The nearest meter above that is a source itself; a circle of parents leads nowhere. */
  const outerOf = (source: Source): Source | undefined => {
    const passed = new Set([source.device]);
    for (let { parent } = source; parent !== undefined && !passed.has(parent); parent = parents.get(parent)) {
      passed.add(parent);
      const outer = pick(byDevice.get(parent) ?? [], source.term);
      if (outer) return outer;
    }
    return undefined;
  };
  const outers = new Map(ac.map((source) => [source, outerOf(source)]));

  const isCircular = (source: Source): boolean => {
    const passed = new Set<Source>();
    for (let next = outers.get(source); next && !passed.has(next); next = outers.get(next)) {
      if (next.device === source.device) return true;
      passed.add(next);
    }
    return false;
  };
  const isCovered = (source: Source): boolean => outers.get(source)?.term === source.term && !isCircular(source);
  /** Whose measurement contains this one. Everything stands behind the grid, which need not be said. */
  const measuredBy = (source: Source): Source | undefined => {
    let outer = isCircular(source) ? undefined : outers.get(source);
    while (outer && isCovered(outer)) outer = outers.get(outer);
    return outer?.term === 'grid' ? undefined : outer;
  };

  const counted = sources.filter((source) => source.hybrid !== undefined || !isCovered(source));
  const nested = counted.filter((source) => source.hybrid === undefined && measuredBy(source) !== undefined);
  const behind = new Map<Source, Source[]>();
  for (const source of nested) {
    const outer = measuredBy(source);
    if (outer) behind.set(outer, [...(behind.get(outer) ?? []), source]);
  }
  const isRoot = (source: Source): boolean => {
    const outer = measuredBy(source);
    // A consumer behind a producer is missing in what the producer gives.
    return isInBalance(source) ? !outer || !isInBalance(outer) : outer !== undefined && isInBalance(outer);
  };
  return { counted, behind, roots: counted.filter((source) => source.hybrid === undefined && isRoot(source)) };
};
