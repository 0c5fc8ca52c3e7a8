/** Evaluates a site at one moment: the latest values of its sources, put into the power balance. */
import { type Quality, worst } from '../../model/common.ts';
import type { LatestValues } from '../inputs/latest-values.ts';
import type { Composition } from '../sources/composition.ts';
import { signWithin } from '../sources/meter-hierarchy.ts';
import type { SocSource, Source } from '../sources/sources.ts';
import { type Balance, combineSoc, computeBalance, minus, type SocInput, sum, type Term } from './balance.ts';

/** Values, limits and time of an evaluation. */
export interface EvaluationContext {
  latestValues: LatestValues;
  /** Values whose times of measurement are further apart make the sum estimated, ms. */
  skewLimitMs: number;
  /** @returns whether a source has switched itself off, so that its power is 0 */
  isAsleep(source: Source): boolean;
  /** Monotonic ms. */
  now: number;
}

/** A site at one moment. */
export interface Evaluation {
  balance: Balance;
  /** State of charge of all batteries, %; null: unknown. */
  soc: number | null;
  /** Time between the oldest and the newest value that was used, ms; null without any. */
  skewMs: number | null;
  /** Worst quality of all powers. An unknown state of charge makes no power worse than estimated. */
  quality: Quality;
  /** Quality of the value of each topic that was used. */
  inputs: Map<string, Quality>;
}

const missing: Term = { w: null, quality: 'invalid' };

/** A state of charge changes slowly: an old one is still used for so long, ms. */
const heldSocMs = 900_000;

/** The terms of all sources. */
interface SourceTerms {
  terms: Map<Source, Term>;
  inputs: Map<string, Quality>;
  skewMs: number | null;
}

const readTerms = ({ sources }: Composition, { latestValues, isAsleep }: EvaluationContext): SourceTerms => {
  const terms = new Map<Source, Term>();
  const inputs = new Map<string, Quality>();
  let oldest = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;
  for (const source of sources) {
    const { value, quality, at } = latestValues.current(source.power, source);
    if (value !== null && at !== undefined) {
      oldest = Math.min(oldest, at);
      newest = Math.max(newest, at);
    }
    const term: Term = value === null && isAsleep(source) ? { w: 0, quality: 'estimated' } : { w: value, quality };
    terms.set(source, term);
    inputs.set(source.power, term.quality);
  }
  return { terms, inputs, skewMs: newest < oldest ? null : newest - oldest };
};

const balanceOf = ({ ac, hybrids, behind, roots }: Composition, terms: Map<Source, Term>): Balance => {
  const measured = (source: Source): Term => terms.get(source) ?? missing;
  /** Power of a source without the sources of another kind behind it. */
  const own = (source: Source): Term =>
    (behind.get(source) ?? []).reduce(
      (rest, inner) => minus(rest, measured(inner), signWithin(inner, source)),
      measured(source),
    );
  const total = (sources: Source[]): Term => sum(sources.map(own));
  /** A required term without any source is unknown, never 0. */
  const required = (sources: Source[]): Term => (sources.length === 0 ? missing : total(sources));
  const isComplete = ac.grid.length > 0 && hybrids.every(({ inverters }) => inverters.length > 0);
  return computeBalance({
    total: isComplete ? sum(roots.map(measured)) : missing,
    grid: required(ac.grid),
    solarAc: total(ac.solar),
    batteryAc: total(ac.battery),
    generator: total(ac.generator),
    hybrids: hybrids.map(({ solar, battery }) => ({ solarDc: total(solar), batteryDc: total(battery) })),
    ev: total(ac.ev),
    heat: total(ac.heat),
  });
};

const socOf = (source: SocSource, isBatteryAsleep: boolean, { latestValues, now }: EvaluationContext): SocInput => {
  const capacityWh = (source.capacityTopic && latestValues.last(source.capacityTopic)?.value) || source.capacityWh;
  const { value, quality } = latestValues.current(source.topic, source);
  const last = latestValues.last(source.topic);
  const isHeld = quality === 'stale' && !latestValues.isOffline(source) && now - (last?.at ?? 0) <= heldSocMs;
  // A battery that is asleep keeps its charge.
  return value === null && last && (isBatteryAsleep || isHeld)
    ? { soc: last.value, quality: 'estimated', capacityWh }
    : { soc: value, quality, capacityWh };
};

/**
 * @param inputs receives the qualities of the states of charge
 * @returns the state of charge of all batteries, %
 */
const readSoc = (
  { sources, socSources }: Composition,
  context: EvaluationContext,
  inputs: Map<string, Quality>,
): ReturnType<typeof combineSoc> => {
  const batteriesAsleep = new Set(
    sources.filter((source) => source.term === 'battery' && context.isAsleep(source)).map(({ device }) => device),
  );
  return combineSoc(
    socSources.map((source) => {
      const input = socOf(source, batteriesAsleep.has(source.device), context);
      // Among several batteries, one that does not state its capacity cannot be weighted.
      const isWeighable = socSources.length === 1 || input.capacityWh !== null;
      inputs.set(source.topic, isWeighable ? input.quality : worst(input.quality, 'estimated'));
      return input;
    }),
  );
};

/** @returns the site at this moment */
export const evaluateSite = (composition: Composition, context: EvaluationContext): Evaluation => {
  const { terms, inputs, skewMs } = readTerms(composition, context);
  const balance = balanceOf(composition, terms);
  const { soc, quality: socQuality } = readSoc(composition, context, inputs);
  const { consumption, solar, battery, generator, ev, heat } = balance;
  const qualities = [consumption, solar, battery, generator, ev, heat].map((term) => term.quality);
  const isUnsure = socQuality !== 'good' || (skewMs !== null && skewMs > context.skewLimitMs);
  const quality = qualities.reduce(worst, isUnsure ? 'estimated' : 'good');
  return { balance, soc, skewMs, quality, inputs };
};
