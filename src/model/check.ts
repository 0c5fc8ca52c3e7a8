/**
 * The gate: everything from outside passes here before any node believes it.
 * Reasons are sentences for people; what passes is normalised (canonical unit, sane time).
 */
import type { z } from 'zod';
import { envelopes, isSchemaId, type Message, schemaOfTopic } from './message.ts';
import { findQuantity, isKnownType, isVendorWord } from './quantities.ts';
import type { Reading } from './reading.ts';
import { believedAheadMs, isoTime, parseTime, type Result } from './time.ts';
import { parseTopic, type Topic } from './topic.ts';
import { conversion } from './units.ts';

export interface CheckLimits {
  /** Largest payload that is parsed at all, bytes. */
  maxBytes: number;
  /** Deepest nesting of objects and arrays. */
  maxDepth: number;
  /** How far ahead of our clock a time may be before the reception time replaces it, ms. */
  futureMs: number;
  /** Older readings are refused unless they are retained or marked late, ms. */
  pastMs: number;
}

export const defaultLimits: CheckLimits = {
  maxBytes: 65536,
  maxDepth: 10,
  futureMs: believedAheadMs,
  pastMs: 86_400_000,
};

/** What is known beside the message itself. */
export interface CheckContext {
  now: number;
  /** It came with the retain flag: its age says nothing. */
  retained?: boolean;
  /** Whether a device's meta declares this component's quantity, for types the model does not know. */
  isDeclared?: (topic: Topic) => boolean;
  limits?: CheckLimits;
}

export type Checked = { ok: true; message: Message; topic: Topic } | { ok: false; reasons: string[] };

const earliest = Date.UTC(2020, 0, 1);
const unsafeKeys = new Set(['__proto__', 'constructor', 'prototype']);

const topicMemo = new Map<string, Result<Topic>>();
const memoSize = 20_000;

/** parseTopic, remembered: the same few topics come again and again. */
export const readTopic = (text: string): Result<Topic> => {
  let parsed = topicMemo.get(text);
  if (!parsed) {
    if (topicMemo.size >= memoSize) topicMemo.clear();
    parsed = parseTopic(text);
    topicMemo.set(text, parsed);
  }
  return parsed;
};

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);

/** Looks for what JSON allows and nobody should: prototype keys, endless nesting. */
const unsafety = (value: unknown, depth: number): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === 0) return 'nested too deeply';
  for (const key of Object.keys(value)) {
    if (unsafeKeys.has(key)) return `the key "${key}" is not allowed`;
    const below = (value as Record<string, unknown>)[key];
    if (typeof below === 'object' && below !== null) {
      const found = unsafety(below, depth - 1);
      if (found) return found;
    }
  }
  return undefined;
};

/** @returns what makes an object unsafe to handle at all, in words */
export const unsafetyOf = (value: object, { maxDepth }: CheckLimits = defaultLimits): string | undefined =>
  unsafety(value, maxDepth);

const describeIssues = (error: z.ZodError): string[] =>
  error.issues.slice(0, 8).map((issue) => {
    const where = issue.path.join('.');
    return where === '' ? issue.message : `${where}: ${issue.message}`;
  });

const isNumberLike = (text: string): boolean => /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text.trim());

/** A bare scalar, or {"value": x}, on the topic of a reading becomes an envelope with the unit of its quantity. */
const completeReading = (topic: string, given: unknown, context: CheckContext): unknown => {
  const parsed = readTopic(topic);
  if (!parsed.ok || parsed.value.kind !== 'reading') return given;
  const bare = isRecord(given) ? given : { value: given };
  if (!Object.hasOwn(bare, 'value') || Object.hasOwn(bare, 'schema')) return given;
  const quantity = findQuantity(parsed.value.type, parsed.value.quantity);
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
 * @param payload Buffer or text as it came, or what a JSON-detecting node made of it
 */
export const readPayload = (topic: string, payload: unknown, context: CheckContext): Result<unknown> => {
  const limits = context.limits ?? defaultLimits;
  if (!Buffer.isBuffer(payload) && typeof payload !== 'string')
    return { ok: true, value: completeReading(topic, payload, context) };
  if (payload.length > limits.maxBytes)
    return { ok: false, reason: `${payload.length} bytes, more than the ${limits.maxBytes} allowed` };
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

type ReadingTopic = Extract<Topic, { kind: 'reading' }>;

/** Membership, kind, unit and range by the registry. */
const checkQuantity = (reading: Reading, topic: ReadingTopic, context: CheckContext): string | undefined => {
  const { type, quantity: name } = topic;
  const quantity = findQuantity(type, name);
  if (!quantity) {
    if (isVendorWord(type) || isVendorWord(name) || context.isDeclared?.(topic)) return undefined;
    return isKnownType(type)
      ? `${type} has no quantity "${name}"; vendor quantities start with x_`
      : `"${type}" is no device type; vendor types start with x_`;
  }
  const { value } = reading;
  if (value === null) return undefined;
  switch (quantity.value) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${name} is true or false, not ${JSON.stringify(value)}`;
    case 'text':
    case 'enum':
      return typeof value === 'string' ? undefined : `${name} is a text, not ${JSON.stringify(value)}`;
    default:
      break;
  }
  if (typeof value !== 'number' || quantity.unit === undefined)
    return `${name} is a number, not ${JSON.stringify(value)}`;
  if (reading.unit !== quantity.unit) return `${name} is in ${quantity.unit}; ${reading.unit} cannot be converted`;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = quantity;
  if (value < min || value > max) return `${name} ${value} ${quantity.unit} is outside ${min}..${max} ${quantity.unit}`;
  if (quantity.value === 'integer' && !Number.isInteger(value)) return `${name} is a whole number, not ${value}`;
  return undefined;
};

/** Another unit of the same dimension (kW, °C) becomes the quantity's own before the schema sees it. */
const convertSourceUnit = (candidate: Record<string, unknown>, topic: ReadingTopic): Record<string, unknown> => {
  const { unit, value } = candidate;
  const target = findQuantity(topic.type, topic.quantity)?.unit;
  if (target === undefined || unit === target || typeof unit !== 'string' || typeof value !== 'number')
    return candidate;
  const convert = conversion(unit, target);
  if (!convert) return candidate;
  return {
    raw: value,
    raw_unit: unit,
    ...candidate,
    value: value * convert.factor + convert.offset,
    unit: target,
  };
};

/** Times far ahead, or before this software existed, are the source's clock: reception time takes their place. */
const checkTime = (reading: Reading, context: CheckContext, limits: CheckLimits): string | undefined => {
  const ts = parseTime(reading.ts);
  if (ts > context.now + limits.futureMs || ts < earliest) {
    reading.ts = reading.rx ?? isoTime(context.now);
    reading.reason = 'clock_skew';
    reading.skew_s = Math.round((ts - context.now) / 1000);
    if (reading.quality === 'good') reading.quality = 'estimated';
    return undefined;
  }
  if (ts < context.now - limits.pastMs && !context.retained && !reading.late)
    return `measured ${Math.round((context.now - ts) / 3_600_000)} h ago and not marked late`;
  return undefined;
};

const checkReading = (reading: Reading, topic: Topic, context: CheckContext, limits: CheckLimits): string[] => {
  if (topic.kind !== 'reading') return [];
  return [checkQuantity(reading, topic, context), checkTime(reading, context, limits)].filter(
    (reason) => reason !== undefined,
  );
};

/** A command that was stored somewhere on its way is not carried out. */
const checkCommand = (command: Message<'command/1'>, context: CheckContext): string[] => {
  if (context.retained) return ['a retained command is never carried out'];
  const expires = parseTime(command.ts) + command.ttl_s * 1000;
  return context.now > expires ? [`expired ${Math.round((context.now - expires) / 1000)} s ago`] : [];
};

/**
 * Checks one object of the contract: topic, safety, schema, unit, range, time.
 * @returns the normalised message with its parsed topic, or every reason against it
 */
export const checkMessage = (candidate: unknown, context: CheckContext): Checked => {
  const limits = context.limits ?? defaultLimits;
  const reject = (...reasons: string[]): Checked => ({ ok: false, reasons });
  if (!isRecord(candidate)) return reject('not an object with topic and schema');
  if (typeof candidate.topic !== 'string') return reject('no topic');
  const parsed = readTopic(candidate.topic);
  if (!parsed.ok) return reject(`topic: ${parsed.reason}`);
  const danger = unsafety(candidate, limits.maxDepth);
  if (danger) return reject(danger);
  const topic = parsed.value;
  const expected = schemaOfTopic(topic);
  if (!isSchemaId(candidate.schema))
    return reject(`schema: ${JSON.stringify(candidate.schema) ?? 'missing'} is not one of ours`);
  if (expected !== undefined && candidate.schema !== expected)
    return reject(`schema: this topic carries ${expected}, not ${candidate.schema}`);
  const { topic: topicText, ...body } = topic.kind === 'reading' ? convertSourceUnit(candidate, topic) : candidate;
  const result = envelopes[candidate.schema].safeParse(body);
  if (!result.success) return reject(...describeIssues(result.error));
  const message = Object.assign(result.data, { topic: topicText }) as Message;
  const reasons =
    message.schema === 'reading/1'
      ? checkReading(message, topic, context, limits)
      : message.schema === 'command/1'
        ? checkCommand(message, context)
        : [];
  return reasons.length > 0 ? { ok: false, reasons } : { ok: true, message, topic };
};
