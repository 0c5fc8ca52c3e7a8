/**
 * A charging station while it is known: what it has and remembers, what it tells on, and what happens to that with
 * time and with its connection.
 */
import type { Clock, Timer } from '../../../model/time.ts';
import type { DriverEvent, Sample as DriverSample } from '../../driver.ts';
import type { Quirks } from '../quirks.ts';
import type { StationEvent } from '../words.ts';
import { type Alarms, createAlarms } from './alarms.ts';
import type { Authoriser } from './authorisation.ts';
import { type Connectors, connectorOf, drainAll } from './connectors.ts';
import { graceMs, lose, loseOvertaken } from './lost-ends.ts';
import type { Memory } from './memory.ts';
import { forgetAll, repeat, takeSession } from './plug.ts';
import { createRemoteStarts, type RemoteStarts } from './remote-starts.ts';
import { registerSuspect, type Session, sessionEnded, sessionStarted } from './session.ts';
import { beginConnection, createTimekeeper, type Timekeeper } from './timekeeper.ts';
import { running, type TransactionBook, tell, untold } from './transaction-book.ts';
import { seenLive } from './transactions.ts';

export type EventOf<K extends StationEvent['kind']> = Extract<StationEvent, { kind: K }>;

export interface StationOptions {
  identity: string;
  quirks(): Quirks;
  authoriser: Authoriser;
  /** Between two heartbeats of the station, s. */
  heartbeatS: number;
}

export interface StationSink {
  samples(samples: DriverSample[]): void;
  event(event: DriverEvent): void;
  /** Something of the description is new. */
  described(): void;
  /** Something is charging, or not any more, or a car came or went. */
  moved(evse: number): void;
  /** What a profile of ours says now. */
  inForce(profile: number): number | undefined;
  /** Something was read otherwise than it was written, in words. */
  odd(what: string): void;
  /** It tells of charging profiles that lie in it. */
  profiles(event: EventOf<'profiles'>): void;
}

/** Thousands of these are at work: a record. */
export interface Station extends StationOptions {
  readonly connectors: Connectors;
  readonly book: TransactionBook;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly time: Timekeeper;
  readonly alarms: Alarms;
  readonly remoteStarts: RemoteStarts;
  /** Ends that are on their way to the outbox. */
  readonly telling: Set<Timer>;
  readonly sink: StationSink;
  /** It told of the time before its connection, monotonic ms: there may be more of that. */
  replayedAt: number;
}

/** After this long, what was told has reached the outbox, ms; before, a crash has it told again. */
const toldAfterMs = 5000;

export const createStation = (
  options: StationOptions,
  connectors: Connectors,
  book: TransactionBook,
  memory: Memory,
  clock: Clock,
  sink: StationSink,
): Station => ({
  ...options,
  connectors,
  book,
  memory,
  clock,
  time: createTimekeeper(clock),
  alarms: createAlarms(sink.event),
  remoteStarts: createRemoteStarts(),
  telling: new Set(),
  sink,
  replayedAt: Number.NEGATIVE_INFINITY,
});

/** Tells what the connectors have to tell. */
export const flush = ({ connectors, sink }: Station): void => {
  const samples = drainAll(connectors);
  if (samples.length > 0) sink.samples(samples);
};

export const tellEnded = ({ identity, sink, clock, telling, book }: Station, session: Session): void => {
  sink.event(sessionEnded(identity, session));
  const suspect = registerSuspect(identity, session);
  if (suspect) sink.event(suspect);
  const timer = clock.after(toldAfterMs, () => {
    telling.delete(timer);
    tell(book, session);
  });
  telling.add(timer);
};

export const tellStarted = ({ identity, sink }: Station, session: Session): void =>
  sink.event(sessionStarted(identity, session));

export const tellLive = (station: Station, session: Session): void => {
  if (seenLive(station.book, session)) tellStarted(station, session);
};

/** Sessions that go on, to the best of our knowledge. */
export const showSessions = (station: Station): void => {
  const { book, connectors } = station;
  for (const evse of connectors.numbers) {
    const session = running(book, evse);
    if (session) takeSession(connectorOf(connectors, evse), session);
  }
  flush(station);
};

/** Sessions that ended and that nobody was told of for sure, and those that go on. */
export const resume = (station: Station): void => {
  const { book, connectors } = station;
  loseOvertaken(book);
  for (const session of untold(book)) tellEnded(station, session);
  for (const evse of connectors.numbers) connectorOf(connectors, evse).oldRegister = running(book, evse)?.register;
  showSessions(station);
};

/** The connection is over. */
export const loseStation = (station: Station): void => {
  for (const each of station.connectors.all) forgetAll(each);
  flush(station);
};

/** The connection is new: what waited for it comes now. */
export const findStation = (station: Station): void => {
  const { time, clock } = station;
  beginConnection(time, clock);
  station.replayedAt = clock.monotonic();
};

/** Time passes while it is connected. */
export const tick = (station: Station): void => {
  const { book, clock, connectors, replayedAt } = station;
  const isQuiet = clock.monotonic() - replayedAt >= graceMs;
  for (const session of isQuiet ? lose(book, clock.now() - graceMs) : []) tellEnded(station, session);
  for (const each of connectors.all) repeat(each);
  flush(station);
};

export const closeStation = ({ telling }: Station): void => {
  for (const timer of telling) timer.cancel();
};
