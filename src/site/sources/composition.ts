/** Composition of a site from the meta of its devices: which sources make up which term, and which topics are used. */
import type { Meta } from '../../model/meta.ts';
import { type Branch, branchesOf } from '../alarms/submeter-check.ts';
import { nestSources } from './meter-hierarchy.ts';
import { maxAgeOf } from './quantity-timing.ts';
import type { Direction } from './source-counters.ts';
import { pathOf, type SocSource, type Source, socSourcesOf, sourcesOf, type TermName } from './sources.ts';

/** One use of the readings of a topic. */
export interface Use {
  source: Source;
  /** The power of the source, or its counter of a direction. */
  kind: 'power' | Direction;
}

/** An inverter with its DC sides. Without an inverter, the sources stand behind one of which nothing is known. */
export interface HybridSources {
  inverters: Source[];
  solar: Source[];
  battery: Source[];
}

/** How often a topic is reported, and how long its values may be used. */
export interface WantedTopic {
  device: string;
  gateway?: string;
  /** 0: unknown. */
  intervalMs: number;
  maxAgeMs: number;
}

/** A site as its devices describe it. */
export interface Composition {
  /** All sources that count, whatever their term. */
  sources: Source[];
  /** Sources on the AC side by term. */
  ac: Record<Exclude<TermName, 'inverter'>, Source[]>;
  hybrids: HybridSources[];
  /** Sources of another term, by the source behind which they are measured. */
  behind: Map<Source, Source[]>;
  /** Sources whose measurements together are the consumption of the site. */
  roots: Source[];
  socSources: SocSource[];
  branches: Branch[];
  /** Uses of each topic that is a power or a counter. */
  uses: Map<string, Use[]>;
  /** All topics that the site uses. */
  wanted: Map<string, WantedTopic>;
}

const usesOf = (sources: Source[]): Map<string, Use[]> => {
  const uses = new Map<string, Use[]>();
  const addUse = (topic: string | undefined, use: Use): void => {
    if (topic === undefined) return;
    const known = uses.get(topic);
    if (known) known.push(use);
    else uses.set(topic, [use]);
  };
  for (const source of sources) {
    addUse(source.power, { source, kind: 'power' });
    addUse(source.counters.positive?.topic, { source, kind: 'positive' });
    addUse(source.counters.negative?.topic, { source, kind: 'negative' });
  }
  return uses;
};

/** @returns the quantities of topics; a site uses none that has parts, such as "power/l1" */
const quantitiesOf = (topics: Iterable<string>): Set<string> =>
  new Set([...topics].map((topic) => topic.slice(topic.lastIndexOf('/') + 1)));

/** @param used quantities of the topics: a site uses few of the hundred quantities that a meter may have */
const wantedOf = (meta: Meta, topics: Set<string>, used: Set<string>): [string, WantedTopic][] =>
  meta.components.flatMap((component) => {
    const names = Object.keys(component.quantities).filter((name) => used.has(name));
    return names.flatMap((name): [string, WantedTopic][] => {
      const quantity = component.quantities[name];
      const topic = `${pathOf(meta.device, component)}/${name}`;
      if (!quantity || !topics.has(topic)) return [];
      const { device, gateway } = meta;
      const intervalMs = (quantity.interval_s ?? 0) * 1000;
      return [[topic, { device, gateway, intervalMs, maxAgeMs: maxAgeOf(quantity) }]];
    });
  });

/** @returns the sources on the AC side by term, and the hybrid inverters with theirs */
const groupByTerm = (sources: Source[]): Pick<Composition, 'ac' | 'hybrids'> => {
  const ac: Composition['ac'] = { grid: [], solar: [], battery: [], generator: [], ev: [], heat: [] };
  const hybrids = new Map<string, HybridSources>();
  const hybridOf = (device: string): HybridSources => {
    const known = hybrids.get(device) ?? { inverters: [], solar: [], battery: [] };
    hybrids.set(device, known);
    return known;
  };
  for (const source of sources) {
    const { term, hybrid, device } = source;
    if (term === 'inverter') hybridOf(device).inverters.push(source);
    else if (hybrid !== undefined && (term === 'solar' || term === 'battery')) hybridOf(hybrid)[term].push(source);
    else ac[term].push(source);
  }
  return { ac, hybrids: [...hybrids.values()] };
};

/**
 * @param maxPowerW largest plausible power of a device that states no rating, W
 * @returns the site that the devices make up
 */
export const composeSite = (metas: Iterable<Meta>, maxPowerW: number): Composition => {
  const all = [...metas];
  const sources = all.flatMap((meta) => sourcesOf(meta, maxPowerW));
  const { counted, behind, roots } = nestSources(sources, all);
  const socSources = all.flatMap(socSourcesOf);
  const uses = usesOf(counted);
  const branches = branchesOf(all);
  const topics = new Set([
    ...uses.keys(),
    ...socSources.flatMap(({ topic, capacityTopic }) => [topic, capacityTopic ?? topic]),
    ...branches.flatMap(({ parent, children }) => [parent, ...children].map(({ power }) => power)),
  ]);
  const used = quantitiesOf(topics);
  const wanted = new Map(all.flatMap((meta) => wantedOf(meta, topics, used)));
  return { sources: counted, ...groupByTerm(counted), behind, roots, socSources, branches, uses, wanted };
};
