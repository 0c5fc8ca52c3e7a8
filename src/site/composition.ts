/** A site as its devices' meta describe it: which sources make up which term, and which topics are worth reading. */
import type { Meta } from '../model/meta.ts';
import type { Direction } from './energy.ts';
import { type SocSource, type Source, socSourcesOf, sourcesOf, type TermName } from './sources.ts';
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
  socSources: SocSource[];
  branches: Branch[];
  uses: Map<string, Use[]>;
  /** Topics that matter to this site. */
  wanted: Set<string>;
}

/** The sources that count: one measured by a parent of the same term is in the parent's value already. */
const topLevel = (sources: Source[]): Source[] => {
  const known = new Set(sources.map(({ device, term }) => `${device} ${term}`));
  return sources.filter(({ parent, term }) => parent === undefined || !known.has(`${parent} ${term}`));
};

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

/** @param maxPowerW largest plausible power of a device that does not say its own */
export const compose = (metas: Iterable<Meta>, maxPowerW: number): Composition => {
  const all = [...metas];
  const sources = topLevel(all.flatMap((meta) => sourcesOf(meta, maxPowerW)));
  const socSources = all.flatMap(socSourcesOf);
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
  const uses = usesOf(sources);
  const branches = branchesOf(all);
  const branchTopics = branches.flatMap(({ parent, children }) => [parent, ...children].map(({ power }) => power));
  const socTopics = socSources.flatMap(({ topic, capacityTopic }) => [topic, capacityTopic ?? topic]);
  return {
    sources,
    ac,
    hybrids: [...hybrids.values()],
    socSources,
    branches,
    uses,
    wanted: new Set([...uses.keys(), ...socTopics, ...branchTopics]),
  };
};
