/** OCPP 1.6: what we ask of a station, and its answers. Clauses: OCPP 1.6 edition 2, §5 and §6. */
import { isoTime } from '../../../model/time.ts';
import type { ChargingProfile, StationRequest, StationResult } from '../messages.ts';
import { forStart, profile16, purposes16 } from './charging-profile.ts';
import type { EncodedCall } from './codec.ts';
import { getDiagnostics16, getLog, updateFirmware16 } from './file-transfers.ts';
import { parseNumber, readFlag, readList, readText, readVariableValue } from './lenient-fields.ts';
import { call, compositeOf, fileNameOf, listVersionOf, noWords, statusOf, told } from './outbound.ts';
import { exactInteger, exactText, wholeSeconds } from './strict-values.ts';

/** Transaction ids of 1.6 are numbers (§6.46). */
const idOf = (transaction: string): number => {
  const id = parseNumber(transaction);
  if (!Number.isSafeInteger(id)) throw new Error(`"${transaction}" is no transaction of OCPP 1.6`);
  return id;
};

/** §7.27; a tag that is cut would be another tag. */
const tagOf = (id: string): string => exactText(id, 20, 'the tag');

const connectorOf = (evse: number): number => exactInteger(evse, 'the connector');

/** A connector where one is meant: 0 and none are the whole station. */
const onConnector = (evse: number | undefined): object => (evse ? { connectorId: connectorOf(evse) } : {});

const setProfile = (evse: number, profile: ChargingProfile): EncodedCall => {
  const { purpose, transaction } = profile;
  const id = purpose === 'tx' && transaction !== undefined ? idOf(transaction) : undefined;
  return call('SetChargingProfile', { connectorId: connectorOf(evse), csChargingProfiles: profile16(profile, id) });
};

const clearProfile = (request: Extract<StationRequest, { kind: 'clear_profile' }>): EncodedCall => {
  const { id, evse, purpose, stackLevel } = request;
  const filter = {
    ...(id === undefined ? {} : { id: exactInteger(id, 'the profile') }),
    ...(evse === undefined ? {} : { connectorId: connectorOf(evse) }),
    ...(purpose === undefined ? {} : { chargingProfilePurpose: purposes16[purpose] }),
    ...(stackLevel === undefined ? {} : { stackLevel: exactInteger(stackLevel, 'the stack level') }),
  };
  if (Object.keys(filter).length === 0)
    throw new Error('without a filter the limits of the installer would go as well');
  return call('ClearChargingProfile', filter);
};

const triggers = {
  boot: 'BootNotification',
  status: 'StatusNotification',
  meter_values: 'MeterValues',
  heartbeat: 'Heartbeat',
  transaction: undefined,
  diagnostics_status: 'DiagnosticsStatusNotification',
  firmware_status: 'FirmwareStatusNotification',
};

/** LogStatusNotification belongs to the security whitepaper, as ExtendedTriggerMessage does. */
const trigger = (request: Extract<StationRequest, { kind: 'trigger' }>): EncodedCall => {
  if (request.message === 'log_status')
    return call('ExtendedTriggerMessage', { requestedMessage: 'LogStatusNotification' });
  const requestedMessage = triggers[request.message];
  if (!requestedMessage) throw new Error('OCPP 1.6 cannot trigger the messages of a transaction');
  return call('TriggerMessage', { requestedMessage, ...onConnector(request.evse) });
};

const getConfiguration = (keys: { name: string }[] | undefined): EncodedCall => {
  // Some take an empty list for all keys, and some for none.
  if (keys?.length === 0) throw new Error('no key is asked for');
  return call('GetConfiguration', keys ? { key: keys.map(({ name }) => exactText(name, 50, 'the key')) } : {});
};

const changeConfiguration = (variables: { name: string; value: string }[]): EncodedCall => {
  const [variable] = variables;
  if (!variable || variables.length > 1) throw new Error('OCPP 1.6 changes one key at a time');
  return call('ChangeConfiguration', {
    key: exactText(variable.name, 50, 'the key'),
    value: exactText(variable.value, 500, variable.name),
  });
};

const sendLocalList = (request: Extract<StationRequest, { kind: 'send_local_list' }>): EncodedCall =>
  call('SendLocalList', {
    listVersion: exactInteger(request.version, 'the version'),
    localAuthorizationList: request.tokens.map(({ token, expiresAt }) => ({
      idTag: tagOf(token.id),
      idTagInfo: { status: 'Accepted', ...(expiresAt === undefined ? {} : { expiryDate: isoTime(expiresAt) }) },
    })),
    updateType: request.isUpdate ? 'Differential' : 'Full',
  });

/** Connector 0: whichever is free. */
const reserve = (request: Extract<StationRequest, { kind: 'reserve' }>): EncodedCall =>
  call('ReserveNow', {
    connectorId: connectorOf(request.evse),
    expiryDate: isoTime(request.expiresAt),
    idTag: tagOf(request.token.id),
    ...(request.groupToken ? { parentIdTag: tagOf(request.groupToken.id) } : {}),
    reservationId: exactInteger(request.id, 'the reservation'),
  });

const dataTransfer = ({ vendor, message, data }: Extract<StationRequest, { kind: 'data_transfer' }>): EncodedCall =>
  call('DataTransfer', {
    vendorId: exactText(vendor, 255, 'the vendor'),
    ...(message === undefined ? {} : { messageId: exactText(message, 50, 'the message') }),
    // §6.19: a text of any length.
    ...(data === undefined ? {} : { data: typeof data === 'string' ? data : JSON.stringify(data) }),
  });

/** @throws Error where 1.6 has no words for it */
export const encode16 = (request: StationRequest): EncodedCall => {
  switch (request.kind) {
    case 'set_profile':
      return setProfile(request.evse, request.profile);
    case 'clear_profile':
      return clearProfile(request);
    case 'composite_schedule':
      return call('GetCompositeSchedule', {
        connectorId: connectorOf(request.evse),
        duration: wholeSeconds(request.durationS, 'the duration'),
        ...(request.unit ? { chargingRateUnit: request.unit } : {}),
      });
    case 'start':
      return call('RemoteStartTransaction', {
        ...onConnector(request.evse),
        idTag: tagOf(request.token.id),
        ...(request.profile ? { chargingProfile: profile16(forStart(request.profile), undefined) } : {}),
      });
    case 'stop':
      return call('RemoteStopTransaction', { transactionId: idOf(request.transaction) });
    case 'unlock':
      return call('UnlockConnector', { connectorId: connectorOf(request.evse) });
    case 'reset':
      return call('Reset', { type: request.isHard ? 'Hard' : 'Soft' });
    case 'set_availability':
      return call('ChangeAvailability', {
        connectorId: connectorOf(request.evse),
        type: request.isOperative ? 'Operative' : 'Inoperative',
      });
    case 'trigger':
      return trigger(request);
    case 'get_variables':
      return getConfiguration(request.variables);
    case 'set_variables':
      return changeConfiguration(request.variables);
    case 'local_list_version':
      return call('GetLocalListVersion', {});
    case 'send_local_list':
      return sendLocalList(request);
    case 'reserve':
      return reserve(request);
    case 'cancel_reservation':
      return call('CancelReservation', { reservationId: exactInteger(request.id, 'the reservation') });
    case 'get_diagnostics':
      return getDiagnostics16(request);
    case 'get_log':
      return getLog(request, '1.6');
    case 'update_firmware':
      return updateFirmware16(request);
    case 'data_transfer':
      return dataTransfer(request);
    default:
      return noWords('1.6', request);
  }
};

/** GetConfiguration.conf: keys and values. */
const readConfiguration = (payload: unknown): StationResult => {
  const { result, from } = told(payload);
  const variables = readList(from, 'configurationKey', []).flatMap((entry) => {
    const name = readText(entry, 'key', []);
    const isReadOnly = readFlag(entry, 'readonly', []) ?? false;
    const value = readVariableValue(entry, 'value', []);
    return name === undefined ? [] : [{ name, value, isReadOnly, status: 'Accepted' }];
  });
  const isNoneKnown = variables.length === 0 && Array.isArray(from.unknownKey) && from.unknownKey.length > 0;
  return isNoneKnown ? { status: 'unknown', raw: 'UnknownKey', variables } : { ...result, variables };
};

/** Reads the answer to a request. */
export const decodeResult16 = (request: StationRequest, payload: unknown): StationResult => {
  switch (request.kind) {
    case 'get_variables':
      return readConfiguration(payload);
    case 'set_variables': {
      const result = statusOf(payload);
      return { ...result, variables: request.variables.map((variable) => ({ ...variable, status: result.raw })) };
    }
    case 'local_list_version':
      return listVersionOf(payload, 'listVersion');
    case 'get_diagnostics':
      return { ...told(payload).result, ...fileNameOf(payload, 'fileName') };
    case 'get_log':
      return { ...statusOf(payload), ...fileNameOf(payload, 'filename') };
    case 'update_firmware':
      // UpdateFirmware.conf has no fields, unlike SignedUpdateFirmware.conf.
      return request.signed ? statusOf(payload) : told(payload).result;
    case 'composite_schedule':
      return compositeOf(payload, 'chargingSchedule');
    default:
      return statusOf(payload);
  }
};
