/** OCPP 2.0.1 and 2.1: what we ask of a station, and its answers. 2.1 adds dynamic profiles and longer, free tokens. */
import { isoTime } from '../../../model/time.ts';
import type { StationRequest, StationResult } from '../messages.ts';
import { forStart, profile2, purposes2 } from './charging-profile.ts';
import type { EncodedCall } from './codec.ts';
import { getLog, updateFirmware2 } from './file-transfers.ts';
import { wireToken } from './id-token-2.ts';
import { asFields, readFlag, readList, readText, readVariableValue } from './lenient-fields.ts';
import {
  call,
  compositeOf,
  fileNameOf,
  listVersionOf,
  meaningOf,
  noWords,
  statusOf,
  told,
  worstOf,
} from './outbound.ts';
import { exactInteger, exactText, roundLimit, wholeSeconds } from './strict-values.ts';
import { readVariableName, wireEvse, wireVariable } from './variable-names.ts';

type Version2 = '2.0.1' | '2.1';

const transactionOf = (id: string): string => exactText(id, 36, 'the transaction');

const evseOf = (evse: number): number => exactInteger(evse, 'the EVSE');

/** EVSEType where one is meant: 0 and none are the whole station. */
const onEvse = (evse: number | undefined, connector?: number): object =>
  evse ? { evse: wireEvse(evse, connector) } : {};

const clearProfile = (request: Extract<StationRequest, { kind: 'clear_profile' }>): EncodedCall => {
  const { id, evse, purpose, stackLevel } = request;
  // K10.FR.02: an id, or criteria.
  if (id !== undefined) return call('ClearChargingProfile', { chargingProfileId: exactInteger(id, 'the profile') });
  const chargingProfileCriteria = {
    ...(evse === undefined ? {} : { evseId: evseOf(evse) }),
    ...(purpose === undefined ? {} : { chargingProfilePurpose: purposes2[purpose] }),
    ...(stackLevel === undefined ? {} : { stackLevel: exactInteger(stackLevel, 'the stack level') }),
  };
  if (Object.keys(chargingProfileCriteria).length === 0)
    throw new Error('without a filter the limits of the installer would go as well');
  return call('ClearChargingProfile', { chargingProfileCriteria });
};

const triggers = {
  boot: 'BootNotification',
  status: 'StatusNotification',
  meter_values: 'MeterValues',
  heartbeat: 'Heartbeat',
  transaction: 'TransactionEvent',
  // GetLog takes the place of GetDiagnostics.
  diagnostics_status: 'LogStatusNotification',
  log_status: 'LogStatusNotification',
  firmware_status: 'FirmwareStatusNotification',
};

/** F06.FR.12: a status is asked of a connector; most EVSEs have one. */
const trigger = ({ message, evse, connector }: Extract<StationRequest, { kind: 'trigger' }>): EncodedCall =>
  call('TriggerMessage', {
    requestedMessage: triggers[message],
    ...onEvse(evse, message === 'status' ? (connector ?? 1) : connector),
  });

const getVariables = (request: Extract<StationRequest, { kind: 'get_variables' }>): EncodedCall => {
  if (!request.variables || request.variables.length === 0)
    throw new Error('OCPP 2.x tells all variables in a report only');
  return call('GetVariables', { getVariableData: request.variables.map(wireVariable) });
};

const setVariables = (request: Extract<StationRequest, { kind: 'set_variables' }>, version: Version2): EncodedCall => {
  if (request.variables.length === 0) throw new Error('no variable is set');
  return call('SetVariables', {
    setVariableData: request.variables.map((variable) => ({
      attributeValue: exactText(variable.value, version === '2.1' ? 2500 : 1000, variable.name),
      ...wireVariable(variable),
    })),
  });
};

const sendLocalList = (
  request: Extract<StationRequest, { kind: 'send_local_list' }>,
  version: Version2,
): EncodedCall => {
  const localAuthorizationList = request.tokens.map(({ token, expiresAt }) => ({
    idToken: wireToken(token, version),
    idTokenInfo: {
      status: 'Accepted',
      ...(expiresAt === undefined ? {} : { cacheExpiryDateTime: isoTime(expiresAt) }),
    },
  }));
  return call('SendLocalList', {
    versionNumber: exactInteger(request.version, 'the version'),
    updateType: request.isUpdate ? 'Differential' : 'Full',
    // D01.FR.04: without a list, all is deleted; an empty one is not allowed.
    ...(localAuthorizationList.length > 0 ? { localAuthorizationList } : {}),
  });
};

const start = (request: Extract<StationRequest, { kind: 'start' }>, version: Version2): EncodedCall =>
  call('RequestStartTransaction', {
    remoteStartId: exactInteger(request.remoteStartId, 'the id'),
    idToken: wireToken(request.token, version),
    ...(request.evse ? { evseId: evseOf(request.evse) } : {}),
    ...(request.profile ? { chargingProfile: profile2(forStart(request.profile), version) } : {}),
  });

/** Block H; without an EVSE, the station reserves whichever is free. */
const reserve = (request: Extract<StationRequest, { kind: 'reserve' }>, version: Version2): EncodedCall =>
  call('ReserveNow', {
    id: exactInteger(request.id, 'the reservation'),
    expiryDateTime: isoTime(request.expiresAt),
    idToken: wireToken(request.token, version),
    ...(request.evse ? { evseId: evseOf(request.evse) } : {}),
    ...(request.groupToken ? { groupIdToken: wireToken(request.groupToken, version) } : {}),
  });

const dataTransfer = ({ vendor, message, data }: Extract<StationRequest, { kind: 'data_transfer' }>): EncodedCall =>
  call('DataTransfer', {
    vendorId: exactText(vendor, 255, 'the vendor'),
    ...(message === undefined ? {} : { messageId: exactText(message, 50, 'the message') }),
    ...(data === undefined ? {} : { data }),
  });

/** @throws Error where the version has no words for it */
export const encode2 =
  (version: Version2) =>
  (request: StationRequest): EncodedCall => {
    switch (request.kind) {
      case 'set_profile':
        return call('SetChargingProfile', {
          evseId: evseOf(request.evse),
          chargingProfile: profile2(request.profile, version),
        });
      case 'clear_profile':
        return clearProfile(request);
      case 'get_profiles':
        return call('GetChargingProfiles', {
          requestId: exactInteger(request.requestId, 'the id'),
          ...(request.evse === undefined ? {} : { evseId: evseOf(request.evse) }),
          chargingProfile: {},
        });
      case 'composite_schedule':
        return call('GetCompositeSchedule', {
          evseId: evseOf(request.evse),
          duration: wholeSeconds(request.durationS, 'the duration'),
          ...(request.unit ? { chargingRateUnit: request.unit } : {}),
        });
      case 'start':
        return start(request, version);
      case 'stop':
        return call('RequestStopTransaction', { transactionId: transactionOf(request.transaction) });
      case 'unlock':
        return call('UnlockConnector', {
          evseId: evseOf(request.evse),
          connectorId: exactInteger(request.connector ?? 1, 'the connector'),
        });
      case 'reset':
        return call('Reset', {
          type: request.isHard ? 'Immediate' : 'OnIdle',
          ...(request.evse ? { evseId: evseOf(request.evse) } : {}),
        });
      case 'set_availability':
        return call('ChangeAvailability', {
          operationalStatus: request.isOperative ? 'Operative' : 'Inoperative',
          ...onEvse(request.evse),
        });
      case 'trigger':
        return trigger(request);
      case 'get_variables':
        return getVariables(request);
      case 'set_variables':
        return setVariables(request, version);
      case 'get_report':
        return call('GetBaseReport', {
          requestId: exactInteger(request.requestId, 'the id'),
          reportBase: request.isFull ? 'FullInventory' : 'ConfigurationInventory',
        });
      case 'transaction_status':
        return call(
          'GetTransactionStatus',
          request.transaction === undefined ? {} : { transactionId: transactionOf(request.transaction) },
        );
      case 'local_list_version':
        return call('GetLocalListVersion', {});
      case 'send_local_list':
        return sendLocalList(request, version);
      case 'update_dynamic':
        if (version === '2.0.1') return noWords(version, request);
        // The limit has the unit of the profile: 0.1 is fine enough for A and for W.
        return call('UpdateDynamicSchedule', {
          chargingProfileId: exactInteger(request.profile, 'the profile'),
          scheduleUpdate: { limit: roundLimit(request.limit, 'A') },
        });
      case 'reserve':
        return reserve(request, version);
      case 'cancel_reservation':
        return call('CancelReservation', { reservationId: exactInteger(request.id, 'the reservation') });
      case 'get_log':
        return getLog(request, version);
      case 'update_firmware':
        return updateFirmware2(request, version);
      case 'data_transfer':
        return dataTransfer(request);
      default:
        return noWords(version, request);
    }
  };

/** GetVariables and SetVariables: each variable with the word about it. */
const readVariables = (payload: unknown, key: string): NonNullable<StationResult['variables']> =>
  readList(asFields(payload) ?? {}, key, []).map((entry) => ({
    ...readVariableName(entry, []),
    value: readVariableValue(entry, 'attributeValue', []),
    status: readText(entry, 'attributeStatus', []) ?? '',
  }));

/** Reads the answer to a request. */
export const decodeResult2 = (request: StationRequest, payload: unknown): StationResult => {
  switch (request.kind) {
    case 'get_variables': {
      const answers = readVariables(payload, 'getVariableResult');
      const variables = answers.filter(({ status }) => meaningOf(status) === 'accepted');
      const isNoneTold = variables.length === 0 && answers.length > 0;
      const result = isNoneTold ? worstOf(answers.map(({ status }) => status)) : told(payload).result;
      return { ...result, variables };
    }
    case 'set_variables': {
      // Stations answer in the order of the request.
      const answers = readVariables(payload, 'setVariableResult');
      const variables = request.variables.map((variable, i) => ({ ...variable, status: answers[i]?.status ?? '' }));
      return { ...worstOf(variables.map(({ status }) => status)), variables };
    }
    case 'local_list_version':
      return listVersionOf(payload, 'versionNumber');
    case 'get_log':
      return { ...statusOf(payload), ...fileNameOf(payload, 'filename') };
    case 'composite_schedule':
      return compositeOf(payload, 'schedule');
    case 'start': {
      const transaction = readText(asFields(payload) ?? {}, 'transactionId', []);
      return { ...statusOf(payload), ...(transaction === undefined ? {} : { transaction }) };
    }
    case 'transaction_status': {
      const { result, from } = told(payload);
      const isOngoing = readFlag(from, 'ongoingIndicator', []);
      return { ...result, ...(isOngoing === undefined ? {} : { isOngoing }) };
    }
    default:
      return statusOf(payload);
  }
};
