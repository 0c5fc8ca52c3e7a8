/** MeterValues (OCPP 1.6; OCPP 2.0.1 part 2, block J): live values of an EVSE, and the register of its transaction. */
import type { MessageOf, MeterValue } from '../messages.ts';
import {
  concludeDoubles,
  detached,
  hasDrawnSince,
  isConcluded,
  isMeasuredSince,
  resumeTransaction,
} from '../station/concluded-transactions.ts';
import { registerReadings } from '../station/energy-register.ts';
import { isInTransaction } from '../station/evse-status.ts';
import type { Station } from '../station/station.ts';
import type { Transaction } from '../station/transaction.ts';
import { adoptTransaction, applyRegisterReading } from '../station/transaction-store.ts';
import { reportSignedValues, showMeterValues } from './show-meter-values.ts';

/** Whether all of them were taken since then, by our clock. @param from ms since 1970 */
const areSince = (station: Station, meterValues: MeterValue[], from: number): boolean =>
  meterValues.every(({ at }) => station.timeOf(at, false).at >= from);

/** The transaction of that number, which may have been taken for over, at its place. */
const namedOn = (station: Station, named: Transaction, meterValues: MeterValue[]): Transaction | undefined => {
  const { evse = 0, state } = named;
  if (state === 'running') return named;
  if (state === 'ended' && !isConcluded(named)) return undefined;
  const isOccupied = station.evse(evse).status !== 'available';
  if (isOccupied && (isMeasuredSince(named, meterValues) || hasDrawnSince(named, meterValues)))
    return resumeTransaction(station.transactions, named);
  return state === 'ended' ? undefined : named;
};

/** Takes up a transaction that nothing was known of, where something charges. */
const adopt = (station: Station, evse: number, transaction: string): Transaction | undefined => {
  const adopted = adoptTransaction(station.transactions, transaction, { evse, at: station.clock.now() });
  if (adopted) station.reports.started(adopted);
  return adopted;
};

/**
 * The transaction that meter values belong to. Those of a transaction whose car has left say where it ended, as long as
 * no other car is there.
 */
const transactionOf = (
  station: Station,
  evse: number,
  { transaction, meterValues }: MessageOf<'meter_values'>,
): Transaction | undefined => {
  const { transactions } = station;
  if (evse === 0) return undefined;
  const { status } = station.evse(evse);
  const running = station.runningOn(evse);
  if (running && (transaction === undefined || running.transaction === transaction)) return running;
  if (transaction === undefined) return status === 'available' ? detached(transactions, evse) : undefined;
  const named = transactions.byId.get(transaction);
  const isElsewhere = named?.evse !== undefined && named.evse !== evse;
  // The register is that of the EVSE, even where the number told with it is that of the transaction before, or of another.
  if (named && running && (isElsewhere || named.state === 'ended'))
    return areSince(station, meterValues, running.startedAt ?? 0) ? running : undefined;
  if (named) return isElsewhere ? undefined : namedOn(station, named, meterValues);
  return running || !isInTransaction(status) ? undefined : adopt(station, evse, transaction);
};

/** Shows meter values, and counts their registers for the transaction to which they belong. */
export const onMeterValues = (station: Station, message: MessageOf<'meter_values'>): void => {
  const { transactions } = station;
  const { transaction: id, meterValues } = message;
  const evse = station.evses.placeOf(message.evse);
  reportSignedValues(station, { evse, transaction: id }, meterValues);
  const before = station.runningOn(evse);
  let transaction = transactionOf(station, evse, message);
  if (transaction)
    for (const reading of registerReadings(meterValues))
      transaction = applyRegisterReading(transactions, transaction, reading);
  const isLive = showMeterValues(station, evse, { meterValues, isOffline: false });
  if (!isLive || transaction?.state !== 'running') return;
  station.reports.live(transaction);
  if (transaction.transaction !== before?.transaction) {
    for (const each of concludeDoubles(transactions, transaction)) station.reports.ended(each);
    station.moved(evse);
  }
  station.evse(evse).setTransaction(transactions.byId.get(transaction.transaction));
};
