/** A station that speaks OCPP 1.6J: how it answers its central system (§5). */
import { createRPCError } from 'ocpp-rpc';
import { z } from 'zod';
import { type Desk, readParams } from './dialect.ts';
import { profile16, purposeName16, purposes16 } from './profile-16.ts';
import type { Setting, Settings, Taken } from './settings.ts';

const rateUnit = z.enum(['A', 'W']);

const calls = {
  GetConfiguration: z.object({ key: z.array(z.string()).optional() }),
  ChangeConfiguration: z.object({ key: z.string(), value: z.string() }),
  SetChargingProfile: z.object({ connectorId: z.int(), csChargingProfiles: profile16 }),
  ClearChargingProfile: z.object({
    id: z.int().optional(),
    connectorId: z.int().optional(),
    chargingProfilePurpose: purposeName16.optional(),
    stackLevel: z.int().optional(),
  }),
  GetCompositeSchedule: z.object({ connectorId: z.int(), duration: z.int(), chargingRateUnit: rateUnit.optional() }),
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

const accepted = (isDone: boolean): object => ({ status: isDone ? 'Accepted' : 'Rejected' });
const changes: Record<Taken, string> = {
  accepted: 'Accepted',
  rejected: 'Rejected',
  read_only: 'Rejected',
  reboot_required: 'RebootRequired',
  unknown: 'NotSupported',
};

export const createAnswers16 = (desk: Desk, settings: Settings): ((action: string, params: unknown) => object) => {
  const { quirks, time, profiles, localList } = desk;

  const keyOf = ({ name, value, isReadonly = false, isSecret }: Setting): object => ({
    key: name,
    readonly: isReadonly,
    ...(!isSecret && { value }),
  });

  const answers: Record<string, (params: unknown) => object> = {
    GetConfiguration(params) {
      const { key } = readParams(calls.GetConfiguration, params);
      if (!key?.length) return { configurationKey: quirks.hidesWholeConfiguration ? [] : settings.all().map(keyOf) };
      return {
        configurationKey: key.flatMap((name) => settings.find(name) ?? []).map(keyOf),
        unknownKey: key.filter((name) => !settings.find(name)),
      };
    },
    ChangeConfiguration(params) {
      const { key, value } = readParams(calls.ChangeConfiguration, params);
      const taken = settings.set(key, value);
      if (taken === 'accepted' && key.toLowerCase() === 'metervaluessampleddata') desk.remeasures();
      return { status: changes[taken] };
    },
    SetChargingProfile(params) {
      const { connectorId, csChargingProfiles } = readParams(calls.SetChargingProfile, params);
      return accepted(desk.install(connectorId, csChargingProfiles));
    },
    ClearChargingProfile(params) {
      const { id, connectorId, chargingProfilePurpose, stackLevel } = readParams(calls.ClearChargingProfile, params);
      // §5.2: an id says which one; the others are a filter.
      const filter =
        id === undefined
          ? { evse: connectorId, purpose: chargingProfilePurpose && purposes16[chargingProfilePurpose], stackLevel }
          : { id };
      return { status: profiles.clear(filter) > 0 ? 'Accepted' : 'Unknown' };
    },
    GetCompositeSchedule(params) {
      const { connectorId, duration, chargingRateUnit = 'A' } = readParams(calls.GetCompositeSchedule, params);
      if (quirks.compositeSchedule === 'none') return { status: 'Rejected' };
      const periods = desk.schedule(connectorId, duration, chargingRateUnit);
      const told: Record<'right' | 'empty' | 'minus_one', object[]> = {
        right: periods.map(({ startS, limit, phases }) => ({ startPeriod: startS, limit, numberPhases: phases })),
        empty: [],
        minus_one: [{ startPeriod: 0, limit: -1 }],
      };
      const scheduleStart = time.stamp(time.now());
      return {
        status: 'Accepted',
        connectorId,
        scheduleStart,
        chargingSchedule: {
          duration,
          startSchedule: scheduleStart,
          chargingRateUnit,
          chargingSchedulePeriod: told[quirks.compositeSchedule],
        },
      };
    },
    RemoteStartTransaction(params) {
      const { connectorId, idTag, chargingProfile: profile } = readParams(calls.RemoteStartTransaction, params);
      return accepted(
        desk.remoteStart(connectorId, { token: { id: idTag, type: 'Central' }, isRemote: true, profile }),
      );
    },
    RemoteStopTransaction: (params) =>
      accepted(desk.remoteStop(String(readParams(calls.RemoteStopTransaction, params).transactionId))),
    Reset(params) {
      desk.reset(readParams(calls.Reset, params).type === 'Hard' ? 'hard' : 'soft');
      return accepted(true);
    },
    UnlockConnector(params) {
      const { connectorId } = readParams(calls.UnlockConnector, params);
      const done = desk.unlock(connectorId);
      // §5.18: a running transaction ends by it.
      if (done === 'busy') desk.endForUnlock(connectorId);
      return { status: done === 'unknown' ? 'NotSupported' : 'Unlocked' };
    },
    ChangeAvailability(params) {
      const { connectorId, type } = readParams(calls.ChangeAvailability, params);
      return { status: desk.setAvailability(connectorId, type === 'Operative') };
    },
    TriggerMessage(params) {
      const { requestedMessage, connectorId } = readParams(calls.TriggerMessage, params);
      return accepted(desk.trigger(requestedMessage, connectorId));
    },
    SendLocalList(params) {
      const { listVersion, updateType, localAuthorizationList = [] } = readParams(calls.SendLocalList, params);
      const entries = localAuthorizationList.map(({ idTag, idTagInfo }) => ({
        token: idTag,
        status: idTagInfo?.status,
      }));
      return { status: localList.update(listVersion, updateType === 'Full', entries) };
    },
    GetLocalListVersion: () => ({ listVersion: localList.version() }),
    ClearCache: () => accepted(true),
    DataTransfer: () => ({ status: 'UnknownVendorId' }),
    GetDiagnostics: () => ({}),
    UpdateFirmware: () => ({}),
    ReserveNow: () => accepted(false),
    CancelReservation: () => accepted(false),
  };

  return (action, params) => {
    const answer = answers[action];
    if (!answer) throw createRPCError('NotImplemented', `${action} is not known here`);
    return answer(params);
  };
};
