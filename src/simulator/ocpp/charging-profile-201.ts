/** ChargingProfileType of OCPP 2.0.1, as it is read and written. */
import { z } from 'zod';
import type { ChargingProfile } from './charging-profile-store.ts';
import { dateTime, recurrencyS } from './request-params.ts';
import type { StationClock } from './station-clock.ts';

/** ChargingProfilePurposeEnumType in the words of the store. */
export const purposes201 = {
  ChargingStationMaxProfile: 'station_max',
  TxDefaultProfile: 'tx_default',
  TxProfile: 'tx',
} as const;
const kinds = { Absolute: 'absolute', Recurring: 'recurring', Relative: 'relative' } as const;

/** ChargingProfilePurposeEnumType. */
export const purposeName201 = z.enum(['ChargingStationMaxProfile', 'TxDefaultProfile', 'TxProfile']);

const schedule = z.object({
  duration: z.int().optional(),
  startSchedule: dateTime.optional(),
  chargingRateUnit: z.enum(['A', 'W']),
  chargingSchedulePeriod: z
    .array(z.object({ startPeriod: z.int(), limit: z.number(), numberPhases: z.int().optional() }))
    .min(1),
});

/** A charging profile of OCPP 2.0.1 as the store has it. */
export const profile201 = z
  .object({
    id: z.int(),
    transactionId: z.string().optional(),
    stackLevel: z.int().min(0),
    chargingProfilePurpose: purposeName201,
    chargingProfileKind: z.enum(['Absolute', 'Recurring', 'Relative']),
    recurrencyKind: z.enum(['Daily', 'Weekly']).optional(),
    validFrom: dateTime.optional(),
    validTo: dateTime.optional(),
    // Several are for ISO 15118 only (K01.FR.14).
    chargingSchedule: z.tuple([schedule]),
  })
  .transform(
    ({ chargingSchedule: [only], ...told }): ChargingProfile => ({
      id: told.id,
      stackLevel: told.stackLevel,
      purpose: purposes201[told.chargingProfilePurpose],
      kind: kinds[told.chargingProfileKind],
      everyS: told.recurrencyKind && recurrencyS[told.recurrencyKind],
      validFrom: told.validFrom,
      validTo: told.validTo,
      transaction: told.transactionId,
      unit: only.chargingRateUnit,
      startAt: only.startSchedule,
      durationS: only.duration,
      periods: only.chargingSchedulePeriod.map(({ startPeriod, limit, numberPhases }) => ({
        startS: startPeriod,
        limit,
        phases: numberPhases,
      })),
    }),
  );

/** @returns the key of a value */
const nameOf = (names: Record<string, string>, value: string): string | undefined =>
  Object.keys(names).find((name) => names[name] === value);

/** @returns the profile as a ReportChargingProfiles has it */
export const writeProfile201 = (profile: ChargingProfile, clock: StationClock): object => ({
  id: profile.id,
  stackLevel: profile.stackLevel,
  chargingProfilePurpose: nameOf(purposes201, profile.purpose),
  chargingProfileKind: nameOf(kinds, profile.kind),
  ...(profile.transaction && { transactionId: profile.transaction }),
  chargingSchedule: [
    {
      id: profile.id,
      chargingRateUnit: profile.unit,
      ...(profile.startAt !== undefined && { startSchedule: clock.timestamp(profile.startAt) }),
      ...(profile.durationS !== undefined && { duration: profile.durationS }),
      chargingSchedulePeriod: profile.periods.map(({ startS, limit, phases }) => ({
        startPeriod: startS,
        limit,
        ...(phases && { numberPhases: phases }),
      })),
    },
  ],
});
