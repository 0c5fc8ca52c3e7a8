/** Ends of charging sessions as a station tells them, and what its place shows of them. */
import { eventIdOf, hashTag } from '../../../model/identity.ts';
import { isoTime } from '../../../model/time.ts';
import type { Decision } from '../words.ts';
import { componentOf } from './alarms.ts';
import { placed } from './charging.ts';
import { setState } from './connector.ts';
import { connectorOf } from './connectors.ts';
import { loseDoubles } from './lost-ends.ts';
import { endSession } from './plug.ts';
import { energyOf } from './register.ts';
import { judge, takeRegister, takeSamples, tellSigned } from './sampling.ts';
import { durationOf, type Session } from './session.ts';
import { ended, endedBy, hasDrawnMore } from './session-ends.ts';
import { type EventOf, type Station, tellEnded } from './station.ts';
import { running } from './transaction-book.ts';

/** It names no transaction that it may be the end of, and fits none. */
const takeStray = ({ identity, sink }: Station, event: EventOf<'transaction_ended'>, at: number): void => {
  const { evse, transaction, meterStopWh, token } = event;
  const end = isoTime(at);
  sink.event({
    component: componentOf(evse),
    name: 'session_end_unknown',
    severity: 'warning',
    id: eventIdOf(identity, String(transaction), end, String(meterStopWh), 'end_unknown'),
    message:
      transaction === undefined
        ? 'the end of a session without its number, and none that it fits, or several'
        : `the end of a session under ${transaction}, the number of one that had ended; it fits no other, or several`,
    data: {
      end,
      ...(transaction === undefined ? {} : { session_id: transaction }),
      ...(meterStopWh === undefined ? {} : { meter_stop_wh: meterStopWh }),
      ...(token === undefined ? {} : { id_tag: hashTag(token.id) }),
    },
  });
};

/** Shows at its place that a session is over. */
const showEnd = ({ book, connectors, clock }: Station, session: Session, isOfNow: boolean): void => {
  const { evse = 0, register } = session;
  if (evse === 0 || running(book, evse)) return;
  const own = connectorOf(connectors, evse);
  setState(own, 'session_energy', energyOf(register) ?? null);
  setState(own, 'session_duration', durationOf(session, clock.now()) ?? null);
  if (isOfNow) endSession(own);
};

export const takeEnd = (station: Station, given: EventOf<'transaction_ended'>): Decision => {
  const { book, sink, authoriser, connectors } = station;
  const event = placed(station, given);
  const { samples, isOffline, token, meterStopWh } = event;
  const moment = judge(station, event.at, isOffline);
  const answer: Decision = token ? { authorization: authoriser.settled(token) } : {};
  // The number may be another's: its place says nothing of where this ended.
  const meant = endedBy(book, given.evse === undefined ? given : event, moment.at);
  if (meant === undefined) {
    takeStray(station, event, moment.at);
    return answer;
  }
  const named = book.sessions.get(meant);
  const before = named?.state;
  const isLatest = book.current.get(named?.evse ?? 0) === meant;
  const isSameCar = isLatest && connectors.byNumber[named?.evse ?? 0]?.hasEnded === true;
  if (named && !isSameCar && hasDrawnMore(named, event, moment.at)) {
    takeStray(station, event, moment.at);
    return { ...answer, ended: meant };
  }
  const { session, isNew } = ended(book, event, meant, moment.at);
  const { evse = 0, transaction } = session;
  const decision = { ...answer, ended: transaction };
  tellSigned(station, evse, transaction, samples);
  if (!isNew) return decision;
  tellEnded(station, session);
  for (const each of loseDoubles(book, session)) tellEnded(station, each);
  takeSamples(station, session.evse, samples, isOffline);
  takeRegister(station, session.evse, meterStopWh, moment);
  // One that is over for long says nothing of now.
  const isOfNow = before === 'running' || (before === undefined && !moment.isReplay);
  if (isOfNow || isSameCar || before === 'detached') showEnd(station, session, isOfNow);
  sink.moved(evse);
  return decision;
};
