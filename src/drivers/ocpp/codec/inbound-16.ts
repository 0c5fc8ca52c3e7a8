/** OCPP 1.6: calls of a station and their answers. Clauses: OCPP 1.6 edition 2, §4 and §6. */

import type { Answer, StationMessage } from '../messages.ts';
import { commonReply, idInfo } from './call-results.ts';
import type { Codec } from './codec.ts';
import { readStatus } from './connector-status.ts';
import {
  demandText,
  noticeOf,
  present,
  type Reader,
  type Readers,
  readCall,
  readDataTransfer,
  readSecurityEvent,
  tokenOf,
} from './inbound.ts';
import {
  type Fields,
  type Notes,
  note,
  quote,
  type ReadContext,
  readEvseId,
  readInteger,
  readNumber,
  readText,
} from './lenient-fields.ts';
import { type MeterValueList, readMeterValues } from './meter-values.ts';
import { progressReaders16 } from './progress-notifications.ts';
import { readTime } from './timestamps.ts';

const meterValue: MeterValueList = { field: 'meterValue', valueType: 'string' };
const transactionData: MeterValueList = { field: 'transactionData', valueType: 'string' };

/** 1.6 has no mark for what is told late: minutes are more than a slow line, or a clock that is a little off. */
const lateMs = 120_000;

const isLate = (time: number | undefined, { arrival }: ReadContext): boolean =>
  time !== undefined && arrival - time > lateMs;

/** Transaction ids are positive, for the central system gives them; some stations say 0 or -1 where there is none. */
const readTransaction = (from: Fields, notes: Notes): string | undefined => {
  const id = readInteger(from, 'transactionId', notes);
  return id === undefined || id <= 0 ? undefined : String(id);
};

const readStop: Reader = (from, context) => {
  const { notes } = context;
  const transaction = readTransaction(from, notes);
  if (transaction === undefined)
    note(notes, `transactionId is ${quote(from.transactionId)}: the session it fits is ended`);
  const time = readTime(from, 'timestamp', context);
  return {
    kind: 'transaction_ended',
    ...present({ transaction }),
    at: time,
    isOffline: isLate(time, context),
    meterValues: readMeterValues(from, transactionData, context),
    // §6.51: without a reason it was "Local".
    reason: readText(from, 'reason', notes) ?? 'Local',
    ...present({ meterStopWh: readNumber(from, 'meterStop', notes), token: tokenOf(readText(from, 'idTag', notes)) }),
  };
};

const readStart: Reader = (from, context) => {
  const { notes } = context;
  const time = readTime(from, 'timestamp', context);
  return {
    kind: 'transaction_started',
    evse: readEvseId(from, 'connectorId', notes),
    at: time,
    isOffline: isLate(time, context),
    meterValues: [],
    token: { id: demandText(from, 'idTag', notes) },
    ...present({
      meterStartWh: readNumber(from, 'meterStart', notes),
      reservation: readInteger(from, 'reservationId', notes),
    }),
  };
};

const readStatusNotification: Reader = (from, context) => {
  const { notes } = context;
  const plug = readStatus(from, 'status', notes);
  if (!plug) return noticeOf('StatusNotification', from);
  return {
    kind: 'status',
    evse: readEvseId(from, 'connectorId', notes),
    ...plug,
    // This timestamp is optional, unlike all others.
    at: from.timestamp === undefined ? undefined : readTime(from, 'timestamp', context),
    ...present({
      errorCode: readText(from, 'errorCode', notes),
      vendorErrorCode: readText(from, 'vendorErrorCode', notes),
      info: readText(from, 'info', notes),
    }),
  };
};

const readBoot: Reader = (from, { notes }) => ({
  kind: 'boot',
  vendor: demandText(from, 'chargePointVendor', notes),
  model: demandText(from, 'chargePointModel', notes),
  ...present({
    // chargeBoxSerialNumber is the deprecated name of the same.
    serial: readText(from, 'chargePointSerialNumber', notes) ?? readText(from, 'chargeBoxSerialNumber', notes),
    firmware: readText(from, 'firmwareVersion', notes),
    meterSerial: readText(from, 'meterSerialNumber', notes),
    iccid: readText(from, 'iccid', notes),
    imsi: readText(from, 'imsi', notes),
  }),
});

const readMeterValuesCall: Reader = (from, context) => {
  const { notes } = context;
  const evse = readEvseId(from, 'connectorId', notes);
  const meterValues = readMeterValues(from, meterValue, context);
  const transaction = readTransaction(from, notes);
  return transaction === undefined
    ? { kind: 'meter_values', evse, meterValues }
    : { kind: 'meter_values', evse, transaction, meterValues };
};

/** Answers of messages in which there is nothing for us. */
const notices: Readonly<Record<string, object>> = {
  // There is no certificate authority here.
  SignCertificate: { status: 'Rejected' },
};

/** Readers of OCPP 1.6, by action. */
export const readers16: Readers = {
  byAction: new Map<string, Reader>([
    ['BootNotification', readBoot],
    ['Heartbeat', () => ({ kind: 'heartbeat' })],
    ['StatusNotification', readStatusNotification],
    ['Authorize', (from, { notes }) => ({ kind: 'authorize', token: { id: demandText(from, 'idTag', notes) } })],
    ['StartTransaction', readStart],
    ['StopTransaction', readStop],
    ['MeterValues', readMeterValuesCall],
    ['DataTransfer', readDataTransfer],
    ['SecurityEventNotification', readSecurityEvent],
    ...progressReaders16,
    ...Object.keys(notices).map((action): [string, Reader] => [action, (from) => noticeOf(action, from)]),
  ]),
  ours: new Set(
    `CancelReservation CertificateSigned ChangeAvailability ChangeConfiguration ClearCache ClearChargingProfile
    DeleteCertificate ExtendedTriggerMessage GetCompositeSchedule GetConfiguration GetDiagnostics
    GetInstalledCertificateIds GetLocalListVersion GetLog InstallCertificate RemoteStartTransaction
    RemoteStopTransaction ReserveNow Reset SendLocalList SetChargingProfile SignedUpdateFirmware TriggerMessage
    UnlockConnector UpdateFirmware`.split(/\s+/),
  ),
};

/** Reads a CALL of OCPP 1.6. */
export const readCall16: Codec['decode'] = (action, payload, arrival) =>
  readCall(readers16, { action, payload, arrival });

/** @returns the payload of the CALLRESULT. @param now wall clock, ms since 1970 */
export const reply16 = (event: StationMessage, decision: Answer, now: number): object => {
  switch (event.kind) {
    case 'authorize':
      return { idTagInfo: idInfo(decision) };
    case 'transaction_started':
      // §6.46: both are demanded, also where nobody may charge.
      return { transactionId: Math.trunc(decision.transaction ?? 0), idTagInfo: idInfo(decision) };
    case 'transaction_ended':
      return event.token ? { idTagInfo: idInfo(decision) } : {};
    case 'notice':
      return Object.hasOwn(notices, event.action) ? (notices[event.action] as object) : {};
    case 'boot':
    case 'heartbeat':
    case 'data_transfer':
      return commonReply(event, decision, now);
    default:
      return {};
  }
};
