/** "Why did my box not connect": the handshakes that were refused last, with the reason in words and no secrets. */
import type { Clock } from '../../../model/time.ts';
import { toPlainText } from './plain-text.ts';

export interface Attempt {
  address: string;
  /** As far as one could be read. */
  identity?: string;
  /** A sentence that says what to do about it. Never holds a password. */
  reason: string;
}

export interface Refusal extends Attempt {
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

const longestReason = 300;
const longestIdentity = 48;

/** @param perAddress how many of the entries one address may fill: the others stay to be seen */
export const createRefusals = (clock: Clock, max = 100, perAddress = 25): Refusals => {
  const entries = new Map<string, Refusal>();

  const makeRoom = (address: string): void => {
    const own = [...entries].filter(([, entry]) => entry.address === address);
    const victim = own.length > perAddress ? own[0] : entries.size > max ? [...entries][0] : undefined;
    if (victim) entries.delete(victim[0]);
  };

  return {
    note({ address, identity, reason }) {
      const attempt: Attempt = {
        address,
        reason: toPlainText(reason, longestReason),
        ...(identity !== undefined && { identity: toPlainText(identity, longestIdentity) }),
      };
      const key = JSON.stringify([attempt.address, attempt.identity, attempt.reason]);
      const count = (entries.get(key)?.count ?? 0) + 1;
      entries.delete(key);
      entries.set(key, { ...attempt, at: clock.now(), count });
      makeRoom(address);
    },
    list: () => [...entries.values()].reverse(),
  };
};
