/**
 * Requests of another central system to the station, as far as they set or clear charging profiles: SetChargingProfile
 * (1.6 §5.16, 2.x K01), RemoteStartTransaction and RequestStartTransaction with a profile, ClearChargingProfile (1.6
 * §5.2, 2.x K10).
 */
import { z } from 'zod';
import type { ChargingProfile } from '../messages.ts';
import { asFields, type Fields } from './lenient-fields.ts';

/** A charging profile as another central system sets it. Times are ms since 1970. */
export interface RelayedProfile {
  id: number;
  /** 0: the station, and each EVSE of it. */
  evse: number;
  stackLevel: number;
  purpose: ChargingProfile['purpose'];
  kind: 'absolute' | 'recurring' | 'relative';
  /** recurring, s */
  everyS?: number | undefined;
  startAt?: number | undefined;
  durationS?: number | undefined;
  validFrom?: number | undefined;
  validTo?: number | undefined;
  unit: 'A' | 'W';
  /** A per phase, or W of all phases. */
  periods: { startS: number; limit: number }[];
}

/** The profiles that are to go; what is left out does not matter. */
export interface ProfileFilter {
  id?: number | undefined;
  evse?: number | undefined;
  stackLevel?: number | undefined;
  purpose?: ChargingProfile['purpose'] | undefined;
}

type RelayedRequest =
  /** isStart: it came with a remote start, and its transaction is still to begin. */
  { kind: 'set_profile'; profile: RelayedProfile; isStart: boolean } | { kind: 'clear_profile'; filter: ProfileFilter };

const purposes: Record<string, ChargingProfile['purpose']> = {
  ChargePointMaxProfile: 'station_max',
  ChargingStationMaxProfile: 'station_max',
  TxDefaultProfile: 'tx_default',
  TxProfile: 'tx',
};

/** @returns undefined for a purpose that we never set */
export const readPurpose = (name: unknown): ChargingProfile['purpose'] | undefined =>
  typeof name === 'string' ? purposes[name] : undefined;

const instant = z.string().transform((text) => {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
});
const scheduleSchema = z.object({
  startSchedule: instant.optional(),
  duration: z.number().optional(),
  chargingRateUnit: z.enum(['A', 'W']),
  chargingSchedulePeriod: z.array(z.object({ startPeriod: z.number(), limit: z.number() })).min(1),
});
const profileSchema = z.object({
  /** 1.6 */
  chargingProfileId: z.number().optional(),
  /** 2.x */
  id: z.number().optional(),
  stackLevel: z.number(),
  chargingProfilePurpose: z.string(),
  chargingProfileKind: z.enum(['Absolute', 'Recurring', 'Relative']),
  recurrencyKind: z.enum(['Daily', 'Weekly']).optional(),
  validFrom: instant.optional(),
  validTo: instant.optional(),
  // 2.x: alternatives for the car; the first is that of the station.
  chargingSchedule: z.union([scheduleSchema, z.array(scheduleSchema).min(1)]),
});
const kinds = { Absolute: 'absolute', Recurring: 'recurring', Relative: 'relative' } as const;
const recurrencyS = { Daily: 86_400, Weekly: 604_800 } as const;

/** @returns undefined where the profile limits nothing that we understand */
const readProfile = (wire: unknown, evse: number): RelayedProfile | undefined => {
  const { data } = profileSchema.safeParse(wire);
  const purpose = readPurpose(data?.chargingProfilePurpose);
  const [schedule] = [data?.chargingSchedule ?? []].flat();
  if (!data || !purpose || !schedule) return undefined;
  return {
    id: data.chargingProfileId ?? data.id ?? 0,
    evse,
    stackLevel: data.stackLevel,
    purpose,
    kind: kinds[data.chargingProfileKind],
    everyS: data.recurrencyKind && recurrencyS[data.recurrencyKind],
    startAt: schedule.startSchedule,
    durationS: schedule.duration,
    validFrom: data.validFrom,
    validTo: data.validTo,
    unit: schedule.chargingRateUnit,
    periods: schedule.chargingSchedulePeriod.map(({ startPeriod, limit }) => ({ startS: startPeriod, limit })),
  };
};

const firstNumber = (...values: unknown[]): number | undefined => values.find((each) => typeof each === 'number');

const readFilter = (payload: Fields): ProfileFilter => {
  const criteria = asFields(payload.chargingProfileCriteria) ?? payload;
  return {
    id: firstNumber(payload.id, payload.chargingProfileId),
    evse: firstNumber(criteria.connectorId, criteria.evseId),
    stackLevel: firstNumber(criteria.stackLevel),
    purpose: readPurpose(criteria.chargingProfilePurpose),
  };
};

/** @returns undefined where a request sets and clears nothing that we understand */
export const decodeRelayed = (action: string, payload: Fields): RelayedRequest | undefined => {
  switch (action) {
    case 'SetChargingProfile':
    case 'RemoteStartTransaction':
    case 'RequestStartTransaction': {
      const evse = firstNumber(payload.connectorId, payload.evseId) ?? 0;
      const profile = readProfile(payload.csChargingProfiles ?? payload.chargingProfile, evse);
      return profile && { kind: 'set_profile', profile, isStart: action !== 'SetChargingProfile' };
    }
    case 'ClearChargingProfile':
      return { kind: 'clear_profile', filter: readFilter(payload) };
    default:
      return undefined;
  }
};
