/**
 * Topics that were read before. The same few thousand come again and again, and finding one is faster than reading it.
 */
import { findQuantity, type Quantity } from './quantities.ts';
import type { CheckedReading } from './reading-check.ts';
import type { Result } from './time.ts';
import { parseTopic, type Topic } from './topic.ts';

/** A topic of the grammar, shaped like the result of parseTopic. */
export interface KnownTopic {
  readonly ok: true;
  readonly value: Topic;
  /** The topic as text. Messages that have this one in place of an equal one are found faster in maps. */
  readonly text: string;
  /** The quantity of a reading as the model defines it; undefined for other topics and for words of vendors. */
  readonly quantity: Quantity | undefined;
  /** Content of the reading that was checked last on this topic, while it is remembered. */
  checked: CheckedReading | undefined;
}

/**
 * Topics in one generation; twice as many are remembered at most. 1,000 devices of 100 quantities fit into one: topics
 * that come in turns, and are more than one generation, are forgotten by the next just before they come again.
 */
const generationSize = 131_072;
/** Words that are shared by topics: the device, type and quantity of thousands of topics are the same few texts. */
const mostWords = 20_000;

let young = new Map<string, KnownTopic>();
let old = new Map<string, KnownTopic>();
const words = new Map<string, string>();

/** @returns the text itself, or an equal one that is in memory already */
const shared = (word: string): string => {
  const known = words.get(word);
  if (known !== undefined) return known;
  if (words.size < mostWords) words.set(word, word);
  return word;
};

/** Written out: V8 keeps a copy that is made by spreading in two pieces, which take twice the memory. */
const withSharedWords = (topic: Topic): Topic => {
  if (topic.kind !== 'reading') return topic;
  const { kind, index, part } = topic;
  const [device, type, quantity] = [shared(topic.device), shared(topic.type), shared(topic.quantity)];
  if (index === undefined)
    return part === undefined ? { kind, device, type, quantity } : { kind, device, type, quantity, part };
  return part === undefined ? { kind, device, type, index, quantity } : { kind, device, type, index, quantity, part };
};

const remember = (text: string, topic: KnownTopic): void => {
  if (young.size >= generationSize) {
    old = young;
    young = new Map();
  }
  young.set(text, topic);
};

/** parseTopic, remembered where the topic fits the grammar. */
export const readTopic = (text: string): KnownTopic | Extract<Result<Topic>, { ok: false }> => {
  const recent = young.get(text);
  if (recent) return recent;
  const earlier = old.get(text);
  if (earlier) {
    remember(text, earlier);
    return earlier;
  }
  const parsed = parseTopic(text);
  if (!parsed.ok) return parsed;
  const value = withSharedWords(parsed.value);
  const quantity = value.kind === 'reading' ? findQuantity(value.type, value.quantity) : undefined;
  const topic: KnownTopic = { ok: true, value, text, quantity, checked: undefined };
  remember(text, topic);
  return topic;
};
