/** From the sample of a driver to the value of a reading: its sign by the role of the device, and its topic. */
import type { Channel, DeviceDescription } from '../../drivers/driver.ts';
import { hashTag } from '../../model/identity.ts';
import type { Reading, Value } from '../../model/reading.ts';
import { componentKey, formatTopic } from '../../model/topic.ts';
import { isMeter, isSourceRole, type Placement, roleOf } from './device-meta.ts';

/**
 * How samples of a channel become values of readings. Outputs that are alike share one record, on whatever device, so
 * that the record stays in the cache of the processor.
 */
export interface ReadingTransform {
  readonly unit: NonNullable<Reading['unit']> | undefined;
  readonly maxAgeMs: number;
  /** -1 turns the sign. */
  readonly factor: 1 | -1;
  /** Only the part in this direction counts: 0 if the value points the other way. undefined: the whole value counts. */
  readonly half: 1 | -1 | undefined;
  /** Whether the value is the tag of a person, which is told as a hash. */
  readonly isTag: boolean;
}

/** One record for each combination of unit, age and directions, not for each device. */
const transforms = new Map<string, ReadingTransform>();

const shared = (transform: ReadingTransform): ReadingTransform => {
  const { unit, maxAgeMs, factor, half, isTag } = transform;
  const key = `${unit} ${maxAgeMs} ${factor} ${half} ${isTag}`;
  const known = transforms.get(key) ?? transform;
  transforms.set(key, known);
  return known;
};

/** A device as far as its transforms depend on it. */
export interface TransformContext {
  components: DeviceDescription['components'];
  placement: Placement;
}

/**
 * @param half direction that counts of a signed power, if the channel is derived from one
 * @returns the transform of a channel
 */
export const transformOf = (
  channel: Channel,
  half: 1 | -1 | undefined,
  { components, placement }: TransformContext,
): ReadingTransform => {
  const { type, quantity, signed, unit, maxAgeS } = channel;
  const role = roleOf(type, components[componentKey(channel)] ?? components[type], placement);
  const isDirected = signed && /^(power|reactive_power|current)$/.test(quantity);
  const isReversed = isMeter(type) && placement.isReversed === true;
  const isTurned = isMeter(type) && isSourceRole(role);
  // Import and export of a meter are those of its counters, whichever direction its role calls positive.
  const isFlipped = half === undefined ? isDirected && isTurned !== isReversed : isReversed;
  return shared({
    unit: unit as ReadingTransform['unit'],
    maxAgeMs: maxAgeS * 1000,
    factor: isFlipped ? -1 : 1,
    half,
    isTag: quantity === 'id_tag' && channel.isHashed !== true,
  });
};

/** @returns the topic of the readings of a channel */
export const readingTopic = ({ type, index, quantity, part }: Channel, device: string): string =>
  formatTopic({
    kind: 'reading',
    device,
    type,
    ...(index === undefined ? {} : { index }),
    quantity,
    ...(part === undefined ? {} : { part }),
  });

/** @returns the number of a reading, in the sign that the role of the device gives it; never -0 */
export const transformNumber = ({ factor, half }: ReadingTransform, value: number): number => {
  const directed = value * factor;
  const part = half === undefined ? directed : Math.max(0, directed * half);
  return part === 0 ? 0 : part;
};

/** @returns the value of a reading that is no number; the tag of a person as a hash */
export const transformText = ({ isTag }: ReadingTransform, value: Exclude<Value, number>): Exclude<Value, number> =>
  isTag && typeof value === 'string' ? hashTag(value) : value;
