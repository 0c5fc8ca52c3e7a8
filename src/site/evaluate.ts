/** A site at this moment: its sources' current values, put into the balance. */
import { type Quality, worst } from '../model/common.ts';
import { type Balance, combineSoc, computeBalance, minus, type SocInput, sum, type Term } from './balance.ts';
import type { Composition, HybridSources } from './composition.ts';
import type { Known } from './known.ts';
import { signWithin } from './nesting.ts';
import type { SocSource, Source } from './sources.ts';

export interface EvaluationRules {
  /** Times further apart make the sum estimated. */
  skewLimitMs: number;
  /** It has switched itself off, and gives nothing. */
  isAsleep(source: Source): boolean;
  /** Monotonic, ms. */
  now: number;
}

export interface Evaluation {
  balance: Balance;
  /** State of charge of all batteries, %. */
  soc: number | null;
  /** Distance of the oldest and the newest value, ms. */
  skewMs: number | null;
  /** That of the worst of all powers; a state of charge that is not known makes no power worse than estimated. */
  quality: Quality;
  /** Of every topic that was read. */
  inputs: Map<string, Quality>;
}

const missing: Term = { w: null, quality: 'invalid' };

/** A state of charge moves slowly: an old one is used on for so long, ms. */
const heldSocMs = 900_000;

const socOf = (source: SocSource, isAsleep: boolean, known: Known, now: number): SocInput => {
  const capacityWh = (source.capacityTopic && known.last(source.capacityTopic)?.value) || source.capacityWh;
  const { value, quality } = known.current(source.topic, source);
  const last = known.last(source.topic);
  const isHeld = quality === 'stale' && !known.isOffline(source) && now - (last?.at ?? 0) <= heldSocMs;
  // A battery that does nothing keeps its charge.
  return value === null && last && (isAsleep || isHeld)
    ? { soc: last.value, quality: 'estimated', capacityWh }
    : { soc: value, quality, capacityWh };
};

export const evaluate = (composition: Composition, known: Known, rules: EvaluationRules): Evaluation => {
  const { sources, ac, hybrids, socSources, behind, roots } = composition;
  const { skewLimitMs, isAsleep, now } = rules;
  const terms = new Map<Source, Term>();
  const inputs = new Map<string, Quality>();
  let oldest = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;

  const termOf = (source: Source): Term => {
    const { value, quality, at } = known.current(source.power, source);
    if (value === null && isAsleep(source)) return { w: 0, quality: 'estimated' };
    if (value !== null && at !== undefined) {
      oldest = Math.min(oldest, at);
      newest = Math.max(newest, at);
    }
    return { w: value, quality };
  };
  for (const source of sources) {
    const term = termOf(source);
    terms.set(source, term);
    inputs.set(source.power, term.quality);
  }

  const measured = (source: Source): Term => terms.get(source) ?? missing;
  /** Without those of another kind behind it. */
  const own = (source: Source): Term =>
    (behind.get(source) ?? []).reduce(
      (rest, inner) => minus(rest, measured(inner), signWithin(inner, source)),
      measured(source),
    );
  const total = (of: Source[]): Term => sum(of.map(own));
  /** What must be there is unknown where it is not, never 0. */
  const required = (of: Source[]): Term => (of.length === 0 ? missing : total(of));
  const isWhole = ac.grid.length > 0 && hybrids.every(({ inverters }) => inverters.length > 0);

  const balance = computeBalance({
    total: isWhole ? sum(roots.map(measured)) : missing,
    grid: required(ac.grid),
    solarAc: total(ac.solar),
    batteryAc: total(ac.battery),
    generator: total(ac.generator),
    hybrids: hybrids.map(({ solar, battery }: HybridSources) => ({
      solarDc: total(solar),
      batteryDc: total(battery),
    })),
    ev: total(ac.ev),
    heat: total(ac.heat),
  });
  const batteriesAsleep = new Set(
    sources.filter((source) => source.term === 'battery' && isAsleep(source)).map(({ device }) => device),
  );
  const socInputs = socSources.map((source) => {
    const input = socOf(source, batteriesAsleep.has(source.device), known, now);
    // Among several, one that does not state its capacity cannot be weighed.
    const isWeighable = socSources.length === 1 || input.capacityWh !== null;
    inputs.set(source.topic, isWeighable ? input.quality : worst(input.quality, 'estimated'));
    return input;
  });
  const { soc, quality: socQuality } = combineSoc(socInputs);
  const skewMs = newest < oldest ? null : newest - oldest;
  const { consumption, solar, battery, generator, ev, heat } = balance;
  const qualities = [consumption, solar, battery, generator, ev, heat].map((term) => term.quality);
  const isUnsure = socQuality !== 'good' || (skewMs !== null && skewMs > skewLimitMs);
  const quality = qualities.reduce(worst, isUnsure ? 'estimated' : 'good');
  return { balance, soc, skewMs, quality, inputs };
};
