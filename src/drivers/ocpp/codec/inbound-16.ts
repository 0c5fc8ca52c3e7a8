/** OCPP 1.6: calls of a station and their answers. Clauses: OCPP 1.6 edition 2, §4 and §6. */

import type { Decision, StationEvent } from '../words.ts';
import {
  demandText,
  noticeOf,
  present,
  type Reader,
  type Readers,
  readDataTransfer,
  readSecurityEvent,
  tokenOf,
} from './inbound.ts';
import { type Fields, type Notes, note, quote, readInteger, readNumber, readPlace, readText } from './lenient.ts';
import { readSamples } from './meter-values.ts';
import { commonReply, idInfo } from './replies.ts';
import { readTime } from './station-time.ts';
import { readStatus } from './status-words.ts';

/** 1.6 has no mark for what is told late: minutes are more than a slow line, or a clock that is a little off. */
const lateMs = 120_000;

const isLate = (time: number | undefined, at: number): boolean => time !== undefined && at - time > lateMs;

/** Ids are positive (we give them); 0 and -1 are what some say when there is none. */
const readTransaction = (from: Fields, notes: Notes): string | undefined => {
  const id = readInteger(from, 'transactionId', notes);
  return id === undefined || id <= 0 ? undefined : String(id);
};

const readStop: Reader = (from, at, notes) => {
  const transaction = readTransaction(from, notes);
  if (transaction === undefined)
    note(notes, `transactionId is ${quote(from.transactionId)}: the session it fits is ended`);
  const time = readTime(from, 'timestamp', at, notes);
  return {
    kind: 'transaction_ended',
    ...present({ transaction }),
    at: time,
    isOffline: isLate(time, at),
    samples: readSamples(from, 'transactionData', 'string', at, notes),
    // §6.51: without a reason it was "Local".
    reason: readText(from, 'reason', notes) ?? 'Local',
    ...present({ meterStopWh: readNumber(from, 'meterStop', notes), token: tokenOf(readText(from, 'idTag', notes)) }),
  };
};

const readStart: Reader = (from, at, notes) => {
  const time = readTime(from, 'timestamp', at, notes);
  return {
    kind: 'transaction_started',
    evse: readPlace(from, 'connectorId', notes),
    at: time,
    isOffline: isLate(time, at),
    samples: [],
    token: { id: demandText(from, 'idTag', notes) },
    ...present({
      meterStartWh: readNumber(from, 'meterStart', notes),
      reservation: readInteger(from, 'reservationId', notes),
    }),
  };
};

const readStatusNotification: Reader = (from, at, notes) => {
  const plug = readStatus(from, 'status', notes);
  if (!plug) return noticeOf('StatusNotification', from);
  return {
    kind: 'status',
    evse: readPlace(from, 'connectorId', notes),
    ...plug,
    // Optional, unlike all other times.
    at: from.timestamp === undefined ? undefined : readTime(from, 'timestamp', at, notes),
    ...present({
      errorCode: readText(from, 'errorCode', notes),
      vendorErrorCode: readText(from, 'vendorErrorCode', notes),
      info: readText(from, 'info', notes),
    }),
  };
};

const readBoot: Reader = (from, _at, notes) => ({
  kind: 'boot',
  vendor: demandText(from, 'chargePointVendor', notes),
  model: demandText(from, 'chargePointModel', notes),
  ...present({
    // The second is what it was called before 1.6.
    serial: readText(from, 'chargePointSerialNumber', notes) ?? readText(from, 'chargeBoxSerialNumber', notes),
    firmware: readText(from, 'firmwareVersion', notes),
    meterSerial: readText(from, 'meterSerialNumber', notes),
    iccid: readText(from, 'iccid', notes),
    imsi: readText(from, 'imsi', notes),
  }),
});

const readMeterValues: Reader = (from, at, notes) => {
  const evse = readPlace(from, 'connectorId', notes);
  const samples = readSamples(from, 'meterValue', 'string', at, notes);
  const transaction = readTransaction(from, notes);
  return transaction === undefined
    ? { kind: 'meter_values', evse, samples }
    : { kind: 'meter_values', evse, transaction, samples };
};

/** Answered with an empty object, or with a no. */
const notices: Readonly<Record<string, object>> = {
  DiagnosticsStatusNotification: {},
  FirmwareStatusNotification: {},
  LogStatusNotification: {},
  SignedFirmwareStatusNotification: {},
  // We run no CA.
  SignCertificate: { status: 'Rejected' },
};

export const readers16: Readers = {
  byAction: new Map<string, Reader>([
    ['BootNotification', readBoot],
    ['Heartbeat', () => ({ kind: 'heartbeat' })],
    ['StatusNotification', readStatusNotification],
    ['Authorize', (from, _at, notes) => ({ kind: 'authorize', token: { id: demandText(from, 'idTag', notes) } })],
    ['StartTransaction', readStart],
    ['StopTransaction', readStop],
    ['MeterValues', readMeterValues],
    ['DataTransfer', readDataTransfer],
    ['SecurityEventNotification', readSecurityEvent],
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

/** The CALLRESULT of an event. @param now ms */
export const reply16 = (event: StationEvent, decision: Decision, now: number): object => {
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
    default:
      return commonReply(event, decision, now) ?? {};
  }
};
