/**
 * What a device says, as readings: with the signs of its role, the unsigned pair of a signed power beside them,
 * numbered by topic, and told again as stale where no successor comes in time.
 */
import type { Channel, Cycle, DeviceDescription, Sample } from '../drivers/driver.ts';
import type { Quality, Reason } from '../model/common.ts';
import { hashTag } from '../model/identity.ts';
import type { Message } from '../model/message.ts';
import type { Reading, Value } from '../model/reading.ts';
import { isoTime } from '../model/time.ts';
import { formatTopic } from '../model/topic.ts';
import { type Derivation, derivations, mounted } from './derive.ts';
import { componentKey, isMeter, isSourceRole, type Placement, roleOf } from './meta.ts';

type Told = Message<'reading/1'>;

export interface Outputs {
  /** Channels that are not known yet: all of them at first, later what the device shows of itself. */
  takeUp(description: DeviceDescription): void;
  /** As the driver numbers them. */
  channels(): Channel[];
  derived(): Channel[];
  /** Readings of the samples, to the end of the list. */
  take(cycle: Cycle, to: Message[]): void;
  /** Good values that got no successor until now, each once and with its own time. */
  takeOld(now: number): Told[];
  /** No value becomes stale before, ms since 1970. */
  staleFrom(): number;
  /** When the oldest of the stale values was measured, ms since 1970; undefined where a cycle came after it. */
  staleSince(): number | undefined;
  /** Values that are good. */
  good(): number;
  /** The last reading of every topic. */
  snapshot(): Reading[];
  /** By channel of the driver. */
  topics(): string[];
}

interface Output {
  channel: Channel;
  topic: string;
  factor: 1 | -1;
  /** Only its part in this direction counts: 0 where the value points the other way. */
  half: 1 | -1 | undefined;
  isTag: boolean;
  seq: number;
  /** What was said last; a reading of it is made when it is needed. Undefined quality: nothing yet. */
  quality: Quality | undefined;
  /** NaN where it was no number. Numbers have a field of their own, so that each is stored in place of the one before. */
  number: number;
  other: Exclude<Value, number>;
  /** Measured, ms since 1970. */
  ts: number;
  reason: Reason | undefined;
  raw: string | undefined;
}

const createOutput = (
  channel: Channel,
  half: 1 | -1 | undefined,
  components: DeviceDescription['components'],
  placement: Placement,
): Output => {
  const { type, index, quantity, part, signed } = channel;
  const role = roleOf(type, components[componentKey(channel)] ?? components[type], placement);
  const isDirected = signed && /^(power|reactive_power|current)$/.test(quantity);
  const isReversed = isMeter(type) && placement.isReversed === true;
  const isTurned = isMeter(type) && isSourceRole(role);
  // The two directions of a meter are those of its counters, whatever its role calls positive.
  const isFlipped = half === undefined ? isDirected && isTurned !== isReversed : isReversed;
  return {
    channel,
    topic: formatTopic({
      kind: 'reading',
      device: placement.device,
      type,
      ...(index === undefined ? {} : { index }),
      quantity,
      ...(part === undefined ? {} : { part }),
    }),
    factor: isFlipped ? -1 : 1,
    half,
    isTag: quantity === 'id_tag',
    seq: 0,
    quality: undefined,
    number: Number.NaN,
    other: null,
    ts: 0,
    reason: undefined,
    raw: undefined,
  };
};

const numberFor = ({ factor, half }: Output, value: number): number => {
  const directed = value * factor;
  const part = half === undefined ? directed : Math.max(0, directed * half);
  // -0 is a 0 that frightens people.
  return part === 0 ? 0 : part;
};

const keepValue = (output: Output, value: Value): void => {
  if (typeof value === 'number') {
    output.number = numberFor(output, value);
    return;
  }
  output.number = Number.NaN;
  output.other = output.isTag && typeof value === 'string' ? hashTag(value) : value;
};

/**
 * @param boot of the bridge
 * @param source of the driver
 */
export const createOutputs = (placement: Placement, boot: string, source: string): Outputs => {
  const channels: Channel[] = [];
  const derived: Derivation[] = [];
  /** By channel. */
  const outputs: Output[] = [];
  const halves: (Output[] | undefined)[] = [];
  const all: Output[] = [];
  let good = 0;
  let staleSince: number | undefined;
  let staleFrom = Number.POSITIVE_INFINITY;

  const count = (output: Output, quality: Quality): void => {
    if (output.quality === quality) return;
    if (output.quality === 'good') good--;
    if (quality === 'good') good++;
    output.quality = quality;
  };

  const toReading = (output: Output, ts: string): Told => {
    const { topic, channel, number, other, quality = 'invalid', seq, reason, raw } = output;
    const value = Number.isNaN(number) ? other : number;
    const unit = channel.unit as NonNullable<Reading['unit']> | undefined;
    const reading: Told =
      unit === undefined
        ? { topic, schema: 'reading/1', value, ts, quality, seq, boot, source }
        : { topic, schema: 'reading/1', value, unit, ts, quality, seq, boot, source };
    if (reason !== undefined) reading.reason = reason;
    if (raw !== undefined) reading.raw = raw;
    return reading;
  };

  /** @returns whether there is something to say */
  const takeSample = (output: Output, sample: Sample): boolean => {
    const { value, reason } = sample;
    if (value === null) {
      // Said once: the device's availability tells the rest.
      if (output.quality === 'invalid' && output.reason === reason) return false;
      if (output.quality === undefined && reason === 'device_offline') return false;
    } else staleFrom = Math.min(staleFrom, sample.ts + output.channel.maxAgeS * 1000);
    count(output, value === null ? 'invalid' : sample.isEstimated ? 'estimated' : 'good');
    output.seq++;
    keepValue(output, value);
    output.ts = sample.ts;
    output.reason = reason;
    output.raw = sample.raw;
    return true;
  };

  return {
    takeUp(description) {
      const { components } = description;
      const known = channels.length;
      const added = mounted(description.channels, placement.isReversed === true).slice(known);
      channels.push(...added);
      for (const channel of added) outputs.push(createOutput(channel, undefined, components, placement));
      all.push(...outputs.slice(known));
      const fresh = derivations(channels).filter(({ from }) => from >= known);
      derived.push(...fresh);
      for (const { from, channel, sign } of fresh) {
        const half = createOutput(channel, sign, components, placement);
        halves[from] = [...(halves[from] ?? []), half];
        all.push(half);
      }
    },
    channels: () => channels,
    derived: () => derived.map(({ channel }) => channel),
    take({ samples }, to) {
      let ts = '';
      let tsMs = Number.NaN;
      for (const sample of samples) {
        if (sample.ts !== tsMs) {
          tsMs = sample.ts;
          ts = isoTime(tsMs);
        }
        const output = outputs[sample.channel];
        if (!output) continue;
        if (takeSample(output, sample)) to.push(toReading(output, ts));
        const own = halves[sample.channel];
        if (own) for (const half of own) if (takeSample(half, sample)) to.push(toReading(half, ts));
      }
      staleSince = undefined;
    },
    takeOld(now) {
      const old: Told[] = [];
      staleFrom = Number.POSITIVE_INFINITY;
      for (const output of all) {
        const { quality, channel, ts } = output;
        if (quality !== 'good' && quality !== 'estimated') continue;
        const until = ts + channel.maxAgeS * 1000;
        if (now <= until) {
          staleFrom = Math.min(staleFrom, until);
          continue;
        }
        output.seq++;
        count(output, 'stale');
        staleSince = staleSince === undefined ? ts : Math.min(staleSince, ts);
        old.push(toReading(output, isoTime(ts)));
      }
      return old;
    },
    staleFrom: () => staleFrom,
    staleSince: () => staleSince,
    good: () => good,
    snapshot: () => all.filter(({ quality }) => quality).map((output) => toReading(output, isoTime(output.ts))),
    topics: () => outputs.map(({ topic }) => topic),
  };
};
