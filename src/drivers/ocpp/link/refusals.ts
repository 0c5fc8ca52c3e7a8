/** "Why did my box not connect": the handshakes that were refused last, with the reason and no secrets. */
import { TokenBucket } from '../../../common/rate-limit.ts';
import type { Clock } from '../../../model/time.ts';
import { longestIdentity } from '../codec/limits.ts';
import { toPlainText } from './plain-text.ts';
import { type Reason, sentenceOf } from './reasons.ts';

export interface Attempt {
  address: string;
  /** As far as one could be read. */
  identity?: string;
  reason: Reason;
}

export interface Refusal extends Reason {
  address: string;
  identity?: string;
  /** The code and its values as an English sentence. */
  sentence: string;
  /** Of the last one, ms since 1970. */
  at: number;
  /** How often the same has happened. */
  count: number;
}

export interface Refusals {
  note(attempt: Attempt): void;
  /** The newest first. */
  list(): Refusal[];
}

export interface RefusalLimits {
  most: number;
  /** How many of the entries one address may fill: the others stay to be seen. */
  mostPerAddress: number;
}

const longestSentence = 300;
const longestValue = 150;

/** Strangers must not fill a log. */
const tellRate = { perS: 0.1, burst: 20 };

const toPlainReason = ({ code, params }: Reason): Reason => ({
  code,
  ...(params && {
    params: Object.fromEntries(
      Object.entries(params).map(([name, value]) => [
        name,
        typeof value === 'string' ? toPlainText(value, longestValue) : value,
      ]),
    ),
  }),
});

/** @param tell of one that is new, for a log */
export const createRefusals = (
  clock: Clock,
  tell: (refusal: Refusal) => void = () => {},
  { most, mostPerAddress }: RefusalLimits = { most: 100, mostPerAddress: 25 },
): Refusals => {
  const entries = new Map<string, Refusal>();
  const tells = new TokenBucket(tellRate, clock.monotonic());

  const makeRoom = (address: string): void => {
    const own = [...entries].filter(([, entry]) => entry.address === address);
    const victim = own.length > mostPerAddress ? own[0] : entries.size > most ? [...entries][0] : undefined;
    if (victim) entries.delete(victim[0]);
  };

  return {
    note({ address, identity, reason }) {
      const plain = toPlainReason(reason);
      const attempt = {
        address,
        ...(identity !== undefined && { identity: toPlainText(identity, longestIdentity) }),
        ...plain,
        sentence: toPlainText(sentenceOf(plain), longestSentence),
      };
      const key = JSON.stringify([address, attempt.identity, attempt.sentence]);
      const count = (entries.get(key)?.count ?? 0) + 1;
      const refusal = { ...attempt, at: clock.now(), count };
      entries.delete(key);
      entries.set(key, refusal);
      makeRoom(address);
      if (count === 1 && tells.take(clock.monotonic())) tell(refusal);
    },
    list: () => [...entries.values()].reverse(),
  };
};
