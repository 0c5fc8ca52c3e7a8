/**
 * Checks messages that come from outside, before any node believes them. Reasons are sentences for people; what passes
 * is normalised: the unit of its quantity, and a plausible time.
 */
import type { z } from 'zod';
import { type CheckContext, type CheckLimits, defaultLimits } from './check-context.ts';
import { type KnownTopic, readTopic } from './known-topics.ts';
import { envelopes, isSchemaId, type Message, schemaOfTopic } from './message.ts';
import { findQuantity, isKnownType, isVendorWord, type Quantity } from './quantities.ts';
import type { Reading } from './reading.ts';
import { isSurelyReading, type ReadingMessage, rememberChecked } from './reading-check.ts';
import { isRecord, unsafetyOf } from './safety.ts';
import { isoTime, parseTime } from './time.ts';
import type { Topic } from './topic.ts';
import { conversion } from './units.ts';

/** The message as it is passed on, or every reason against it. */
export type Checked = { ok: true; message: Message; topic: Topic } | { ok: false; reasons: string[] };

/** Times before this software existed are those of a clock that was never set, ms since 1970. */
const earliest = Date.UTC(2020, 0, 1);

const describeIssues = (error: z.ZodError): string[] =>
  error.issues.slice(0, 8).map((issue) => {
    const where = issue.path.join('.');
    return where === '' ? issue.message : `${where}: ${issue.message}`;
  });

type ReadingTopic = Extract<Topic, { kind: 'reading' }>;

/** @returns why a reading does not fit the quantity of its topic: name, kind, unit or range; undefined: it fits */
const checkQuantity = (
  reading: Reading,
  quantity: Quantity | undefined,
  topic: ReadingTopic,
  context: CheckContext,
): string | undefined => {
  const { type, quantity: name } = topic;
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
  const { type, quantity } = topic;
  return [
    checkQuantity(reading, findQuantity(type, quantity), topic, context),
    checkTime(reading, context, limits),
  ].filter((reason) => reason !== undefined);
};

/** A command that was stored somewhere on its way is not carried out. */
const checkCommand = (command: Message<'command/1'>, context: CheckContext): string[] => {
  if (context.retained) return ['a retained command is never carried out'];
  const expires = parseTime(command.ts) + command.ttl_s * 1000;
  return context.now > expires ? [`expired ${Math.round((context.now - expires) / 1000)} s ago`] : [];
};

/**
 * The short way of a reading that needs nothing but to be believed: its content was checked before, or the schema
 * surely takes it, its unit is that of the quantity, and its time is plausible.
 * @returns undefined where checkMessage has to look closer
 */
const checkPlainReading = (
  candidate: Record<string, unknown>,
  topic: KnownTopic,
  context: CheckContext,
): ReadingMessage | undefined => {
  const { value } = topic;
  if (value.kind !== 'reading') return undefined;
  const isKnown = topic.checked?.isContentOf(candidate) === true;
  if (!isKnown && !isSurelyReading(candidate)) return undefined;
  const reading = candidate as ReadingMessage;
  // Which quantities are declared changes with the meta of the device.
  if ((!isKnown || !topic.quantity) && checkQuantity(reading, topic.quantity, value, context)) return undefined;
  if (!isKnown) rememberChecked(topic, candidate);
  const { futureMs, pastMs } = context.limits ?? defaultLimits;
  const ts = parseTime(reading.ts);
  if (ts > context.now + futureMs || ts < earliest) return undefined;
  return ts < context.now - pastMs && !context.retained && !reading.late ? undefined : reading;
};

/**
 * Checks one object of the contract: topic, safety, schema, unit, range, time.
 * @returns the message with its parsed topic, or every reason against it. The message is the candidate itself where
 *   nothing has to be normalised, and a copy otherwise
 */
export const checkMessage = (candidate: unknown, context: CheckContext): Checked => {
  const limits = context.limits ?? defaultLimits;
  const reject = (...reasons: string[]): Checked => ({ ok: false, reasons });
  if (!isRecord(candidate)) return reject('not an object with topic and schema');
  if (typeof candidate.topic !== 'string') return reject('no topic');
  const parsed = readTopic(candidate.topic);
  if (!parsed.ok) return reject(`topic: ${parsed.reason}`);
  const topic = parsed.value;
  const plain = checkPlainReading(candidate, parsed, context);
  if (plain) return { ok: true, message: plain, topic };
  const danger = unsafetyOf(candidate, limits.maxDepth);
  if (danger) return reject(danger);
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
