/** OCPP 2.x TransactionEvent (use cases E01 to E14): begin, change and end of a transaction. */
import { noticeOf, present, type Reader, readToken, registerOf } from './inbound.ts';
import {
  type Fields,
  type Notes,
  note,
  readFields,
  readFlag,
  readInteger,
  readNumber,
  readPlace,
  readText,
  readWord,
  wordsOf,
} from './lenient.ts';
import { readSamples } from './meter-values.ts';
import { readTime } from './station-time.ts';
import { chargingStates } from './status-words.ts';

const eventTypes = wordsOf<'Started' | 'Updated' | 'Ended'>({
  Started: 'Started',
  Updated: 'Updated',
  Ended: 'Ended',
});

const readPhasesUsed = (from: Fields, notes: Notes): number | undefined => {
  const phases = readInteger(from, 'numberOfPhasesUsed', notes);
  return phases !== undefined && phases >= 1 && phases <= 3 ? phases : undefined;
};

/** What is absent is unchanged; the EVSE is told once only (E01.FR.16). */
export const readTransactionEvent: Reader = (from, at, notes) => {
  const info = readFields(from, 'transactionInfo', notes) ?? {};
  const transaction = readText(info, 'transactionId', notes);
  const type = readWord(from, 'eventType', eventTypes, notes) ?? 'Updated';
  const evse = readFields(from, 'evse', notes);
  const samples = readSamples(from, 'meterValue', 'number', at, notes);
  const seqNo = readInteger(from, 'seqNo', notes);
  const place = evse ? { evse: readPlace(evse, 'id', notes) } : {};
  const facts = {
    ...place,
    at: readTime(from, 'timestamp', at, notes),
    isOffline: readFlag(from, 'offline', notes) ?? false,
    samples,
    ...present({ token: readToken(from, 'idToken', notes) }),
  };
  if (type === 'Ended') {
    if (transaction === undefined) note(notes, 'transactionId is missing: the session it fits is ended');
    return {
      kind: 'transaction_ended',
      ...facts,
      ...present({ transaction }),
      // Absent: "Local" (TransactionType).
      reason: readText(info, 'stoppedReason', notes) ?? 'Local',
      ...present({ meterStopWh: registerOf(samples, 'end'), seqNo }),
    };
  }
  if (transaction === undefined) {
    note(notes, 'transactionId is missing: the event is left out');
    return noticeOf('TransactionEvent', from);
  }
  const state = present({
    chargingState: readWord(info, 'chargingState', chargingStates, notes),
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
      meterStartWh: registerOf(samples, 'begin'),
      reservation: readInteger(from, 'reservationId', notes),
      seqNo,
    }),
  };
};
