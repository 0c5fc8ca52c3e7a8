/** The transactions of one station as it tells them: begun, going on and ended. */
import { createHash } from 'node:crypto';
import { hashTag } from '../../../model/identity.ts';
import type { StationEvent } from '../words.ts';
import { endRegister, energyOf, newRegister, type RegisterReading, readAll, readRegister } from './register.ts';
import type { Session } from './session.ts';
import { loseOne, lost, overtaken } from './session-ends.ts';
import { isBelievable } from './timekeeper.ts';
import { nextId, note, remember, type TransactionBook, write } from './transaction-book.ts';

type Started = Extract<StationEvent, { kind: 'transaction_started' }>;
type Updated = Extract<StationEvent, { kind: 'transaction_updated' }>;
type Ended = Extract<StationEvent, { kind: 'transaction_ended' }>;

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

const tagOf = (id: string | undefined): Pick<Session, 'tag'> => (id === undefined ? {} : { tag: hashTag(id) });

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

/** So much is charged, and not the drift of a register, Wh. */
const chargedWh = 10;

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
    if (event.transaction === undefined || before.evse !== undefined || evse === undefined)
      return { session: before, isNew: false, lost: [] };
    // Its updates came first, and nobody knew where.
    return { session: write(book, { ...before, evse, startedAt: at }), isNew: false, lost: [] };
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
  return { session: write(book, session), isNew: true, lost: over.map((each) => loseOne(book, each, at, event)) };
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

/**
 * @param transaction that is ended: the one that was named, or meant
 * @returns isNew false: it was ended before
 */
export const ended = (
  book: TransactionBook,
  event: Ended,
  transaction: string,
  at: number,
): { session: Session; isNew: boolean } => {
  const { evse, samples, meterStopWh, reason, token } = event;
  const before = book.sessions.get(transaction);
  // What was only concluded gives way to what the station says.
  if (before?.state === 'ended' && before.reason !== lost) return { session: before, isNew: false };
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
    ...(before?.state === 'ended' ? { isCorrected: true } : {}),
  };
  return { session: write(book, session), isNew: true };
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
