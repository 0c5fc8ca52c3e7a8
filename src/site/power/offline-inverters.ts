/** Inverters that switch themselves off at night: their power counts as 0 while they are silent (aggregation §2.2). */
import type { Clock } from '../../model/time.ts';
import type { PowerSample } from '../energy/integrate-power.ts';
import type { LatestValues } from '../inputs/latest-values.ts';
import type { Composition, HybridSources } from '../sources/composition.ts';
import type { Source } from '../sources/sources.ts';
import { createDaylightProfile, type DaylightProfile, isDark, noteLight } from './night-detection.ts';
import type { Coordinates } from './sun-elevation.ts';

/** Settings and measurements by which an inverter counts as asleep. */
export interface OfflineInverterContext {
  /** Whether an inverter that is offline counts as 0 at any time of the day. */
  offlineMeansZero: boolean;
  /** Coordinates of the site. */
  coordinates: Coordinates | undefined;
  latestValues: LatestValues;
  clock: Clock;
  /** @returns the last power of a source that was measured, in this run or before */
  lastPower(source: Source): PowerSample | undefined;
}

/** Keeps the inverters of a site that are asleep. */
export class OfflineInverters {
  readonly #context: OfflineInverterContext;
  /** Profiles by the topic of the power: sources are described anew with each meta. */
  readonly #profiles: Map<string, DaylightProfile>;
  /** Sources that are asleep, by the topic of their power. */
  #asleep = new Map<string, Source>();

  /** @param saved what save() returned in an earlier run */
  constructor(context: OfflineInverterContext, saved: Record<string, DaylightProfile> = {}) {
    this.#context = context;
    this.#profiles = new Map(Object.entries(saved));
  }

  /** Finds the sources that are asleep now. */
  update({ ac, hybrids }: Composition): void {
    const solar = [...ac.solar, ...hybrids.flatMap((hybrid) => hybrid.solar)].filter(({ isMeter }) => !isMeter);
    const hybridsAsleep = hybrids
      .filter((hybrid) => this.#isHybridAsleep(hybrid))
      .flatMap(({ inverters, battery }) => [...inverters, ...battery]);
    const solarAsleep = solar.filter((source) => this.#isSolarAsleep(source));
    this.#asleep = new Map([...solarAsleep, ...hybridsAsleep].map((source) => [source.power, source]));
    for (const source of solar) this.#noteLight(source);
  }

  /** @returns whether a source is asleep, so that its power is 0 as far as anybody can know */
  has({ power }: Source): boolean {
    return this.#asleep.has(power);
  }

  /** @returns the sources that are asleep */
  all(): Iterable<Source> {
    return this.#asleep.values();
  }

  /** @returns what survives a restart, by the topic of the power */
  save(): Record<string, DaylightProfile> {
    return Object.fromEntries(this.#profiles);
  }

  #profileOf(power: string): DaylightProfile {
    const profile = this.#profiles.get(power) ?? createDaylightProfile();
    this.#profiles.set(power, profile);
    return profile;
  }

  #isSilent(source: Source): boolean {
    return this.#context.latestValues.current(source.power, source).value === null;
  }

  #wasIdle(source: Source): boolean {
    return Math.abs(this.#context.lastPower(source)?.w ?? Number.POSITIVE_INFINITY) <= source.idleW;
  }

  /** A meter has no reason to switch itself off, so a silent meter is unknown. */
  #isSolarAsleep(source: Source): boolean {
    const { offlineMeansZero, coordinates, latestValues, clock, lastPower } = this.#context;
    if (source.isMeter || !this.#isSilent(source)) return false;
    if (offlineMeansZero && latestValues.isOffline(source)) return true;
    const awayMs = clock.monotonic() - (lastPower(source)?.at ?? Number.NEGATIVE_INFINITY);
    return this.#wasIdle(source) && isDark(this.#profileOf(source.power), { coordinates, now: clock.now(), awayMs });
  }

  /**
   * A battery behind an inverter may have been charging when the connection broke: the inverter counts as asleep only if
   * both were idle when they were last heard.
   */
  #isHybridAsleep({ inverters, battery, solar }: HybridSources): boolean {
    const { offlineMeansZero, latestValues } = this.#context;
    const all = [...inverters, ...battery];
    if (!all.every((source) => this.#isSilent(source))) return false;
    const isIdle = all.every((source) => this.#wasIdle(source));
    if (offlineMeansZero && all.every((source) => latestValues.isOffline(source)))
      return battery.length === 0 || isIdle;
    return isIdle && solar.length > 0 && solar.every((source) => this.#isSolarAsleep(source));
  }

  #noteLight(source: Source): void {
    const { latestValues, clock } = this.#context;
    const { value } = latestValues.current(source.power, source);
    if (value === null && !this.#asleep.has(source.power)) return;
    noteLight(this.#profileOf(source.power), clock.now(), value !== null && value > source.idleW);
  }
}
