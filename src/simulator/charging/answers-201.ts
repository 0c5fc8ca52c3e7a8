/** A station that speaks OCPP 2.0.1: how it answers its central system (part 2). */
import { createRPCError } from 'ocpp-rpc';
import { z } from 'zod';
import { type Call, type Desk, readParams } from './dialect.ts';
import { profile201, purposeName201, purposes201, writeProfile201 } from './profile-201.ts';
import type { Setting, Settings, Taken } from './settings.ts';

const evse = z.object({ id: z.int() });
const variable = z.object({
  component: z.object({ name: z.string(), evse: evse.optional() }),
  variable: z.object({ name: z.string() }),
});
const idTokenType = z.object({ idToken: z.string().max(36), type: z.string() });
const rateUnit = z.enum(['A', 'W']);

const calls = {
  GetVariables: z.object({ getVariableData: z.array(variable).min(1) }),
  SetVariables: z.object({ setVariableData: z.array(variable.extend({ attributeValue: z.string() })).min(1) }),
  GetBaseReport: z.object({ requestId: z.int(), reportBase: z.string() }),
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
  GetCompositeSchedule: z.object({ evseId: z.int(), duration: z.int(), chargingRateUnit: rateUnit.optional() }),
  RequestStartTransaction: z.object({
    evseId: z.int().optional(),
    remoteStartId: z.int(),
    idToken: idTokenType,
    chargingProfile: profile201.optional(),
  }),
  RequestStopTransaction: z.object({ transactionId: z.string() }),
  Reset: z.object({ type: z.enum(['Immediate', 'OnIdle']), evseId: z.int().optional() }),
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

const accepted = (isDone: boolean): object => ({ status: isDone ? 'Accepted' : 'Rejected' });
const changes: Record<Taken, string> = {
  accepted: 'Accepted',
  rejected: 'Rejected',
  read_only: 'Rejected',
  reboot_required: 'RebootRequired',
  unknown: 'UnknownVariable',
};
const unlocking = { unlocked: 'Unlocked', busy: 'OngoingAuthorizedTransaction', unknown: 'UnknownConnector' } as const;
const settingsPerReport = 20;

type Named = z.infer<typeof variable>;
const nameOf = ({ component, variable: { name } }: Named): string => `${component.name}.${name}`;

const placeOf = ({ name, evse: id }: Setting): Named => {
  const [component = '', ...rest] = name.split('.');
  return { component: { name: component, ...(id && { evse: { id } }) }, variable: { name: rest.join('.') } };
};

const mutability = ({ isReadonly, isSecret }: Setting): string => {
  if (isSecret) return 'WriteOnly';
  return isReadonly ? 'ReadOnly' : 'ReadWrite';
};

export const createAnswers201 = (desk: Desk, settings: Settings): ((action: string, params: unknown) => object) => {
  const { quirks, time, profiles, localList, outlets } = desk;

  const reports = (requestId: number, told: readonly Setting[]): Call[] =>
    Array.from({ length: Math.ceil(told.length / settingsPerReport) }, (_, seqNo) => ({
      action: 'NotifyReport',
      payload: {
        requestId,
        generatedAt: time.stamp(time.now()),
        seqNo,
        tbc: (seqNo + 1) * settingsPerReport < told.length,
        reportData: told.slice(seqNo * settingsPerReport, (seqNo + 1) * settingsPerReport).map((setting) => ({
          ...placeOf(setting),
          variableAttribute: [
            { ...(!setting.isSecret && { value: setting.value }), mutability: mutability(setting), persistent: true },
          ],
        })),
      },
    }));

  const answers: Record<string, (params: unknown) => object> = {
    GetVariables: (params) => ({
      getVariableResult: readParams(calls.GetVariables, params).getVariableData.map((named) => {
        const setting = settings.find(nameOf(named), named.component.evse?.id);
        if (!setting) return { ...named, attributeStatus: 'UnknownVariable' };
        if (setting.isSecret) return { ...named, attributeStatus: 'Rejected' };
        if (quirks.hidesValues) return { ...named, attributeStatus: 'Accepted' };
        return { ...named, attributeStatus: 'Accepted', attributeValue: setting.value };
      }),
    }),
    SetVariables: (params) => ({
      setVariableResult: readParams(calls.SetVariables, params).setVariableData.map(({ attributeValue, ...named }) => {
        const taken = settings.set(nameOf(named), attributeValue, named.component.evse?.id);
        if (taken === 'accepted' && nameOf(named).endsWith('Measurands')) desk.remeasures();
        return { ...named, attributeStatus: changes[taken] };
      }),
    }),
    GetBaseReport(params) {
      const { requestId, reportBase } = readParams(calls.GetBaseReport, params);
      if (reportBase === 'SummaryInventory') return { status: 'NotSupported' };
      const told = settings.all().filter(({ isReadonly }) => reportBase === 'FullInventory' || !isReadonly);
      desk.say(reports(requestId, told));
      return accepted(true);
    },
    SetChargingProfile(params) {
      const { evseId, chargingProfile } = readParams(calls.SetChargingProfile, params);
      return accepted(desk.install(evseId, chargingProfile));
    },
    ClearChargingProfile(params) {
      const { chargingProfileId: id, chargingProfileCriteria: criteria } = readParams(
        calls.ClearChargingProfile,
        params,
      );
      const purpose = criteria?.chargingProfilePurpose && purposes201[criteria.chargingProfilePurpose];
      const filter = id === undefined ? { evse: criteria?.evseId, purpose, stackLevel: criteria?.stackLevel } : { id };
      return { status: profiles.clear(filter) > 0 ? 'Accepted' : 'Unknown' };
    },
    GetChargingProfiles(params) {
      const { requestId, evseId } = readParams(calls.GetChargingProfiles, params);
      const told = profiles.list().filter((each) => evseId === undefined || each.evse === evseId);
      if (told.length === 0) return { status: 'NoProfiles' };
      desk.say(
        told.map((each, i) => ({
          action: 'ReportChargingProfiles',
          payload: {
            requestId,
            chargingLimitSource: 'CSO',
            evseId: each.evse,
            tbc: i + 1 < told.length,
            chargingProfile: [writeProfile201(each.profile, time)],
          },
        })),
      );
      return accepted(true);
    },
    GetCompositeSchedule(params) {
      const { evseId, duration, chargingRateUnit = 'A' } = readParams(calls.GetCompositeSchedule, params);
      if (quirks.compositeSchedule === 'none') return accepted(true);
      const right = desk.schedule(evseId, duration, chargingRateUnit);
      const told = { right, empty: [], minus_one: [{ startS: 0, limit: -1, phases: undefined }] };
      return {
        status: 'Accepted',
        schedule: {
          evseId,
          duration,
          scheduleStart: time.stamp(time.now()),
          chargingRateUnit,
          chargingSchedulePeriod: told[quirks.compositeSchedule].map(({ startS, limit, phases }) => ({
            startPeriod: startS,
            limit,
            ...(phases && { numberPhases: phases }),
          })),
        },
      };
    },
    RequestStartTransaction(params) {
      const { evseId, remoteStartId, idToken, chargingProfile } = readParams(calls.RequestStartTransaction, params);
      const token = { id: idToken.idToken, type: idToken.type };
      return accepted(desk.remoteStart(evseId, { token, isRemote: true, remoteStartId, profile: chargingProfile }));
    },
    RequestStopTransaction: (params) =>
      accepted(desk.remoteStop(readParams(calls.RequestStopTransaction, params).transactionId)),
    Reset(params) {
      const { type, evseId } = readParams(calls.Reset, params);
      // B11.FR.09: EVSE.AllowReset is false here.
      if (evseId) return accepted(false);
      const waits = type === 'OnIdle' && outlets.some(({ transaction }) => transaction);
      desk.reset(type === 'Immediate' ? 'hard' : 'when_idle');
      return { status: waits ? 'Scheduled' : 'Accepted' };
    },
    UnlockConnector: (params) => ({ status: unlocking[desk.unlock(readParams(calls.UnlockConnector, params).evseId)] }),
    ChangeAvailability(params) {
      const { operationalStatus, evse: meant } = readParams(calls.ChangeAvailability, params);
      return { status: desk.setAvailability(meant?.id ?? 0, operationalStatus === 'Operative') };
    },
    TriggerMessage(params) {
      const { requestedMessage, evse: meant } = readParams(calls.TriggerMessage, params);
      return accepted(desk.trigger(requestedMessage, meant?.id));
    },
    SendLocalList(params) {
      const { versionNumber, updateType, localAuthorizationList = [] } = readParams(calls.SendLocalList, params);
      const entries = localAuthorizationList.map(({ idToken, idTokenInfo }) => ({
        token: idToken.idToken,
        status: idTokenInfo?.status,
      }));
      return { status: localList.update(versionNumber, updateType === 'Full', entries) };
    },
    GetLocalListVersion: () => ({ versionNumber: localList.version() }),
    GetTransactionStatus(params) {
      const { transactionId } = readParams(calls.GetTransactionStatus, params);
      const messagesInQueue = desk.waiting() > 0;
      if (transactionId === undefined) return { messagesInQueue };
      return { messagesInQueue, ongoingIndicator: outlets.some((each) => each.transaction?.id === transactionId) };
    },
    ClearCache: () => accepted(true),
    DataTransfer: () => ({ status: 'UnknownVendorId' }),
    GetLog: () => accepted(false),
    UpdateFirmware: () => accepted(false),
    ReserveNow: () => accepted(false),
    CancelReservation: () => accepted(false),
  };

  return (action, params) => {
    const answer = answers[action];
    if (!answer) throw createRPCError('NotImplemented', `${action} is not known here`);
    return answer(params);
  };
};
