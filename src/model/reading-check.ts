/**
 * The schema of reading/1 as code, for the one message that comes by the thousands each second, and the memory of what
 * was checked. A reading passes several nodes: the first checks it, the others find that its content is the same. That
 * holds for copies as well, and a field that was changed on the way is noticed.
 */
import { instant, qualities } from './common.ts';
import type { Reading } from './reading.ts';
import { wordPattern } from './topic.ts';
import { isUnit } from './units.ts';

/** A message that may be a reading. */
export type Candidate = Record<string, unknown>;
export type ReadingMessage = Reading & { topic: string };

const longestValue = 1024;
const longestText = 256;
const bootPattern = /^[A-Za-z0-9]{4,16}$/;

/** Texts that most readings share with the one before them: the time of a cycle, the boot of its bridge. */
let lastInstant = '';
let lastBoot = '';

const isInstant = (value: unknown): boolean => {
  if (typeof value !== 'string') return false;
  if (value === lastInstant) return true;
  if (!instant.safeParse(value).success) return false;
  lastInstant = value;
  return true;
};

const isBoot = (value: unknown): boolean => {
  if (typeof value !== 'string') return false;
  if (value === lastBoot) return true;
  if (!bootPattern.test(value)) return false;
  lastBoot = value;
  return true;
};

const isQuality = (value: unknown): boolean => (qualities as readonly unknown[]).includes(value);
const isSequence = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown, longest: number): boolean => typeof value === 'string' && value.length <= longest;
const isWord = (value: unknown): boolean => typeof value === 'string' && wordPattern.test(value);

const isValue = (value: unknown): boolean =>
  Number.isFinite(value) || typeof value === 'boolean' || value === null || isText(value, longestValue);

/** Fields that few readings have. */
const rareFields: Record<string, (value: unknown) => boolean> = {
  raw: (value) => Number.isFinite(value) || isText(value, longestValue),
  raw_unit: (value) => isText(value, longestText),
  reason: isWord,
  since: isInstant,
  rx: isInstant,
  skew_s: Number.isFinite,
  accuracy: Number.isFinite,
  counter_id: (value) => isText(value, longestText),
  late: (value) => typeof value === 'boolean',
};
/** Names of the fields that few readings have, in the order of the schema. */
export const rareNames: readonly string[] = Object.keys(rareFields);
const commonNames = ['topic', 'schema', 'value', 'unit', 'ts', 'quality', 'seq', 'boot', 'source'];

/** Every field that this check knows; a reading with any other is left to the schema. */
export const checkedFields: readonly string[] = [...commonNames, ...rareNames];

/** Number of the fields of an object, those it inherits included. */
export const countKeys = (candidate: Candidate): number => {
  let count = 0;
  for (const _ in candidate) count++;
  return count;
};

/** Number of the fields in commonNames that a candidate has. */
const countCommon = ({ unit, seq, boot, source }: Candidate): number =>
  5 +
  (unit === undefined ? 0 : 1) +
  (seq === undefined ? 0 : 1) +
  (boot === undefined ? 0 : 1) +
  (source === undefined ? 0 : 1);

/** Whether an object inherits nothing but what all objects do, also where a function node made it in another realm. */
const isPlain = (candidate: Candidate): boolean => {
  const prototype: object | null = Object.getPrototypeOf(candidate);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
};

const hasGoodCommonFields = ({ schema, value, unit, ts, quality, seq, boot, source }: Candidate): boolean =>
  schema === 'reading/1' &&
  isValue(value) &&
  (unit === undefined ? typeof value !== 'number' : typeof unit === 'string' && isUnit(unit)) &&
  isInstant(ts) &&
  isQuality(quality) &&
  (quality === 'invalid') === (value === null) &&
  (seq === undefined || isSequence(seq)) &&
  (boot === undefined || isBoot(boot)) &&
  (source === undefined || isText(source, longestText));

/**
 * Whether the schema of reading/1 takes an object that has a topic, decided without the schema. A reading with a field
 * that the model does not know, or with one that is there and undefined, is not decided here.
 * @returns false: the schema has to say why not, or whether after all
 */
export const isSurelyReading = (candidate: Candidate): candidate is ReadingMessage => {
  if (!hasGoodCommonFields(candidate) || !isPlain(candidate)) return false;
  let left = countKeys(candidate) - countCommon(candidate);
  for (let i = 0; left > 0 && i < rareNames.length; i++) {
    const name = rareNames[i] as string;
    const value = candidate[name];
    if (value === undefined) continue;
    if (!rareFields[name]?.(value)) return false;
    left--;
  }
  return left === 0;
};

/** A topic with the reading that was checked last on it, while that is remembered. */
interface CheckedTopic {
  checked: CheckedReading | undefined;
}

/** The content of a reading at the moment it was checked. */
export class CheckedReading {
  /** The topic it belongs to; undefined: none yet. */
  owner: CheckedTopic | undefined;
  #keys = 0;
  #value: unknown;
  #unit: unknown;
  #ts: unknown;
  #quality: unknown;
  #seq: unknown;
  #boot: unknown;
  #source: unknown;
  /** Values of rareNames; undefined: there are none. */
  #rare: unknown[] | undefined;

  /** @param reading that isSurelyReading has passed */
  remember(reading: Candidate): void {
    this.#keys = countKeys(reading);
    this.#value = reading.value;
    this.#unit = reading.unit;
    this.#ts = reading.ts;
    this.#quality = reading.quality;
    this.#seq = reading.seq;
    this.#boot = reading.boot;
    this.#source = reading.source;
    this.#rare = this.#keys === countCommon(reading) ? undefined : rareNames.map((name) => reading[name]);
  }

  /** Whether a candidate on the same topic has the content that was checked, and nothing else. */
  isContentOf(candidate: Candidate): candidate is ReadingMessage {
    return (
      candidate.value === this.#value &&
      candidate.ts === this.#ts &&
      candidate.seq === this.#seq &&
      candidate.boot === this.#boot &&
      candidate.quality === this.#quality &&
      candidate.unit === this.#unit &&
      candidate.source === this.#source &&
      candidate.schema === 'reading/1' &&
      countKeys(candidate) === this.#keys &&
      (this.#rare === undefined || rareNames.every((name, i) => candidate[name] === this.#rare?.[i])) &&
      isPlain(candidate)
    );
  }
}

/** Readings that are remembered: more than are on their way at a time, and few enough to cost little memory. */
const mostRemembered = 16_384;
const remembered: CheckedReading[] = [];
let next = 0;

/** Remembers what was checked on a topic; the content that was remembered first is forgotten for it. */
export const rememberChecked = (topic: CheckedTopic, reading: Candidate): void => {
  let content = topic.checked;
  if (!content) {
    content = remembered[next] ?? new CheckedReading();
    remembered[next] = content;
    next = (next + 1) % mostRemembered;
    if (content.owner) content.owner.checked = undefined;
    content.owner = topic;
    topic.checked = content;
  }
  content.remember(reading);
};
