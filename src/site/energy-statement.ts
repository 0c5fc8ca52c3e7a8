/** What is said of the energies of a site: how much, how much of the time is covered, and how far it can be trusted. */
import { type Quality, worst } from '../model/common.ts';
import type { SiteEnergy } from '../model/site.ts';
import { followsCounter } from './channel.ts';
import type { Composition } from './composition.ts';
import type { EnergyMeter } from './energy.ts';
import { type EnergyTotals, type TotalKey, type TotalName, toldOf, totalKeys, totalNames } from './energy-totals.ts';
import { round } from './round.ts';
import type { Settlement } from './settlement.ts';
import type { Direction } from './source-counters.ts';
import type { Source } from './sources.ts';

/** What is known of the moment. */
export interface EnergyMoment {
  composition: Composition;
  /** Monotonic, ms. */
  at: number;
  elapsedMs: number;
  /** That of the power of a source. */
  qualityOf(source: Source): Quality;
  isAsleep(source: Source): boolean;
}

type Stated = NonNullable<SiteEnergy['energies']>[string];

/** Less of the time may be missing, or estimated, of an energy that is good. */
const goodShare = 0.99;

const shareOf = (ms: number, elapsedMs: number): number =>
  elapsedMs <= 0 ? 1 : (round(Math.max(0, Math.min(1, ms / elapsedMs)), 4) ?? 0);

const isGood = (coverage: number, estimatedShare: number): boolean =>
  coverage >= goodShare && estimatedShare <= 1 - goodShare;

const stateSettlement = (settlement: Settlement, { at, elapsedMs }: EnergyMoment): number =>
  shareOf(settlement.coveredMs(at), elapsedMs - (settlement.startedMs() ?? elapsedMs));

/** One direction of one source. */
const stateChannel = (energy: EnergyMeter, source: Source, direction: Direction, moment: EnergyMoment): Stated => {
  const { at, elapsedMs, qualityOf, isAsleep } = moment;
  const channel = energy.channel(source, direction);
  const isCounted = followsCounter(channel);
  const limitMs = (isCounted ? source.counters[direction]?.limits.gapMs : undefined) ?? source.integration.gapMs;
  const knownAt = energy.knownAt(source, direction);
  const ageMs = at - knownAt;
  const sleeps = isAsleep(source);
  const heldUntil = isCounted || sleeps ? at : (energy.lastPower(source)?.until ?? at);
  // The time since the last sample is no gap before it is too long.
  const openMs = ageMs <= limitMs || sleeps ? Math.max(0, Math.min(at, heldUntil) - knownAt) : 0;
  const ranMs = elapsedMs - channel.startedMs;
  const coverage = shareOf(channel.coveredMs + openMs, ranMs);
  const isFresh = isCounted ? ageMs <= limitMs : qualityOf(source) === 'good';
  const isTrusted = !channel.usesCounter || isCounted;
  const isFine = (isFresh || sleeps) && isTrusted && isGood(coverage, shareOf(channel.estimatedMs, Math.max(ranMs, 1)));
  return { coverage, quality: isFine ? 'good' : 'estimated', method: isCounted ? 'counter' : 'integrated' };
};

const join = (parts: Stated[]): Stated => ({
  coverage: Math.min(1, ...parts.map(({ coverage }) => coverage)),
  quality: parts.reduce<Quality>((quality, each) => worst(quality, each.quality), 'good'),
  method: new Set(parts.map(({ method }) => method)).size > 1 ? 'mixed' : (parts[0]?.method ?? 'counter'),
});

/** What of a source goes into a total: with others behind it both directions, and theirs. */
const partsOf = (
  energy: EnergyMeter,
  totals: EnergyTotals,
  source: Source,
  direction: Direction,
  moment: EnergyMoment,
): Stated[] => {
  const group = totals.group(source);
  if (!group) return [stateChannel(energy, source, direction, moment)];
  const members = [source, ...(moment.composition.behind.get(source) ?? [])];
  const parts = members.map((each) => stateChannel(energy, each, 'positive', moment));
  const coverage = stateSettlement(group, moment);
  return [...parts, { coverage, quality: coverage >= goodShare ? 'good' : 'estimated', method: join(parts).method }];
};

const isMeasured = (energy: EnergyMeter, source: Source, direction: Direction): boolean =>
  energy.channel(source, direction).hasData;

/** Whether enough is known of the site to say what it consumed: not without the grid, nor behind an unknown inverter. */
const isWhole = (energy: EnergyMeter, { roots, ac, hybrids }: Composition): boolean =>
  ac.grid.length > 0 &&
  hybrids.every(({ inverters }) => inverters.length > 0) &&
  roots.every((source) => energy.neededOf(source).every((direction) => isMeasured(energy, source, direction)));

const totalOf = (energy: EnergyMeter, totals: EnergyTotals, key: TotalKey, moment: EnergyMoment) => {
  const [term, direction] = key.split(' ') as [Source['term'], Direction];
  const sources = moment.composition.sources.filter((source) => source.term === term);
  // No grid meter is unknown, not none.
  if (term === 'grid' && sources.length === 0) return undefined;
  if (sources.some((source) => !isMeasured(energy, source, direction))) return undefined;
  const stated = sources.flatMap((source) => partsOf(energy, totals, source, direction, moment));
  return { wh: toldOf(totals.total(key)), sources, stated: stated.length > 0 ? join(stated) : undefined };
};

/** site-energy/1 without its envelope; null where a source of a total has not told anything yet. */
export type EnergyFields = Record<TotalName | 'consumption_wh', number | null> &
  Pick<SiteEnergy, 'coverage' | 'quality'> & { energies: Record<string, Stated> };

export const stateEnergy = (energy: EnergyMeter, totals: EnergyTotals, moment: EnergyMoment): EnergyFields => {
  const named = {} as Record<TotalName, number | null>;
  const energies: Record<string, Stated> = {};
  for (const key of totalKeys) {
    const total = totalOf(energy, totals, key, moment);
    const name = totalNames[key];
    named[name] = total?.wh ?? null;
    if (total?.stated) energies[name] = total.stated;
  }
  const { roots } = moment.composition;
  const isKnown = isWhole(energy, moment.composition);
  if (isKnown) {
    const parts = roots.flatMap((source) =>
      energy.neededOf(source).map((direction) => stateChannel(energy, source, direction, moment)),
    );
    const coverage = stateSettlement(totals.consumption, moment);
    const { quality, method } = join(parts);
    energies.consumption_wh = { coverage, quality: coverage >= goodShare ? quality : 'estimated', method };
  }
  const all = Object.values(energies);
  const whole = energies.consumption_wh ?? join(all);
  return {
    ...named,
    consumption_wh: isKnown ? toldOf(totals.consumptionWh()) : null,
    coverage: all.length === 0 ? 0 : whole.coverage,
    quality: isKnown ? all.reduce<Quality>((quality, each) => worst(quality, each.quality), 'good') : 'estimated',
    energies,
  };
};
