/** The instantaneous balance of a site: consumption = grid + solar + battery + generator (aggregation §1). */
import { type Quality, worst } from '../model/common.ts';
import type { Flows } from '../model/site.ts';

/** A term of the balance, W; null where a part of it is not known: null + x is null. */
export interface Term {
  w: number | null;
  quality: Quality;
}

export const sum = (terms: Term[]): Term =>
  terms.reduce<Term>(
    (total, { w, quality }) => ({
      w: total.w === null || w === null ? null : total.w + w,
      quality: worst(total.quality, quality),
    }),
    { w: 0, quality: 'good' },
  );

/** @param sign of b within a; -1: it is missing there */
export const minus = (a: Term, b: Term, sign: 1 | -1): Term => ({
  w: a.w === null || b.w === null ? null : a.w - sign * b.w,
  quality: worst(a.quality, b.quality),
});

/** The DC sides, shown beside the AC terminal. */
export interface HybridTerms {
  solarDc: Term;
  batteryDc: Term;
}

export interface BalanceInputs {
  /** Of all that is measured on the AC side, each once: a hybrid inverter counts with its AC terminal. */
  total: Term;
  grid: Term;
  /** Fed in on the AC side. */
  solarAc: Term;
  batteryAc: Term;
  generator: Term;
  hybrids: HybridTerms[];
  ev: Term;
  heat: Term;
}

export interface Balance {
  grid: Term;
  solar: Term;
  battery: Term;
  generator: Term;
  /** >= 0 */
  consumption: Term;
  /** <= 0: what the measurements lack for a consumption of 0. */
  errorW: number | null;
  ev: Term;
  heat: Term;
  flows: Flows | null;
}

const plus = (w: number): number => Math.max(0, w);

/**
 * Who feeds whom, by priority: solar charges the battery first, then feeds the load, then the grid.
 * All flows are >= 0 and add up to the inputs where solar and consumption are >= 0.
 */
export const splitFlows = (gridW: number, solarW: number, batteryW: number): Flows => {
  // Standby consumption of an inverter at night is a load.
  const solar = plus(solarW);
  const load = plus(gridW + solarW + batteryW + plus(-solarW));
  const batteryOut = plus(batteryW);
  const batteryIn = plus(-batteryW);
  const batteryLoad = Math.min(batteryOut, load);
  const solarBattery = Math.min(batteryIn, solar);
  const solarLoad = Math.min(solar - solarBattery, load - batteryLoad);
  return {
    solar_load: solarLoad,
    solar_battery: solarBattery,
    solar_grid: solar - solarBattery - solarLoad,
    battery_load: batteryLoad,
    battery_grid: batteryOut - batteryLoad,
    grid_load: load - batteryLoad - solarLoad,
    grid_battery: batteryIn - solarBattery,
  };
};

/** Adds a site up. The DC sides of hybrid inverters are shown, never added again. */
export const computeBalance = (inputs: BalanceInputs): Balance => {
  const { total, grid, solarAc, batteryAc, generator, hybrids, ev, heat } = inputs;
  const solar = sum([solarAc, ...hybrids.map(({ solarDc }) => solarDc)]);
  const battery = sum([batteryAc, ...hybrids.map(({ batteryDc }) => batteryDc)]);
  const consumption: Term = { w: total.w === null ? null : plus(total.w), quality: total.quality };
  let flows: Flows | null = null;
  if (total.w !== null && grid.w !== null && solar.w !== null && battery.w !== null && generator.w !== null) {
    // What hybrids lose between DC and AC is taken from their solar side first, so that the flows meet the AC sums.
    const lossW = solar.w + battery.w + generator.w + grid.w - total.w;
    const fromSolar = Math.min(lossW, plus(solar.w));
    flows = splitFlows(grid.w, solar.w + generator.w - fromSolar, battery.w - (lossW - fromSolar));
  }
  return {
    grid,
    solar,
    battery,
    generator,
    consumption,
    errorW: total.w === null ? null : Math.min(0, total.w),
    ev,
    heat,
    flows,
  };
};

export interface SocInput {
  soc: number | null;
  /** null: not known. */
  capacityWh: number | null;
  quality: Quality;
}

/**
 * State of charge of all batteries, weighted by capacity; a plain mean where a capacity is not known. A battery
 * without a state of charge is left out of numerator and denominator, and the result is estimated.
 */
export const combineSoc = (batteries: SocInput[]): { soc: number | null; quality: Quality } => {
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
