/** Power balance of a site at one moment: consumption = grid + solar + battery + generator (aggregation §1). */
import { type Quality, worst } from '../../model/common.ts';
import type { Flows } from '../../model/site.ts';

/** A term of the balance. */
export interface Term {
  /** Power, W; null where any part of the term is unknown, since a sum with an unknown summand is unknown. */
  w: number | null;
  /** The worst quality of its parts. */
  quality: Quality;
}

/** @returns the sum of terms, with the worst of their qualities */
export const sum = (terms: Term[]): Term =>
  terms.reduce<Term>(
    (total, { w, quality }) => ({
      w: total.w === null || w === null ? null : total.w + w,
      quality: worst(total.quality, quality),
    }),
    { w: 0, quality: 'good' },
  );

/**
 * @param sign 1: the power of b is part of a; -1: the power of b is missing in a
 * @returns a without b
 */
export const minus = (a: Term, b: Term, sign: 1 | -1): Term => ({
  w: a.w === null || b.w === null ? null : a.w - sign * b.w,
  quality: worst(a.quality, b.quality),
});

/** Powers of the DC sides of one hybrid inverter, which are shown beside its AC terminal. */
export interface HybridTerms {
  solarDc: Term;
  batteryDc: Term;
}

/** Powers that make up the balance: grid + import, solar and generator + produce, battery + discharge, ev and heat + draw. */
export interface BalanceInputs {
  /** Sum of the measurements on the AC side, each once; a hybrid inverter counts with its AC terminal. */
  total: Term;
  grid: Term;
  /** Solar power fed in on the AC side. */
  solarAc: Term;
  batteryAc: Term;
  generator: Term;
  hybrids: HybridTerms[];
  ev: Term;
  heat: Term;
}

/** The balance, with the signs of its inputs. */
export interface Balance {
  grid: Term;
  solar: Term;
  battery: Term;
  generator: Term;
  /** Always >= 0. */
  consumption: Term;
  /** Power by which the measurements give a negative consumption, W, <= 0. */
  errorW: number | null;
  ev: Term;
  heat: Term;
  flows: Flows | null;
}

const positivePart = (w: number): number => Math.max(0, w);

/**
 * Splits the powers into flows by priority: solar charges the battery first, then feeds the load, then the grid.
 * @param gridW + imports
 * @param solarW + produces
 * @param batteryW + discharges
 * @returns flows, W, >= 0, which add up to the inputs where solar and consumption are >= 0
 */
export const splitFlows = (gridW: number, solarW: number, batteryW: number): Flows => {
  // The standby power that an inverter draws at night is a load.
  const solar = positivePart(solarW);
  const load = positivePart(gridW + solarW + batteryW + positivePart(-solarW));
  const batteryOut = positivePart(batteryW);
  const batteryIn = positivePart(-batteryW);
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

/** @returns the balance; the DC sides of hybrid inverters are shown in solar and battery, and not added to consumption */
export const computeBalance = (inputs: BalanceInputs): Balance => {
  const { total, grid, solarAc, batteryAc, generator, hybrids, ev, heat } = inputs;
  const solar = sum([solarAc, ...hybrids.map(({ solarDc }) => solarDc)]);
  const battery = sum([batteryAc, ...hybrids.map(({ batteryDc }) => batteryDc)]);
  const consumption: Term = { w: total.w === null ? null : positivePart(total.w), quality: total.quality };
  let flows: Flows | null = null;
  if (total.w !== null && grid.w !== null && solar.w !== null && battery.w !== null && generator.w !== null) {
    // The conversion loss of hybrids is taken from their solar side first, so that the flows add up to the AC powers.
    const lossW = solar.w + battery.w + generator.w + grid.w - total.w;
    const fromSolar = Math.min(lossW, positivePart(solar.w));
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
