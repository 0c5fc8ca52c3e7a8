/**
 * TransactionEvent (OCPP 2.x; OCPP 2.0.1 part 2, block E) by its eventType. Started begins a transaction as StartTransaction
 * of OCPP 1.6 does, Ended ends it as StopTransaction does; Updated has a handler of its own, also for a transaction that
 * was taken for over, and goes on.
 */
import type { Answer, MessageOf } from '../messages.ts';
import { reportSignedValues, showMeterValues } from '../metering/on-meter-values.ts';
import {
  apartMs,
  hasDrawnSince,
  isConcluded,
  isMeasuredSince,
  resumeTransaction,
} from '../station/lost-transactions.ts';
import type { Station } from '../station/station.ts';
import type { Transaction } from '../station/transaction.ts';
import { updateTransaction } from '../station/transaction-changes.ts';
import { onStartTransaction } from './on-start-transaction.ts';
import { onStopTransaction } from './on-stop-transaction.ts';
import { answerToken, idTokenOf, showTransaction, type TransactionContext, withEvse } from './place-transaction.ts';

type Updated = MessageOf<'transaction_updated'>;

/** The transaction was taken for over, and goes on by what the station says now; but nobody else has begun there. */
const isGoingOn = (
  station: Station,
  named: Transaction,
  { message, at }: { message: Updated; at: number },
): boolean => {
  const { chargingState, meterValues } = message;
  const { evse = 0, state, detachedAt = at, endedAt = detachedAt } = named;
  if (station.runningOn(evse) || chargingState === 'idle' || !(state === 'detached' || isConcluded(named)))
    return false;
  if (hasDrawnSince(named, meterValues) || (chargingState !== undefined && at > endedAt + apartMs)) return true;
  return station.evse(evse).status !== 'available' && isMeasuredSince(named, meterValues);
};

/** Records and shows an update of a transaction. @throws CallFailure where it could not be written down */
const onTransactionUpdated = (context: TransactionContext, message: Updated): Answer | Promise<Answer> => {
  const { station } = context;
  const { transactions } = station;
  const { meterValues, isOffline, token } = message;
  const moment = station.timeOf(message.at, isOffline);
  const named = transactions.byId.get(message.transaction);
  if (named && !moment.isReplay && isGoingOn(station, named, { message, at: moment.at }))
    resumeTransaction(transactions, named);
  const asked = idTokenOf(station, message);
  const change = updateTransaction(transactions, withEvse(station, message), { ...moment, asked });
  for (const each of change.lost) station.reports.ended(each);
  const { transaction, isNew } = change;
  const { evse = 0 } = transaction;
  reportSignedValues(station, { evse, transaction: transaction.transaction }, meterValues);
  // The status may follow from what flows.
  showMeterValues(station, transaction.evse, { meterValues, isOffline });
  if (!moment.isReplay && transaction.state === 'running') {
    if (isNew && transaction.isLive) station.reports.started(transaction);
    else if (evse !== 0) station.reports.live(transaction);
    showTransaction(station, transaction, message.cableMaxA);
  }
  station.moved(evse);
  return answerToken(context, token, moment.isReplay);
};

/** The handlers of a TransactionEvent, by the message that its eventType is decoded to. */
export const onTransactionEvent = {
  transaction_started: onStartTransaction,
  transaction_updated: onTransactionUpdated,
  transaction_ended: onStopTransaction,
} as const;
