/** State of charge of the batteries of a site, weighted by their capacities (aggregation §1.6). */
import { type Quality, worst } from '../../model/common.ts';
import type { LatestValues } from '../inputs/latest-values.ts';
import type { Composition } from '../sources/composition.ts';
import type { SocSource, Source } from '../sources/sources.ts';

/** Values and time of a state of charge. */
interface SocContext {
  latestValues: LatestValues;
  /** @returns whether a source has switched itself off */
  isAsleep(source: Source): boolean;
  /** Monotonic ms. */
  now: number;
}

/** State of charge of all batteries. */
interface StateOfCharge {
  /** %; null: unknown. */
  soc: number | null;
  quality: Quality;
}

/** A state of charge changes slowly: an old one is still used for so long, ms. */
const heldSocMs = 900_000;

/** State of charge of one battery. */
interface SocInput {
  /** %; null: unknown. */
  soc: number | null;
  /** Usable capacity, Wh; null: unknown. */
  capacityWh: number | null;
  quality: Quality;
}

/**
 * Combines the states of charge of all batteries, weighted by capacity, or by their plain mean where a capacity is
 * unknown. A battery whose state of charge is unknown is left out of the mean, and the result is estimated.
 * @returns % and the quality of the mean
 */
const combineSoc = (batteries: SocInput[]): StateOfCharge => {
  const known = batteries.filter((battery) => battery.soc !== null);
  if (known.length === 0) return { soc: null, quality: batteries.map((each) => each.quality).reduce(worst, 'good') };
  const isWeighted = known.every(({ capacityWh }) => capacityWh !== null && capacityWh > 0);
  let weighted = 0;
  let weights = 0;
  let quality: Quality = known.length < batteries.length || (!isWeighted && known.length > 1) ? 'estimated' : 'good';
  for (const { soc, capacityWh, quality: own } of known) {
    const weight = isWeighted ? (capacityWh ?? 1) : 1;
    weighted += (soc ?? 0) * weight;
    weights += weight;
    quality = worst(quality, own);
  }
  return { soc: weighted / weights, quality };
};

const socOf = (source: SocSource, isBatteryAsleep: boolean, { latestValues, now }: SocContext): SocInput => {
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
export const readSoc = (
  { sources, socSources }: Composition,
  context: SocContext,
  inputs: Map<string, Quality>,
): StateOfCharge => {
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
