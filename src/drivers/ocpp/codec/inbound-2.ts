/**
 * OCPP 2.0.1 and 2.1: calls of a station and their answers. Names in brackets are the use cases of part 2.
 * 2.1 adds PullDynamicScheduleUpdate, NotifyPriorityCharging and some of unprocessed-messages-2.ts.
 */
import type { Answer, StationMessage, Version } from '../messages.ts';
import { commonReply, idInfo } from './call-results.ts';
import type { Codec } from './codec.ts';
import { readStatus } from './connector-status.ts';
import {
  demandText,
  noticeOf,
  present,
  type Reader,
  type Readers,
  readAnything,
  readCall,
  readDataTransfer,
  readSecurityEvent,
  readToken,
} from './inbound.ts';
import {
  asFields,
  type Fields,
  type Notes,
  note,
  quote,
  readEvseId,
  readFields,
  readFlag,
  readInteger,
  readText,
} from './lenient-fields.ts';
import { meterValue, readMeterValues } from './meter-values.ts';
import { progressReaders2 } from './progress-notifications.ts';
import { readEvents, readProfiles, readReport } from './reports-2.ts';
import { roundLimit } from './strict-values.ts';
import { readTime } from './timestamps.ts';
import { readTransactionEvent } from './transaction-event.ts';
import { noticesOf, oursOf } from './unprocessed-messages-2.ts';

const readBoot: Reader = (from, { notes }) => {
  const station = readFields(from, 'chargingStation', notes) ?? {};
  const modem = readFields(station, 'modem', notes) ?? {};
  return {
    kind: 'boot',
    vendor: demandText(station, 'vendorName', notes),
    model: demandText(station, 'model', notes),
    ...present({
      serial: readText(station, 'serialNumber', notes),
      firmware: readText(station, 'firmwareVersion', notes),
      iccid: readText(modem, 'iccid', notes),
      imsi: readText(modem, 'imsi', notes),
      reason: readText(from, 'reason', notes),
    }),
  };
};

const readStatusNotification: Reader = (from, context) => {
  const { notes } = context;
  const plug = readStatus(from, 'connectorStatus', notes);
  if (!plug) return noticeOf('StatusNotification', from);
  return {
    kind: 'status',
    evse: readEvseId(from, 'evseId', notes),
    ...present({ connector: readInteger(from, 'connectorId', notes) }),
    ...plug,
    at: readTime(from, 'timestamp', context),
  };
};

const readAuthorize: Reader = (from, { notes }) => {
  const token = readToken(from, 'idToken', notes);
  if (!token) note(notes, 'idToken is missing');
  return { kind: 'authorize', token: token ?? { id: '' } };
};

/** @returns 0, the whole station, where no EVSE is named */
const readOptionalEvseId = (from: Fields, notes: Notes): number =>
  from.evseId === undefined ? 0 : readEvseId(from, 'evseId', notes);

const readChargingLimit: Reader = (from, { notes }) => ({
  kind: 'charging_limit',
  evse: readOptionalEvseId(from, notes),
  source: readText(readFields(from, 'chargingLimit', notes) ?? {}, 'chargingLimitSource', notes) ?? '',
  isCleared: false,
});

const readClearedLimit: Reader = (from, { notes }) => ({
  kind: 'charging_limit',
  evse: readOptionalEvseId(from, notes),
  source: readText(from, 'chargingLimitSource', notes) ?? '',
  isCleared: true,
});

const readSchedulePull: Reader = (from, { notes }) => {
  const profile = readInteger(from, 'chargingProfileId', notes);
  if (profile !== undefined) return { kind: 'schedule_pull', profile };
  note(notes, `chargingProfileId is ${quote(from.chargingProfileId)}: there is no such profile`);
  return noticeOf('PullDynamicScheduleUpdate', from);
};

/** NotifyPriorityCharging, use case K22. */
const readPriorityCharging: Reader = (from, { notes }) => ({
  kind: 'priority_charging',
  transaction: readText(from, 'transactionId', notes) ?? '',
  isActive: readFlag(from, 'activated', notes) ?? false,
});

const only21: [string, Reader][] = [
  ['PullDynamicScheduleUpdate', readSchedulePull],
  ['NotifyPriorityCharging', readPriorityCharging],
];

const readers2 = (version: Version): Readers => ({
  byAction: new Map<string, Reader>([
    ...[...noticesOf(version)].map(([action, answer]): [string, Reader] => [
      action,
      (from, { arrival }) => (answer(from, arrival) ? noticeOf(action, from) : undefined),
    ]),
    ['BootNotification', readBoot],
    ['Heartbeat', () => ({ kind: 'heartbeat' })],
    ['StatusNotification', readStatusNotification],
    ['Authorize', readAuthorize],
    ['TransactionEvent', readTransactionEvent],
    [
      'MeterValues',
      (from, context) => ({
        kind: 'meter_values',
        evse: readEvseId(from, 'evseId', context.notes),
        meterValues: readMeterValues(from, meterValue, context),
      }),
    ],
    ['NotifyReport', readReport],
    ['NotifyEvent', readEvents],
    ['ReportChargingProfiles', readProfiles],
    ['NotifyChargingLimit', readChargingLimit],
    ['ClearedChargingLimit', readClearedLimit],
    [
      'NotifyEVChargingNeeds',
      (from, { notes }) => ({
        kind: 'charging_needs',
        evse: readEvseId(from, 'evseId', notes),
        needs: readAnything(from, 'chargingNeeds', notes),
      }),
    ],
    ['DataTransfer', readDataTransfer],
    ['SecurityEventNotification', readSecurityEvent],
    ...progressReaders2,
    ...(version === '2.1' ? only21 : []),
  ]),
  ours: oursOf(version),
});

/** PullDynamicScheduleUpdate [K28]: the limit that is in force, or none. */
const scheduleReply = ({ limit }: Answer): object =>
  limit === undefined
    ? { status: 'Rejected' }
    : { status: 'Accepted', scheduleUpdate: { limit: roundLimit(limit, 'A') } };

/** Reads a CALL of OCPP 2.x. */
export const readCall2 = (version: Version): Codec['decode'] => {
  const readers = readers2(version);
  return (action, payload, arrival) => readCall(readers, { action, payload, arrival });
};

/** @returns the payload of the CALLRESULT. @param now wall clock, ms since 1970 */
export const reply2 =
  (version: Version) =>
  (event: StationMessage, decision: Answer, now: number): object => {
    switch (event.kind) {
      case 'authorize':
        return { idTokenInfo: idInfo(decision) };
      case 'transaction_started':
      case 'transaction_updated':
      case 'transaction_ended':
        // E05.FR.10: about a token only where one was sent.
        return event.token ? { idTokenInfo: idInfo(decision) } : {};
      case 'charging_needs':
        // K15: the car is charged within the limits that are set; 2.1 has a word for that.
        return { status: version === '2.1' ? 'NoChargingProfile' : 'Rejected' };
      case 'schedule_pull':
        return scheduleReply(decision);
      case 'notice':
        return noticesOf(version).get(event.action)?.(asFields(event.payload) ?? {}, now) ?? {};
      case 'boot':
      case 'heartbeat':
      case 'data_transfer':
        return commonReply(event, decision, now);
      default:
        return {};
    }
  };
