/**
 * The transactions of one station. What the station is answered was written down before: a store that fails means
 * no answer for the station, which tells it again later, and never a lost session.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { hashTag } from '../../../model/identity.ts';
import type { Clock } from '../../../model/time.ts';
import { CallFailure } from '../link/link.ts';
import type { StationEvent } from '../words.ts';
import { endRegister, newRegister, type RegisterReading, readAll, readRegister } from './register.ts';
import { type Session, sessionSchema } from './session.ts';
import type { Ledger } from './store.ts';
import { isBelievable } from './timekeeper.ts';

type Started = Extract<StationEvent, { kind: 'transaction_started' }>;
type Updated = Extract<StationEvent, { kind: 'transaction_updated' }>;
type Ended = Extract<StationEvent, { kind: 'transaction_ended' }>;

/** Thousands of these are at work: a record. */
export interface TransactionBook {
  ledger: Ledger;
  clock: Clock;
  sessions: Map<string, Session>;
  /** By EVSE: the transaction that began last. */
  current: Map<number, string>;
  /** When the register of each was written, monotonic ms. */
  writtenAt: Map<string, number>;
  lastId: number;
}

/** A beginning or an update, as it was taken. */
export interface Taken {
  session: Session;
  isNew: boolean;
  /** Those that can have no end of their own any more because this one began. */
  lost: Session[];
}

/** Ended sessions that are remembered, so that what is told twice is known for the same. */
const mostEnded = 200;
/** Of all kinds: no station has more to tell of. */
const mostSessions = 1000;
/** Between two records of a register that only rises, ms. */
const registerEveryMs = 60_000;
/** OCPP 1.6 §7: transactionId is an integer; stations keep it in 32 bits. */
const largestId = 2 ** 31 - 2;

const record = z.object({ session: sessionSchema });
const idRecord = z.object({ lastId: z.number() });

const fingerprintOf = ({ evse, token, at, meterStartWh }: Started): string =>
  createHash('sha256')
    .update(JSON.stringify([evse, token?.id, isBelievable(at) ? at : null, meterStartWh]))
    .digest('base64url')
    .slice(0, 22);

/** Nothing but what flows is different. */
const isSame = (a: Session, b: Session): boolean =>
  a.evse === b.evse && a.tag === b.tag && a.remoteStartId === b.remoteStartId && a.hasFlowed === b.hasFlowed;

const forget = ({ sessions, writtenAt }: TransactionBook, transaction: string): void => {
  sessions.delete(transaction);
  writtenAt.delete(transaction);
};

const forgetOldest = (book: TransactionBook): void => {
  const { sessions } = book;
  const ended = [...sessions.values()].filter(({ state, isTold }) => state === 'ended' && isTold);
  for (const { transaction } of ended.slice(0, Math.max(0, ended.length - mostEnded))) forget(book, transaction);
  for (const transaction of sessions.keys()) {
    if (sessions.size <= mostSessions) break;
    forget(book, transaction);
  }
};

/** A beginning that is told late is not what goes on now. */
const isNewest = ({ sessions, current }: TransactionBook, evse: number, { startedAt = 0 }: Session): boolean => {
  const now = sessions.get(current.get(evse) ?? '');
  return now?.state !== 'running' || startedAt >= (now.startedAt ?? 0);
};

const remember = (book: TransactionBook, session: Session): void => {
  const { sessions, current } = book;
  const { transaction, evse, state } = session;
  const isNew = !sessions.has(transaction);
  sessions.set(transaction, session);
  if (evse !== undefined && state === 'running' && isNewest(book, evse, session)) current.set(evse, transaction);
  if (!isNew) return;
  const id = Number(transaction);
  if (Number.isInteger(id) && id <= largestId) book.lastId = Math.max(book.lastId, id);
  forgetOldest(book);
};

export const createTransactionBook = (ledger: Ledger, clock: Clock): TransactionBook => {
  const sessions = new Map<string, Session>();
  const book: TransactionBook = { ledger, clock, sessions, current: new Map(), writtenAt: new Map(), lastId: 0 };
  for (const given of ledger.records) {
    const parsed = record.safeParse(given);
    if (parsed.success) remember(book, parsed.data.session);
    const id = idRecord.safeParse(given);
    if (id.success) book.lastId = Math.max(book.lastId, id.data.lastId);
  }
  ledger.keep(() => [{ lastId: book.lastId }, ...[...sessions.values()].map((session) => ({ session }))]);
  return book;
};

const write = (book: TransactionBook, session: Session): Session => {
  const { ledger, writtenAt, clock } = book;
  if (!ledger.append({ session }, true))
    throw new CallFailure('unanswered', 'the transaction could not be written down');
  writtenAt.set(session.transaction, clock.monotonic());
  remember(book, session);
  return session;
};

/** Where a transaction may be told of again, nobody waits for the disk. */
const note = (book: TransactionBook, session: Session): Session => {
  book.ledger.append({ session }, false);
  remember(book, session);
  return session;
};

/** 1.6: seconds since 1970 lie above every id given before, even where the store was lost. */
const nextId = ({ lastId, sessions, clock }: TransactionBook): string => {
  const wanted = Math.max(lastId + 1, Math.floor(clock.now() / 1000));
  if (wanted <= largestId) return String(wanted);
  let id = 1;
  while (sessions.has(String(id))) id++;
  return String(id);
};

const open = (transaction: string, evse: number | undefined, at: number | undefined): Session => ({
  transaction,
  evse,
  state: 'running',
  startedAt: at,
  register: newRegister(undefined),
  hasFlowed: false,
  isAdopted: false,
  isLive: false,
  isTold: false,
});

const withState = (session: Session, state: Session['chargingState']): Session =>
  state === undefined
    ? session
    : { ...session, chargingState: state, hasFlowed: session.hasFlowed || state === 'charging' };

const known = ({ sessions }: TransactionBook, event: Started): Session | undefined => {
  if (event.transaction !== undefined) return sessions.get(event.transaction);
  const fingerprint = fingerprintOf(event);
  // Without a time, two sessions of one person may look the same.
  return [...sessions.values()].find(
    (session) => session.fingerprint === fingerprint && (isBelievable(event.at) || session.state !== 'ended'),
  );
};

/** Stations tell in order: of what went on here before, no end will come. */
const overtaken = ({ sessions }: TransactionBook, evse: number, at: number): Session[] =>
  [...sessions.values()].filter((each) => each.evse === evse && each.state !== 'ended' && (each.startedAt ?? 0) <= at);

const loseOne = (book: TransactionBook, session: Session, at: number | undefined): Session =>
  note(book, { ...session, state: 'ended', endedAt: at, reason: 'lost' });

/** A register that rises is not worth a record each time, and what it does now is told again soon. */
const keep = (book: TransactionBook, before: Session, session: Session): Session => {
  const { sessions, current, writtenAt, clock } = book;
  const isDue = clock.monotonic() - (writtenAt.get(session.transaction) ?? 0) >= registerEveryMs;
  const isOther =
    before.chargingState !== session.chargingState || before.register.carried !== session.register.carried;
  if (!isDue && !isOther) {
    if (current.get(session.evse ?? 0) === session.transaction) sessions.set(session.transaction, session);
    else remember(book, session);
    return session;
  }
  writtenAt.set(session.transaction, clock.monotonic());
  return note(book, session);
};

/**
 * @param at when it began, ms
 * @param isReplay told late: it may be over by now
 * @throws CallFailure where it could not be written down; so do updated and ended
 */
export const started = (book: TransactionBook, event: Started, at: number, isReplay: boolean): Taken => {
  const before = known(book, event);
  const { evse, token, meterStartWh, samples, remoteStartId } = event;
  if (before) {
    if (event.transaction === undefined || before.evse !== undefined || evse === undefined)
      return { session: before, isNew: false, lost: [] };
    // Its updates came first, and nobody knew where.
    return { session: write(book, { ...before, evse, startedAt: at }), isNew: false, lost: [] };
  }
  const opened = open(event.transaction ?? nextId(book), evse, at);
  const session: Session = {
    ...withState(opened, event.chargingState),
    ...(event.transaction === undefined ? { fingerprint: fingerprintOf(event) } : {}),
    ...(token ? { tag: hashTag(token.id) } : {}),
    ...(remoteStartId === undefined ? {} : { remoteStartId }),
    register: readAll(newRegister(meterStartWh, event.at), samples),
    isLive: !isReplay && evse !== undefined,
  };
  const lost = evse === undefined ? [] : overtaken(book, evse, at);
  return { session: write(book, session), isNew: true, lost: lost.map((each) => loseOne(book, each, at)) };
};

/** 2.x; of a transaction we know nothing of, it is the beginning. */
export const updated = (book: TransactionBook, event: Updated, at: number, isReplay: boolean): Taken => {
  const { transaction, evse, samples, token, remoteStartId, chargingState } = event;
  const before = book.sessions.get(transaction);
  if (before?.state === 'ended') return { session: before, isNew: false, lost: [] };
  const session: Session = {
    ...withState(
      before ?? { ...open(transaction, evse, at), isAdopted: true, isLive: !isReplay && evse !== undefined },
      chargingState,
    ),
    ...(evse === undefined ? {} : { evse }),
    ...(token ? { tag: hashTag(token.id) } : {}),
    ...(remoteStartId === undefined ? {} : { remoteStartId }),
  };
  session.register = readAll(session.register, samples);
  if (before && isSame(before, session)) return { session: keep(book, before, session), isNew: false, lost: [] };
  // Now it is known where.
  const isPlaced = evse !== undefined && before?.evse !== evse;
  const lost = isPlaced ? overtaken(book, evse, session.startedAt ?? at) : [];
  return { session: write(book, session), isNew: !before, lost: lost.map((each) => loseOne(book, each, at)) };
};

/** @returns isNew false: it was ended before */
export const ended = (book: TransactionBook, event: Ended, at: number): { session: Session; isNew: boolean } => {
  const { transaction, evse, samples, meterStopWh, reason, token } = event;
  const before = book.sessions.get(transaction);
  if (before?.state === 'ended') return { session: before, isNew: false };
  const from = before ?? { ...open(transaction, evse, undefined), isAdopted: true };
  const session: Session = {
    ...from,
    ...(from.evse === undefined && evse !== undefined ? { evse } : {}),
    ...(from.tag === undefined && token ? { tag: hashTag(token.id) } : {}),
    state: 'ended',
    endedAt: at,
    reason,
    register: endRegister(readAll(from.register, samples), meterStopWh, event.at),
    isTold: false,
  };
  return { session: write(book, session), isNew: true };
};

/** A reading of the energy register while it runs. */
export const measured = (book: TransactionBook, session: Session, { at, wh }: RegisterReading): Session =>
  keep(book, session, { ...session, register: readRegister(session.register, wh, at) });

/** The transaction goes on now, as something said live tells. @returns whether that was not known */
export const seenLive = (book: TransactionBook, session: Session): boolean => {
  if (session.isLive || session.state !== 'running') return false;
  note(book, { ...session, isLive: true });
  return true;
};

/**
 * A transaction that goes on, begun before we knew of it.
 * @returns undefined where it is known to be over
 */
export const adopt = (book: TransactionBook, transaction: string, evse: number, at: number): Session | undefined => {
  const before = book.sessions.get(transaction);
  if (before) return before.state === 'running' ? before : undefined;
  return note(book, { ...open(transaction, evse, at), isAdopted: true, isLive: true });
};

/** To the best of our knowledge, on this EVSE. */
export const running = ({ sessions, current }: TransactionBook, evse: number): Session | undefined => {
  const session = sessions.get(current.get(evse) ?? '');
  return session?.state === 'running' ? session : undefined;
};

/** The car is gone: the end of the session is yet to come, or lost. */
export const detach = (book: TransactionBook, evse: number): void => {
  const session = running(book, evse);
  if (session) note(book, { ...session, state: 'detached', detachedAt: book.clock.now() });
};

/** Sessions whose car is gone since then, and whose end never came: over, with what was read. */
export const lose = (book: TransactionBook, before: number): Session[] => {
  const lost: Session[] = [];
  for (const session of book.sessions.values())
    if (session.state === 'detached' && (session.detachedAt ?? 0) <= before) lost.push(session);
  return lost.map((session) => loseOne(book, session, session.detachedAt));
};

/** Ended, and not known to everybody. */
export const untold = ({ sessions }: TransactionBook): Session[] =>
  [...sessions.values()].filter(({ state, isTold }) => state === 'ended' && !isTold);

/** Everybody knows of its end. */
export const tell = (book: TransactionBook, { transaction, endedAt }: Session): void => {
  const now = book.sessions.get(transaction);
  if (now && now.endedAt === endedAt) note(book, { ...now, isTold: true });
};
