/**
 * What is known of a site now: its sums as ems-aggregate tells them, and beside them what its meters and inverters tell
 * of each phase. A value that is too old, or is told to be invalid, is not known.
 */
import type { Message } from '../../../model/message.ts';
import type { Meta } from '../../../model/meta.ts';
import { type Clock, isSaidBefore, parseTime } from '../../../model/time.ts';
import { combine, type SideComponent, type SideTopic, sideComponents } from './side-components.ts';
import { type Side, type SideReadings, type SiteReadings, sides } from './site-readings.ts';

/** Something that was said, and until when it holds. */
interface Held<T> {
  value: T;
  /** Wall clock of who said it, ms. */
  saidAt: number;
  /** Monotonic ms. */
  until: number;
}

/** The site whose values are wanted. */
export interface SiteValuesOptions {
  site: string;
  /** The sums of a site that has told no power for so long are not known, ms. */
  maxAgeMs: number;
}

/** The counter of each side that readers follow. */
const counters: Readonly<Record<Side, string>> = { grid: 'energy_import', solar: 'energy_out' };

const known = (values: Record<string, number | null | undefined>): [string, number][] =>
  Object.entries(values).flatMap(([name, value]): [string, number][] =>
    value === null || value === undefined ? [] : [[name, value]],
  );

/** The values of one site. */
export class SiteValues {
  readonly #site: string;
  readonly #maxAgeMs: number;
  readonly #clock: Clock;
  readonly #metas = new Map<string, Meta>();
  #components: readonly SideComponent[] = [];
  /** The topics of all components that are wanted. */
  #topics: ReadonlyMap<string, SideTopic> = new Map();
  readonly #readings = new Map<string, Held<number>>();
  #power: Held<Message<'site-power/1'>> | undefined;
  #energy: Held<Message<'site-energy/1'>> | undefined;
  /** Until when counters that are not known are waited for, monotonic ms. */
  #energyAwaitedUntil = Number.POSITIVE_INFINITY;

  constructor({ site, maxAgeMs }: SiteValuesOptions, clock: Clock) {
    this.#site = site;
    this.#maxAgeMs = maxAgeMs;
    this.#clock = clock;
  }

  /** Takes a message; those of other sites and schemas mean nothing. */
  take(message: Message): void {
    switch (message.schema) {
      case 'site-power/1':
        if (message.topic === `sites/${this.#site}/power`) this.#takePower(message as Message<'site-power/1'>);
        break;
      case 'site-energy/1':
        // Counters go on from where they were, so that they hold as long as the site is heard of.
        if (message.topic === `sites/${this.#site}/energy`)
          this.#energy = this.#newer(this.#energy, message as Message<'site-energy/1'>, Number.POSITIVE_INFINITY);
        break;
      case 'reading/1':
        this.#takeReading(message as Message<'reading/1'>);
        break;
      case 'meta/1':
        this.#takeMeta(message as Message<'meta/1'>);
        break;
      default:
        break;
    }
  }

  /** Lets go of a device that is no more. */
  forget(device: string): void {
    if (this.#metas.delete(device)) this.#compose();
  }

  /** @returns what is known at this moment */
  readings(): SiteReadings {
    const { grid_w, solar_w } = this.#current(this.#power) ?? {};
    const energy = this.#power && this.#current(this.#power) ? this.#current(this.#energy) : undefined;
    const { grid_import_wh, grid_export_wh, solar_wh } = energy ?? {};
    return {
      grid: this.#side('grid', { power: grid_w, energy_import: grid_import_wh, energy_export: grid_export_wh }),
      solar: this.#side('solar', { power: solar_w, energy_out: solar_wh }),
    };
  }

  /**
   * @returns the sides that can be told as a whole: their power is known, and so is their counter. A counter that a site
   *   has not told for a while does not exist, and is waited for no longer
   */
  tellable(readings: SiteReadings): ReadonlySet<Side> {
    const isAwaited = this.#clock.monotonic() <= this.#energyAwaitedUntil;
    const isTellable = (side: Side): boolean =>
      readings[side].has('power') && (!isAwaited || readings[side].has(counters[side]));
    return new Set(sides.filter(isTellable));
  }

  #takePower(message: Message<'site-power/1'>): void {
    if (!this.#power) this.#energyAwaitedUntil = this.#clock.monotonic() + this.#maxAgeMs;
    this.#power = this.#newer(this.#power, message, this.#maxAgeMs);
  }

  #side(side: Side, sums: Record<string, number | null | undefined>): SideReadings {
    const components = this.#components.filter((component) => component.side === side);
    return new Map([...combine(components.map((component) => this.#readingsOf(component))), ...known(sums)]);
  }

  #readingsOf({ topics }: SideComponent): Map<string, number> {
    return new Map(
      [...topics].flatMap(([topic, { name }]): [string, number][] => {
        const value = this.#current(this.#readings.get(topic));
        return value === undefined ? [] : [[name, value]];
      }),
    );
  }

  #takeReading(reading: Message<'reading/1'>): void {
    const { topic, value, quality, ts, rx = ts } = reading;
    const wanted = this.#topics.get(topic);
    if (!wanted) return;
    const before = this.#readings.get(topic);
    if (before && isSaidBefore(parseTime(rx), before.saidAt, this.#clock.now())) return;
    const isGood = quality === 'good' || quality === 'estimated';
    if (isGood && typeof value === 'number') this.#readings.set(topic, this.#hold(value, rx, wanted.maxAgeMs));
    else this.#readings.delete(topic);
  }

  #takeMeta(meta: Message<'meta/1'>): void {
    const { device, site } = meta;
    const before = this.#metas.get(device);
    if (site === this.#site) this.#metas.set(device, meta);
    else this.#metas.delete(device);
    if (before || site === this.#site) this.#compose();
  }

  #compose(): void {
    this.#components = sideComponents([...this.#metas.values()]);
    this.#topics = new Map(this.#components.flatMap(({ topics }) => [...topics]));
    for (const topic of this.#readings.keys()) if (!this.#topics.has(topic)) this.#readings.delete(topic);
  }

  /** @returns the message, unless a newer one is known: what is retained may come after what is live */
  #newer<M extends { ts: string }>(before: Held<M> | undefined, message: M, maxAgeMs: number): Held<M> {
    if (before && isSaidBefore(parseTime(message.ts), before.saidAt, this.#clock.now())) return before;
    return this.#hold(message, message.ts, maxAgeMs);
  }

  /** Values that were under way for long hold the shorter. */
  #hold<T>(value: T, ts: string, maxAgeMs: number): Held<T> {
    const saidAt = parseTime(ts);
    const ageMs = Math.max(0, this.#clock.now() - saidAt);
    return { value, saidAt, until: this.#clock.monotonic() + maxAgeMs - ageMs };
  }

  #current<T>(held: Held<T> | undefined): T | undefined {
    return held && this.#clock.monotonic() <= held.until ? held.value : undefined;
  }
}
