/**
 * The power of a site at one moment: the latest values of its sources put into the balance, and told as site-power/1 and
 * site-status/1.
 */
import { roundTo } from '../../common/round.ts';
import { type Quality, worst } from '../../model/common.ts';
import type { Flows, SitePower, SiteStatus } from '../../model/site.ts';
import type { LatestValues } from '../inputs/latest-values.ts';
import type { Composition } from '../sources/composition.ts';
import { signWithin } from '../sources/meter-hierarchy.ts';
import type { Source } from '../sources/sources.ts';
import { type Balance, computeBalance, minus, sum, type Term } from './balance.ts';
import { readSoc } from './state-of-charge.ts';

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

/** @returns W or % to a tenth */
const rounded = (value: number | null): number | null => (value === null ? null : roundTo(value, 1));

const roundFlows = (flows: Flows): Flows => {
  const result = { ...flows };
  for (const name of Object.keys(flows) as (keyof Flows & string)[]) result[name] = roundTo(flows[name] as number, 1);
  return result;
};

const toSeconds = (ms: number | null): number | null => (ms === null ? null : Math.round(ms) / 1000);

/** @returns the fields of site-power/1 */
export const sitePowerFields = ({ balance, soc, skewMs, quality }: Evaluation) =>
  ({
    grid_w: rounded(balance.grid.w),
    solar_w: rounded(balance.solar.w),
    battery_w: rounded(balance.battery.w),
    generator_w: rounded(balance.generator.w),
    ev_w: rounded(balance.ev.w),
    heat_w: rounded(balance.heat.w),
    consumption_w: rounded(balance.consumption.w),
    balance_error_w: rounded(balance.errorW),
    soc: rounded(soc),
    flows: balance.flows && roundFlows(balance.flows),
    quality,
    skew_s: toSeconds(skewMs),
    basis: 'latest',
  }) satisfies Partial<SitePower>;

/** @returns the fields of site-status/1 */
export const siteStatusFields = ({ inputs, skewMs, quality }: Evaluation) => {
  const counts = { good: 0, estimated: 0, stale: 0, invalid: 0 };
  const offenders: string[] = [];
  for (const [topic, own] of inputs) {
    counts[own]++;
    if (own !== 'good') offenders.push(topic);
  }
  return {
    quality,
    sources: { total: inputs.size, ...counts },
    offenders,
    skew_s: toSeconds(skewMs),
  } satisfies Partial<SiteStatus>;
};
