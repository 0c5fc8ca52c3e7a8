/** ChargingProfile of OCPP 1.6 §7.8. */
import { z } from 'zod';
import type { ChargingProfile } from './charging-profile-store.ts';
import { dateTime, recurrencyS } from './request-params.ts';

/** ChargingProfilePurposeType in the words of the store. */
export const purposes16 = {
  ChargePointMaxProfile: 'station_max',
  TxDefaultProfile: 'tx_default',
  TxProfile: 'tx',
} as const;
const kinds = { Absolute: 'absolute', Recurring: 'recurring', Relative: 'relative' } as const;
/** ChargingProfilePurposeType. */
export const purposeName16 = z.enum(['ChargePointMaxProfile', 'TxDefaultProfile', 'TxProfile']);

/** A charging profile of OCPP 1.6 as the store has it. */
export const profile16 = z
  .object({
    chargingProfileId: z.int(),
    transactionId: z.int().optional(),
    stackLevel: z.int().min(0),
    chargingProfilePurpose: purposeName16,
    chargingProfileKind: z.enum(['Absolute', 'Recurring', 'Relative']),
    recurrencyKind: z.enum(['Daily', 'Weekly']).optional(),
    validFrom: dateTime.optional(),
    validTo: dateTime.optional(),
    chargingSchedule: z.object({
      duration: z.int().optional(),
      startSchedule: dateTime.optional(),
      chargingRateUnit: z.enum(['A', 'W']),
      chargingSchedulePeriod: z
        .array(z.object({ startPeriod: z.int(), limit: z.number(), numberPhases: z.int().optional() }))
        .min(1),
    }),
  })
  .transform(
    ({ chargingSchedule: schedule, ...told }): ChargingProfile => ({
      id: told.chargingProfileId,
      stackLevel: told.stackLevel,
      purpose: purposes16[told.chargingProfilePurpose],
      kind: kinds[told.chargingProfileKind],
      everyS: told.recurrencyKind && recurrencyS[told.recurrencyKind],
      validFrom: told.validFrom,
      validTo: told.validTo,
      transaction: told.transactionId === undefined ? undefined : String(told.transactionId),
      unit: schedule.chargingRateUnit,
      startAt: schedule.startSchedule,
      durationS: schedule.duration,
      periods: schedule.chargingSchedulePeriod.map(({ startPeriod, limit, numberPhases }) => ({
        startS: startPeriod,
        limit,
        phases: numberPhases,
      })),
    }),
  );
