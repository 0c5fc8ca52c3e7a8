/** A site at this moment: its sources' current values, put into the balance. */
import { type Quality, worst } from '../model/common.ts';
import { type Balance, combineSoc, computeBalance, sum, type Term } from './balance.ts';
import type { Composition, HybridSources } from './composition.ts';
import type { Known } from './known.ts';
import type { Source } from './sources.ts';

export interface EvaluationRules {
  /** A source of the sun that is offline counts as 0, estimated. */
  offlineMeansZero: boolean;
  /** Times further apart make the sum estimated. */
  skewLimitMs: number;
}

export interface Evaluation {
  balance: Balance;
  /** State of charge of all batteries, %. */
  soc: number | null;
  /** Distance of the oldest and the newest value, ms. */
  skewMs: number | null;
  quality: Quality;
  terms: Map<Source, Term>;
}

const missing: Term = { w: null, quality: 'invalid' };

export const evaluate = (composition: Composition, known: Known, rules: EvaluationRules): Evaluation => {
  const { sources, ac, hybrids, socSources } = composition;
  const terms = new Map<Source, Term>();
  let oldest = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;

  const termOf = (source: Source): Term => {
    const { value, quality, ts } = known.current(source.power, source);
    if (value === null && source.term === 'solar' && rules.offlineMeansZero && known.isOffline(source))
      return { w: 0, quality: 'estimated' };
    if (value !== null && ts !== undefined) {
      oldest = Math.min(oldest, ts);
      newest = Math.max(newest, ts);
    }
    return { w: value, quality };
  };
  for (const source of sources) terms.set(source, termOf(source));

  const total = (of: Source[]): Term => sum(of.map((source) => terms.get(source) ?? missing));
  /** What must be there is unknown where it is not, never 0. */
  const required = (of: Source[]): Term => (of.length === 0 ? missing : total(of));

  const balance = computeBalance({
    grid: required(ac.grid),
    solarAc: total(ac.solar),
    batteryAc: total(ac.battery),
    generator: total(ac.generator),
    hybrids: hybrids.map(({ inverters, solar, battery }: HybridSources) => ({
      ac: required(inverters),
      solarDc: total(solar),
      batteryDc: total(battery),
    })),
    ev: total(ac.ev),
    heat: total(ac.heat),
  });
  const { soc } = combineSoc(
    socSources.map((source) => {
      const { value, quality } = known.current(source.topic, source);
      const capacity = source.capacityTopic ? known.last(source.capacityTopic) : undefined;
      return { soc: value, quality, capacityWh: typeof capacity === 'number' ? capacity : source.capacityWh };
    }),
  );
  const skewMs = newest < oldest ? null : newest - oldest;
  const measured = worst(balance.consumption.quality, worst(balance.ev.quality, balance.heat.quality));
  const isSkewed = skewMs !== null && skewMs > rules.skewLimitMs;
  return { balance, soc, skewMs, quality: isSkewed ? worst(measured, 'estimated') : measured, terms };
};
