/**
 * Sessions that were asked for from here: where they were asked for, so that one that says nothing of its place has
 * one, and which of those that begin is ours (OCPP 2.0.1 part 2, F01 and F02).
 */
import type { Session } from './session.ts';
import { hashesOf } from './tags-in-use.ts';

export interface RemoteStarts {
  /** @param key by which it is told: our number, or the transaction where the answer says that it has begun */
  asked(key: number | string, evse: number): void;
  /** @returns undefined: not asked for from here */
  placeOf(transaction: string, remoteStartId: number | undefined): number | undefined;
}

/** Nobody tells of older ones. */
const mostKept = 32;

export const createRemoteStarts = (): RemoteStarts => {
  const places = new Map<number | string, number>();
  return {
    asked(key, evse) {
      places.set(key, evse);
      const [oldest] = places.keys();
      if (places.size > mostKept && oldest !== undefined) places.delete(oldest);
    },
    placeOf: (transaction, remoteStartId) => places.get(transaction) ?? places.get(remoteStartId ?? transaction),
  };
};

/** What was asked for, and what was answered. */
export interface AskedStart {
  remoteStartId: number;
  tag: string;
  /** 2.x, where it had begun already. */
  transaction: string | undefined;
}

/** @returns whether the session is the one that was asked for, as far as the station tells */
export const isAskedFor = (session: Session, { remoteStartId, tag, transaction }: AskedStart): boolean => {
  if (session.remoteStartId !== undefined) return session.remoteStartId === remoteStartId;
  if (transaction !== undefined) return session.transaction === transaction;
  return session.tag === undefined || hashesOf(tag).includes(session.tag);
};
