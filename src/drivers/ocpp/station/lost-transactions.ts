/**
 * Transactions that are lost: their end was never told. The end is concluded when the car has left, when the next
 * transaction begins, or when an end without a number fits: with what was read, and until the station tells otherwise.
 */
import type { MeterValue } from '../messages.ts';
import { isBelievable } from './clock-offset.ts';
import { chargedWh, newRegister, type RegisterState, readRegister, registerReadings } from './session-energy.ts';
import type { Transaction } from './transaction.ts';
import type { TransactionRecords } from './transaction-records.ts';

/** Why a session is over whose end was never told. */
export const lost = 'lost';

/** A station whose car has left tells the end of the session within this time, or has lost it, ms. */
export const graceMs = 120_000;

/** Between two times that are told to the second, ms. */
export const apartMs = 1000;

/** Whether the end of a transaction is neither told nor concluded. */
export const isOpenTransaction = ({ state }: Transaction): boolean => state !== 'ended';

/** Its end was concluded, and gives way to what the station tells of it. */
export const isConcluded = ({ state, reason, registerBefore }: Transaction): boolean =>
  state === 'ended' && (reason === lost || registerBefore !== undefined);

/** As it was read, without what was concluded. */
export const registerOf = ({ register, registerBefore }: Transaction): RegisterState => registerBefore ?? register;

/** When it ended, as far as anybody knows: its car left, or it was heard of for the last time. @param before ms */
const endOf = ({ detachedAt, startedAt = 0, register: { lastAt } }: Transaction, before: number): number => {
  const at = detachedAt ?? (isBelievable(lastAt) && lastAt >= startedAt ? lastAt : before);
  return Math.max(startedAt, Math.min(at, before));
};

/** The register as it stood when the next transaction began. */
interface NextTransaction {
  meterStartWh?: number | undefined;
  /** As the station told it, ms since 1970. */
  at: number | undefined;
}

/** Ends a transaction whose end was never told. @param at by which it is over, ms since 1970 */
export const concludeTransaction = (
  transactions: TransactionRecords,
  transaction: Transaction,
  { at, next }: { at: number; next?: NextTransaction },
): Transaction => {
  const { register: read, detachedAt = at } = transaction;
  // Later than that, others may have charged since its car left.
  const stoodAt = at - detachedAt <= graceMs ? next?.meterStartWh : undefined;
  const register = stoodAt === undefined ? read : readRegister(read, stoodAt, next?.at);
  const end = { register, registerBefore: read, endedAt: endOf(transaction, at), reason: lost };
  return transactions.note({ ...transaction, ...end, state: 'ended' });
};

/** Stations tell in order: of what went on here before, no end will come. */
export const overtaken = ({ byId }: TransactionRecords, evse: number, at: number): Transaction[] =>
  [...byId.values()].filter((each) => each.evse === evse && isOpenTransaction(each) && (each.startedAt ?? 0) <= at);

/** Another station stands there now: of what went on, no end will come. @param at ms */
export const concludeAll = (transactions: TransactionRecords, at: number): Transaction[] =>
  [...transactions.byId.values()]
    .filter(isOpenTransaction)
    .map((transaction) => concludeTransaction(transactions, transaction, { at }));

/** The power was cut when the next session had been written down, and the end of the one before had not. */
export const concludeOvertaken = (transactions: TransactionRecords): Transaction[] => {
  const all = [...transactions.byId.values()];
  return all.filter(isOpenTransaction).flatMap((transaction) => {
    const { evse, startedAt: from = 0 } = transaction;
    const isNext = ({ evse: own, startedAt = 0, isAdopted }: Transaction): boolean =>
      own !== undefined && own === evse && startedAt > from && !isAdopted;
    const [next] = all.filter(isNext).sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
    if (!next) return [];
    const { first, firstAt } = next.register;
    return concludeTransaction(transactions, transaction, {
      at: next.startedAt ?? from,
      next: { meterStartWh: first, at: firstAt },
    });
  });
};

/**
 * Taken up under a number of the station's own, until its beginning was told, and has another: it is one session, and
 * its energy is billed once.
 */
export const concludeDoubles = (transactions: TransactionRecords, transaction: Transaction): Transaction[] => {
  const {
    transaction: id,
    evse,
    fingerprint,
    startedAt: from = 0,
    endedAt: to = transactions.clock.now(),
  } = transaction;
  if (fingerprint === undefined) return [];
  const isDouble = (each: Transaction): boolean => {
    const { startedAt = 0 } = each;
    return each.evse === evse && isOpenTransaction(each) && each.isAdopted && startedAt >= from && startedAt <= to;
  };
  const doubles = [...transactions.byId.values()].filter((each) => each.transaction !== id && isDouble(each));
  return doubles.map((each) =>
    concludeTransaction(transactions, { ...each, register: newRegister(undefined) }, { at: to }),
  );
};

/** The car is gone: the end of the session is yet to come, or lost. @param at ms */
export const detach = (transactions: TransactionRecords, evse: number, at = transactions.clock.now()): void => {
  const transaction = transactions.runningOn(evse);
  if (transaction)
    transactions.note({ ...transaction, state: 'detached', detachedAt: Math.max(transaction.startedAt ?? 0, at) });
};

/** The session whose car has just left, and whose end is still to come. */
export const detached = ({ byId, clock }: TransactionRecords, evse: number): Transaction | undefined => {
  const since = clock.now() - graceMs;
  return [...byId.values()].findLast(
    ({ evse: own, state, detachedAt = 0 }) => own === evse && state === 'detached' && detachedAt >= since,
  );
};

/** Sessions whose car is gone since then, and whose end never came: over, with what was read. */
export const concludeDetached = (transactions: TransactionRecords, before: number): Transaction[] => {
  // The station was not answered, and tells again what could not be written down.
  if (transactions.isBroken) return [];
  const gone = [...transactions.byId.values()].filter(
    ({ state, detachedAt = 0 }) => state === 'detached' && detachedAt <= before,
  );
  return gone.map((transaction) =>
    concludeTransaction(transactions, transaction, { at: transaction.detachedAt ?? before }),
  );
};

/** Those that were measured when it was taken for over. */
const meterValuesAfter = (
  { detachedAt = 0, endedAt = detachedAt }: Transaction,
  meterValues: MeterValue[],
): MeterValue[] =>
  meterValues.filter(({ at, context }) => context === 'live' && (at === undefined || at > endedAt + apartMs));

/** Whether it is measured although its car was said to have left. */
export const isMeasuredSince = (transaction: Transaction, meterValues: MeterValue[]): boolean =>
  transaction.state === 'detached' && meterValuesAfter(transaction, meterValues).length > 0;

/** Whether it has drawn more since it was taken for over. */
export const hasDrawnSince = (transaction: Transaction, meterValues: MeterValue[]): boolean => {
  const { last = Number.POSITIVE_INFINITY } = transaction.register;
  return registerReadings(meterValuesAfter(transaction, meterValues)).some(({ wh }) => wh > last + chargedWh);
};

/** Lets a transaction go on; where its end was reported, the next end corrects that. */
export const resumeTransaction = (transactions: TransactionRecords, transaction: Transaction): Transaction =>
  transactions.note({
    ...transaction,
    state: 'running',
    register: registerOf(transaction),
    registerBefore: undefined,
    detachedAt: undefined,
    endedAt: undefined,
    reason: undefined,
    ...(transaction.state === 'ended' ? { isTold: false, isCorrected: true } : {}),
  });
