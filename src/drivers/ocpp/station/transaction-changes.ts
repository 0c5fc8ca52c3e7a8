/** The transactions of one station as it tells them: begun, going on and ended. */
import { hashTag } from '../../../model/identity.ts';
import type { StationMessage } from '../messages.ts';
import type { Moment } from './clock-offset.ts';
import { apartMs, concludeTransaction, isConcluded, lost, overtaken, registerOf } from './lost-transactions.ts';
import { findStartedTransaction, fingerprintOf, hasDrawnMore, isRepeated } from './match-transaction.ts';
import {
  beganAt,
  chargedWh,
  endRegister,
  energyOf,
  newRegister,
  type RegisterReading,
  readAll,
  readRegister,
} from './session-energy.ts';
import type { Transaction } from './transaction.ts';
import { openTransaction, type TransactionRecords } from './transaction-records.ts';

type Started = Extract<StationMessage, { kind: 'transaction_started' }>;
type Updated = Extract<StationMessage, { kind: 'transaction_updated' }>;
type Ended = Extract<StationMessage, { kind: 'transaction_ended' }>;

/** A beginning or an update, as it was taken. */
export interface TransactionChange {
  transaction: Transaction;
  isNew: boolean;
  /** Those that can have no end of their own any more because this one began. */
  lost: Transaction[];
}

/** Between two records of a register that only rises, ms. */
const registerEveryMs = 60_000;

/** Nothing but what flows is different. */
const isSame = (a: Transaction, b: Transaction): boolean =>
  a.evse === b.evse && a.tag === b.tag && a.remoteStartId === b.remoteStartId && a.hasFlowed === b.hasFlowed;

const tagOf = (id: string | undefined): Pick<Transaction, 'tag'> => (id === undefined ? {} : { tag: hashTag(id) });

const withState = (transaction: Transaction, state: Transaction['chargingState']): Transaction =>
  state === undefined
    ? transaction
    : { ...transaction, chargingState: state, hasFlowed: transaction.hasFlowed || state === 'charging' };

const withRegister = (transaction: Transaction, register: Transaction['register']): Transaction => ({
  ...transaction,
  register,
  hasFlowed: transaction.hasFlowed || (energyOf(register) ?? 0) >= chargedWh,
});

/** A register that rises is not worth a record each time, and what it does now is told again soon. */
const keep = (transactions: TransactionRecords, before: Transaction, transaction: Transaction): Transaction => {
  const { byId, current, writtenAt, clock } = transactions;
  const isDue = clock.monotonic() - (writtenAt.get(transaction.transaction) ?? 0) >= registerEveryMs;
  const isOther =
    before.chargingState !== transaction.chargingState || before.register.carried !== transaction.register.carried;
  if (!isDue && !isOther) {
    if (current.get(transaction.evse ?? 0) === transaction.transaction) byId.set(transaction.transaction, transaction);
    else transactions.remember(transaction);
    return transaction;
  }
  writtenAt.set(transaction.transaction, clock.monotonic());
  return transactions.note(transaction);
};

/** Its updates came first: whose it is, where, and from which reading on is known only now. */
const begin = (
  transactions: TransactionRecords,
  before: Transaction,
  { event, at }: { event: Started; at: number },
): Transaction => {
  const { evse = before.evse, token, meterStartWh } = event;
  return transactions.write({
    ...before,
    evse,
    startedAt: at,
    isAdopted: false,
    ...(before.tag === undefined ? tagOf(token?.id) : {}),
    ...(meterStartWh === undefined ? {} : { register: beganAt(before.register, meterStartWh, event.at) }),
  });
};

/** Facts about a start or an update beside the message itself. */
export interface Circumstances extends Moment {
  /** The id token with which the transaction was started from here; undefined: it was not. */
  asked?: string | undefined;
}

/** @throws CallFailure where it could not be written down; so do updates and ends */
export const startTransaction = (
  transactions: TransactionRecords,
  event: Started,
  { at, isReplay, asked }: Circumstances,
): TransactionChange => {
  const before = findStartedTransaction(transactions, event);
  const { evse, token, meterStartWh, meterValues, remoteStartId } = event;
  if (before) {
    const isToldLate = before.isAdopted && before.state !== 'ended' && event.transaction !== undefined;
    return { transaction: isToldLate ? begin(transactions, before, { event, at }) : before, isNew: false, lost: [] };
  }
  const opened = openTransaction(event.transaction ?? transactions.nextId(), evse, at);
  const started: Transaction = {
    ...withState(opened, event.chargingState),
    ...(event.transaction === undefined ? { fingerprint: fingerprintOf(event) } : {}),
    ...tagOf(token?.id ?? asked),
    ...(remoteStartId === undefined ? {} : { remoteStartId }),
    register: readAll(newRegister(meterStartWh, event.at), meterValues),
    isLive: !isReplay && evse !== undefined,
  };
  const over = evse === undefined ? [] : overtaken(transactions, evse, at);
  // One that is open under the number of this one is over before this one takes its place.
  const [namesake] = over.filter((each) => each.transaction === started.transaction);
  const first = namesake ? [concludeTransaction(transactions, namesake, { at, next: event })] : [];
  const written = transactions.write(started);
  const others = over
    .filter((each) => each !== namesake)
    .map((each) => concludeTransaction(transactions, each, { at, next: event }));
  return { transaction: written, isNew: true, lost: [...first, ...others] };
};

/** 2.x; of a transaction we know nothing of, it is the beginning. */
export const updateTransaction = (
  transactions: TransactionRecords,
  event: Updated,
  { at, isReplay, asked }: Circumstances,
): TransactionChange => {
  const { transaction, evse, meterValues, token, remoteStartId, chargingState } = event;
  const before = transactions.byId.get(transaction);
  if (before?.state === 'ended') return { transaction: before, isNew: false, lost: [] };
  const known = before ?? {
    ...openTransaction(transaction, evse, at),
    isAdopted: true,
    isLive: !isReplay && evse !== undefined,
  };
  const updated: Transaction = {
    ...withRegister(withState(known, chargingState), readAll(known.register, meterValues)),
    ...(evse === undefined ? {} : { evse }),
    ...tagOf(token?.id ?? (known.tag === undefined ? asked : undefined)),
    ...(remoteStartId === undefined ? {} : { remoteStartId }),
  };
  if (before && isSame(before, updated))
    return { transaction: keep(transactions, before, updated), isNew: false, lost: [] };
  // Now it is known where.
  const isPlaced = evse !== undefined && before?.evse !== evse;
  const over = isPlaced ? overtaken(transactions, evse, updated.startedAt ?? at) : [];
  return {
    transaction: transactions.write(updated),
    isNew: !before,
    lost: over.map((each) => concludeTransaction(transactions, each, { at })),
  };
};

/** Nothing that was told is different. */
const isSameEnd = (a: Transaction, b: Transaction): boolean =>
  a.reason !== lost &&
  energyOf(a.register) === energyOf(b.register) &&
  Math.abs((a.endedAt ?? 0) - (b.endedAt ?? 0)) <= apartMs;

/**
 * Records the end of a transaction as the station tells it.
 * @param transaction that is ended: the one that was named, or meant (match-transaction.ts)
 * @returns isNew false: it was ended before
 */
export const recordEnd = (
  transactions: TransactionRecords,
  event: Ended,
  { transaction, at }: { transaction: string; at: number },
): { transaction: Transaction; isNew: boolean } => {
  const { evse, meterValues, meterStopWh, reason, token } = event;
  const before = transactions.byId.get(transaction);
  const isNamed = transaction === event.transaction;
  // A conclusion gives way to what the station says.
  const isOpenToMore =
    before && (isConcluded(before) ? isNamed || !isRepeated(before, event) : hasDrawnMore(before, event, at));
  if (before?.state === 'ended' && !isOpenToMore) return { transaction: before, isNew: false };
  const from = before ?? { ...openTransaction(transaction, evse, undefined), isAdopted: true };
  const session: Transaction = {
    ...from,
    ...(from.evse === undefined && evse !== undefined ? { evse } : {}),
    ...(from.tag === undefined && token ? { tag: hashTag(token.id) } : {}),
    state: 'ended',
    endedAt: Math.max(at, from.startedAt ?? at),
    reason,
    register: endRegister(readAll(registerOf(from), meterValues), meterStopWh, event.at),
    registerBefore: isNamed ? undefined : registerOf(from),
    isTold: false,
    ...(before?.state === 'ended' ? { isCorrected: true } : {}),
  };
  if (before?.state === 'ended' && isSameEnd(before, session))
    return {
      transaction: transactions.write({ ...before, registerBefore: session.registerBefore }),
      isNew: false,
    };
  return { transaction: transactions.write(session), isNew: true };
};

/** A reading of the energy register while it runs. */
export const applyRegisterReading = (
  transactions: TransactionRecords,
  transaction: Transaction,
  { at, wh }: RegisterReading,
): Transaction =>
  keep(transactions, transaction, withRegister(transaction, readRegister(transaction.register, wh, at)));

/** The transaction goes on now, as something said live tells. @returns whether that was not known */
export const seenLive = (transactions: TransactionRecords, transaction: Transaction): boolean => {
  if (transaction.isLive || transaction.state !== 'running') return false;
  transactions.note({ ...transaction, isLive: true });
  return true;
};

/**
 * A transaction that goes on, begun before we knew of it.
 * @returns undefined where it is known to be over
 */
export const adoptTransaction = (
  transactions: TransactionRecords,
  transaction: string,
  { evse, at }: { evse: number; at: number },
): Transaction | undefined => {
  const before = transactions.byId.get(transaction);
  if (before) return before.state === 'running' ? before : undefined;
  return transactions.note({ ...openTransaction(transaction, evse, at), isAdopted: true, isLive: true });
};
