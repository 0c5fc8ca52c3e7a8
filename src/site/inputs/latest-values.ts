/** Latest values of a site's devices: the newest reading of each topic, and which devices and gateways are offline. */
import { type Quality, worst } from '../../model/common.ts';
import type { Message } from '../../model/message.ts';
import type { Reading } from '../../model/reading.ts';
import { type Clock, isSaidBefore, parseTime } from '../../model/time.ts';

/** The publisher of a topic: a device, and the gateway that reads the device. */
export interface ReportingDevice {
  device: string;
  gateway?: string;
}

/** The publisher of a topic and how long its values may be used. */
export interface ValueSource extends ReportingDevice {
  maxAgeMs: number;
}

/** The value of a topic as it may be used now. */
export interface CurrentValue {
  /** null: none that may be used. */
  value: number | null;
  quality: Quality;
  /** Time of measurement, monotonic ms. */
  at?: number;
}

/** A number that was measured. */
export interface MeasuredNumber {
  value: number;
  /** Time of measurement, monotonic ms. */
  at: number;
}

/** A reading with its time of measurement. */
interface TimedReading {
  reading: Reading;
  /** Monotonic ms. */
  at: number;
  /** The reading may be older than that. */
  isUnsure: boolean;
}

/** The latest values of one site. */
export class LatestValues {
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #readings = new Map<string, TimedReading>();
  /** The last number of each topic: a device that goes offline says null, and the number before stays here. */
  readonly #numbers = new Map<string, MeasuredNumber>();
  readonly #devicesOffline = new Set<string>();
  readonly #gatewaysOffline = new Set<string>();
  /** Wall clock ms of each availability, by topic: a retained one may arrive after a newer live one. */
  readonly #statedAt = new Map<string, number>();

  /** @param graceMs time for which a value may be used after it went stale; such a value is estimated */
  constructor(clock: Clock, graceMs: number) {
    this.#clock = clock;
    this.#graceMs = graceMs;
  }

  /**
   * Takes a reading that is newer than the known one of its topic.
   * @param at time of measurement, monotonic ms
   * @param isUnsure whether the reading may be older than that
   */
  takeReading(reading: Message<'reading/1'>, at: number, isUnsure: boolean): void {
    const { topic, value } = reading;
    const known = this.#readings.get(topic);
    // The entries of a topic are written over, since one comes with each reading.
    if (known) {
      known.reading = reading;
      known.at = at;
      known.isUnsure = isUnsure;
    } else this.#readings.set(topic, { reading, at, isUnsure });
    if (typeof value !== 'number') return;
    const number = this.#numbers.get(topic);
    if (number) {
      number.value = value;
      number.at = at;
    } else this.#numbers.set(topic, { value, at });
  }

  /** @returns whether the message was about a device or gateway, and not older than the known one */
  takeAvailability(message: Message<'availability/1'>): boolean {
    const [root, id, name] = message.topic.split('/');
    const isGateway = root === 'system' && id === 'status';
    const key = isGateway ? name : id;
    if (key === undefined) return false;
    // A last will carries no time: it was written when the client connected.
    const stated = message.ts === undefined ? undefined : parseTime(message.ts);
    const known = this.#statedAt.get(message.topic) ?? 0;
    if (stated !== undefined && isSaidBefore(stated, known, this.#clock.now())) return false;
    if (stated !== undefined) this.#statedAt.set(message.topic, stated);
    const offline = isGateway ? this.#gatewaysOffline : this.#devicesOffline;
    if (message.state === 'offline') offline.add(key);
    else offline.delete(key);
    return true;
  }

  /** @returns whether the device, or the gateway that reads it, is offline */
  isOffline({ device, gateway }: ReportingDevice): boolean {
    return this.#devicesOffline.has(device) || (gateway !== undefined && this.#gatewaysOffline.has(gateway));
  }

  /** @returns the value of a topic as it may be used now */
  current(topic: string, source: ValueSource): CurrentValue {
    const known = this.#readings.get(topic);
    if (!known || typeof known.reading.value !== 'number') return { value: null, quality: 'invalid' };
    const { at, reading, isUnsure } = known;
    const value = known.reading.value;
    const ageMs = this.#clock.monotonic() - at;
    const isOffline = this.isOffline(source);
    if (reading.quality !== 'stale' && ageMs <= source.maxAgeMs && !isOffline)
      return { value, quality: isUnsure ? worst(reading.quality, 'estimated') : reading.quality, at };
    return ageMs <= source.maxAgeMs + this.#graceMs && !isOffline
      ? { value, quality: 'estimated', at }
      : { value: null, quality: 'stale', at };
  }

  /** @returns the last number that was measured of a topic, however old */
  last(topic: string): MeasuredNumber | undefined {
    return this.#numbers.get(topic);
  }

  /** Corrects the time of measurement of a topic: its values were measured so many ms later than was thought. */
  move(topic: string, ms: number): void {
    for (const each of [this.#readings.get(topic), this.#numbers.get(topic)]) if (each) each.at += ms;
  }

  /** Forgets all that is known of a device. */
  forget(device: string): void {
    this.#devicesOffline.delete(device);
    for (const topics of [this.#readings, this.#numbers])
      for (const topic of topics.keys()) if (topic.startsWith(`devices/${device}/`)) topics.delete(topic);
  }
}
