/**
 * Charging sessions as a station tells them. Whatever comes late counts for the session it belongs to, and never
 * overwrites what is known to be newer.
 */
import { hashTag } from '../../../model/identity.ts';
import type { Decision, Token } from '../words.ts';
import { componentOf } from './alarms.ts';
import { connectorOf, placeOf } from './connectors.ts';
import { apartMs, detach, drawsOn, goOn, isConcluded, isMeasuredOn } from './lost-ends.ts';
import { takeCable, takeSession } from './plug.ts';
import { judge, takeRegister, takeSamples, tellSigned } from './sampling.ts';
import type { Session } from './session.ts';
import { type EventOf, type Station, tellEnded, tellLive, tellStarted } from './station.ts';
import { running } from './transaction-book.ts';
import { started, updated } from './transactions.ts';

interface Placed {
  evse?: number | undefined;
  transaction?: string;
  remoteStartId?: number;
}

/** With the place where it belongs, told now or before; without one where nobody knows yet. */
export const placed = <T extends Placed>({ book, connectors, remoteStarts }: Station, event: T): T => {
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

/** It is told late, and its car has left by now: its end is on its way, or lost. */
const withoutCar = ({ book, connectors }: Station, session: Session): Session => {
  const { evse = 0, startedAt = 0, transaction } = session;
  const { said, availableAt } = connectorOf(connectors, evse);
  if (evse === 0 || said?.status !== 'available' || availableAt <= startedAt + apartMs) return session;
  detach(book, evse, availableAt);
  return book.sessions.get(transaction) ?? session;
};

export const takeStart = (station: Station, given: EventOf<'transaction_started'>): Decision | Promise<Decision> => {
  const { book, sink, authoriser } = station;
  const event = placed(station, given);
  const { evse = 0, token, samples, isOffline } = event;
  const moment = judge(station, event.at, isOffline);
  const taken = started(book, event, moment.at, moment.isReplay, askedFor(station, event));
  const { isNew, lost } = taken;
  for (const each of lost) tellEnded(station, each);
  const session = isNew ? withoutCar(station, taken.session) : taken.session;
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

/** It was taken for over, and goes on by what the station says of it now; but nobody else has begun there. */
const isGoingOn = (
  { book, connectors }: Station,
  named: Session,
  { chargingState, samples }: EventOf<'transaction_updated'>,
  at: number,
): boolean => {
  const { evse = 0, state, detachedAt = at, endedAt = detachedAt } = named;
  if (running(book, evse) || chargingState === 'idle' || !(state === 'detached' || isConcluded(named))) return false;
  if (drawsOn(named, samples) || (chargingState !== undefined && at > endedAt + apartMs)) return true;
  return connectorOf(connectors, evse).status !== 'available' && isMeasuredOn(named, samples);
};

export const takeUpdate = (station: Station, event: EventOf<'transaction_updated'>): Decision | Promise<Decision> => {
  const { book, sink } = station;
  const { samples, isOffline, token } = event;
  const moment = judge(station, event.at, isOffline);
  const named = book.sessions.get(event.transaction);
  if (named && !moment.isReplay && isGoingOn(station, named, event, moment.at)) goOn(book, named);
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
  // Its status may follow from what flows.
  takeSamples(station, session.evse, samples, isOffline);
  if (!moment.isReplay && session.state === 'running') {
    if (isNew && session.isLive) tellStarted(station, session);
    else if (evse !== 0) tellLive(station, session);
    show(station, session, event.cableMaxA);
  }
  sink.moved(evse);
  return authorize(station, token, moment.isReplay, (authorization) => ({ authorization })) ?? {};
};
