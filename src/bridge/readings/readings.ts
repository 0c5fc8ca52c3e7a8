/**
 * The readings of a device: samples of its driver in the signs of the device's role, the unsigned pair of a signed power
 * beside them, numbered by topic.
 */
import type { Channel, Cycle, DeviceDescription, Sample } from '../../drivers/driver.ts';
import type { Quality, Reason } from '../../model/common.ts';
import { createBoot } from '../../model/identity.ts';
import type { Message } from '../../model/message.ts';
import type { Reading, Value } from '../../model/reading.ts';
import { isoTime } from '../../model/time.ts';
import { type DerivedQuantity, derivedQuantities, orientChannels } from './derived-quantities.ts';
import type { Placement } from './device-meta.ts';
import {
  type ReadingTransform,
  readingTopic,
  type TransformContext,
  transformNumber,
  transformOf,
  transformText,
} from './reading-transform.ts';

type ReadingMessage = Message<'reading/1'>;

/** The rare parts of a reading: a value that is no number, and remarks on the value. */
interface Remark {
  value: Exclude<Value, number>;
  reason: Reason | undefined;
  raw: string | undefined;
  counterId: string | undefined;
}

const isDescribedAlike = (a: Channel, b: Channel): boolean =>
  a.intervalS === b.intervalS && a.maxAgeS === b.maxAgeS && a.isDerived === b.isDerived;

/** The last time that was written as text: the samples of a message, and of many devices, have the same time. */
const lastTime = { ms: Number.NaN, text: '' };
const timeText = (ms: number): string => {
  if (ms !== lastTime.ms) {
    lastTime.text = isoTime(ms);
    lastTime.ms = ms;
  }
  return lastTime.text;
};

/**
 * All readings of one device. Every topic is an output, and there is one list for each fact about the outputs: the
 * outputs of one message lie side by side, because with thousands of devices nothing of them is in the cache of the
 * processor when a message comes. Lists of numbers hold nothing but numbers, which V8 stores in place.
 */
export class Readings {
  readonly #placement: Placement;
  readonly #boot = createBoot();
  readonly #source: string;
  /** Outputs by channel; undefined while each channel is the output of its number. */
  #own: number[] | undefined;
  /** Outputs of derived quantities by the channel they are derived from; undefined while nothing is derived. */
  #derived: (number[] | undefined)[] | undefined;
  #topics: string[] = [];
  #transforms: ReadingTransform[] = [];
  #seqs: number[] = [];
  /** The last reading of each output, from here on; undefined: the output has no reading yet. */
  #qualities: (Quality | undefined)[] = [];
  /** NaN if the value is no number. */
  #numbers: number[] = [];
  /** Time of measurement, wall clock, ms. */
  #times: number[] = [];
  /** As long as the highest output that ever had a remark: most devices have none. */
  #remarks: (Remark | undefined)[] = [];
  /** Channels in the order of the driver. */
  channels: Channel[] = [];
  derived: DerivedQuantity[] = [];
  /** Number of readings that are good. */
  good = 0;
  /** Wall clock, ms: no reading becomes stale before. */
  staleFrom = Number.POSITIVE_INFINITY;
  /** Wall clock, ms: when the oldest of the stale readings was measured; undefined if a cycle came after it. */
  staleSince: number | undefined;

  /** @param source origin of the readings, as the driver names it */
  constructor(placement: Placement, source: string) {
    this.#placement = placement;
    this.#source = source;
  }

  /** Takes over the channels of a device: all of them at first, later those that the device shows of itself. */
  addChannels({ channels: described, components }: DeviceDescription): void {
    const context: TransformContext = { components, placement: this.#placement };
    const channels = orientChannels(described, this.#placement.isReversed === true);
    this.#updateChannels(channels, context);
    const known = this.channels.length;
    const added = channels.slice(known);
    if (added.length === 0) return;
    this.channels = this.channels.concat(added);
    const derived = derivedQuantities(this.channels).filter(({ from }) => from >= known);
    this.derived = this.derived.concat(derived);
    this.#placeOutputs(added.length, derived);
    this.#addOutputs([...added.map((channel) => ({ channel })), ...derived], context);
  }

  /** Adds the readings of a cycle to the end of a list. */
  sample({ samples }: Cycle, to: Message[]): void {
    for (const sample of samples) {
      const ts = timeText(sample.ts);
      const own = this.#ownOutput(sample.channel);
      if (own === undefined) continue;
      if (this.#accept(own, sample)) to.push(this.#reading(own, ts));
      const derived = this.#derived?.[sample.channel];
      if (!derived) continue;
      for (const output of derived) if (this.#accept(output, sample)) to.push(this.#reading(output, ts));
    }
    this.staleSince = undefined;
  }

  /**
   * Makes readings stale that got no successor in time.
   * @param now wall clock, ms
   * @returns each such reading once, with the time of its measurement
   */
  expire(now: number): ReadingMessage[] {
    const stale: ReadingMessage[] = [];
    this.staleFrom = Number.POSITIVE_INFINITY;
    for (const [output, { maxAgeMs }] of this.#transforms.entries()) {
      const quality = this.#qualities[output];
      if (quality !== 'good' && quality !== 'estimated') continue;
      const ts = this.#times[output] ?? Number.NaN;
      const until = ts + maxAgeMs;
      if (now <= until) {
        this.staleFrom = Math.min(this.staleFrom, until);
        continue;
      }
      this.#seqs[output] = (this.#seqs[output] ?? 0) + 1;
      this.#setQuality(output, 'stale');
      this.staleSince = this.staleSince === undefined ? ts : Math.min(this.staleSince, ts);
      stale.push(this.#reading(output, isoTime(ts)));
    }
    return stale;
  }

  /** @returns the last reading of every topic */
  last(): Reading[] {
    return this.#topics.flatMap((_, output) =>
      this.#qualities[output] === undefined ? [] : [this.#reading(output, isoTime(this.#times[output] ?? Number.NaN))],
    );
  }

  /** @returns the last number of a channel, if it is good, and the wall clock of its measurement, ms */
  lastGood(channel: number): { value: number; ts: number } | undefined {
    const output = this.#ownOutput(channel) ?? -1;
    const value = this.#numbers[output] ?? Number.NaN;
    return this.#qualities[output] === 'good' && !Number.isNaN(value)
      ? { value, ts: this.#times[output] ?? 0 }
      : undefined;
  }

  /** Takes over known channels that have another interval now, or that are computed now and were measured before. */
  #updateChannels(channels: Channel[], context: TransformContext): void {
    for (const [nth, before] of this.channels.entries()) {
      const now = channels[nth];
      if (!now || isDescribedAlike(now, before)) continue;
      this.channels[nth] = now;
      const own = this.#ownOutput(nth);
      if (own !== undefined) this.#transforms[own] = transformOf(now, undefined, context);
    }
  }

  /** @returns the output of a channel; undefined if the driver has not described such a channel */
  #ownOutput(channel: number): number | undefined {
    if (this.#own) return this.#own[channel];
    return channel < this.channels.length ? channel : undefined;
  }

  /** @param added number of channels that are new; their outputs come before those of the derived quantities */
  #placeOutputs(added: number, derived: DerivedQuantity[]): void {
    const first = this.#topics.length;
    const known = this.channels.length - added;
    // Outputs of derived quantities lie between the channels that were known before and the new ones.
    if (first > known) {
      const own = this.#own ?? Array.from({ length: known }, (_, channel) => channel);
      this.#own = own.concat(Array.from({ length: added }, (_, nth) => first + nth));
    }
    for (const [nth, { from }] of derived.entries()) {
      this.#derived ??= [];
      this.#derived[from] = [...(this.#derived[from] ?? []), first + added + nth];
    }
  }

  /** Makes new lists of the right size, because lists that grow by themselves keep room that no device needs. */
  #addOutputs(outputs: { channel: Channel; sign?: 1 | -1 }[], context: TransformContext): void {
    const { device } = this.#placement;
    this.#topics = this.#topics.concat(outputs.map(({ channel }) => readingTopic(channel, device)));
    this.#transforms = this.#transforms.concat(outputs.map(({ channel, sign }) => transformOf(channel, sign, context)));
    this.#seqs = this.#seqs.concat(outputs.map(() => 0));
    this.#qualities = this.#qualities.concat(outputs.map(() => undefined));
    this.#numbers = this.#numbers.concat(outputs.map(() => Number.NaN));
    this.#times = this.#times.concat(outputs.map(() => Number.NaN));
  }

  /** @returns whether the sample makes a reading: a value that is not there is told once, with its reason */
  #accept(output: number, sample: Sample): boolean {
    const transform = this.#transforms[output];
    if (!transform) return false;
    const { value, reason, ts } = sample;
    if (value === null) {
      const quality = this.#qualities[output];
      if (quality === 'invalid' && this.#remarks[output]?.reason === reason) return false;
      // The availability of the device tells as much.
      if (quality === undefined && reason === 'device_offline') return false;
    } else this.staleFrom = Math.min(this.staleFrom, ts + transform.maxAgeMs);
    this.#setQuality(output, value === null ? 'invalid' : sample.isEstimated ? 'estimated' : 'good');
    this.#seqs[output] = (this.#seqs[output] ?? 0) + 1;
    this.#setValue(output, transform, sample);
    this.#times[output] = ts;
    return true;
  }

  #setQuality(output: number, quality: Quality): void {
    const before = this.#qualities[output];
    if (before === quality) return;
    if (before === 'good') this.good--;
    if (quality === 'good') this.good++;
    this.#qualities[output] = quality;
  }

  #setValue(output: number, transform: ReadingTransform, { value, reason, raw, counterId }: Sample): void {
    const isNumber = typeof value === 'number';
    this.#numbers[output] = isNumber ? transformNumber(transform, value) : Number.NaN;
    const known = this.#remarks[output];
    if (isNumber && reason === undefined && raw === undefined && counterId === undefined) {
      // An outage leaves a remark on every output, which would stay for as long as the device does.
      if (known) this.#remarks[output] = undefined;
      return;
    }
    const remark = known ?? { value: null, reason, raw, counterId };
    if (!isNumber) remark.value = transformText(transform, value);
    remark.reason = reason;
    remark.raw = raw;
    remark.counterId = counterId;
    if (!known) this.#remarks[output] = remark;
  }

  #reading(output: number, ts: string): ReadingMessage {
    const boot = this.#boot;
    const source = this.#source;
    const topic = this.#topics[output] ?? '';
    const unit = this.#transforms[output]?.unit;
    const quality = this.#qualities[output] ?? 'invalid';
    const seq = this.#seqs[output] ?? 0;
    const number = this.#numbers[output] ?? Number.NaN;
    const remark = this.#remarks[output];
    const value = Number.isNaN(number) ? (remark?.value ?? null) : number;
    const reading: ReadingMessage =
      unit === undefined
        ? { topic, schema: 'reading/1', value, ts, quality, seq, boot, source }
        : { topic, schema: 'reading/1', value, unit, ts, quality, seq, boot, source };
    if (remark?.reason !== undefined) reading.reason = remark.reason;
    if (remark?.raw !== undefined) reading.raw = remark.raw;
    if (remark?.counterId !== undefined) reading.counter_id = remark.counterId;
    return reading;
  }
}
