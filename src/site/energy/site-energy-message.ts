/** The message site-energy/1: how much energy, how much of the time is covered, and how far it can be trusted. */
import { roundTo } from '../../common/round.ts';
import { type Quality, worst } from '../../model/common.ts';
import type { SiteEnergy } from '../../model/site.ts';
import type { Composition } from '../sources/composition.ts';
import type { Direction } from '../sources/source-counters.ts';
import type { Source } from '../sources/sources.ts';
import type { CombinedEnergy } from './combined-energy.ts';
import type { EnergyMetering } from './energy-metering.ts';
import type { EnergyTotals } from './energy-totals.ts';
import { type TotalKey, type TotalName, toldWh, totalKeys, totalNames } from './total-names.ts';

/** The state that the message is made from. */
export interface EnergyContext {
  metering: EnergyMetering;
  totals: EnergyTotals;
  composition: Composition;
  /** Monotonic ms. */
  at: number;
  /** Running time of the site, ms. */
  elapsedMs: number;
  /** @returns the quality of the power of a source */
  qualityOf(source: Source): Quality;
  isAsleep(source: Source): boolean;
}

/** Coverage, quality and method of one energy. */
type EnergyFacts = NonNullable<SiteEnergy['energies']>[string];

/** Share of the time that has to be known of a good energy; no more than the rest may be estimated. */
const goodShare = 0.99;

const shareOf = (ms: number, elapsedMs: number): number =>
  elapsedMs <= 0 ? 1 : roundTo(Math.max(0, Math.min(1, ms / elapsedMs)), 4);

const isGood = (coverage: number, estimatedShare: number): boolean =>
  coverage >= goodShare && estimatedShare <= 1 - goodShare;

const coverageOf = (combined: CombinedEnergy, { at, elapsedMs }: EnergyContext): number =>
  shareOf(combined.coveredMs(at), elapsedMs - (combined.startedMs ?? elapsedMs));

/** @returns the facts of one direction of one source */
const factsOfDirection = (context: EnergyContext, source: Source, direction: Direction): EnergyFacts => {
  const { metering, at, elapsedMs, qualityOf } = context;
  const state = metering.stateOf(source, direction);
  const isCounted = metering.followsCounter(source, direction);
  const limitMs = (isCounted ? source.counters[direction]?.limits.gapMs : undefined) ?? source.integration.gapMs;
  const knownAt = metering.knownAt(source, direction);
  const ageMs = at - knownAt;
  const isAsleep = context.isAsleep(source);
  const heldUntil = isCounted || isAsleep ? at : (metering.lastPower(source)?.until ?? at);
  // The time since the last sample is no gap as long as it is short enough.
  const openMs = ageMs <= limitMs || isAsleep ? Math.max(0, Math.min(at, heldUntil) - knownAt) : 0;
  const ranMs = elapsedMs - state.startedMs;
  const coverage = shareOf(state.coveredMs + openMs, ranMs);
  const isFresh = isCounted ? ageMs <= limitMs : qualityOf(source) === 'good';
  const isTrusted = !state.usesCounter || isCounted;
  const estimatedShare = shareOf(state.estimatedMs, Math.max(ranMs, 1));
  const isFine = (isFresh || isAsleep) && isTrusted && isGood(coverage, estimatedShare);
  return { coverage, quality: isFine ? 'good' : 'estimated', method: isCounted ? 'counter' : 'integrated' };
};

const joinFacts = (parts: EnergyFacts[]): EnergyFacts => ({
  coverage: Math.min(1, ...parts.map(({ coverage }) => coverage)),
  quality: parts.reduce<Quality>((quality, each) => worst(quality, each.quality), 'good'),
  method: new Set(parts.map(({ method }) => method)).size > 1 ? 'mixed' : (parts[0]?.method ?? 'counter'),
});

/** @returns the facts of what a source adds to a total; with others behind it both directions count, and theirs */
const factsOfSource = (context: EnergyContext, source: Source, direction: Direction): EnergyFacts[] => {
  const group = context.totals.group(source);
  if (!group) return [factsOfDirection(context, source, direction)];
  const members = [source, ...(context.composition.behind.get(source) ?? [])];
  const parts = members.map((each) => factsOfDirection(context, each, 'positive'));
  const coverage = coverageOf(group, context);
  return [
    ...parts,
    { coverage, quality: coverage >= goodShare ? 'good' : 'estimated', method: joinFacts(parts).method },
  ];
};

const isMeasured = ({ metering }: EnergyContext, source: Source, direction: Direction): boolean =>
  metering.stateOf(source, direction).hasData;

/** @returns whether consumption is known: not without a grid meter, nor behind an unknown inverter */
const isConsumptionKnown = (context: EnergyContext): boolean => {
  const { roots, ac, hybrids } = context.composition;
  return (
    ac.grid.length > 0 &&
    hybrids.every(({ inverters }) => inverters.length > 0) &&
    roots.every((source) =>
      context.metering.neededOf(source).every((direction) => isMeasured(context, source, direction)),
    )
  );
};

/** @returns a total with its facts; undefined where it is unknown */
const totalOf = (context: EnergyContext, key: TotalKey): { wh: number; facts?: EnergyFacts } | undefined => {
  const [term, direction] = key.split(' ') as [Source['term'], Direction];
  const sources = context.composition.sources.filter((source) => source.term === term);
  // Without a grid meter the exchange with the grid is unknown, not 0.
  if (term === 'grid' && sources.length === 0) return undefined;
  if (sources.some((source) => !isMeasured(context, source, direction))) return undefined;
  const facts = sources.flatMap((source) => factsOfSource(context, source, direction));
  return { wh: toldWh(context.totals.total(key)), ...(facts.length > 0 && { facts: joinFacts(facts) }) };
};

const factsOfConsumption = (context: EnergyContext): EnergyFacts => {
  const { metering, totals, composition } = context;
  const parts = composition.roots.flatMap((source) =>
    metering.neededOf(source).map((direction) => factsOfDirection(context, source, direction)),
  );
  const coverage = coverageOf(totals.consumption, context);
  const { quality, method } = joinFacts(parts);
  return { coverage, quality: coverage >= goodShare ? quality : 'estimated', method };
};

/** site-energy/1 without its envelope; null where a source of a total has not told anything yet. */
export type EnergyFields = Record<TotalName | 'consumption_wh', number | null> &
  Pick<SiteEnergy, 'coverage' | 'quality'> & { energies: Record<string, EnergyFacts> };

/** @returns the energies of a site as they are told now */
export const siteEnergyFields = (context: EnergyContext): EnergyFields => {
  const totals = {} as Record<TotalName, number | null>;
  const energies: Record<string, EnergyFacts> = {};
  for (const key of totalKeys) {
    const total = totalOf(context, key);
    const name = totalNames[key];
    totals[name] = total?.wh ?? null;
    if (total?.facts) energies[name] = total.facts;
  }
  const isKnown = isConsumptionKnown(context);
  if (isKnown) energies.consumption_wh = factsOfConsumption(context);
  const all = Object.values(energies);
  const whole = energies.consumption_wh ?? joinFacts(all);
  return {
    ...totals,
    consumption_wh: isKnown ? toldWh(context.totals.consumptionWh()) : null,
    coverage: all.length === 0 ? 0 : whole.coverage,
    quality: isKnown ? all.reduce<Quality>((quality, each) => worst(quality, each.quality), 'good') : 'estimated',
    energies,
  };
};
