/** The answers of a simulated station of OCPP 2.0.1 to its CSMS: OCPP 2.0.1 part 2. */
import { z } from 'zod';
import { profile201, purposeName201, purposes201, writeProfile201 } from './charging-profile-201.ts';
import {
  type AnswerCall,
  acceptedOrRejected,
  type CallHandlers,
  createAnswerCall,
  deviatingSchedule,
  type IncomingCallContext,
} from './csms-requests.ts';
import { maintenanceHandlers201 } from './maintenance-calls-201.ts';
import { provisioningHandlers } from './provisioning-calls-201.ts';
import { readParams } from './request-params.ts';

const evse = z.object({ id: z.int() });
const idTokenType = z.object({ idToken: z.string().max(36), type: z.string() });

const requests = {
  SetChargingProfile: z.object({ evseId: z.int(), chargingProfile: profile201 }),
  ClearChargingProfile: z.object({
    chargingProfileId: z.int().optional(),
    chargingProfileCriteria: z
      .object({
        evseId: z.int().optional(),
        chargingProfilePurpose: purposeName201.optional(),
        stackLevel: z.int().optional(),
      })
      .optional(),
  }),
  GetChargingProfiles: z.object({ requestId: z.int(), evseId: z.int().optional() }),
  GetCompositeSchedule: z.object({
    evseId: z.int(),
    duration: z.int(),
    chargingRateUnit: z.enum(['A', 'W']).optional(),
  }),
  RequestStartTransaction: z.object({
    evseId: z.int().optional(),
    remoteStartId: z.int(),
    idToken: idTokenType,
    chargingProfile: profile201.optional(),
  }),
  RequestStopTransaction: z.object({ transactionId: z.string() }),
  UnlockConnector: z.object({ evseId: z.int(), connectorId: z.int() }),
  ChangeAvailability: z.object({ operationalStatus: z.enum(['Operative', 'Inoperative']), evse: evse.optional() }),
  TriggerMessage: z.object({ requestedMessage: z.string(), evse: evse.optional() }),
  SendLocalList: z.object({
    versionNumber: z.int(),
    updateType: z.enum(['Full', 'Differential']),
    localAuthorizationList: z
      .array(z.object({ idToken: idTokenType, idTokenInfo: z.object({ status: z.string() }).optional() }))
      .optional(),
  }),
  GetTransactionStatus: z.object({ transactionId: z.string().optional() }),
};

/** UnlockStatusEnumType. */
const unlockStatuses = {
  unlocked: 'Unlocked',
  busy: 'OngoingAuthorizedTransaction',
  unknown: 'UnknownConnector',
} as const;
const smartChargingHandlers = (context: IncomingCallContext): CallHandlers => {
  const { profiles, operations, stationClock, deviations } = context;
  return {
    SetChargingProfile(params) {
      const { evseId, chargingProfile } = readParams(requests.SetChargingProfile, params);
      return acceptedOrRejected(operations.setChargingProfile(evseId, chargingProfile));
    },
    ClearChargingProfile(params) {
      const request = readParams(requests.ClearChargingProfile, params);
      const { chargingProfileId: id, chargingProfileCriteria: criteria } = request;
      const purpose = criteria?.chargingProfilePurpose && purposes201[criteria.chargingProfilePurpose];
      const filter = id === undefined ? { evse: criteria?.evseId, purpose, stackLevel: criteria?.stackLevel } : { id };
      return { status: profiles.clear(filter) > 0 ? 'Accepted' : 'Unknown' };
    },
    GetChargingProfiles(params) {
      const { requestId, evseId } = readParams(requests.GetChargingProfiles, params);
      const told = profiles.list().filter((each) => evseId === undefined || each.evse === evseId);
      if (told.length === 0) return { status: 'NoProfiles' };
      const reports = told.map((each, i) => ({
        action: 'ReportChargingProfiles',
        payload: {
          requestId,
          chargingLimitSource: 'CSO',
          evseId: each.evse,
          tbc: i + 1 < told.length,
          chargingProfile: [writeProfile201(each.profile, stationClock)],
        },
      }));
      operations.sendAfterAnswer(reports);
      return acceptedOrRejected(true);
    },
    GetCompositeSchedule(params) {
      const { evseId, duration, chargingRateUnit = 'A' } = readParams(requests.GetCompositeSchedule, params);
      if (deviations.compositeSchedule === 'none') return acceptedOrRejected(true);
      const right = operations.compositeSchedule(evseId, duration, chargingRateUnit);
      const chargingSchedulePeriod = deviatingSchedule(right, deviations.compositeSchedule).map(
        ({ startS, limit, phases }) => ({ startPeriod: startS, limit, ...(phases && { numberPhases: phases }) }),
      );
      const scheduleStart = stationClock.timestamp(stationClock.now());
      return {
        status: 'Accepted',
        schedule: { evseId, duration, scheduleStart, chargingRateUnit, chargingSchedulePeriod },
      };
    },
  };
};

const remoteControlHandlers = ({ operations }: IncomingCallContext): CallHandlers => ({
  RequestStartTransaction(params) {
    const { evseId, remoteStartId, idToken, chargingProfile } = readParams(requests.RequestStartTransaction, params);
    const token = { id: idToken.idToken, type: idToken.type };
    const authorization = { token, isRemote: true, remoteStartId, profile: chargingProfile };
    return acceptedOrRejected(operations.remoteStart(evseId, authorization));
  },
  RequestStopTransaction(params) {
    const { transactionId } = readParams(requests.RequestStopTransaction, params);
    return acceptedOrRejected(operations.remoteStop(transactionId));
  },
  UnlockConnector(params) {
    const { evseId } = readParams(requests.UnlockConnector, params);
    return { status: unlockStatuses[operations.unlockConnector(evseId)] };
  },
  ChangeAvailability(params) {
    const { operationalStatus, evse: meant } = readParams(requests.ChangeAvailability, params);
    return { status: operations.changeAvailability(meant?.id ?? 0, operationalStatus === 'Operative') };
  },
  TriggerMessage(params) {
    const { requestedMessage, evse: meant } = readParams(requests.TriggerMessage, params);
    return acceptedOrRejected(operations.triggerMessage(requestedMessage, meant?.id));
  },
});

const transactionHandlers = ({ operations, evses }: IncomingCallContext): CallHandlers => ({
  GetTransactionStatus(params) {
    const { transactionId } = readParams(requests.GetTransactionStatus, params);
    const messagesInQueue = operations.queuedMessages() > 0;
    if (transactionId === undefined) return { messagesInQueue };
    return { messagesInQueue, ongoingIndicator: evses.some((each) => each.transaction?.id === transactionId) };
  },
});

const localListHandlers = ({ localList }: IncomingCallContext): CallHandlers => ({
  SendLocalList(params) {
    const { versionNumber, updateType, localAuthorizationList = [] } = readParams(requests.SendLocalList, params);
    const entries = localAuthorizationList.map(({ idToken, idTokenInfo }) => ({
      token: idToken.idToken,
      status: idTokenInfo?.status,
    }));
    return { status: localList.update(versionNumber, updateType === 'Full', entries) };
  },
  GetLocalListVersion: () => ({ versionNumber: localList.version() }),
});

/** Requests that the station answers without doing anything. */
const otherHandlers: CallHandlers = {
  ClearCache: () => acceptedOrRejected(true),
  DataTransfer: () => ({ status: 'UnknownVendorId' }),
};

/** @returns a function that answers every request of OCPP 2.0.1 that a station knows */
export const createIncomingCalls201 = (context: IncomingCallContext): AnswerCall =>
  createAnswerCall({
    ...provisioningHandlers(context),
    ...smartChargingHandlers(context),
    ...remoteControlHandlers(context),
    ...transactionHandlers(context),
    ...localListHandlers(context),
    ...maintenanceHandlers201(context),
    ...otherHandlers,
  });
