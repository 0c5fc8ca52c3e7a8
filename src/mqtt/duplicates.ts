/**
 * Tells a copy of a message from the message: QoS 1 may deliver twice, a cluster that fails over delivers again what it
 * has delivered, and a client that comes back repeats what nobody acknowledged (model.md §5.3).
 */
import type { Message } from '../model/message.ts';
import { createRecent } from './recent.ts';
import { addSeen } from './seen-numbers.ts';

/** The numbers of one publisher on one topic. */
interface Numbers {
  boot: string;
  /** As addSeen keeps them. */
  stretches: number[];
  /** Of publishers before: what they still have under way comes later. */
  earlier: Numbers | undefined;
}

export interface Duplicates {
  /** Whether this message came before; remembers it. */
  isDuplicate(message: Message): boolean;
}

const hourMs = 3_600_000;
const topics = 100_000;
const ids = 10_000;
/** A command that is asked again gets the same response again, and that is no copy for ever. */
const responseMs = 5 * 60_000;
const publishersPerTopic = 4;

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

/** @param monotonic time, ms */
export const createDuplicates = (monotonic: () => number): Duplicates => {
  const numbers = createRecent<Numbers>(topics, 24 * hourMs, monotonic);
  const events = createRecent<true>(ids, 24 * hourMs, monotonic);
  const responses = createRecent<true>(ids, responseMs, monotonic);

  const isKnownId = (recent: typeof events, ...words: string[]): boolean => {
    // Joined: V8 keeps a text that is added up in pieces.
    const key = words.join(' ');
    if (recent.get(key)) return true;
    recent.set(key, true);
    return false;
  };

  const isKnownNumber = (topic: string, boot: string, seq: number): boolean => {
    const newest = numbers.get(topic);
    const known = numbersOf(newest, boot);
    if (known) return addSeen(known.stretches, seq);
    const added: Numbers = { boot, stretches: [seq, seq], earlier: newest };
    forgetOldest(added);
    numbers.set(topic, added);
    return false;
  };

  return {
    isDuplicate(message) {
      const { topic } = message;
      // An alarm is raised and cleared, a command accepted and completed, under one id.
      if (message.schema === 'event/1') return isKnownId(events, topic, message.id, message.state ?? '');
      if (message.schema === 'response/1') return isKnownId(responses, topic, message.id, message.status);
      if (!('seq' in message) || !('boot' in message)) return false;
      const { seq, boot } = message;
      return typeof seq === 'number' && typeof boot === 'string' && isKnownNumber(topic, boot, seq);
    },
  };
};
