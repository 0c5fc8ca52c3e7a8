/** What a sample becomes on its way out: the topic it is told on, and the sign that the role of its device gives it. */
import type { Channel, DeviceDescription } from '../drivers/driver.ts';
import { hashTag } from '../model/identity.ts';
import type { Reading, Value } from '../model/reading.ts';
import { formatTopic } from '../model/topic.ts';
import { componentKey, isMeter, isSourceRole, type Placement, roleOf } from './meta.ts';

/** One record for all outputs that are alike, on whatever device: it stays in the cache of the processor. */
export interface Form {
  readonly unit: NonNullable<Reading['unit']> | undefined;
  readonly maxAgeMs: number;
  readonly factor: 1 | -1;
  /** Only its part in this direction counts: 0 where the value points the other way. */
  readonly half: 1 | -1 | undefined;
  readonly isTag: boolean;
}

/** By what they say: as many as there are units, ages and directions, not devices. */
const forms = new Map<string, Form>();

const shared = (form: Form): Form => {
  const { unit, maxAgeMs, factor, half, isTag } = form;
  const key = `${unit} ${maxAgeMs} ${factor} ${half} ${isTag}`;
  const known = forms.get(key) ?? form;
  forms.set(key, known);
  return known;
};

/** @param half of a signed power, where the channel is derived */
export const formOf = (
  channel: Channel,
  half: 1 | -1 | undefined,
  components: DeviceDescription['components'],
  placement: Placement,
): Form => {
  const { type, quantity, signed, unit, maxAgeS } = channel;
  const role = roleOf(type, components[componentKey(channel)] ?? components[type], placement);
  const isDirected = signed && /^(power|reactive_power|current)$/.test(quantity);
  const isReversed = isMeter(type) && placement.isReversed === true;
  const isTurned = isMeter(type) && isSourceRole(role);
  // The two directions of a meter are those of its counters, whatever its role calls positive.
  const isFlipped = half === undefined ? isDirected && isTurned !== isReversed : isReversed;
  return shared({
    unit: unit as Form['unit'],
    maxAgeMs: maxAgeS * 1000,
    factor: isFlipped ? -1 : 1,
    half,
    isTag: quantity === 'id_tag' && channel.isHashed !== true,
  });
};

export const topicFor = ({ type, index, quantity, part }: Channel, device: string): string =>
  formatTopic({
    kind: 'reading',
    device,
    type,
    ...(index === undefined ? {} : { index }),
    quantity,
    ...(part === undefined ? {} : { part }),
  });

export const numberFor = ({ factor, half }: Form, value: number): number => {
  const directed = value * factor;
  const part = half === undefined ? directed : Math.max(0, directed * half);
  // -0 is a 0 that frightens people.
  return part === 0 ? 0 : part;
};

/** Of what is no number. */
export const wordFor = ({ isTag }: Form, value: Exclude<Value, number>): Exclude<Value, number> =>
  isTag && typeof value === 'string' ? hashTag(value) : value;
