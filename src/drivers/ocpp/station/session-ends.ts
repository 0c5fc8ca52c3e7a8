/**
 * Ends of sessions that the station does not name rightly, or does not tell at all: those that name another transaction
 * are led to the session they fit, and a session whose end will not come ends when its car left, with what the
 * register says.
 */
import type { StationEvent } from '../words.ts';
import { jitter, mostRise, readRegister } from './register.ts';
import type { Session } from './session.ts';
import { hashesOf } from './tags-in-use.ts';
import { isBelievable } from './timekeeper.ts';
import { note, running, type TransactionBook } from './transaction-book.ts';

type Ended = Extract<StationEvent, { kind: 'transaction_ended' }>;

/** Why a session is over whose end was never told. */
export const lost = 'lost';

/** Between two times that are told to the second, ms. */
const apartMs = 1000;

const isOpen = ({ state }: Session): boolean => state !== 'ended';

/** Whether it may be the end of this session, by time, place and register. @param at ms, by our clock */
const fits = (session: Session, { evse, at: said, meterStopWh = 0 }: Ended, at: number): boolean => {
  const { last, lastAt } = session.register;
  if (evse !== undefined && session.evse !== undefined && evse !== session.evse) return false;
  if (at < (session.startedAt ?? 0) - apartMs) return false;
  // It goes on to be measured after that.
  if (isBelievable(said) && lastAt !== undefined && said < lastAt - apartMs) return false;
  // A register that reads 0 says nothing.
  if (meterStopWh === 0 || last === undefined) return true;
  const passedMs = said === undefined || lastAt === undefined ? Number.POSITIVE_INFINITY : said - lastAt;
  return meterStopWh >= last - jitter(last) && meterStopWh - last <= mostRise(passedMs);
};

const hasTag = ({ tag }: Session, { token }: Ended): boolean =>
  tag !== undefined && token !== undefined && hashesOf(token.id).includes(tag);

const isOfAnotherTag = (session: Session, event: Ended): boolean =>
  session.tag !== undefined && event.token !== undefined && !hasTag(session, event);

/** The only session that it may be the end of; of several the one with its tag. */
const meantBy = (sessions: Session[], event: Ended, at: number): Session | undefined => {
  const fitting = sessions.filter((session) => isOpen(session) && fits(session, event, at));
  const [only, other] = fitting;
  if (!other) return only;
  const [own, twin] = fitting.filter((session) => hasTag(session, event));
  return twin ? undefined : own;
};

/**
 * The transaction that an end is about. Some say 0, -1, or the number of the one before (OCPP 1.6 §4.10 leaves no
 * doubt, and stations do it all the same).
 * @param at when it ended, ms
 * @returns undefined: it names none, and none fits
 */
export const endedBy = ({ sessions }: TransactionBook, event: Ended, at: number): string | undefined => {
  const { transaction } = event;
  const all = [...sessions.values()];
  if (transaction === undefined) return meantBy(all, event, at)?.transaction;
  const named = sessions.get(transaction);
  const isTooLate =
    named?.state === 'ended' && isBelievable(event.at) && at > (named.endedAt ?? at) + apartMs && named.reason !== lost;
  if (named && !isTooLate) return transaction;
  // Only where we give the numbers is an unknown one none.
  const ours = all.filter((session) => session.fingerprint !== undefined && !isOfAnotherTag(session, event));
  return meantBy(ours, event, at)?.transaction ?? transaction;
};

/** When it ended, as far as anybody knows: its car left, or it was heard of for the last time. @param before ms */
const endOf = ({ detachedAt, startedAt = 0, register: { lastAt } }: Session, before: number): number => {
  const at = detachedAt ?? (isBelievable(lastAt) && lastAt >= startedAt ? lastAt : before);
  return Math.max(startedAt, Math.min(at, before));
};

/** @param at by which it is over, ms @param next what began after it: its register stood there */
export const loseOne = (
  book: TransactionBook,
  session: Session,
  at: number,
  next?: { meterStartWh?: number; at: number | undefined },
): Session => {
  const register =
    next?.meterStartWh === undefined ? session.register : readRegister(session.register, next.meterStartWh, next.at);
  return note(book, { ...session, register, state: 'ended', endedAt: endOf(session, at), reason: lost });
};

/** Stations tell in order: of what went on here before, no end will come. */
export const overtaken = ({ sessions }: TransactionBook, evse: number, at: number): Session[] =>
  [...sessions.values()].filter((each) => each.evse === evse && isOpen(each) && (each.startedAt ?? 0) <= at);

/** The car is gone: the end of the session is yet to come, or lost. @param at ms */
export const detach = (book: TransactionBook, evse: number, at = book.clock.now()): void => {
  const session = running(book, evse);
  if (session) note(book, { ...session, state: 'detached', detachedAt: Math.max(session.startedAt ?? 0, at) });
};

/** The session whose car has left, and whose end is still to come. */
export const detached = ({ sessions }: TransactionBook, evse: number): Session | undefined =>
  [...sessions.values()].findLast((session) => session.evse === evse && session.state === 'detached');

/** Sessions whose car is gone since then, and whose end never came: over, with what was read. */
export const lose = (book: TransactionBook, before: number): Session[] => {
  // The station was not answered, and tells again what could not be written down.
  if (book.ledger.isBroken) return [];
  const gone = [...book.sessions.values()].filter(
    ({ state, detachedAt = 0 }) => state === 'detached' && detachedAt <= before,
  );
  return gone.map((session) => loseOne(book, session, session.detachedAt ?? before));
};
