/** Names of the energy totals of a site, by term and direction, and as site-energy/1 tells them. */
import { roundTo } from '../../common/round.ts';
import type { Direction } from '../sources/source-counters.ts';
import type { TermName } from '../sources/sources.ts';

/** Fields of site-energy/1 by term and direction. */
export const totalNames = {
  'grid positive': 'grid_import_wh',
  'grid negative': 'grid_export_wh',
  'solar positive': 'solar_wh',
  'battery positive': 'battery_discharged_wh',
  'battery negative': 'battery_charged_wh',
  'generator positive': 'generator_wh',
  'ev positive': 'ev_wh',
  'heat positive': 'heat_wh',
} as const;
/** Term and direction of a total. */
export type TotalKey = keyof typeof totalNames;
/** Field of a total in site-energy/1. */
export type TotalName = (typeof totalNames)[TotalKey];

/** Keys of all totals that are told. */
export const totalKeys = Object.keys(totalNames) as TotalKey[];

const terms: TermName[] = ['grid', 'solar', 'battery', 'generator', 'inverter', 'ev', 'heat'];
/** Keys of all totals that are kept, made once since they are needed with each reading. */
export const keysByTerm = Object.fromEntries(
  terms.map((term) => [term, { positive: `${term} positive`, negative: `${term} negative` }]),
) as Record<TermName, Record<Direction, string>>;

/** @returns energy as it is told, Wh to a thousandth */
export const toldWh = (wh: number): number => roundTo(wh, 3);
