/** A site as its devices' meta describe it: which sources make up which term, and which topics are worth reading. */
import type { Meta } from '../model/meta.ts';
import { nest } from './nesting.ts';
import { maxAgeOf } from './quantity-times.ts';
import type { Direction } from './source-counters.ts';
import { pathOf, type SocSource, type Source, socSourcesOf, sourcesOf, type TermName } from './sources.ts';
import { type Branch, branchesOf } from './topology.ts';

/** What a reading of a topic means. */
export interface Use {
  source: Source;
  kind: 'power' | Direction;
}

/** An inverter with its DC sides. No inverter: sources stand behind one of which nothing is known. */
export interface HybridSources {
  inverters: Source[];
  solar: Source[];
  battery: Source[];
}

export interface Composition {
  /** All that count, whatever their term. */
  sources: Source[];
  /** Sources on the AC side. */
  ac: Record<Exclude<TermName, 'inverter'>, Source[]>;
  hybrids: HybridSources[];
  /** By the source that measures them: those of another kind behind it. */
  behind: Map<Source, Source[]>;
  /** Their measurements together are what the site consumes. */
  roots: Source[];
  socSources: SocSource[];
  branches: Branch[];
  uses: Map<string, Use[]>;
  /** Topics that matter to this site, and how they are told. */
  wanted: Map<string, WantedTopic>;
}

/** How often a topic is told, and how long it is of use, ms. */
export interface WantedTopic {
  device: string;
  gateway?: string;
  intervalMs: number;
  maxAgeMs: number;
}

const usesOf = (sources: Source[]): Map<string, Use[]> => {
  const uses = new Map<string, Use[]>();
  const use = (topic: string | undefined, entry: Use): void => {
    if (topic === undefined) return;
    const own = uses.get(topic);
    if (own) own.push(entry);
    else uses.set(topic, [entry]);
  };
  for (const source of sources) {
    use(source.power, { source, kind: 'power' });
    use(source.counters.positive?.topic, { source, kind: 'positive' });
    use(source.counters.negative?.topic, { source, kind: 'negative' });
  }
  return uses;
};

const wantedOf = (meta: Meta, topics: Set<string>): [string, WantedTopic][] =>
  meta.components.flatMap((component) =>
    Object.entries(component.quantities).flatMap(([name, quantity]): [string, WantedTopic][] => {
      const topic = `${pathOf(meta.device, component)}/${name}`;
      if (!topics.has(topic)) return [];
      const { device, gateway } = meta;
      return [
        [topic, { device, gateway, intervalMs: (quantity.interval_s ?? 0) * 1000, maxAgeMs: maxAgeOf(quantity) }],
      ];
    }),
  );

/** @param maxPowerW largest plausible power of a device that does not say its own */
export const compose = (metas: Iterable<Meta>, maxPowerW: number): Composition => {
  const all = [...metas];
  const { counted, behind, roots } = nest(
    all.flatMap((meta) => sourcesOf(meta, maxPowerW)),
    all,
  );
  const socSources = all.flatMap(socSourcesOf);
  const ac: Composition['ac'] = { grid: [], solar: [], battery: [], generator: [], ev: [], heat: [] };
  const hybrids = new Map<string, HybridSources>();
  const hybridOf = (device: string): HybridSources => {
    const known = hybrids.get(device) ?? { inverters: [], solar: [], battery: [] };
    hybrids.set(device, known);
    return known;
  };
  for (const source of counted) {
    const { term, hybrid, device } = source;
    if (term === 'inverter') hybridOf(device).inverters.push(source);
    else if (hybrid !== undefined && (term === 'solar' || term === 'battery')) hybridOf(hybrid)[term].push(source);
    else ac[term].push(source);
  }
  const uses = usesOf(counted);
  const branches = branchesOf(all);
  const topics = new Set([
    ...uses.keys(),
    ...socSources.flatMap(({ topic, capacityTopic }) => [topic, capacityTopic ?? topic]),
    ...branches.flatMap(({ parent, children }) => [parent, ...children].map(({ power }) => power)),
  ]);
  return {
    sources: counted,
    ac,
    hybrids: [...hybrids.values()],
    behind,
    roots,
    socSources,
    branches,
    uses,
    wanted: new Map(all.flatMap((meta) => wantedOf(meta, topics))),
  };
};
