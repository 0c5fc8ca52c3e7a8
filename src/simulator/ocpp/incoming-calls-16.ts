/** The answers of a simulated station of OCPP 1.6J to its central system: OCPP 1.6 §5. */
import { z } from 'zod';
import { profile16, purposeName16, purposes16 } from './charging-profile-16.ts';
import {
  type AnswerCall,
  acceptedOrRejected,
  type CallHandlers,
  createAnswerCall,
  deviatingSchedule,
  type IncomingCallContext,
} from './csms-requests.ts';
import { maintenanceHandlers16 } from './maintenance-calls-16.ts';
import { readParams } from './request-params.ts';
import type { Setting, SettingChange } from './station-configuration.ts';

const requests = {
  GetConfiguration: z.object({ key: z.array(z.string()).optional() }),
  ChangeConfiguration: z.object({ key: z.string(), value: z.string() }),
  SetChargingProfile: z.object({ connectorId: z.int(), csChargingProfiles: profile16 }),
  ClearChargingProfile: z.object({
    id: z.int().optional(),
    connectorId: z.int().optional(),
    chargingProfilePurpose: purposeName16.optional(),
    stackLevel: z.int().optional(),
  }),
  GetCompositeSchedule: z.object({
    connectorId: z.int(),
    duration: z.int(),
    chargingRateUnit: z.enum(['A', 'W']).optional(),
  }),
  RemoteStartTransaction: z.object({
    connectorId: z.int().optional(),
    idTag: z.string().max(20),
    chargingProfile: profile16.optional(),
  }),
  RemoteStopTransaction: z.object({ transactionId: z.int() }),
  Reset: z.object({ type: z.enum(['Hard', 'Soft']) }),
  UnlockConnector: z.object({ connectorId: z.int() }),
  ChangeAvailability: z.object({ connectorId: z.int(), type: z.enum(['Operative', 'Inoperative']) }),
  TriggerMessage: z.object({ requestedMessage: z.string(), connectorId: z.int().optional() }),
  SendLocalList: z.object({
    listVersion: z.int(),
    updateType: z.enum(['Full', 'Differential']),
    localAuthorizationList: z
      .array(z.object({ idTag: z.string(), idTagInfo: z.object({ status: z.string() }).optional() }))
      .optional(),
  }),
};

/** ConfigurationStatus. */
const configurationStatuses: Record<SettingChange, string> = {
  accepted: 'Accepted',
  rejected: 'Rejected',
  read_only: 'Rejected',
  reboot_required: 'RebootRequired',
  unknown: 'NotSupported',
};

const keyValue = ({ name, value, isReadonly = false, isSecret }: Setting): object => ({
  key: name,
  readonly: isReadonly,
  ...(!isSecret && { value }),
});

const configurationHandlers = ({ configuration, deviations, operations }: IncomingCallContext): CallHandlers => ({
  GetConfiguration(params) {
    const { key: names } = readParams(requests.GetConfiguration, params);
    if (!names?.length) {
      const all = deviations.hidesWholeConfiguration ? [] : configuration.all();
      return { configurationKey: all.map(keyValue) };
    }
    return {
      configurationKey: names.flatMap((name) => configuration.find(name) ?? []).map(keyValue),
      unknownKey: names.filter((name) => !configuration.find(name)),
    };
  },
  ChangeConfiguration(params) {
    const { key, value } = readParams(requests.ChangeConfiguration, params);
    const change = configuration.set(key, value);
    if (change === 'accepted' && key.toLowerCase() === 'metervaluessampleddata') operations.onMeasurandsChanged();
    return { status: configurationStatuses[change] };
  },
});

const smartChargingHandlers = (context: IncomingCallContext): CallHandlers => ({
  SetChargingProfile(params) {
    const { connectorId, csChargingProfiles } = readParams(requests.SetChargingProfile, params);
    return acceptedOrRejected(context.operations.setChargingProfile(connectorId, csChargingProfiles));
  },
  ClearChargingProfile(params) {
    const { id, connectorId, chargingProfilePurpose, stackLevel } = readParams(requests.ClearChargingProfile, params);
    // §5.2: an id names one profile; the other fields are a filter.
    const purpose = chargingProfilePurpose && purposes16[chargingProfilePurpose];
    const filter = id === undefined ? { evse: connectorId, purpose, stackLevel } : { id };
    return { status: context.profiles.clear(filter) > 0 ? 'Accepted' : 'Unknown' };
  },
  GetCompositeSchedule(params) {
    const { connectorId, duration, chargingRateUnit = 'A' } = readParams(requests.GetCompositeSchedule, params);
    const { deviations, stationClock, operations } = context;
    if (deviations.compositeSchedule === 'none') return acceptedOrRejected(false);
    const right = operations.compositeSchedule(connectorId, duration, chargingRateUnit);
    const scheduleStart = stationClock.timestamp(stationClock.now());
    const chargingSchedulePeriod = deviatingSchedule(right, deviations.compositeSchedule).map(
      ({ startS, limit, phases }) => ({ startPeriod: startS, limit, numberPhases: phases }),
    );
    return {
      status: 'Accepted',
      connectorId,
      scheduleStart,
      chargingSchedule: { duration, startSchedule: scheduleStart, chargingRateUnit, chargingSchedulePeriod },
    };
  },
});

const remoteControlHandlers = ({ operations }: IncomingCallContext): CallHandlers => ({
  RemoteStartTransaction(params) {
    const { connectorId, idTag, chargingProfile: profile } = readParams(requests.RemoteStartTransaction, params);
    const token = { id: idTag, type: 'Central' };
    return acceptedOrRejected(operations.remoteStart(connectorId, { token, isRemote: true, profile }));
  },
  RemoteStopTransaction(params) {
    const { transactionId } = readParams(requests.RemoteStopTransaction, params);
    return acceptedOrRejected(operations.remoteStop(String(transactionId)));
  },
  Reset(params) {
    operations.reset(readParams(requests.Reset, params).type === 'Hard' ? 'hard' : 'soft');
    return acceptedOrRejected(true);
  },
  UnlockConnector(params) {
    const { connectorId } = readParams(requests.UnlockConnector, params);
    const outcome = operations.unlockConnector(connectorId);
    // §5.18: a running transaction ends by the request.
    if (outcome === 'busy') operations.endForUnlock(connectorId);
    return { status: outcome === 'unknown' ? 'NotSupported' : 'Unlocked' };
  },
  ChangeAvailability(params) {
    const { connectorId, type } = readParams(requests.ChangeAvailability, params);
    return { status: operations.changeAvailability(connectorId, type === 'Operative') };
  },
  TriggerMessage(params) {
    const { requestedMessage, connectorId } = readParams(requests.TriggerMessage, params);
    return acceptedOrRejected(operations.triggerMessage(requestedMessage, connectorId));
  },
  ExtendedTriggerMessage(params) {
    const { requestedMessage, connectorId } = readParams(requests.TriggerMessage, params);
    return acceptedOrRejected(operations.triggerMessage(requestedMessage, connectorId));
  },
});

const localListHandlers = ({ localList }: IncomingCallContext): CallHandlers => ({
  SendLocalList(params) {
    const { listVersion, updateType, localAuthorizationList = [] } = readParams(requests.SendLocalList, params);
    const entries = localAuthorizationList.map(({ idTag, idTagInfo }) => ({ token: idTag, status: idTagInfo?.status }));
    return { status: localList.update(listVersion, updateType === 'Full', entries) };
  },
  GetLocalListVersion: () => ({ listVersion: localList.version() }),
});

/** Requests that the station answers without doing anything. */
const otherHandlers: CallHandlers = {
  ClearCache: () => acceptedOrRejected(true),
  DataTransfer: () => ({ status: 'UnknownVendorId' }),
};

/** @returns a function that answers every request of OCPP 1.6 that a station knows */
export const createIncomingCalls16 = (context: IncomingCallContext): AnswerCall =>
  createAnswerCall({
    ...configurationHandlers(context),
    ...smartChargingHandlers(context),
    ...remoteControlHandlers(context),
    ...localListHandlers(context),
    ...maintenanceHandlers16(context),
    ...otherHandlers,
  });
