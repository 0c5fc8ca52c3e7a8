/**
 * Transactions that were started from here: where and for whom they were asked for, so that one that says nothing of that
 * has a place and a tag, and which of those that begin is ours (OCPP 2.0.1 part 2, F01 and F02).
 */

import { hashesOf } from './id-token-hashes.ts';
import type { Transaction } from './transaction.ts';

interface RemoteStart {
  evse: number;
  tag: string;
}

/** Nobody tells of older ones. */
const mostKept = 32;

/** The starts that were requested from one station, the last 32 of them. */
export class RemoteStarts {
  private readonly starts = new Map<number | string, RemoteStart>();

  /** @param key by which it is told: our number, or the transaction where the answer says that it has begun */
  asked(key: number | string, start: RemoteStart): void {
    const { starts } = this;
    starts.set(key, start);
    const [oldest] = starts.keys();
    if (starts.size > mostKept && oldest !== undefined) starts.delete(oldest);
  }

  /** @returns undefined: not asked for from here */
  find(transaction: string, remoteStartId: number | undefined): RemoteStart | undefined {
    return this.starts.get(transaction) ?? this.starts.get(remoteStartId ?? transaction);
  }
}

/** A start that was requested, and the answer to the request. */
export interface AskedStart {
  remoteStartId: number;
  tag: string;
  /** 2.x, where it had begun already. */
  transaction: string | undefined;
}

/** @returns whether the session is the one that was asked for, as far as the station tells */
export const isAskedFor = (given: Transaction, { remoteStartId, tag, transaction }: AskedStart): boolean => {
  if (given.remoteStartId !== undefined) return given.remoteStartId === remoteStartId;
  if (transaction !== undefined) return given.transaction === transaction;
  return given.tag === undefined || hashesOf(tag).includes(given.tag);
};
