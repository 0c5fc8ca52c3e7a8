/**
 * MeterValues (OCPP 1.6; OCPP 2.0.1 part 2, block J): live values of an EVSE, and the register of its transaction. Only
 * what was measured now is shown, and of the begin and end of a transaction only what the meter says. Signed values are
 * passed on untouched.
 */
import { eventIdOf } from '../../../model/identity.ts';
import { isoTime } from '../../../model/time.ts';
import type { DriverEvent } from '../../driver.ts';
import type { MessageOf, MeterValue, SampledValue, SignedMeterValue } from '../messages.ts';
import { componentOf } from '../station/alarms.ts';
import type { Moment } from '../station/clock-offset.ts';
import { isInTransaction } from '../station/evse-status.ts';
import {
  concludeDoubles,
  detached,
  hasDrawnSince,
  isConcluded,
  isMeasuredSince,
  resumeTransaction,
} from '../station/lost-transactions.ts';
import { registerReadings } from '../station/session-energy.ts';
import type { Station } from '../station/station.ts';
import type { Transaction } from '../station/transaction.ts';
import { adoptTransaction, applyRegisterReading } from '../station/transaction-changes.ts';

/** The place of meter values; undefined: not knshown. */
export interface MeterPlace {
  evse: number | undefined;
  transaction: string | undefined;
}

/** Signed values as they came: whoever verifies them needs every letter. */
const signedValueEvent = (
  identity: string,
  { evse, transaction }: MeterPlace,
  { at, signed: { measurand, context, data } }: { at: number | undefined; signed: SignedMeterValue },
): DriverEvent => {
  const text = typeof data === 'string' ? data : (JSON.stringify(data) ?? '');
  return {
    component: componentOf(evse),
    name: 'signed_value',
    severity: 'info',
    // The same value may be sent again with the end of its transaction.
    id: eventIdOf(identity, transaction ?? '', measurand, context, text),
    data: {
      ...(transaction !== undefined && { session_id: transaction }),
      measurand,
      context,
      ...(at !== undefined && { at: isoTime(at) }),
      signed: typeof data === 'string' ? data : JSON.parse(text || 'null'),
    },
  };
};

/** Reports signed values as events, as they came. */
export const reportSignedValues = (station: Station, place: MeterPlace, meterValues: MeterValue[]): void => {
  for (const { at, signed } of meterValues)
    for (const each of signed) station.event(signedValueEvent(station.identity, place, { at, signed: each }));
};

const registersOf = (sampledValues: SampledValue[]): SampledValue[] =>
  sampledValues.filter(({ quantity }) => /^energy_(im|ex)ported$/.test(quantity));

/**
 * @param evse undefined: nobody knows where
 * @returns whether any of the meter values is from now
 */
export const showMeterValues = (
  station: Station,
  evse: number | undefined,
  { meterValues, isOffline }: { meterValues: MeterValue[]; isOffline: boolean },
): boolean => {
  if (evse === undefined) return false;
  const shown = station.evse(evse);
  let isLive = false;
  for (const { at, context, sampledValues } of meterValues) {
    const moment = station.timeOf(at, isOffline);
    if (moment.isReplay) continue;
    isLive = true;
    const isNow = context === 'live';
    shown.applySampledValues(isNow ? sampledValues : registersOf(sampledValues), moment.at, isNow);
  }
  if (isLive && shown.transaction) shown.updateStatus();
  station.alarms.set({ evse, name: 'unit_suspect', severity: 'warning' }, shown.plausibility.suspicion);
  return isLive;
};

/** The reading with which a transaction of OCPP 1.6 begins or ends. @param wh undefined: the station told none */
export const showRegister = (
  station: Station,
  evse: number | undefined,
  { wh, moment }: { wh: number | undefined; moment: Moment },
): void => {
  if (evse === undefined || wh === undefined || moment.isReplay) return;
  const register: SampledValue = { quantity: 'energy_imported', value: wh, unit: 'Wh' };
  station.evse(evse).applySampledValues([register], moment.at, false);
};

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
  if (!transaction.isLive) station.reports.live(transaction);
  if (transaction.transaction !== before?.transaction) {
    for (const each of concludeDoubles(transactions, transaction)) station.reports.ended(each);
    station.moved(evse);
  }
  station.evse(evse).setTransaction(transactions.byId.get(transaction.transaction));
};
