/**
 * OCPP 2.0.1 and 2.1: calls of a station and their answers. Names in brackets are the use cases of part 2.
 * 2.1 adds PullDynamicScheduleUpdate and the notices of notices-2.ts.
 */

import type { Decision, StationEvent, Version } from '../words.ts';
import { roundLimit } from './exact.ts';
import {
  demandText,
  noticeOf,
  present,
  type Reader,
  type Readers,
  readAnything,
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
  readFields,
  readFlag,
  readInteger,
  readPlace,
  readText,
} from './lenient.ts';
import { readSamples } from './meter-values.ts';
import { noticesOf, oursOf } from './notices-2.ts';
import { commonReply, idInfo } from './replies.ts';
import { readEvents, readProfiles, readReport } from './reports-2.ts';
import { readTime } from './station-time.ts';
import { readStatus } from './status-words.ts';
import { readTransactionEvent } from './transaction-event.ts';

const readBoot: Reader = (from, _at, notes) => {
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

const readStatusNotification: Reader = (from, at, notes) => {
  const plug = readStatus(from, 'connectorStatus', notes);
  if (!plug) return noticeOf('StatusNotification', from);
  return {
    kind: 'status',
    evse: readPlace(from, 'evseId', notes),
    ...present({ connector: readInteger(from, 'connectorId', notes) }),
    ...plug,
    at: readTime(from, 'timestamp', at, notes),
  };
};

const readAuthorize: Reader = (from, _at, notes) => {
  const token = readToken(from, 'idToken', notes);
  if (!token) note(notes, 'idToken is missing');
  return { kind: 'authorize', token: token ?? { id: '' } };
};

/** 0, the whole station, where none is named. */
const readOptionalPlace = (from: Fields, notes: Notes): number =>
  from.evseId === undefined ? 0 : readPlace(from, 'evseId', notes);

const readChargingLimit: Reader = (from, _at, notes) => ({
  kind: 'charging_limit',
  evse: readOptionalPlace(from, notes),
  source: readText(readFields(from, 'chargingLimit', notes) ?? {}, 'chargingLimitSource', notes) ?? '',
  isCleared: false,
});

const readClearedLimit: Reader = (from, _at, notes) => ({
  kind: 'charging_limit',
  evse: readOptionalPlace(from, notes),
  source: readText(from, 'chargingLimitSource', notes) ?? '',
  isCleared: true,
});

const readSchedulePull: Reader = (from, _at, notes) => {
  const profile = readInteger(from, 'chargingProfileId', notes);
  if (profile !== undefined) return { kind: 'schedule_pull', profile };
  note(notes, `chargingProfileId is ${quote(from.chargingProfileId)}: there is no such profile`);
  return noticeOf('PullDynamicScheduleUpdate', from);
};

/** K22. */
const readPriorityCharging: Reader = (from, _at, notes) => ({
  kind: 'priority_charging',
  transaction: readText(from, 'transactionId', notes) ?? '',
  isActive: readFlag(from, 'activated', notes) ?? false,
});

const only21: [string, Reader][] = [
  ['PullDynamicScheduleUpdate', readSchedulePull],
  ['NotifyPriorityCharging', readPriorityCharging],
];

export const readers2 = (version: Version): Readers => ({
  byAction: new Map<string, Reader>([
    ...[...noticesOf(version)].map(([action, answer]): [string, Reader] => [
      action,
      (from, at) => (answer(from, at) ? noticeOf(action, from) : undefined),
    ]),
    ['BootNotification', readBoot],
    ['Heartbeat', () => ({ kind: 'heartbeat' })],
    ['StatusNotification', readStatusNotification],
    ['Authorize', readAuthorize],
    ['TransactionEvent', readTransactionEvent],
    [
      'MeterValues',
      (from, at, notes) => ({
        kind: 'meter_values',
        evse: readPlace(from, 'evseId', notes),
        samples: readSamples(from, 'meterValue', 'number', at, notes),
      }),
    ],
    ['NotifyReport', readReport],
    ['NotifyEvent', readEvents],
    ['ReportChargingProfiles', readProfiles],
    ['NotifyChargingLimit', readChargingLimit],
    ['ClearedChargingLimit', readClearedLimit],
    [
      'NotifyEVChargingNeeds',
      (from, _at, notes) => ({
        kind: 'charging_needs',
        evse: readPlace(from, 'evseId', notes),
        needs: readAnything(from, 'chargingNeeds', notes),
      }),
    ],
    ['DataTransfer', readDataTransfer],
    ['SecurityEventNotification', readSecurityEvent],
    ...(version === '2.1' ? only21 : []),
  ]),
  ours: oursOf(version),
});

/** PullDynamicScheduleUpdate [K28]: the limit that is in force, or none. */
const scheduleReply = ({ limit }: Decision): object =>
  limit === undefined
    ? { status: 'Rejected' }
    : { status: 'Accepted', scheduleUpdate: { limit: roundLimit(limit, 'A') } };

/** The CALLRESULT of an event. @param now ms */
export const reply2 =
  (version: Version) =>
  (event: StationEvent, decision: Decision, now: number): object => {
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
      default:
        return commonReply(event, decision, now) ?? {};
    }
  };
