/**
 * What a device says, as readings: with the signs of its role, the unsigned pair of a signed power beside them,
 * numbered by topic, and told again as stale where no successor comes in time.
 */
import type { Channel, Cycle, DeviceDescription, Sample } from '../drivers/driver.ts';
import type { Quality, Reason } from '../model/common.ts';
import type { Message } from '../model/message.ts';
import type { Reading, Value } from '../model/reading.ts';
import { isoTime } from '../model/time.ts';
import { type Derivation, derivations, mounted } from './derive.ts';
import { type Form, formOf, numberFor, topicFor, wordFor } from './form.ts';
import type { Placement } from './meta.ts';

type Told = Message<'reading/1'>;

/** What few outputs have: words instead of a number, or something to say about it. */
interface Remark {
  value: Exclude<Value, number>;
  reason: Reason | undefined;
  raw: string | undefined;
  counterId: string | undefined;
}

/** Outputs by channel: its own, and those derived from it. */
interface Places {
  own: number[];
  halves: (number[] | undefined)[];
}

/**
 * A list for each thing there is to know of an output, so that the outputs of one message lie side by side: with
 * thousands of devices, none of it is in the cache of the processor when a message comes. Lists of numbers hold
 * nothing but numbers, which V8 then stores in place.
 */
export interface Outputs {
  readonly placement: Placement;
  /** Of the bridge. */
  readonly boot: string;
  /** Of the driver. */
  readonly source: string;
  /** As the driver numbers them. */
  channels: Channel[];
  derived: Derivation[];
  /** Undefined where nothing is derived: each channel is the output of its number. */
  places: Places | undefined;
  topics: string[];
  forms: Form[];
  seqs: number[];
  /** What was said last; a reading of it is made when it is needed. Undefined: nothing yet. */
  qualities: (Quality | undefined)[];
  /** NaN where it was no number. */
  numbers: number[];
  /** When it was measured, ms since 1970. */
  times: number[];
  remarks: (Remark | undefined)[];
  /** Values that are good. */
  good: number;
  /** No value becomes stale before, ms since 1970. */
  staleFrom: number;
  /** When the oldest of the stale values was measured, ms since 1970; undefined where a cycle came after it. */
  staleSince: number | undefined;
}

/**
 * @param boot of the bridge
 * @param source of the driver
 */
export const createOutputs = (placement: Placement, boot: string, source: string): Outputs => ({
  placement,
  boot,
  source,
  channels: [],
  derived: [],
  places: undefined,
  topics: [],
  forms: [],
  seqs: [],
  qualities: [],
  numbers: [],
  times: [],
  remarks: [],
  good: 0,
  staleFrom: Number.POSITIVE_INFINITY,
  staleSince: undefined,
});

/** New lists of the right size: those that grow by themselves keep room for more than a device ever has. */
const addOutputs = (
  outputs: Outputs,
  fresh: { channel: Channel; sign?: 1 | -1 }[],
  components: DeviceDescription['components'],
): void => {
  const { placement } = outputs;
  outputs.topics = outputs.topics.concat(fresh.map(({ channel }) => topicFor(channel, placement.device)));
  outputs.forms = outputs.forms.concat(fresh.map(({ channel, sign }) => formOf(channel, sign, components, placement)));
  outputs.seqs = outputs.seqs.concat(fresh.map(() => 0));
  outputs.qualities = outputs.qualities.concat(fresh.map(() => undefined));
  outputs.numbers = outputs.numbers.concat(fresh.map(() => Number.NaN));
  outputs.times = outputs.times.concat(fresh.map(() => Number.NaN));
  outputs.remarks = outputs.remarks.concat(fresh.map(() => undefined));
};

const isToldAlike = (a: Channel, b: Channel): boolean =>
  a.intervalS === b.intervalS && a.maxAgeS === b.maxAgeS && a.isDerived === b.isDerived;

/** Those that are known, where one is told in another interval now, or is computed now and was measured before. */
const takeOverChanges = (outputs: Outputs, channels: Channel[], components: DeviceDescription['components']): void => {
  for (const [nth, before] of outputs.channels.entries()) {
    const now = channels[nth];
    if (!now || isToldAlike(now, before)) continue;
    outputs.channels[nth] = now;
    const own = outputs.places ? outputs.places.own[nth] : nth;
    if (own !== undefined) outputs.forms[own] = formOf(now, undefined, components, outputs.placement);
  }
};

/** Channels that are not known yet: all of them at first, later what the device shows of itself. */
export const takeUpChannels = (outputs: Outputs, description: DeviceDescription): void => {
  const { components } = description;
  const known = outputs.channels.length;
  const channels = mounted(description.channels, outputs.placement.isReversed === true);
  takeOverChanges(outputs, channels, components);
  const added = channels.slice(known);
  if (added.length === 0) return;
  const first = outputs.topics.length;
  outputs.channels = outputs.channels.concat(added);
  const derived = derivations(outputs.channels).filter(({ from }) => from >= known);
  outputs.derived = outputs.derived.concat(derived);
  if (outputs.derived.length > 0) {
    const { own, halves } = outputs.places ?? { own: outputs.topics.map((_, output) => output), halves: [] };
    const places = { own: own.concat(added.map((_, nth) => first + nth)), halves };
    for (const [nth, { from }] of derived.entries())
      halves[from] = [...(halves[from] ?? []), first + added.length + nth];
    outputs.places = places;
  }
  addOutputs(outputs, [...added.map((channel) => ({ channel })), ...derived], components);
};

const count = (outputs: Outputs, output: number, quality: Quality): void => {
  const before = outputs.qualities[output];
  if (before === quality) return;
  if (before === 'good') outputs.good--;
  if (quality === 'good') outputs.good++;
  outputs.qualities[output] = quality;
};

const keepValue = (outputs: Outputs, output: number, form: Form, { value, reason, raw, counterId }: Sample): void => {
  const isNumber = typeof value === 'number';
  outputs.numbers[output] = isNumber ? numberFor(form, value) : Number.NaN;
  const known = outputs.remarks[output];
  if (!known && isNumber && reason === undefined && raw === undefined && counterId === undefined) return;
  const remark = known ?? { value: null, reason, raw, counterId };
  if (!isNumber) remark.value = wordFor(form, value);
  remark.reason = reason;
  remark.raw = raw;
  remark.counterId = counterId;
  if (!known) outputs.remarks[output] = remark;
};

const toReading = (outputs: Outputs, output: number, ts: string): Told => {
  const { boot, source } = outputs;
  const topic = outputs.topics[output] ?? '';
  const unit = outputs.forms[output]?.unit;
  const quality = outputs.qualities[output] ?? 'invalid';
  const seq = outputs.seqs[output] ?? 0;
  const number = outputs.numbers[output] ?? Number.NaN;
  const remark = outputs.remarks[output];
  const value = Number.isNaN(number) ? (remark?.value ?? null) : number;
  const reading: Told =
    unit === undefined
      ? { topic, schema: 'reading/1', value, ts, quality, seq, boot, source }
      : { topic, schema: 'reading/1', value, unit, ts, quality, seq, boot, source };
  if (remark?.reason !== undefined) reading.reason = remark.reason;
  if (remark?.raw !== undefined) reading.raw = remark.raw;
  if (remark?.counterId !== undefined) reading.counter_id = remark.counterId;
  return reading;
};

/** @returns whether there is something to say */
const takeSample = (outputs: Outputs, output: number, sample: Sample): boolean => {
  const form = outputs.forms[output];
  if (!form) return false;
  const { value, reason, ts } = sample;
  if (value === null) {
    // Said once: the device's availability tells the rest.
    const quality = outputs.qualities[output];
    if (quality === 'invalid' && outputs.remarks[output]?.reason === reason) return false;
    if (quality === undefined && reason === 'device_offline') return false;
  } else outputs.staleFrom = Math.min(outputs.staleFrom, ts + form.maxAgeMs);
  count(outputs, output, value === null ? 'invalid' : sample.isEstimated ? 'estimated' : 'good');
  outputs.seqs[output] = (outputs.seqs[output] ?? 0) + 1;
  keepValue(outputs, output, form, sample);
  outputs.times[output] = ts;
  return true;
};

/** Samples of a message have one time, and many stations tell it to the second, at the same moments. */
const last = { ms: Number.NaN, text: '' };
const textOf = (ms: number): string => {
  if (ms !== last.ms) {
    last.text = isoTime(ms);
    last.ms = ms;
  }
  return last.text;
};

/** Readings of the samples, to the end of the list. */
export const takeSamples = (outputs: Outputs, { samples }: Cycle, to: Message[]): void => {
  const { places } = outputs;
  for (const sample of samples) {
    const ts = textOf(sample.ts);
    const own = places ? places.own[sample.channel] : sample.channel;
    if (own === undefined) continue;
    if (takeSample(outputs, own, sample)) to.push(toReading(outputs, own, ts));
    const halves = places?.halves[sample.channel];
    if (!halves) continue;
    for (const half of halves) if (takeSample(outputs, half, sample)) to.push(toReading(outputs, half, ts));
  }
  outputs.staleSince = undefined;
};

/** Good values that got no successor until now, each once and with its own time. */
export const takeOld = (outputs: Outputs, now: number): Told[] => {
  const old: Told[] = [];
  outputs.staleFrom = Number.POSITIVE_INFINITY;
  for (const [output, { maxAgeMs }] of outputs.forms.entries()) {
    const quality = outputs.qualities[output];
    if (quality !== 'good' && quality !== 'estimated') continue;
    const ts = outputs.times[output] ?? Number.NaN;
    const until = ts + maxAgeMs;
    if (now <= until) {
      outputs.staleFrom = Math.min(outputs.staleFrom, until);
      continue;
    }
    outputs.seqs[output] = (outputs.seqs[output] ?? 0) + 1;
    count(outputs, output, 'stale');
    outputs.staleSince = outputs.staleSince === undefined ? ts : Math.min(outputs.staleSince, ts);
    old.push(toReading(outputs, output, isoTime(ts)));
  }
  return old;
};

/** The last reading of every topic. */
export const lastReadings = (outputs: Outputs): Reading[] =>
  outputs.topics.flatMap((_, output) =>
    outputs.qualities[output] === undefined
      ? []
      : [toReading(outputs, output, isoTime(outputs.times[output] ?? Number.NaN))],
  );

/** The last good number of a channel, and when it was measured. */
export const lastOf = (
  { places, qualities, numbers, times }: Outputs,
  channel: number,
): { value: number; ts: number } | undefined => {
  const output = places ? (places.own[channel] ?? -1) : channel;
  const value = numbers[output] ?? Number.NaN;
  return qualities[output] === 'good' && !Number.isNaN(value) ? { value, ts: times[output] ?? 0 } : undefined;
};
