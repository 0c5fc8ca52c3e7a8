/**
 * StartTransaction (OCPP 1.6), and the TransactionEvent of OCPP 2.x with which a transaction starts. What comes late counts
 * for its transaction, and never overwrites what is known to be newer.
 */
import { hashTag } from '../../../model/identity.ts';
import type { Authorization } from '../authorization/authorize.ts';
import type { Answer, IdToken, MessageOf } from '../messages.ts';
import { reportSignedValues, showMeterValues, showRegister } from '../metering/on-meter-values.ts';
import { componentOf } from '../station/alarms.ts';
import { apartMs, detach } from '../station/lost-transactions.ts';
import type { Station } from '../station/station.ts';
import type { Transaction } from '../station/transaction.ts';
import { startTransaction } from '../station/transaction-changes.ts';
import { answerWith, idTokenOf, showTransaction, type TransactionContext, withEvse } from './place-transaction.ts';

/** The start is told late, and the car has left by now: the end is on its way, or lost. */
const withoutCar = (station: Station, transaction: Transaction): Transaction => {
  const { evse = 0, startedAt = 0, transaction: id } = transaction;
  const { statusNotification, availableAt } = station.evse(evse);
  if (evse === 0 || statusNotification?.status !== 'available' || availableAt <= startedAt + apartMs)
    return transaction;
  detach(station.transactions, evse, availableAt);
  // The station tells of an earlier time, and the end of the transaction is told after its start.
  station.replayedAt = station.clock.monotonic();
  return station.transactions.byId.get(id) ?? transaction;
};

/** Records the start, and shows it where it is of now. */
const begin = (station: Station, message: MessageOf<'transaction_started'>) => {
  const { evse = 0, meterValues, isOffline, meterStartWh: wh } = message;
  const moment = station.timeOf(message.at, isOffline);
  const asked = idTokenOf(station, message);
  const { transaction, isNew, lost } = startTransaction(station.transactions, message, { ...moment, asked });
  for (const each of lost) station.reports.ended(each);
  const begun = isNew ? withoutCar(station, transaction) : transaction;
  if (isNew && begun.isLive) station.reports.started(begun);
  reportSignedValues(station, { evse, transaction: begun.transaction }, meterValues);
  if (!moment.isReplay && begun.state === 'running') {
    showTransaction(station, begun, message.cableMaxA);
    showRegister(station, begun.evse, { wh, moment });
  }
  showMeterValues(station, begun.evse, { meterValues, isOffline });
  station.moved(evse);
  return { begun, moment };
};

/** The token was accepted a moment ago, and is not any more. */
const reportConcurrentTx = (station: Station, evse: number, token: IdToken): void =>
  station.event({
    component: componentOf(evse),
    name: 'authorized',
    severity: 'warning',
    data: { id_tag: hashTag(token.id), status: 'concurrent_tx' },
  });

/** Records and shows a transaction that starts. @throws CallFailure where it could not be written down */
export const onStartTransaction = (
  { station, authorizer }: TransactionContext,
  given: MessageOf<'transaction_started'>,
): Answer | Promise<Answer> => {
  const message = withEvse(station, given);
  const { evse = 0, token } = message;
  const { begun, moment } = begin(station, message);
  const transaction = message.transaction === undefined ? { transaction: Number(begun.transaction) } : {};
  if (!token) return transaction;
  const decision = moment.isReplay ? authorizer.decideNow(token) : authorizer.begin(token, evse);
  return answerWith(decision, (authorization: Authorization): Answer => {
    if (authorization === 'concurrent_tx') reportConcurrentTx(station, evse, token);
    return { ...transaction, authorization };
  });
};
