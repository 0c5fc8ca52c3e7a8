/** Energy totals of a site since it began: by term and direction, and its consumption (aggregation §3.4). */
import type { SiteEnergy } from '../../model/site.ts';
import type { Composition } from '../sources/composition.ts';
import { signWithin } from '../sources/meter-hierarchy.ts';
import type { Direction } from '../sources/source-counters.ts';
import type { Source, TermName } from '../sources/sources.ts';
import { CombinedEnergy, type CombinedEnergyState, moveCombinedEnergy } from './combined-energy.ts';
import type { AddedEnergy, EnergySums } from './energy-sink.ts';
import type { Gap } from './late-samples.ts';
import { keysByTerm, type TotalKey, toldWh, totalKeys, totalNames } from './total-names.ts';

/** The saved state; times are monotonic ms at runtime, and ms since 1970 in a file. */
export interface TotalsSnapshot {
  /** Wh by term and direction. */
  totals: Record<string, number>;
  /** Highest Wh that were told: what was told is never taken back. */
  highest: Record<string, number>;
  consumptionWh: number;
  highestConsumptionWh: number;
  consumption: CombinedEnergyState;
  /** Combined energies of outer sources, by the topic of their power. */
  groups: Record<string, CombinedEnergyState>;
}

/** Totals as versions before saved them: the first ones knew only the sums. */
export type SavedTotals = Pick<TotalsSnapshot, 'totals' | 'consumptionWh' | 'highestConsumptionWh'> &
  Partial<TotalsSnapshot>;

/** A combined energy that a source is a part of; sign -1: the energy of the source is subtracted. */
type GroupPart = { group: CombinedEnergy; sign: 1 | -1 };

/** Times of the totals: running time of the site, and monotonic time, ms. */
export interface TotalsContext {
  elapsedMs(): number;
  monotonic(): number;
}

/** @returns Wh that were told and not saved: what is told rises only with what is added */
const lostWh = (toldBefore: number | null | undefined, savedWh = 0, highestWh = savedWh): number =>
  toldBefore && toldBefore > toldWh(highestWh) ? toldBefore - savedWh : 0;

/** Terms whose energy is told in one direction. */
const oneWayTotals = new Set<TermName>(['solar', 'generator', 'ev', 'heat']);
const noParts: GroupPart[] = [];

/** The totals of one site. */
export class EnergyTotals implements EnergySums {
  readonly consumption: CombinedEnergy;
  readonly #context: TotalsContext;
  readonly #saved: SavedTotals | undefined;
  readonly #totals: Map<string, number>;
  readonly #highest: Map<string, number>;
  #consumptionWh: number;
  #highestConsumptionWh: number;
  /** Energies that an earlier run has told; used once the devices are known, since counters may make up for them. */
  #toldBefore: SiteEnergy | undefined;
  #isRecovered = false;
  /** Combined energies of outer sources, by the topic of their power. */
  readonly #groups = new Map<string, CombinedEnergy>();
  #partsOf = new Map<Source, GroupPart[]>();
  #outers = new Set<Source>();

  /** @param saved what save() returned in an earlier run, in times of this one */
  constructor(context: TotalsContext, saved?: SavedTotals) {
    this.#context = context;
    this.#saved = saved;
    this.#totals = new Map(Object.entries(saved?.totals ?? {}));
    this.#highest = new Map(Object.entries(saved?.highest ?? saved?.totals ?? {}));
    this.#consumptionWh = saved?.consumptionWh ?? 0;
    this.#highestConsumptionWh = saved?.highestConsumptionWh ?? 0;
    const add = (wh: number): void => {
      this.#consumptionWh += wh;
    };
    this.consumption = new CombinedEnergy({ add, elapsedMs: context.elapsedMs }, saved?.consumption);
  }

  /** @returns the combined energy of a source with others behind it */
  group(source: Source): CombinedEnergy | undefined {
    return this.#outers.has(source) ? this.#groups.get(source.power) : undefined;
  }

  /** Takes another composition of the site. */
  compose({ roots, behind }: Composition): void {
    const at = this.#context.monotonic();
    this.consumption.setMembers(roots, at);
    this.#partsOf = new Map();
    this.#outers = new Set(behind.keys());
    for (const [outer, inner] of behind) {
      const group = this.#groupAt(outer);
      group.setMembers([outer, ...inner], at);
      for (const source of [outer, ...inner]) {
        const sign = source === outer ? 1 : signWithin(source, outer) === 1 ? -1 : 1;
        this.#partsOf.set(source, [...(this.#partsOf.get(source) ?? []), { group, sign }]);
      }
    }
  }

  /** Adds energy of a source to its total, or to the combined energies that it is a part of. */
  add({ source, direction, wh, gap }: AddedEnergy): void {
    const signedWh = direction === 'positive' ? wh : -wh;
    this.consumption.add(source, signedWh, gap);
    if (!this.#outers.has(source)) this.#addTotal(source.term, direction, wh);
    for (const { group, sign } of this.#partsOf.get(source) ?? noParts) group.add(source, sign * signedWh, gap);
  }

  /** @returns whether a source is part of a combined energy */
  awaits(source: Source): boolean {
    return this.consumption.has(source) || this.#partsOf.has(source);
  }

  /** All energy of a source is known up to a time of measurement, monotonic ms. */
  hear(source: Source, measuredAt: number): void {
    // The clock of a source may still be ahead.
    const at = Math.min(measuredAt, this.#context.monotonic());
    this.consumption.hear(source, at);
    for (const { group } of this.#partsOf.get(source) ?? noParts) group.hear(source, at);
  }

  /** The energy of a source is unknown for a time; "unknown": for good. */
  miss(source: Source, gap: Gap | 'unknown'): void {
    this.consumption.miss(source, gap);
    for (const { group } of this.#partsOf.get(source) ?? noParts) group.miss(source, gap);
  }

  /** Late samples have filled a gap of a source. */
  fill(source: Source, gap: Gap): void {
    this.consumption.fill(gap);
    for (const { group } of this.#partsOf.get(source) ?? noParts) group.fill(gap);
  }

  /** @returns a total as it is told now, Wh, which is never less than it was */
  total(key: TotalKey): number {
    const wh = Math.max(this.#highest.get(key) ?? 0, this.#totals.get(key) ?? 0);
    this.#highest.set(key, wh);
    return wh;
  }

  /** @returns consumption as it is told now, Wh; counters step at different times, but what is told never goes back */
  consumptionWh(): number {
    this.#highestConsumptionWh = Math.max(this.#highestConsumptionWh, this.#consumptionWh);
    return this.#highestConsumptionWh;
  }

  /** Takes what an earlier run has told: nothing less is told from here on. */
  holdTold(told: SiteEnergy): void {
    if (this.#isRecovered) return;
    this.#toldBefore = told;
    for (const key of totalKeys)
      this.#highest.set(key, Math.max(told[totalNames[key]] ?? 0, this.#highest.get(key) ?? 0));
    this.#highestConsumptionWh = Math.max(told.consumption_wh ?? 0, this.#highestConsumptionWh);
  }

  /**
   * Adds what an earlier run has told and not saved, once in a run.
   * @param isLost whether no counter makes up for a total
   */
  recoverTold(isLost: (key: TotalKey | 'consumption') => boolean): void {
    const told = this.#toldBefore;
    const saved = this.#saved;
    if (!told) return;
    for (const key of totalKeys) {
      const wh = lostWh(told[totalNames[key]], saved?.totals[key], saved?.highest?.[key]);
      if (wh > 0 && isLost(key)) this.#totals.set(key, (this.#totals.get(key) ?? 0) + wh);
    }
    const wh = lostWh(told.consumption_wh, saved?.consumptionWh, saved?.highestConsumptionWh);
    if (wh > 0 && isLost('consumption')) this.#consumptionWh += wh;
    this.#toldBefore = undefined;
    this.#isRecovered = true;
  }

  /** @param ms added to all times */
  save(ms: number): TotalsSnapshot {
    const groups = [...this.#groups].map(([power, group]) => [power, moveCombinedEnergy(group.save(), ms)]);
    return {
      totals: Object.fromEntries(this.#totals),
      highest: Object.fromEntries(this.#highest),
      consumptionWh: this.#consumptionWh,
      highestConsumptionWh: this.#highestConsumptionWh,
      consumption: moveCombinedEnergy(this.consumption.save(), ms),
      groups: Object.fromEntries(groups),
    };
  }

  #addTotal(term: TermName, direction: Direction, wh: number): void {
    const key = keysByTerm[term][direction];
    this.#totals.set(key, (this.#totals.get(key) ?? 0) + wh);
  }

  #groupAt({ power, term }: Source): CombinedEnergy {
    const known = this.#groups.get(power);
    if (known) return known;
    /** Energy that the outer source gives itself, without those behind it. */
    const add = (wh: number): void =>
      wh >= 0 || oneWayTotals.has(term) ? this.#addTotal(term, 'positive', wh) : this.#addTotal(term, 'negative', -wh);
    const group = new CombinedEnergy({ add, elapsedMs: this.#context.elapsedMs }, this.#saved?.groups?.[power]);
    this.#groups.set(power, group);
    return group;
  }
}
