/** The energies of a site since it began: by term and direction, and what was consumed (aggregation §3.4). */
import type { SiteEnergy } from '../model/site.ts';
import type { Composition } from './composition.ts';
import { signWithin } from './nesting.ts';
import type { Gap } from './power-series.ts';
import { round } from './round.ts';
import { createSettlement, type Settlement, type SettlementState } from './settlement.ts';
import type { Direction } from './source-counters.ts';
import type { Source, TermName } from './sources.ts';

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
export type TotalKey = keyof typeof totalNames;
export type TotalName = (typeof totalNames)[TotalKey];

/** As it is told. */
export const toldOf = (wh: number): number => round(wh, 3) ?? 0;

export const totalKeys = Object.keys(totalNames) as TotalKey[];

/** Times are monotonic, ms since 1970 where they are saved. */
export interface TotalsSnapshot {
  totals: Record<string, number>;
  /** What was told is never taken back. */
  highest: Record<string, number>;
  consumptionWh: number;
  highestConsumptionWh: number;
  consumption: SettlementState;
  /** By the topic of the power of the outer source. */
  groups: Record<string, SettlementState>;
}

/** Earlier versions knew only the sums. */
export type SavedTotals = Pick<TotalsSnapshot, 'totals' | 'consumptionWh' | 'highestConsumptionWh'> &
  Partial<TotalsSnapshot>;

export interface EnergyTotals {
  add(source: Source, direction: Direction, wh: number, gap?: Gap): void;
  awaits(source: Source): boolean;
  hear(source: Source, at: number): void;
  miss(source: Source, gap: Gap | 'unknown'): void;
  fill(source: Source, gap: Gap): void;
  compose(composition: Composition): void;
  /** @returns Wh as it is told now, which is never less than it was */
  total(key: TotalKey): number;
  consumptionWh(): number;
  consumption: Settlement;
  /** Of a source with others behind it. */
  group(source: Source): Settlement | undefined;
  /** What an earlier run has told: nothing is told that is less. */
  hold(told: SiteEnergy): void;
  /**
   * Books what an earlier run has told and not saved; once in a run.
   * @param isLost whether no counter makes up for it
   */
  raise(isLost: (key: TotalKey | 'consumption') => boolean): void;
  /** @param ms added to all times */
  save(ms: number): TotalsSnapshot;
}

const terms: TermName[] = ['grid', 'solar', 'battery', 'generator', 'inverter', 'ev', 'heat'];
/** Names of all sums, made once. */
const keys = Object.fromEntries(
  terms.map((term) => [term, { positive: `${term} positive`, negative: `${term} negative` }]),
) as Record<TermName, Record<Direction, string>>;

/** What was booked after it was saved: what is told rises only with what is booked. */
const lostOf = (toldWh: number | null | undefined, savedWh = 0, highestWh = savedWh): number =>
  toldWh && toldWh > toldOf(highestWh) ? toldWh - savedWh : 0;

const oneWay = new Set<TermName>(['solar', 'generator', 'ev', 'heat']);

/** @param ms added to its time */
export const moveSettlement = (state: SettlementState, ms: number): SettlementState => ({
  ...state,
  ...(state.settled && { settled: { ...state.settled, at: state.settled.at + ms } }),
});

/**
 * @param elapsedMs how long the site has run
 * @param saved what save() returned in an earlier run, in times of this one
 */
export const createEnergyTotals = (
  elapsedMs: () => number,
  monotonic: () => number,
  saved?: SavedTotals,
): EnergyTotals => {
  const totals = new Map<string, number>(Object.entries(saved?.totals ?? {}));
  const highest = new Map<string, number>(Object.entries(saved?.highest ?? saved?.totals ?? {}));
  let consumptionWh = saved?.consumptionWh ?? 0;
  let highestConsumptionWh = saved?.highestConsumptionWh ?? 0;

  /** Told by an earlier run, and not raised yet: which counters make up for it is known once the devices are. */
  let told: SiteEnergy | undefined;
  let isRaised = false;

  const fresh = (): SettlementState => ({ pendingWh: 0, coveredMs: 0 });
  const consumption = createSettlement(
    (wh) => {
      consumptionWh += wh;
    },
    elapsedMs,
    saved?.consumption ?? fresh(),
  );

  const book = (term: TermName, direction: Direction, wh: number): void => {
    const key = keys[term][direction];
    totals.set(key, (totals.get(key) ?? 0) + wh);
  };
  /** What a source gives itself, without those behind it. */
  const bookOwn = (term: TermName, wh: number): void => {
    if (wh >= 0 || oneWay.has(term)) book(term, 'positive', wh);
    else book(term, 'negative', -wh);
  };

  const groups = new Map<string, Settlement>();
  let groupsOf = new Map<Source, { group: Settlement; sign: 1 | -1 }[]>();
  let outers = new Set<Source>();
  const none: { group: Settlement; sign: 1 | -1 }[] = [];

  const groupAt = ({ power, term }: Source): Settlement => {
    const group =
      groups.get(power) ?? createSettlement((wh) => bookOwn(term, wh), elapsedMs, saved?.groups?.[power] ?? fresh());
    groups.set(power, group);
    return group;
  };

  return {
    consumption,
    group: (source) => (outers.has(source) ? groups.get(source.power) : undefined),
    compose({ roots, behind }) {
      const at = monotonic();
      consumption.setMembers(roots, at);
      groupsOf = new Map();
      outers = new Set(behind.keys());
      for (const [outer, inner] of behind) {
        const group = groupAt(outer);
        group.setMembers([outer, ...inner], at);
        for (const source of [outer, ...inner]) {
          const sign = source === outer ? 1 : signWithin(source, outer) === 1 ? -1 : 1;
          groupsOf.set(source, [...(groupsOf.get(source) ?? []), { group, sign }]);
        }
      }
    },
    add(source, direction, wh, gap) {
      const signed = direction === 'positive' ? wh : -wh;
      consumption.add(source, signed, gap);
      if (!outers.has(source)) book(source.term, direction, wh);
      for (const { group, sign } of groupsOf.get(source) ?? none) group.add(source, sign * signed, gap);
    },
    awaits: (source) => consumption.has(source) || groupsOf.has(source),
    hear(source, measuredAt) {
      // The clock of a source may still be ahead.
      const at = Math.min(measuredAt, monotonic());
      consumption.hear(source, at);
      for (const { group } of groupsOf.get(source) ?? none) group.hear(source, at);
    },
    miss(source, gap) {
      consumption.miss(source, gap);
      for (const { group } of groupsOf.get(source) ?? none) group.miss(source, gap);
    },
    fill(source, gap) {
      consumption.fill(gap);
      for (const { group } of groupsOf.get(source) ?? none) group.fill(gap);
    },
    total(key) {
      const wh = Math.max(highest.get(key) ?? 0, totals.get(key) ?? 0);
      highest.set(key, wh);
      return wh;
    },
    consumptionWh() {
      // Counters step at different times: what is said of consumption never goes back.
      highestConsumptionWh = Math.max(highestConsumptionWh, consumptionWh);
      return highestConsumptionWh;
    },
    hold(given) {
      if (isRaised) return;
      told = given;
      for (const key of totalKeys) highest.set(key, Math.max(told[totalNames[key]] ?? 0, highest.get(key) ?? 0));
      highestConsumptionWh = Math.max(told.consumption_wh ?? 0, highestConsumptionWh);
    },
    raise(isLost) {
      if (!told) return;
      for (const key of totalKeys) {
        const wh = lostOf(told[totalNames[key]], saved?.totals[key], saved?.highest?.[key]);
        if (wh > 0 && isLost(key)) totals.set(key, (totals.get(key) ?? 0) + wh);
      }
      const wh = lostOf(told.consumption_wh, saved?.consumptionWh, saved?.highestConsumptionWh);
      if (wh > 0 && isLost('consumption')) consumptionWh += wh;
      told = undefined;
      isRaised = true;
    },
    save: (ms) => ({
      totals: Object.fromEntries(totals),
      highest: Object.fromEntries(highest),
      consumptionWh,
      highestConsumptionWh,
      consumption: moveSettlement(consumption.state(), ms),
      groups: Object.fromEntries([...groups].map(([power, group]) => [power, moveSettlement(group.state(), ms)])),
    }),
  };
};
