/** site-power/1, site-energy/1, site-status/1: a site summed up. null where a value is not known. */
import { z } from 'zod';
import { finite, instant, quality, sequence, shortText, word } from './common.ts';

const watts = finite.nullable();
const wattHours = z.number().min(0).nullable();

/** Flows from each source to each sink, W, all >= 0. */
const flows = z.looseObject({
  solar_load: z.number().min(0),
  solar_battery: z.number().min(0),
  solar_grid: z.number().min(0),
  battery_load: z.number().min(0),
  battery_grid: z.number().min(0),
  grid_load: z.number().min(0),
  grid_battery: z.number().min(0),
});
export type Flows = z.infer<typeof flows>;

export const sitePowerSchema = z.looseObject({
  schema: z.literal('site-power/1'),
  ts: instant,
  ...sequence,
  /** + imports */
  grid_w: watts,
  /** + produces; the AC side, or the DC side of hybrids */
  solar_w: watts,
  /** + discharges */
  battery_w: watts,
  generator_w: watts,
  ev_w: watts,
  heat_w: watts,
  /** >= 0; what is negative by measurement is in balance_error_w */
  consumption_w: watts,
  balance_error_w: watts,
  soc: z.number().min(0).max(100).nullable(),
  flows: flows.nullable(),
  quality,
  /** Spread of the times of the values that were added, s. */
  skew_s: z.number().min(0).nullable(),
  basis: z.enum(['latest', 'aligned']),
});
export type SitePower = z.infer<typeof sitePowerSchema>;

/** How far one energy can be trusted. */
const energyFacts = z.looseObject({
  /** Share of the time since it began in which it is known, 0..1. */
  coverage: z.number().min(0).max(1),
  quality,
  /** Origin of the value: counters of the devices, power over time, or both. */
  method: z.enum(['counter', 'integrated', 'mixed']),
});

export const siteEnergySchema = z.looseObject({
  schema: z.literal('site-energy/1'),
  ts: instant,
  ...sequence,
  /** When these totals began at 0. */
  since: instant,
  grid_import_wh: wattHours,
  grid_export_wh: wattHours,
  solar_wh: wattHours,
  battery_charged_wh: wattHours,
  battery_discharged_wh: wattHours,
  generator_wh: wattHours,
  consumption_wh: wattHours,
  ev_wh: wattHours,
  heat_wh: wattHours,
  /** That of consumption, or where that is not known the least of all: share of the time that is known, 0..1. */
  coverage: z.number().min(0).max(1),
  /** That of the worst. */
  quality,
  /** Keys are the names of the energies that are not null. */
  energies: z.record(word, energyFacts).optional(),
});
export type SiteEnergy = z.infer<typeof siteEnergySchema>;

export const siteStatusSchema = z.looseObject({
  schema: z.literal('site-status/1'),
  ts: instant,
  ...sequence,
  quality,
  sources: z.looseObject({
    total: z.int().min(0),
    good: z.int().min(0),
    estimated: z.int().min(0),
    stale: z.int().min(0),
    invalid: z.int().min(0),
  }),
  /** Topics of the sources that are not good. */
  offenders: z.array(shortText),
  skew_s: z.number().min(0).nullable(),
});
export type SiteStatus = z.infer<typeof siteStatusSchema>;
