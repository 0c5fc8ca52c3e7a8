/**
 * Tells a copy of a message from the message: QoS 1 may deliver twice, a cluster that fails over delivers again what it
 * has delivered, and a client that comes back repeats what nobody acknowledged (model.md §5.3).
 */
import { RecentMap } from '../../common/recent-map.ts';
import type { Message } from '../../model/message.ts';

/** The sequence numbers of one publisher on one topic. */
interface Numbers {
  boot: string;
  /**
   * Numbers that were seen, as stretches without a gap: [first, last, first, last, ...], ascending. However long a
   * backlog is, it is one stretch.
   */
  stretches: number[];
  /** Numbers of publishers before: messages of theirs that are still on their way come later. */
  earlier: Numbers | undefined;
  /** The one stretch of nearly every topic, while there are no `stretches`: an array for each topic is memory. */
  first: number;
  last: number;
}

const hourMs = 3_600_000;
/** 1,000 devices of 100 quantities fit into one generation. */
const mostTopics = 131_072;
const mostIds = 10_000;
/** A command that is asked again gets the same response again, and that is no copy for ever. */
const responseMs = 5 * 60_000;
const publishersPerTopic = 4;

/** Stretches that are kept; where there are more gaps, the oldest stretch is forgotten. */
const mostStretches = 32;

/** @returns the position of the first stretch that ends at the number before this one, or later */
const findStretch = (stretches: number[], number: number): number => {
  let low = 0;
  let high = stretches.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stretches[2 * middle + 1] ?? 0) < number - 1) low = middle + 1;
    else high = middle;
  }
  return 2 * low;
};

/** Adds a number to its stretches. @returns whether the number was there before */
const addSequenceNumber = (stretches: number[], number: number): boolean => {
  const at = findStretch(stretches, number);
  const first = stretches[at];
  const last = stretches[at + 1];
  if (first === undefined || last === undefined || number < first - 1) {
    stretches.splice(at, 0, number, number);
    if (stretches.length > 2 * mostStretches) stretches.splice(0, 2);
    return false;
  }
  if (number === first - 1) stretches[at] = number;
  else if (number === last + 1) {
    stretches[at + 1] = number;
    const next = stretches[at + 2];
    // The gap to the stretch behind it is closed.
    if (next === number + 1) stretches.splice(at + 1, 2);
  } else return true;
  return false;
};

const numbersOf = (known: Numbers | undefined, boot: string): Numbers | undefined => {
  let numbers = known;
  while (numbers && numbers.boot !== boot) numbers = numbers.earlier;
  return numbers;
};

const forgetOldest = (newest: Numbers): void => {
  let numbers = newest;
  for (let i = 1; i < publishersPerTopic && numbers.earlier; i++) numbers = numbers.earlier;
  numbers.earlier = undefined;
};

const noStretches: number[] = [];

/** @returns whether the number was there before */
const addNumber = (numbers: Numbers, seq: number): boolean => {
  const { first, last } = numbers;
  if (numbers.stretches.length === 0) {
    if (seq >= first && seq <= last) return true;
    if (seq === last + 1) numbers.last = seq;
    else if (seq === first - 1) numbers.first = seq;
    else numbers.stretches = [first, last];
  }
  return numbers.stretches.length > 0 && addSequenceNumber(numbers.stretches, seq);
};

const isKnownId = (recent: RecentMap<true>, ...words: string[]): boolean => {
  // Joined: V8 keeps a text that is added up in pieces.
  const key = words.join(' ');
  if (recent.get(key)) return true;
  recent.set(key, true);
  return false;
};

/** Remembers the messages that were received. */
export class DuplicateDetection {
  readonly #numbers: RecentMap<Numbers>;
  readonly #events: RecentMap<true>;
  readonly #responses: RecentMap<true>;

  /** @param monotonic time, ms */
  constructor(monotonic: () => number) {
    this.#numbers = new RecentMap(mostTopics, 24 * hourMs, monotonic);
    this.#events = new RecentMap(mostIds, 24 * hourMs, monotonic);
    this.#responses = new RecentMap(mostIds, responseMs, monotonic);
  }

  /** Whether this message came before; remembers it. */
  isDuplicate(message: Message): boolean {
    const { topic } = message;
    // An alarm is raised and cleared, a command accepted and completed, under one id.
    if (message.schema === 'event/1') return isKnownId(this.#events, topic, message.id, message.state ?? '');
    if (message.schema === 'response/1') return isKnownId(this.#responses, topic, message.id, message.status);
    if (!('seq' in message) || !('boot' in message)) return false;
    const { seq, boot } = message;
    return typeof seq === 'number' && typeof boot === 'string' && this.#isKnownNumber(topic, boot, seq);
  }

  #isKnownNumber(topic: string, boot: string, seq: number): boolean {
    const newest = this.#numbers.get(topic);
    const known = numbersOf(newest, boot);
    if (known) return addNumber(known, seq);
    const added: Numbers = { boot, stretches: noStretches, earlier: newest, first: seq, last: seq };
    forgetOldest(added);
    this.#numbers.set(topic, added);
    return false;
  }
}
