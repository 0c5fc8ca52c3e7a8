/** StopTransaction (OCPP 1.6), and the TransactionEvent of OCPP 2.x with which a transaction ends. */
import { eventIdOf, hashTag } from '../../../model/identity.ts';
import { isoTime } from '../../../model/time.ts';
import type { Answer, MessageOf } from '../messages.ts';
import { reportSignedValues, showMeterValues, showRegister } from '../metering/on-meter-values.ts';
import { componentOf } from '../station/alarms.ts';
import type { Moment } from '../station/clock-offset.ts';
import { concludeDoubles } from '../station/lost-transactions.ts';
import { findEndedTransaction, hasDrawnMore } from '../station/match-transaction.ts';
import { energyOf } from '../station/session-energy.ts';
import type { Station } from '../station/station.ts';
import { durationOf, type Transaction } from '../station/transaction.ts';
import { recordEnd } from '../station/transaction-changes.ts';
import { type TransactionContext, withEvse } from './place-transaction.ts';

type Ended = MessageOf<'transaction_ended'>;

/** The message names no transaction that it may be the end of, and fits none. @param at ms since 1970, by our clock */
const reportUnknownEnd = (station: Station, message: Ended, at: number): void => {
  const { evse, transaction, meterStopWh, token } = message;
  const end = isoTime(at);
  station.event({
    component: componentOf(evse),
    name: 'session_end_unknown',
    severity: 'warning',
    id: eventIdOf(station.identity, String(transaction), end, String(meterStopWh), 'end_unknown'),
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

/** Shows on its EVSE that a transaction is over. @param isOfNow false: told late, when the EVSE may do something else */
const showEnd = (station: Station, transaction: Transaction, isOfNow: boolean): void => {
  const { evse: id = 0, register } = transaction;
  if (id === 0 || station.runningOn(id)) return;
  const evse = station.evse(id);
  evse.setState('session_energy', energyOf(register) ?? null);
  evse.setState('session_duration', durationOf(transaction, station.clock.now()) ?? null);
  if (isOfNow) evse.endTransaction();
};

/** The id of the transaction that ended; undefined: nobody knows which, and that is reported. */
const findEnded = (station: Station, { given, message }: { given: Ended; message: Ended }, { at }: Moment) => {
  const { transactions, evses } = station;
  // The number may be another's: its EVSE says nothing of where this transaction ended.
  const id = findEndedTransaction(transactions, given.evse === undefined ? given : message, at);
  if (id === undefined) return undefined;
  const named = transactions.byId.get(id);
  const isLatest = transactions.current.get(named?.evse ?? 0) === id;
  const isSameCar = isLatest && evses.find(named?.evse ?? 0)?.hasEnded === true;
  return { id, named, isSameCar };
};

/** Records and shows the end of a transaction. @throws CallFailure where it could not be written down */
export const onStopTransaction = ({ station, authorizer }: TransactionContext, given: Ended): Answer => {
  const { transactions } = station;
  const message = withEvse(station, given);
  const { meterValues, isOffline, token, meterStopWh: wh } = message;
  const moment = station.timeOf(message.at, isOffline);
  const answer: Answer = token ? { authorization: authorizer.decideNow(token) } : {};
  const found = findEnded(station, { given, message }, moment);
  const isStray = !found || (found.named && !found.isSameCar && hasDrawnMore(found.named, message, moment.at));
  if (isStray) reportUnknownEnd(station, message, moment.at);
  if (!found) return answer;
  if (isStray) return { ...answer, ended: found.id };
  const before = found.named?.state;
  const { transaction, isNew } = recordEnd(transactions, message, { transaction: found.id, at: moment.at });
  const { evse = 0, transaction: id } = transaction;
  reportSignedValues(station, { evse, transaction: id }, meterValues);
  if (!isNew) return { ...answer, ended: id };
  station.reports.ended(transaction);
  for (const each of concludeDoubles(transactions, transaction)) station.reports.ended(each);
  showMeterValues(station, transaction.evse, { meterValues, isOffline });
  showRegister(station, transaction.evse, { wh, moment });
  // A transaction that has been over for long says nothing of now.
  const isOfNow = before === 'running' || (before === undefined && !moment.isReplay);
  if (isOfNow || found.isSameCar || before === 'detached') showEnd(station, transaction, isOfNow);
  station.moved(evse);
  return { ...answer, ended: id };
};
