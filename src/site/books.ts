/** The energies of a site since it began: by term and direction, and what was consumed (aggregation §3.4). */
import type { SiteEnergy } from '../model/site.ts';
import type { Composition } from './composition.ts';
import { type ChannelState, createEnergyMeter, type Direction, type EnergyMeter } from './energy.ts';
import { round } from './round.ts';
import type { Source, TermName } from './sources.ts';

const totalNames = {
  'grid positive': 'grid_import_wh',
  'grid negative': 'grid_export_wh',
  'solar positive': 'solar_wh',
  'battery positive': 'battery_discharged_wh',
  'battery negative': 'battery_charged_wh',
  'generator positive': 'generator_wh',
  'ev positive': 'ev_wh',
  'heat positive': 'heat_wh',
} as const;
type TotalKey = keyof typeof totalNames;
type TotalName = (typeof totalNames)[TotalKey];

const isTotalKey = (key: string): key is TotalKey => Object.hasOwn(totalNames, key);

export interface BooksSnapshot {
  totals: Record<string, number>;
  consumptionWh: number;
  highestConsumptionWh: number;
  channels: Record<string, ChannelState>;
}

export interface Books {
  /** Whatever it measures is booked. */
  energy: EnergyMeter;
  /** The totals, Wh; null where a source of one has not told anything yet. */
  state(composition: Composition): Pick<SiteEnergy, TotalName | 'consumption_wh'>;
  save(): BooksSnapshot;
}

/** @param saved what save() returned in an earlier run */
export const createBooks = (saved?: BooksSnapshot): Books => {
  const totals = new Map<string, number>(Object.entries(saved?.totals ?? {}));
  let consumptionWh = saved?.consumptionWh ?? 0;
  let highestConsumptionWh = saved?.highestConsumptionWh ?? 0;

  const add = ({ term, hybrid }: Source, direction: Direction, wh: number): void => {
    const key = `${term} ${direction}`;
    totals.set(key, (totals.get(key) ?? 0) + wh);
    if (hybrid !== undefined || term === 'ev' || term === 'heat') return;
    consumptionWh += direction === 'positive' ? wh : -wh;
    // Counters step at different times: what is said of consumption never goes back.
    highestConsumptionWh = Math.max(highestConsumptionWh, consumptionWh);
  };
  const energy = createEnergyMeter(add, saved?.channels);

  /** No grid meter is unknown, not none. */
  const totalOf = (key: TotalKey, { sources }: Composition): number | null => {
    const [term, direction] = key.split(' ') as [TermName, Direction];
    const contributing = sources.filter((source) => source.term === term);
    if (term === 'grid' && contributing.length === 0) return null;
    if (contributing.some((source) => !energy.channel(source, direction).hasData)) return null;
    return round(totals.get(key) ?? 0, 3);
  };

  const isMeasured = (source: Source): boolean =>
    source.hybrid !== undefined ||
    (energy.channel(source, 'positive').hasData && energy.channel(source, 'negative').hasData);

  return {
    energy,
    state(composition) {
      const named = Object.fromEntries(
        Object.keys(totalNames)
          .filter(isTotalKey)
          .map((key) => [totalNames[key], totalOf(key, composition)]),
      ) as Record<TotalName, number | null>;
      const { sources, ac, hybrids } = composition;
      // As for power: without the grid, or behind an inverter nobody knows, nothing can be said of consumption.
      const isWhole = ac.grid.length > 0 && hybrids.every(({ inverters }) => inverters.length > 0);
      const isKnown = isWhole && sources.every(isMeasured);
      return { ...named, consumption_wh: isKnown ? round(highestConsumptionWh, 3) : null };
    },
    save: () => ({
      totals: Object.fromEntries(totals),
      consumptionWh,
      highestConsumptionWh,
      channels: energy.save(),
    }),
  };
};
