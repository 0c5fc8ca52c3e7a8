/**
 * Which known transaction a beginning or an end is about. Beginnings are told again, and numbers used twice; an end that
 * names another transaction, or none, is led to the session that it fits.
 */
import { createHash } from 'node:crypto';
import type { StationMessage } from '../messages.ts';
import { isBelievable } from './clock-offset.ts';
import { hashesOf } from './id-token-hashes.ts';
import { apartMs, isConcluded, isOpenTransaction, registerOf } from './lost-transactions.ts';
import { jitter, mostRise } from './session-energy.ts';
import type { Transaction } from './transaction.ts';
import type { TransactionRecords } from './transaction-records.ts';

type Started = Extract<StationMessage, { kind: 'transaction_started' }>;
type Ended = Extract<StationMessage, { kind: 'transaction_ended' }>;

/** Tells apart the transactions of OCPP 1.6, whose beginnings name none, also where a beginning is repeated. */
export const fingerprintOf = ({ evse, token, at, meterStartWh }: Started): string =>
  createHash('sha256')
    .update(JSON.stringify([evse, token?.id, isBelievable(at) ? at : null, meterStartWh]))
    .digest('base64url')
    .slice(0, 22);

/** 2.x: a number that was used before, for a session that is over, or for somebody else's. */
const isReused = ({ state, endedAt = 0, startedAt = 0, tag }: Transaction, { token, at }: Started): boolean => {
  if (!isBelievable(at)) return false;
  if (state === 'ended') return at > endedAt + apartMs;
  const isOthers = tag !== undefined && token !== undefined && !hashesOf(token.id).includes(tag);
  return isOthers && at > startedAt + apartMs;
};

/**
 * The transaction that a beginning is about, where the beginning was told before.
 * @returns undefined: another transaction begins
 */
export const findStartedTransaction = ({ byId }: TransactionRecords, event: Started): Transaction | undefined => {
  if (event.transaction !== undefined) {
    const named = byId.get(event.transaction);
    return named && isReused(named, event) ? undefined : named;
  }
  const fingerprint = fingerprintOf(event);
  // Without a time, two sessions of one person may look the same.
  return [...byId.values()].find(
    (transaction) =>
      transaction.fingerprint === fingerprint && (isBelievable(event.at) || transaction.state !== 'ended'),
  );
};

/** Whether it may be the end of this session, by time, place and register. @param at ms, by our clock */
const fits = (transaction: Transaction, { evse, at: said, meterStopWh = 0 }: Ended, at: number): boolean => {
  const { last, lastAt, firstAt } = registerOf(transaction);
  if (evse !== undefined && transaction.evse !== undefined && evse !== transaction.evse) return false;
  // From before it began, or before it was measured last.
  if (isBelievable(said) && (at < (transaction.startedAt ?? 0) - apartMs || said < (lastAt ?? 0) - apartMs))
    return false;
  // A register that reads 0 says nothing.
  if (meterStopWh === 0 || last === undefined) return true;
  const passedMs = (said ?? Number.POSITIVE_INFINITY) - (lastAt ?? firstAt ?? 0);
  return meterStopWh >= last - jitter(last) && meterStopWh - last <= mostRise(passedMs);
};

const hasTag = ({ tag }: Transaction, { token }: Ended): boolean =>
  tag !== undefined && token !== undefined && hashesOf(token.id).includes(tag);

const isOfAnotherTag = (transaction: Transaction, event: Ended): boolean =>
  transaction.tag !== undefined && event.token !== undefined && !hasTag(transaction, event);

/** The end that was told of it, perhaps with a new time. */
export const isRepeated = ({ register: { end } }: Transaction, { meterStopWh }: Ended): boolean =>
  meterStopWh !== undefined && meterStopWh > 0 && meterStopWh === end;

const onlyOne = (transactions: Transaction[]): Transaction | undefined =>
  transactions.length === 1 ? transactions[0] : undefined;

/** Wh that its register would have risen by. */
const riseOf = ({ register: { last } }: Transaction, { meterStopWh = 0 }: Ended): number =>
  Math.max(0, meterStopWh - (last ?? meterStopWh));

/** Registers of two connectors are told apart from this on: so many times as far from the end, and so many Wh. */
const [farOff, apartWh] = [10, 1000];

/** The open session with its tag; else the one whose register stands nearest, or whose car has left. */
const nearestTo = (open: Transaction[], event: Ended): Transaction | undefined => {
  const tagged = open.filter((transaction) => hasTag(transaction, event));
  const own = tagged.length > 0 ? tagged : open;
  const least = Math.min(...own.map((transaction) => riseOf(transaction, event)));
  const near = own.filter((transaction) => riseOf(transaction, event) <= farOff * least + apartWh);
  return onlyOne(near) ?? onlyOne(near.filter(({ state }) => state === 'detached'));
};

/**
 * The session that it may be the end of, where there is only one; else one that ended with this very reading, or of which
 * the end was concluded, and was not before this.
 */
const meantBy = (transactions: Transaction[], event: Ended, at: number): Transaction | undefined => {
  const fitting = transactions.filter((transaction) => fits(transaction, event, at));
  const told = transactions.findLast((transaction) => transaction.state === 'ended' && isRepeated(transaction, event));
  const open = fitting.filter(isOpenTransaction);
  const nearest = nearestTo(open, event);
  if (told) return nearest && riseOf(nearest, event) <= jitter(event.meterStopWh ?? 0) ? nearest : told;
  if (open.length > 0) return nearest;
  return onlyOne(fitting.filter((each) => isConcluded(each) && at <= (each.endedAt ?? at) + apartMs));
};

/** The end is from after the end of the session, or, where that is not known, from after the beginning of the next one. */
const isAfter = (
  transactions: Transaction[],
  named: Transaction,
  { event, at }: { event: Ended; at: number },
): boolean => {
  const { evse, startedAt = 0, endedAt = at } = named;
  if (!isConcluded(named)) return at > endedAt + apartMs && !isRepeated(named, event);
  return transactions.some(
    ({ evse: own, startedAt: began = 0 }) => own === evse && began > startedAt && at > began + apartMs,
  );
};

/** The session that it names had ended, and has drawn more since, by what is said now. @param at ms, by our clock */
export const hasDrawnMore = (named: Transaction, event: Ended, at: number): boolean => {
  const { state, endedAt = at, register } = named;
  const { meterStopWh = 0 } = event;
  if (state !== 'ended' || isConcluded(named) || meterStopWh <= (register.last ?? meterStopWh)) return false;
  return at > endedAt + apartMs && fits(named, event, at);
};

/**
 * The transaction that an end is about. Some say 0, -1, or the number of the one before (OCPP 1.6 §4.10 leaves no
 * doubt, and stations do it all the same).
 * @param at when it ended, ms
 * @returns undefined: it names none, and none fits
 */
export const findEndedTransaction = ({ byId }: TransactionRecords, event: Ended, at: number): string | undefined => {
  const { transaction } = event;
  const all = [...byId.values()];
  if (transaction === undefined) return meantBy(all, event, at)?.transaction;
  const named = byId.get(transaction);
  const isTooLate = named?.state === 'ended' && isBelievable(event.at) && isAfter(all, named, { event, at });
  const isOthers = named !== undefined && isOfAnotherTag(named, event) && !fits(named, event, at);
  if (named && !isTooLate && !isOthers) return transaction;
  // Only where we give the numbers is an unknown one none.
  const ours = all.filter((each) => each.fingerprint !== undefined && !isOfAnotherTag(each, event));
  return meantBy(ours, event, at)?.transaction ?? transaction;
};
