/**
 * A charging station as it behaves: every event is answered at once, and told on as samples and events. Whatever
 * comes late counts for the session it belongs to, and never overwrites what is known to be newer.
 */
import { hashTag } from '../../../model/identity.ts';
import type { Clock, Timer } from '../../../model/time.ts';
import type { DriverEvent, Sample as DriverSample } from '../../driver.ts';
import type { Quirks } from '../quirks.ts';
import type { Decision, Measure, Sample, StationEvent, Token } from '../words.ts';
import { type Alarms, componentOf, createAlarms, setAlarm, setFault } from './alarms.ts';
import type { Authoriser } from './authorisation.ts';
import {
  endSession,
  forgetAll,
  repeat,
  setState,
  takeCable,
  takeMeasures,
  takePlug,
  takeSession,
} from './connector.ts';
import { type Connectors, connectorOf, drainAll, placeOf } from './connectors.ts';
import { putRight } from './factors.ts';
import type { Memory } from './memory.ts';
import { suspicion } from './plausible.ts';
import { energyOf, registerReadings } from './register.ts';
import { durationOf, type Session, sessionEnded, sessionStarted, signedValues } from './session.ts';
import { isInSession } from './status.ts';
import { tidingOf } from './tidings.ts';
import { createTimekeeper, judgeTime, type Moment, type Timekeeper, wrongBy } from './timekeeper.ts';
import type { TransactionBook } from './transactions.ts';
import * as transactions from './transactions.ts';

type EventOf<K extends StationEvent['kind']> = Extract<StationEvent, { kind: K }>;

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
  /** Ends that are on their way to the outbox. */
  readonly telling: Set<Timer>;
  readonly sink: StationSink;
}

/** A station tells the end of a session again and again; after this long it has lost it, ms. */
const lostAfterMs = 3_600_000;
/** After this long, what was told has reached the outbox, ms; before, a crash has it told again. */
const toldAfterMs = 5000;

const describeSkew = (ms: number | undefined): string | undefined =>
  ms === undefined
    ? undefined
    : `its clock is more than 10 minutes ${ms > 0 ? 'ahead' : 'behind'}; the times here are used`;

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
  telling: new Set(),
  sink,
});

/** Tells what the connectors have to tell. */
export const flush = ({ connectors, sink }: Station): void => {
  const samples = drainAll(connectors);
  if (samples.length > 0) sink.samples(samples);
};

const judge = (station: Station, at: number | undefined, isOffline: boolean): Moment => {
  const { time, alarms, clock, quirks } = station;
  const moment = judgeTime(time, quirks().ignoresTime ? undefined : at, isOffline, clock);
  setAlarm(alarms, 0, 'clock_skew', 'warning', describeSkew(wrongBy(time)));
  return moment;
};

const placed = <T extends { evse?: number }>({ connectors }: Station, event: T): T => {
  const evse = placeOf(connectors, event.evse);
  return evse === 0 || evse === event.evse ? event : { ...event, evse };
};

const tellEnded = ({ identity, sink, clock, telling, book }: Station, session: Session): void => {
  sink.event(sessionEnded(identity, session));
  const timer = clock.after(toldAfterMs, () => {
    telling.delete(timer);
    transactions.tell(book, session);
  });
  telling.add(timer);
};

const tellStarted = ({ identity, sink }: Station, session: Session): void =>
  sink.event(sessionStarted(identity, session));

const tellLive = (station: Station, session: Session): void => {
  if (transactions.seenLive(station.book, session)) tellStarted(station, session);
};

const tellSigned = (
  { identity, sink }: Station,
  evse: number | undefined,
  transaction: string | undefined,
  samples: Sample[],
): void => {
  for (const event of signedValues(identity, evse, transaction, samples)) sink.event(event);
};

const registersOf = (measures: Measure[]): Measure[] =>
  measures.filter(({ quantity }) => /^energy_(im|ex)ported$/.test(quantity));

/**
 * Live values; of the ends of a session only what the meter says.
 * @returns whether any of them is from now
 */
const takeSamples = (station: Station, evse: number, samples: Sample[], isOffline: boolean): boolean => {
  const own = connectorOf(station.connectors, evse);
  let isLive = false;
  for (const { at, context, measures } of samples) {
    const moment = judge(station, at, isOffline);
    if (moment.isReplay) continue;
    isLive = true;
    takeMeasures(own, context === 'live' ? measures : registersOf(measures), moment.at);
  }
  setAlarm(station.alarms, evse, 'unit_suspect', 'warning', suspicion(own.gate));
  return isLive;
};

const takeRegister = (station: Station, evse: number, wh: number | undefined, moment: Moment): void => {
  if (wh === undefined || moment.isReplay) return;
  takeMeasures(
    connectorOf(station.connectors, evse),
    [{ quantity: 'energy_imported', value: wh, unit: 'Wh' }],
    moment.at,
  );
};

type Authorization = NonNullable<Decision['authorization']>;

const authorize = (
  { authoriser }: Station,
  token: Token | undefined,
  isLate: boolean,
  decided: (authorization: Authorization) => Decision,
  decide = authoriser.decide,
): Decision | Promise<Decision> | undefined => {
  if (!token) return undefined;
  const authorization = isLate ? authoriser.settled(token) : decide(token);
  return authorization instanceof Promise ? authorization.then(decided) : decided(authorization);
};

const takeStatus = (station: Station, event: EventOf<'status'>): void => {
  const { evse, connector: plug, status } = event;
  const own = connectorOf(station.connectors, evse);
  if (plug !== undefined) own.plug = plug;
  if (evse !== 0 && status === 'available') {
    transactions.detach(station.book, evse);
    takeSession(own, undefined);
  }
  takePlug(own, event);
  setFault(station.alarms, event);
  station.sink.moved(evse);
};

const takeStart = (station: Station, event: EventOf<'transaction_started'>): Decision | Promise<Decision> => {
  const { book, sink, authoriser } = station;
  const { evse, token, samples, isOffline } = event;
  const moment = judge(station, event.at, isOffline);
  const { session, isNew, lost } = transactions.started(book, event, moment.at, moment.isReplay);
  for (const each of lost) tellEnded(station, each);
  if (isNew && !moment.isReplay) tellStarted(station, session);
  tellSigned(station, evse, session.transaction, samples);
  const own = connectorOf(station.connectors, evse);
  if (!moment.isReplay && session.state === 'running') {
    takeSession(own, session, token?.id);
    if (event.cableMaxA !== undefined) takeCable(own, event.cableMaxA);
    takeRegister(station, evse, event.meterStartWh, moment);
  }
  takeSamples(station, evse, samples, isOffline);
  sink.moved(evse);
  const transaction = event.transaction === undefined ? { transaction: Number(session.transaction) } : {};
  const decided = (authorization: Authorization): Decision => {
    // It was let in a moment ago, and is not any more.
    if (token && authorization === 'concurrent_tx')
      sink.event({
        component: componentOf(evse),
        name: 'authorized',
        severity: 'warning',
        data: { id_tag: hashTag(token.id), status: authorization },
      });
    return { ...transaction, authorization };
  };
  const begin = (begun: Token) => authoriser.begin(begun, evse);
  return authorize(station, token, moment.isReplay, decided, begin) ?? transaction;
};

const takeUpdate = (station: Station, event: EventOf<'transaction_updated'>): Decision | Promise<Decision> => {
  const { book, connectors, sink } = station;
  const { samples, isOffline, token } = event;
  const moment = judge(station, event.at, isOffline);
  const { session, isNew, lost } = transactions.updated(book, placed(station, event), moment.at, moment.isReplay);
  for (const each of lost) tellEnded(station, each);
  const evse = placeOf(connectors, session.evse);
  tellSigned(station, evse, session.transaction, samples);
  if (!moment.isReplay && session.state === 'running') {
    if (isNew) tellStarted(station, session);
    else tellLive(station, session);
    const own = connectorOf(connectors, evse);
    takeSession(own, session, token?.id);
    if (event.cableMaxA !== undefined) takeCable(own, event.cableMaxA);
  }
  takeSamples(station, evse, samples, isOffline);
  sink.moved(evse);
  return authorize(station, token, moment.isReplay, (authorization) => ({ authorization })) ?? {};
};

const takeEnd = (station: Station, event: EventOf<'transaction_ended'>): Decision => {
  const { book, connectors, clock, sink, authoriser } = station;
  const { samples, isOffline, token, meterStopWh } = event;
  const moment = judge(station, event.at, isOffline);
  // Of one that is over for long, nothing can be concluded about now.
  const isOfNow = !moment.isReplay || book.sessions.get(event.transaction)?.state === 'running';
  const { session, isNew } = transactions.ended(book, placed(station, event), moment.at);
  const evse = placeOf(connectors, session.evse);
  tellSigned(station, evse, session.transaction, samples);
  if (!isNew) return token ? { authorization: authoriser.settled(token) } : {};
  tellEnded(station, session);
  takeSamples(station, evse, samples, isOffline);
  takeRegister(station, evse, meterStopWh, moment);
  if (evse !== 0 && isOfNow && !transactions.running(book, evse)) {
    const own = connectorOf(connectors, evse);
    setState(own, 'session_energy', energyOf(session.register) ?? null);
    setState(own, 'session_duration', durationOf(session, clock.now()) ?? null);
    endSession(own);
  }
  sink.moved(evse);
  return token ? { authorization: authoriser.settled(token) } : {};
};

/** The session that meter values belong to; one that we know nothing of is taken up where something charges. */
const sessionOf = (station: Station, evse: number, transaction: string | undefined): Session | undefined => {
  const { book, connectors, clock } = station;
  if (evse === 0) return undefined;
  const running = transactions.running(book, evse);
  if (transaction === undefined || running?.transaction === transaction) return running;
  const known = book.sessions.get(transaction);
  if (known) return known.state === 'ended' ? undefined : known;
  if (running || !isInSession(connectorOf(connectors, evse).status)) return undefined;
  const adopted = transactions.adopt(book, transaction, evse, clock.now());
  if (adopted) tellStarted(station, adopted);
  return adopted;
};

const takeMeterValues = (station: Station, event: EventOf<'meter_values'>): void => {
  const { book, connectors } = station;
  const { evse: given, transaction, samples } = event;
  const evse = placeOf(connectors, given);
  tellSigned(station, evse, transaction, samples);
  let session = sessionOf(station, evse, transaction);
  if (session) for (const { wh } of registerReadings(samples)) session = transactions.measured(book, session, wh);
  const isLive = takeSamples(station, evse, samples, false);
  if (!isLive || session?.state !== 'running') return;
  tellLive(station, session);
  takeSession(connectorOf(connectors, evse), book.sessions.get(session.transaction));
};

const takeBoot = ({ memory, sink, heartbeatS }: Station, event: EventOf<'boot'>): Decision => {
  const { vendor, model, serial, firmware, meterSerial } = event;
  memory.note({
    boot: {
      vendor,
      model,
      ...(serial && { serial }),
      ...(firmware && { firmware }),
      ...(meterSerial && { meterSerial }),
    },
  });
  sink.described();
  return { registration: 'accepted', intervalS: heartbeatS };
};

const decide = (station: Station, event: StationEvent): Decision | Promise<Decision> => {
  const { sink, book } = station;
  switch (event.kind) {
    case 'boot':
      return takeBoot(station, event);
    case 'status':
      takeStatus(station, event);
      return {};
    case 'authorize':
      return (
        authorize(station, event.token, false, (authorization) => {
          const data = { id_tag: hashTag(event.token.id), status: authorization };
          sink.event({ name: 'authorized', severity: 'info', data });
          return { authorization };
        }) ?? {}
      );
    case 'transaction_started':
      return takeStart(station, event);
    case 'transaction_updated':
      return takeUpdate(station, event);
    case 'transaction_ended':
      return takeEnd(station, event);
    case 'meter_values':
      takeMeterValues(station, event);
      return {};
    case 'variables':
      // 2.x: some say by an event what others say by their status.
      for (const state of event.statuses ?? []) takeStatus(station, { kind: 'status', ...state });
      return {};
    case 'schedule_pull': {
      const limit = sink.inForce(event.profile);
      return limit === undefined ? {} : { limit };
    }
    case 'profiles':
      sink.profiles(event);
      return {};
    case 'security_event':
    case 'charging_limit':
    case 'priority_charging':
      sink.event(tidingOf(event, (transaction) => book.sessions.get(transaction)?.evse));
      return {};
    case 'data_transfer':
      // Some repeat what they have to say until it is accepted.
      return { isVendorKnown: true };
    default:
      return {};
  }
};

/** @throws CallFailure where the station has to tell it again */
export const takeEvent = (station: Station, event: StationEvent): Decision | Promise<Decision> => {
  const { factors } = station.quirks();
  const decision = decide(station, factors ? putRight(event, factors) : event);
  flush(station);
  return decision;
};

/** Sessions that ended and that nobody was told of for sure, and those that go on. */
export const resume = (station: Station): void => {
  const { book, connectors } = station;
  for (const session of transactions.untold(book)) tellEnded(station, session);
  for (const evse of connectors.numbers) {
    const session = transactions.running(book, evse);
    if (session) takeSession(connectorOf(connectors, evse), session);
  }
  flush(station);
};

/** The connection is over. */
export const loseStation = (station: Station): void => {
  for (const each of station.connectors.all) forgetAll(each);
  flush(station);
};

/** Time passes. */
export const tick = (station: Station): void => {
  const { book, clock, connectors } = station;
  for (const session of transactions.lose(book, clock.now() - lostAfterMs)) tellEnded(station, session);
  for (const each of connectors.all) repeat(each);
  flush(station);
};

export const closeStation = ({ telling }: Station): void => {
  for (const timer of telling) timer.cancel();
};
