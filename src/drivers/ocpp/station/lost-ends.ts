/**
 * Sessions whose end was never told. It is concluded when their car has left, when the next session begins, or when an
 * end without a number fits: with what was read, and until the station tells something else of them.
 */
import type { Sample } from '../words.ts';
import { chargedWh, newRegister, type RegisterState, readRegister, registerReadings } from './register.ts';
import type { Session } from './session.ts';
import { isBelievable } from './timekeeper.ts';
import { note, running, type TransactionBook } from './transaction-book.ts';

/** Why a session is over whose end was never told. */
export const lost = 'lost';

/** A station whose car has left tells the end of the session within this time, or has lost it, ms. */
export const graceMs = 120_000;

/** Between two times that are told to the second, ms. */
export const apartMs = 1000;

export const isOpen = ({ state }: Session): boolean => state !== 'ended';

/** Its end was concluded, and gives way to what the station tells of it. */
export const isConcluded = ({ state, reason, registerBefore }: Session): boolean =>
  state === 'ended' && (reason === lost || registerBefore !== undefined);

/** As it was read, without what was concluded. */
export const registerOf = ({ register, registerBefore }: Session): RegisterState => registerBefore ?? register;

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
  next?: { meterStartWh?: number | undefined; at: number | undefined },
): Session => {
  const { register: read, detachedAt = at } = session;
  // Later than that, others may have charged since its car left.
  const stoodAt = at - detachedAt <= graceMs ? next?.meterStartWh : undefined;
  const register = stoodAt === undefined ? read : readRegister(read, stoodAt, next?.at);
  const end = { register, registerBefore: read, endedAt: endOf(session, at), reason: lost };
  return note(book, { ...session, ...end, state: 'ended' });
};

/** Stations tell in order: of what went on here before, no end will come. */
export const overtaken = ({ sessions }: TransactionBook, evse: number, at: number): Session[] =>
  [...sessions.values()].filter((each) => each.evse === evse && isOpen(each) && (each.startedAt ?? 0) <= at);

/** Another station stands there now: of what went on, no end will come. @param at ms */
export const loseAll = (book: TransactionBook, at: number): Session[] =>
  [...book.sessions.values()].filter(isOpen).map((session) => loseOne(book, session, at));

/** The power was cut when the next session had been written down, and the end of the one before had not. */
export const loseOvertaken = (book: TransactionBook): Session[] => {
  const all = [...book.sessions.values()];
  return all.filter(isOpen).flatMap((session) => {
    const { evse, startedAt: from = 0 } = session;
    const isNext = ({ evse: own, startedAt = 0, isAdopted }: Session): boolean =>
      own !== undefined && own === evse && startedAt > from && !isAdopted;
    const [next] = all.filter(isNext).sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
    if (!next) return [];
    const { first, firstAt } = next.register;
    return loseOne(book, session, next.startedAt ?? from, { meterStartWh: first, at: firstAt });
  });
};

/**
 * Taken up under a number of the station's own, until its beginning was told, and has another: it is one session, and
 * its energy is billed once.
 */
export const loseDoubles = (book: TransactionBook, session: Session): Session[] => {
  const { transaction, evse, fingerprint, startedAt: from = 0, endedAt: to = book.clock.now() } = session;
  if (fingerprint === undefined) return [];
  const isDouble = (each: Session): boolean => {
    const { startedAt = 0 } = each;
    return each.evse === evse && isOpen(each) && each.isAdopted && startedAt >= from && startedAt <= to;
  };
  const doubles = [...book.sessions.values()].filter((each) => each.transaction !== transaction && isDouble(each));
  return doubles.map((each) => loseOne(book, { ...each, register: newRegister(undefined) }, to));
};

/** The car is gone: the end of the session is yet to come, or lost. @param at ms */
export const detach = (book: TransactionBook, evse: number, at = book.clock.now()): void => {
  const session = running(book, evse);
  if (session) note(book, { ...session, state: 'detached', detachedAt: Math.max(session.startedAt ?? 0, at) });
};

/** The session whose car has just left, and whose end is still to come. */
export const detached = ({ sessions, clock }: TransactionBook, evse: number): Session | undefined => {
  const since = clock.now() - graceMs;
  return [...sessions.values()].findLast(
    ({ evse: own, state, detachedAt = 0 }) => own === evse && state === 'detached' && detachedAt >= since,
  );
};

/** Sessions whose car is gone since then, and whose end never came: over, with what was read. */
export const lose = (book: TransactionBook, before: number): Session[] => {
  // The station was not answered, and tells again what could not be written down.
  if (book.ledger.isBroken) return [];
  const gone = [...book.sessions.values()].filter(
    ({ state, detachedAt = 0 }) => state === 'detached' && detachedAt <= before,
  );
  return gone.map((session) => loseOne(book, session, session.detachedAt ?? before));
};

/** Those that were measured when it was taken for over. */
const samplesAfter = ({ detachedAt = 0, endedAt = detachedAt }: Session, samples: Sample[]): Sample[] =>
  samples.filter(({ at, context }) => context === 'live' && (at === undefined || at > endedAt + apartMs));

/** Whether it is measured although its car was said to have left. */
export const isMeasuredOn = (session: Session, samples: Sample[]): boolean =>
  session.state === 'detached' && samplesAfter(session, samples).length > 0;

/** Whether it has drawn more since it was taken for over. */
export const drawsOn = (session: Session, samples: Sample[]): boolean => {
  const { last = Number.POSITIVE_INFINITY } = session.register;
  return registerReadings(samplesAfter(session, samples)).some(({ wh }) => wh > last + chargedWh);
};

/** It goes on; where its end was told, the next one corrects that. */
export const goOn = (book: TransactionBook, session: Session): Session =>
  note(book, {
    ...session,
    state: 'running',
    register: registerOf(session),
    registerBefore: undefined,
    detachedAt: undefined,
    endedAt: undefined,
    reason: undefined,
    ...(session.state === 'ended' ? { isTold: false, isCorrected: true } : {}),
  });
