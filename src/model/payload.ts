/** Payloads of MQTT as candidates for a check: JSON, or the bare value of a reading as others publish it. */
import { type CheckContext, defaultLimits } from './check-context.ts';
import { readTopic } from './known-topics.ts';
import { isRecord } from './safety.ts';
import { isoTime, type Result } from './time.ts';

const isNumberLike = (text: string): boolean => /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text.trim());

/** A bare scalar, or {"value": x}, on the topic of a reading becomes an envelope with the unit of its quantity. */
const completeReading = (topic: string, given: unknown, context: CheckContext): unknown => {
  const bare = isRecord(given) ? given : { value: given };
  if (Object.hasOwn(bare, 'schema') || !Object.hasOwn(bare, 'value')) return given;
  const parsed = readTopic(topic);
  if (!parsed.ok || parsed.value.kind !== 'reading') return given;
  const { quantity } = parsed;
  const wantsNumber = quantity?.unit !== undefined;
  const value =
    wantsNumber && typeof bare.value === 'string' && isNumberLike(bare.value) ? Number(bare.value) : bare.value;
  return {
    schema: 'reading/1',
    ...(typeof value === 'number' && quantity?.unit !== undefined ? { unit: quantity.unit } : {}),
    ts: isoTime(context.now),
    // A retained scalar may be of any age.
    quality: value === null ? 'invalid' : context.retained ? 'estimated' : 'good',
    ...bare,
    value,
  };
};

/**
 * Turns an MQTT payload into a candidate for checkMessage.
 * @param topic of the message, without prefix
 * @param payload Buffer or text as it came, or what a JSON-detecting node made of it
 * @returns the candidate without its topic, or why there is none, in words
 */
export const readPayload = (topic: string, payload: unknown, context: CheckContext): Result<unknown> => {
  if (!Buffer.isBuffer(payload) && typeof payload !== 'string')
    return { ok: true, value: completeReading(topic, payload, context) };
  const { maxBytes } = context.limits ?? defaultLimits;
  if (payload.length > maxBytes)
    return { ok: false, reason: `${payload.length} bytes, more than the ${maxBytes} allowed` };
  const text = payload.toString();
  if (text === '') return { ok: false, reason: 'empty payload' };
  try {
    return { ok: true, value: completeReading(topic, JSON.parse(text), context) };
  } catch {
    const parsed = readTopic(topic);
    if (parsed.ok && parsed.value.kind === 'reading' && !/^\s*[{[]/.test(text))
      return { ok: true, value: completeReading(topic, text, context) };
    return { ok: false, reason: 'not JSON' };
  }
};
