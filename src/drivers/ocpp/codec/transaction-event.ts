/** OCPP 2.x TransactionEvent (use cases E01 to E14): begin, change and end of a transaction. */

import { chargingStates } from './connector-status.ts';
import { noticeOf, present, type Reader, readToken, registerOf } from './inbound.ts';
import {
  createEnumeration,
  type Fields,
  type Notes,
  note,
  readEvseId,
  readFields,
  readFlag,
  readInteger,
  readMember,
  readNumber,
  readText,
} from './lenient-fields.ts';
import { meterValue, readMeterValues } from './meter-values.ts';
import { readTime } from './timestamps.ts';

const eventTypes = createEnumeration<'Started' | 'Updated' | 'Ended'>('eventType', {
  Started: 'Started',
  Updated: 'Updated',
  Ended: 'Ended',
});

const readPhasesUsed = (from: Fields, notes: Notes): number | undefined => {
  const phases = readInteger(from, 'numberOfPhasesUsed', notes);
  return phases !== undefined && phases >= 1 && phases <= 3 ? phases : undefined;
};

/** A field that is absent is unchanged; the EVSE is told once only (E01.FR.16). */
export const readTransactionEvent: Reader = (from, context) => {
  const { notes } = context;
  const info = readFields(from, 'transactionInfo', notes) ?? {};
  const transaction = readText(info, 'transactionId', notes);
  const type = readMember(from, eventTypes, notes) ?? 'Updated';
  const evse = readFields(from, 'evse', notes);
  const meterValues = readMeterValues(from, meterValue, context);
  const seqNo = readInteger(from, 'seqNo', notes);
  const place = evse ? { evse: readEvseId(evse, 'id', notes) } : {};
  const facts = {
    ...place,
    at: readTime(from, 'timestamp', context),
    isOffline: readFlag(from, 'offline', notes) ?? false,
    meterValues,
    ...present({ token: readToken(from, 'idToken', notes) }),
  };
  if (type === 'Ended') {
    if (transaction === undefined) note(notes, 'transactionId is missing: the session it fits is ended');
    return {
      kind: 'transaction_ended',
      ...facts,
      ...present({ transaction }),
      // TransactionType: an absent reason is "Local".
      reason: readText(info, 'stoppedReason', notes) ?? 'Local',
      ...present({ meterStopWh: registerOf(meterValues, 'end'), seqNo }),
    };
  }
  if (transaction === undefined) {
    note(notes, 'transactionId is missing: the event is left out');
    return noticeOf('TransactionEvent', from);
  }
  const state = present({
    chargingState: readMember(info, chargingStates, notes),
    remoteStartId: readInteger(info, 'remoteStartId', notes),
    phasesUsed: readPhasesUsed(from, notes),
    cableMaxA: readNumber(from, 'cableMaxCurrent', notes),
  });
  if (type === 'Updated')
    return {
      kind: 'transaction_updated',
      transaction,
      ...facts,
      ...state,
      trigger: readText(from, 'triggerReason', notes) ?? '',
      seqNo: seqNo ?? 0,
    };
  return {
    kind: 'transaction_started',
    transaction,
    ...facts,
    ...state,
    ...present({
      meterStartWh: registerOf(meterValues, 'begin'),
      reservation: readInteger(from, 'reservationId', notes),
      seqNo,
    }),
  };
};
