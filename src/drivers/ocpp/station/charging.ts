/**
 * Charging sessions as a station tells them. Whatever comes late counts for the session it belongs to, and never
 * overwrites what is known to be newer.
 */
import { hashTag } from '../../../model/identity.ts';
import { isoTime } from '../../../model/time.ts';
import type { Decision, Token } from '../words.ts';
import { componentOf } from './alarms.ts';
import { setState } from './connector.ts';
import { connectorOf, placeOf } from './connectors.ts';
import { endSession, takeCable, takeSession } from './plug.ts';
import { energyOf } from './register.ts';
import { judge, takeRegister, takeSamples, tellSigned } from './sampling.ts';
import { durationOf, type Session } from './session.ts';
import { endedBy } from './session-ends.ts';
import { type EventOf, type Station, tellEnded, tellLive, tellStarted } from './station.ts';
import { running } from './transaction-book.ts';
import { ended, started, updated } from './transactions.ts';

interface Placed {
  evse?: number | undefined;
  transaction?: string;
  remoteStartId?: number;
}

/** With the place where it belongs, told now or before; without one where nobody knows yet. */
const placed = <T extends Placed>({ book, connectors, remoteStarts }: Station, event: T): T => {
  const { transaction = '', remoteStartId } = event;
  const known = event.evse ?? book.sessions.get(transaction)?.evse;
  const said = known ?? remoteStarts.find(transaction, remoteStartId)?.evse;
  const evse = placeOf(connectors, said) || undefined;
  return evse === event.evse ? event : { ...event, evse };
};

/** Whom a session was asked for from here, where the station does not say whose it is. */
const askedFor = ({ remoteStarts }: Station, { transaction = '', remoteStartId }: Placed): string | undefined =>
  remoteStarts.find(transaction, remoteStartId)?.tag;

type Authorization = NonNullable<Decision['authorization']>;

export const authorize = (
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

/** What begins with a session, or goes on with it, at its place. */
const show = ({ connectors }: Station, { evse, ...session }: Session, cableMaxA: number | undefined): void => {
  if (evse === undefined) return;
  const own = connectorOf(connectors, evse);
  takeSession(own, { evse, ...session });
  if (cableMaxA !== undefined) takeCable(own, cableMaxA);
};

export const takeStart = (station: Station, given: EventOf<'transaction_started'>): Decision | Promise<Decision> => {
  const { book, sink, authoriser } = station;
  const event = placed(station, given);
  const { evse = 0, token, samples, isOffline } = event;
  const moment = judge(station, event.at, isOffline);
  const { session, isNew, lost } = started(book, event, moment.at, moment.isReplay, askedFor(station, event));
  for (const each of lost) tellEnded(station, each);
  if (isNew && session.isLive) tellStarted(station, session);
  tellSigned(station, evse, session.transaction, samples);
  if (!moment.isReplay && session.state === 'running') {
    show(station, session, event.cableMaxA);
    takeRegister(station, session.evse, event.meterStartWh, moment);
  }
  takeSamples(station, session.evse, samples, isOffline);
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

export const takeUpdate = (station: Station, event: EventOf<'transaction_updated'>): Decision | Promise<Decision> => {
  const { book, sink } = station;
  const { samples, isOffline, token } = event;
  const moment = judge(station, event.at, isOffline);
  const { session, isNew, lost } = updated(
    book,
    placed(station, event),
    moment.at,
    moment.isReplay,
    askedFor(station, event),
  );
  for (const each of lost) tellEnded(station, each);
  const { evse = 0 } = session;
  tellSigned(station, evse, session.transaction, samples);
  if (!moment.isReplay && session.state === 'running') {
    if (isNew && session.isLive) tellStarted(station, session);
    else if (evse !== 0) tellLive(station, session);
    show(station, session, event.cableMaxA);
  }
  takeSamples(station, session.evse, samples, isOffline);
  sink.moved(evse);
  return authorize(station, token, moment.isReplay, (authorization) => ({ authorization })) ?? {};
};

/** It names no transaction, and fits none. */
const takeStray = ({ sink }: Station, event: EventOf<'transaction_ended'>, at: number): void =>
  sink.event({
    component: componentOf(event.evse),
    name: 'session_end_unknown',
    severity: 'warning',
    message: 'the end of a session without its number, and none that it fits, or several',
    data: {
      end: isoTime(at),
      ...(event.meterStopWh === undefined ? {} : { meter_stop_wh: event.meterStopWh }),
      ...(event.token === undefined ? {} : { id_tag: hashTag(event.token.id) }),
    },
  });

/** What its place shows of a session that is over. */
const showEnd = ({ book, connectors, clock }: Station, session: Session, isOfNow: boolean): void => {
  const { evse = 0, register } = session;
  if (evse === 0 || running(book, evse)) return;
  const own = connectorOf(connectors, evse);
  setState(own, 'session_energy', energyOf(register) ?? null);
  setState(own, 'session_duration', durationOf(session, clock.now()) ?? null);
  if (isOfNow) endSession(own);
};

export const takeEnd = (station: Station, given: EventOf<'transaction_ended'>): Decision => {
  const { book, sink, authoriser } = station;
  const event = placed(station, given);
  const { samples, isOffline, token, meterStopWh } = event;
  const moment = judge(station, event.at, isOffline);
  const answer: Decision = token ? { authorization: authoriser.settled(token) } : {};
  const meant = endedBy(book, event, moment.at);
  if (meant === undefined) {
    takeStray(station, event, moment.at);
    return answer;
  }
  const before = book.sessions.get(meant)?.state;
  const { session, isNew } = ended(book, event, meant, moment.at);
  const { evse = 0, transaction } = session;
  const decision = { ...answer, ended: transaction };
  tellSigned(station, evse, transaction, samples);
  if (!isNew) return decision;
  tellEnded(station, session);
  takeSamples(station, session.evse, samples, isOffline);
  takeRegister(station, session.evse, meterStopWh, moment);
  // Of one that is over for long, nothing can be concluded about now.
  const isOfNow = before === 'running' || (before === undefined && !moment.isReplay);
  if (isOfNow || before === 'detached') showEnd(station, session, isOfNow);
  sink.moved(evse);
  return decision;
};
