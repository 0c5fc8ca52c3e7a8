/** A site at this moment: its sources' current values, put into the balance. */
import { type Quality, worst } from '../model/common.ts';
import { findAsleep } from './asleep.ts';
import { type Balance, combineSoc, computeBalance, type SocInput, sum, type Term } from './balance.ts';
import type { Composition, HybridSources } from './composition.ts';
import type { Known } from './known.ts';
import type { SocSource, Source } from './sources.ts';

export interface EvaluationRules {
  /** An inverter that has switched itself off counts as 0, estimated. */
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
  /** That of the worst of all that was read. */
  quality: Quality;
  /** Of every topic that was read. */
  inputs: Map<string, Quality>;
}

const missing: Term = { w: null, quality: 'invalid' };

const socOf = (source: SocSource, isAsleep: boolean, known: Known): SocInput => {
  const capacityWh = (source.capacityTopic && known.last(source.capacityTopic)?.value) || source.capacityWh;
  const { value, quality } = known.current(source.topic, source);
  // A battery that does nothing keeps its charge.
  const kept = value === null && isAsleep ? known.last(source.topic)?.value : undefined;
  return kept === undefined ? { soc: value, quality, capacityWh } : { soc: kept, quality: 'estimated', capacityWh };
};

export const evaluate = (composition: Composition, known: Known, rules: EvaluationRules): Evaluation => {
  const { sources, ac, hybrids, socSources } = composition;
  const terms = new Map<Source, Term>();
  const inputs = new Map<string, Quality>();
  const asleep = rules.offlineMeansZero ? findAsleep(composition, known) : new Set<Source>();
  let oldest = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;

  const termOf = (source: Source): Term => {
    const { value, quality, ts } = known.current(source.power, source);
    if (value === null && asleep.has(source)) return { w: 0, quality: 'estimated' };
    if (value !== null && ts !== undefined) {
      oldest = Math.min(oldest, ts);
      newest = Math.max(newest, ts);
    }
    return { w: value, quality };
  };
  for (const source of sources) {
    const term = termOf(source);
    terms.set(source, term);
    inputs.set(source.power, term.quality);
  }

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
  const batteriesAsleep = new Set([...asleep].filter(({ term }) => term === 'battery').map(({ device }) => device));
  const socInputs = socSources.map((source) => {
    const input = socOf(source, batteriesAsleep.has(source.device), known);
    // Among several, one that does not state its capacity cannot be weighed.
    const isWeighable = socSources.length === 1 || input.capacityWh !== null;
    inputs.set(source.topic, isWeighable ? input.quality : worst(input.quality, 'estimated'));
    return input;
  });
  const { soc, quality: socQuality } = combineSoc(socInputs);
  const skewMs = newest < oldest ? null : newest - oldest;
  const { consumption, solar, battery, generator, ev, heat } = balance;
  const measured = [consumption, solar, battery, generator, ev, heat].map((term) => term.quality);
  const isSkewed = skewMs !== null && skewMs > rules.skewLimitMs;
  const quality = [...measured, socQuality].reduce(worst, isSkewed ? 'estimated' : 'good');
  return { balance, soc, skewMs, quality, inputs };
};
