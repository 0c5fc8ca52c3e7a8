/** The transactions of one station as it tells them: begun and going on. */
import { createHash } from 'node:crypto';
import { hashTag } from '../../../model/identity.ts';
import type { StationEvent } from '../words.ts';
import { apartMs, loseOne, overtaken } from './lost-ends.ts';
import { beganAt, chargedWh, energyOf, newRegister, type RegisterReading, readAll, readRegister } from './register.ts';
import type { Session } from './session.ts';
import { hashesOf } from './tags-in-use.ts';
import { isBelievable } from './timekeeper.ts';
import { nextId, note, open, remember, type TransactionBook, write } from './transaction-book.ts';

type Started = Extract<StationEvent, { kind: 'transaction_started' }>;
type Updated = Extract<StationEvent, { kind: 'transaction_updated' }>;

/** A beginning or an update, as it was taken. */
export interface Taken {
  session: Session;
  isNew: boolean;
  /** Those that can have no end of their own any more because this one began. */
  lost: Session[];
}

/** Between two records of a register that only rises, ms. */
const registerEveryMs = 60_000;

const fingerprintOf = ({ evse, token, at, meterStartWh }: Started): string =>
  createHash('sha256')
    .update(JSON.stringify([evse, token?.id, isBelievable(at) ? at : null, meterStartWh]))
    .digest('base64url')
    .slice(0, 22);

/** Nothing but what flows is different. */
const isSame = (a: Session, b: Session): boolean =>
  a.evse === b.evse && a.tag === b.tag && a.remoteStartId === b.remoteStartId && a.hasFlowed === b.hasFlowed;

const tagOf = (id: string | undefined): Pick<Session, 'tag'> => (id === undefined ? {} : { tag: hashTag(id) });

const withState = (session: Session, state: Session['chargingState']): Session =>
  state === undefined
    ? session
    : { ...session, chargingState: state, hasFlowed: session.hasFlowed || state === 'charging' };

/** 2.x: a number that was used before, for a session that is over, or for somebody else's. */
const isReused = ({ state, endedAt = 0, startedAt = 0, tag }: Session, { token, at }: Started): boolean => {
  if (!isBelievable(at)) return false;
  if (state === 'ended') return at > endedAt + apartMs;
  const isOthers = tag !== undefined && token !== undefined && !hashesOf(token.id).includes(tag);
  return isOthers && at > startedAt + apartMs;
};

const known = ({ sessions }: TransactionBook, event: Started): Session | undefined => {
  if (event.transaction !== undefined) {
    const named = sessions.get(event.transaction);
    return named && isReused(named, event) ? undefined : named;
  }
  const fingerprint = fingerprintOf(event);
  // Without a time, two sessions of one person may look the same.
  return [...sessions.values()].find(
    (session) => session.fingerprint === fingerprint && (isBelievable(event.at) || session.state !== 'ended'),
  );
};

const withRegister = (session: Session, register: Session['register']): Session => ({
  ...session,
  register,
  hasFlowed: session.hasFlowed || (energyOf(register) ?? 0) >= chargedWh,
});

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

/** Its updates came first: whose it is, where, and from which reading on is known only now. */
const begin = (book: TransactionBook, before: Session, event: Started, at: number): Session => {
  const { evse = before.evse, token, meterStartWh } = event;
  return write(book, {
    ...before,
    evse,
    startedAt: at,
    isAdopted: false,
    ...(before.tag === undefined ? tagOf(token?.id) : {}),
    ...(meterStartWh === undefined ? {} : { register: beganAt(before.register, meterStartWh, event.at) }),
  });
};

/**
 * @param at when it began, ms
 * @param isReplay told late: it may be over by now
 * @param asked the tag that it was started with from here, where it was
 * @throws CallFailure where it could not be written down; so do updated and ended
 */
export const started = (
  book: TransactionBook,
  event: Started,
  at: number,
  isReplay: boolean,
  asked?: string,
): Taken => {
  const before = known(book, event);
  const { evse, token, meterStartWh, samples, remoteStartId } = event;
  if (before) {
    const isToldLate = before.isAdopted && before.state !== 'ended' && event.transaction !== undefined;
    return { session: isToldLate ? begin(book, before, event, at) : before, isNew: false, lost: [] };
  }
  const opened = open(event.transaction ?? nextId(book), evse, at);
  const session: Session = {
    ...withState(opened, event.chargingState),
    ...(event.transaction === undefined ? { fingerprint: fingerprintOf(event) } : {}),
    ...tagOf(token?.id ?? asked),
    ...(remoteStartId === undefined ? {} : { remoteStartId }),
    register: readAll(newRegister(meterStartWh, event.at), samples),
    isLive: !isReplay && evse !== undefined,
  };
  const over = evse === undefined ? [] : overtaken(book, evse, at);
  // One that is open under the number of this one is over before this one takes its place.
  const [namesake] = over.filter((each) => each.transaction === session.transaction);
  const first = namesake ? [loseOne(book, namesake, at, event)] : [];
  const written = write(book, session);
  const others = over.filter((each) => each !== namesake).map((each) => loseOne(book, each, at, event));
  return { session: written, isNew: true, lost: [...first, ...others] };
};

/** 2.x; of a transaction we know nothing of, it is the beginning. */
export const updated = (
  book: TransactionBook,
  event: Updated,
  at: number,
  isReplay: boolean,
  asked?: string,
): Taken => {
  const { transaction, evse, samples, token, remoteStartId, chargingState } = event;
  const before = book.sessions.get(transaction);
  if (before?.state === 'ended') return { session: before, isNew: false, lost: [] };
  const known = before ?? { ...open(transaction, evse, at), isAdopted: true, isLive: !isReplay && evse !== undefined };
  const session: Session = {
    ...withRegister(withState(known, chargingState), readAll(known.register, samples)),
    ...(evse === undefined ? {} : { evse }),
    ...tagOf(token?.id ?? (known.tag === undefined ? asked : undefined)),
    ...(remoteStartId === undefined ? {} : { remoteStartId }),
  };
  if (before && isSame(before, session)) return { session: keep(book, before, session), isNew: false, lost: [] };
  // Now it is known where.
  const isPlaced = evse !== undefined && before?.evse !== evse;
  const over = isPlaced ? overtaken(book, evse, session.startedAt ?? at) : [];
  return { session: write(book, session), isNew: !before, lost: over.map((each) => loseOne(book, each, at)) };
};

/** A reading of the energy register while it runs. */
export const measured = (book: TransactionBook, session: Session, { at, wh }: RegisterReading): Session =>
  keep(book, session, withRegister(session, readRegister(session.register, wh, at)));

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
