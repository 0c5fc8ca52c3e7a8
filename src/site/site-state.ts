/** State of a site: its devices, their latest values, and the energies since the site began. */
import { type Quality, worst } from '../model/common.ts';
import type { Message } from '../model/message.ts';
import type { Meta } from '../model/meta.ts';
import { sharedMeta } from '../model/shared-meta.ts';
import { type Clock, isoTime } from '../model/time.ts';
import { SiteAlarms } from './alarms/site-alarms.ts';
import type { SiteEvents } from './alarms/site-events.ts';
import { SourceEvents } from './alarms/source-events.ts';
import { EnergyMetering } from './energy/energy-metering.ts';
import { EnergyTotals } from './energy/energy-totals.ts';
import { type EnergyFields, siteEnergyFields } from './energy/site-energy-message.ts';
import { LatestValues } from './inputs/latest-values.ts';
import { SiteInputs } from './inputs/site-inputs.ts';
import type { PlacedReading } from './inputs/topic-input.ts';
import { OfflineInverters } from './power/offline-inverters.ts';
import { type Evaluation, evaluateSite } from './power/site-power.ts';
import type { Coordinates } from './power/sun-elevation.ts';
import { moveSnapshot, type SiteSnapshot } from './site-snapshot.ts';
import { type Composition, composeSite } from './sources/composition.ts';
import type { Source } from './sources/sources.ts';

/** Settings of a site. */
export interface StateOptions {
  site: string;
  /** An inverter that is offline counts as 0, estimated, at any time of the day, and not only at night. */
  offlineMeansZero?: boolean;
  /** Location of the site, by which night is known. */
  coordinates?: Coordinates;
  /** Time for which a value may be used after it went stale; such a value is estimated. */
  graceMs?: number;
  /** Values whose times of measurement are further apart make the sum estimated. */
  skewLimitMs?: number;
  /** Largest plausible power of a device that states no rating, W. */
  maxPowerW?: number;
}

/** Clock and events of a site. */
export interface StateContext {
  clock: Clock;
  events: SiteEvents;
}

/** Time for which the next value of a source that reports on change may be on its way, ms. */
const underwayMs = 2000;

/** The state of one site. */
export class SiteState {
  /** Time at which the totals began at 0, ISO 8601. */
  readonly since: string;
  readonly #site: string;
  readonly #maxPowerW: number;
  readonly #skewLimitMs: number;
  readonly #clock: Clock;
  /** Running time of the site before this run, ms. */
  readonly #ranBeforeMs: number;
  /** Monotonic ms. */
  readonly #startedAt: number;
  readonly #metas = new Map<string, Meta>();
  /** Undefined after a change of meta, until the composition is needed. */
  #composition: Composition | undefined;
  /** Readings since then: where many devices introduce themselves, the site is composed once for all of them. */
  #waiting: Message<'reading/1'>[] = [];
  readonly #latestValues: LatestValues;
  readonly #alarms: SiteAlarms;
  readonly #inverters: OfflineInverters;
  readonly #totals: EnergyTotals;
  readonly #metering: EnergyMetering;
  readonly #inputs: SiteInputs;

  /** @param stored what snapshot() returned in an earlier run */
  constructor(options: StateOptions, { clock, events }: StateContext, stored: SiteSnapshot | undefined) {
    const { site, coordinates, offlineMeansZero = false } = options;
    const { graceMs = 0, skewLimitMs = 30_000, maxPowerW = 100_000 } = options;
    const saved = stored && moveSnapshot(stored, clock.now(), clock.monotonic());
    this.#site = site;
    this.#maxPowerW = maxPowerW;
    this.#skewLimitMs = skewLimitMs;
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
    this.since = saved?.since ?? isoTime(clock.now());
    // The time in which this runtime was down belongs to the running time of the site.
    const downMs = Math.max(0, this.#startedAt - (saved?.savedAt ?? this.#startedAt));
    this.#ranBeforeMs = (saved?.elapsedMs ?? 0) + downMs;
    const sourceEvents = new SourceEvents(events);
    const latestValues = new LatestValues(clock, graceMs);
    const lastPower = (source: Source) => this.#metering.lastPower(source);
    const elapsedMs = (): number => this.#elapsedMs();
    const isAsleep = (source: Source): boolean => this.#inverters.has(source);
    this.#latestValues = latestValues;
    this.#alarms = new SiteAlarms(latestValues, events, saved?.balance);
    this.#inverters = new OfflineInverters(
      { offlineMeansZero, coordinates, latestValues, clock, lastPower },
      saved?.days,
    );
    this.#totals = new EnergyTotals({ elapsedMs, monotonic: () => clock.monotonic() }, saved);
    this.#metering = new EnergyMetering({ sums: this.#totals, events: sourceEvents, elapsedMs, isAsleep }, saved);
    this.#inputs = new SiteInputs(
      clock,
      {
        take: (placed) => this.#takePlaced(placed),
        move: (topic, uses, ms) => {
          latestValues.move(topic, ms);
          for (const { source, kind } of uses) this.#metering.move(source, kind, ms);
        },
        dropped: (topic, dropped) => sourceEvents.samplesDropped(topic, dropped, clock.monotonic()),
        above: (topic, w, limitW) => sourceEvents.powerAbove(topic, w, limitW),
      },
      saved,
    );
  }

  /** @returns whether the reading is used by this site */
  takeReading(reading: Message<'reading/1'>): boolean {
    if (this.#composition) return this.#inputs.take(reading);
    this.#waiting.push(reading);
    return true;
  }

  /** @returns whether the device belongs, or belonged, to this site */
  takeMeta(meta: Message<'meta/1'>): boolean {
    if (meta.site === this.#site) this.#metas.set(meta.device, sharedMeta(meta));
    else if (!this.#metas.delete(meta.device)) return false;
    this.#composition = undefined;
    return true;
  }

  /** @returns whether the message changes which devices are offline */
  takeAvailability(message: Message<'availability/1'>): boolean {
    return this.#latestValues.takeAvailability(message);
  }

  /** Takes what an earlier run has told of the energies. Totals that began at another time say nothing of these. */
  takeEnergy(message: Message<'site-energy/1'>): void {
    if (message.since === this.since) this.#totals.holdTold(message);
  }

  /** Removes a device; its energy stays in the totals. */
  forget(device: string): void {
    this.#metas.delete(device);
    this.#latestValues.forget(device);
    this.#composition = undefined;
  }

  /** Whether any device is a term of the balance. */
  get hasSources(): boolean {
    return this.#compose().sources.length > 0;
  }

  /** Whether a device measures the connection to the grid. */
  get hasGrid(): boolean {
    return this.#compose().ac.grid.length > 0;
  }

  /** @returns the site by what was known at the last update */
  evaluate(): Evaluation {
    return evaluateSite(this.#compose(), {
      latestValues: this.#latestValues,
      skewLimitMs: this.#skewLimitMs,
      isAsleep: (source) => this.#inverters.has(source),
      now: this.#clock.monotonic(),
    });
  }

  /**
   * Updates what changes with time: inverters that sleep, values that hold, and alarms.
   * @param passedMs time since the last update
   */
  update(passedMs: number): Evaluation {
    const composition = this.#compose();
    const at = this.#clock.monotonic();
    this.#recoverTold(composition);
    this.#inverters.update(composition);
    for (const source of this.#inverters.all()) this.#totals.hear(source, at);
    for (const source of composition.sources) if (source.integration.isHeld) this.#holdOrEnd(source, at);
    const evaluation = this.evaluate();
    const { balance } = evaluation;
    this.#alarms.update({ balance, devices: this.#inputs.devices(), passedMs, at, ours: this.#inputs.ours() });
    return evaluation;
  }

  /** @returns the fields of site-energy/1 */
  energy({ inputs }: Evaluation): EnergyFields {
    return siteEnergyFields({
      metering: this.#metering,
      totals: this.#totals,
      composition: this.#compose(),
      at: this.#clock.monotonic(),
      elapsedMs: this.#elapsedMs(),
      qualityOf: ({ power }): Quality => worst('good', inputs.get(power) ?? 'invalid'),
      isAsleep: (source) => this.#inverters.has(source),
    });
  }

  /** @returns what survives a restart, with times in ms since 1970 */
  snapshot(): SiteSnapshot {
    this.#compose();
    const now = this.#clock.now();
    const ms = now - this.#clock.monotonic();
    return {
      version: 1,
      since: this.since,
      savedAt: now,
      elapsedMs: this.#elapsedMs(),
      ...this.#totals.save(ms),
      ...this.#metering.save(ms),
      balance: this.#alarms.history,
      days: this.#inverters.save(),
      ...this.#inputs.save(),
    };
  }

  /** @returns running time of the site, ms */
  #elapsedMs(): number {
    return this.#ranBeforeMs + this.#clock.monotonic() - this.#startedAt;
  }

  #compose(): Composition {
    if (this.#composition) return this.#composition;
    const composition = composeSite(this.#metas.values(), this.#maxPowerW);
    this.#composition = composition;
    this.#inputs.compose(composition);
    this.#totals.compose(composition);
    this.#alarms.compose(composition);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const reading of waiting) this.#inputs.take(reading);
    return composition;
  }

  #takePlaced(placed: PlacedReading): void {
    const { reading, at, place, uses, isUnsure } = placed;
    const { value, quality } = reading;
    const isNewest = place === 'newest';
    if (isNewest) this.#latestValues.takeReading(reading, at, isUnsure);
    if (typeof value !== 'number' || quality === 'invalid') {
      if (isNewest) for (const { source, kind } of uses) if (kind === 'power') this.#metering.endPower(source, at);
      return;
    }
    if (quality === 'stale') return;
    const flags = { isLate: !isNewest, isEstimated: quality === 'estimated' };
    for (const { source, kind } of uses) {
      if (kind === 'power') this.#metering.takePower(source, { w: value, at }, flags);
      else if (isNewest) this.#metering.takeCounter(source, { direction: kind, wh: value, at });
      if (isNewest) this.#alarms.take(source, value, placed);
    }
  }

  /** Adds energy that was told and not saved; counters make up for that by themselves. */
  #recoverTold({ sources, roots }: Composition): void {
    const isIntegrated = (of: Source[]): boolean =>
      of.every((source) => !this.#metering.stateOf(source, 'positive').usesCounter);
    this.#totals.recoverTold((key) =>
      isIntegrated(key === 'consumption' ? roots : sources.filter(({ term }) => key.startsWith(`${term} `))),
    );
  }

  #holdOrEnd(source: Source, at: number): void {
    const { quality } = this.#latestValues.current(source.power, source);
    if (this.#latestValues.isOffline(source)) this.#metering.endPower(source, at);
    else this.#metering.holdPower(source, at - underwayMs, quality === 'estimated');
  }
}
