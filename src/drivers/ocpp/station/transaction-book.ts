/**
 * The transactions of one station as they are kept. What the station is answered was written down before: a store that
 * fails means no answer for the station, which tells it again later, and never a lost session.
 */
import { z } from 'zod';
import type { Clock } from '../../../model/time.ts';
import { CallFailure } from '../link/link.ts';
import { newRegister } from './register.ts';
import { type Session, sessionSchema } from './session.ts';
import type { Ledger } from './store.ts';

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

/** Ended sessions that are remembered, so that what is told twice is known for the same. */
const mostEnded = 200;
/** Of all kinds: no station has more to tell of. */
const mostSessions = 1000;
/** OCPP 1.6 §7: transactionId is an integer; stations keep it in 32 bits. */
const largestId = 2 ** 31 - 2;

const record = z.object({ session: sessionSchema });
const idRecord = z.object({ lastId: z.number() });

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

export const remember = (book: TransactionBook, session: Session): void => {
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

/** Begun, and nothing is known of it yet. @param at ms */
export const open = (transaction: string, evse: number | undefined, at: number | undefined): Session => ({
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

export const write = (book: TransactionBook, session: Session): Session => {
  const { ledger, writtenAt, clock } = book;
  if (!ledger.append({ session }, true))
    throw new CallFailure('unanswered', 'the transaction could not be written down');
  writtenAt.set(session.transaction, clock.monotonic());
  remember(book, session);
  return session;
};

/** Where a transaction may be told of again, nobody waits for the disk. */
export const note = (book: TransactionBook, session: Session): Session => {
  book.ledger.append({ session }, false);
  remember(book, session);
  return session;
};

/** 1.6: seconds since 1970 lie above every id given before, even where the store was lost. */
export const nextId = ({ lastId, sessions, clock }: TransactionBook): string => {
  const wanted = Math.max(lastId + 1, Math.floor(clock.now() / 1000));
  if (wanted <= largestId) return String(wanted);
  let id = 1;
  while (sessions.has(String(id))) id++;
  return String(id);
};

/** To the best of our knowledge, on this EVSE. */
export const running = ({ sessions, current }: TransactionBook, evse: number): Session | undefined => {
  const session = sessions.get(current.get(evse) ?? '');
  return session?.state === 'running' ? session : undefined;
};

/** Ended, and not known to everybody. */
export const untold = ({ sessions }: TransactionBook): Session[] =>
  [...sessions.values()].filter(({ state, isTold }) => state === 'ended' && !isTold);

/** Everybody knows of its end. */
export const tell = (book: TransactionBook, { transaction, endedAt, isCorrected }: Session): void => {
  const now = book.sessions.get(transaction);
  if (now && now.endedAt === endedAt && now.isCorrected === isCorrected) note(book, { ...now, isTold: true });
};
