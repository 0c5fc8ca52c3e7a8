/** A charging profile that somebody else has set: read from the wire, and what it allows at a time. OCPP 1.6 §3.13, 2.0.1 K01. */
import { z } from 'zod';
import type { Grid } from '../limits/limit-form.ts';
import type { Profile } from '../words.ts';

export const foreignProfileSchema = z.object({
  id: z.number(),
  /** 0: the station, and each EVSE of it. */
  evse: z.number(),
  stackLevel: z.number(),
  purpose: z.enum(['station_max', 'tx_default', 'tx']),
  kind: z.enum(['absolute', 'recurring', 'relative']),
  /** recurring, s */
  everyS: z.number().optional(),
  startAt: z.number().optional(),
  durationS: z.number().optional(),
  validFrom: z.number().optional(),
  validTo: z.number().optional(),
  unit: z.enum(['A', 'W']),
  periods: z.array(z.object({ startS: z.number(), limit: z.number() })).min(1),
  /** When the station took it, ms. */
  takenAt: z.number(),
  /** tx: the transaction it is for was seen; with that one it ends. */
  hasBegun: z.boolean(),
});
export type ForeignProfile = z.infer<typeof foreignProfileSchema>;

const purposes: Record<string, Profile['purpose']> = {
  ChargePointMaxProfile: 'station_max',
  ChargingStationMaxProfile: 'station_max',
  TxDefaultProfile: 'tx_default',
  TxProfile: 'tx',
};

export const purposeOf = (name: unknown): Profile['purpose'] | undefined =>
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
const wireSchema = z.object({
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

/**
 * @param isStart it came with a remote start: its transaction is still to begin
 * @returns undefined where it limits nothing that we understand
 */
export const readForeignProfile = (
  wire: unknown,
  evse: number,
  isStart: boolean,
  takenAt: number,
): ForeignProfile | undefined => {
  const { data } = wireSchema.safeParse(wire);
  const purpose = purposeOf(data?.chargingProfilePurpose);
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
    takenAt,
    hasBegun: purpose === 'tx' && !isStart,
  };
};

/** When the run of a profile that is on at this time began. @param begun the transaction, ms */
const beginOf = ({ kind, startAt, everyS, takenAt }: ForeignProfile, at: number, begun: number | undefined): number => {
  if (kind === 'relative') return begun ?? at;
  const start = startAt ?? begun ?? takenAt;
  if (kind === 'absolute' || everyS === undefined) return start;
  return start + Math.floor((at - start) / (everyS * 1000)) * everyS * 1000;
};

/** @returns A per phase, or undefined where it says nothing about this time */
export const limitAt = (
  profile: ForeignProfile,
  at: number,
  begun: number | undefined,
  { voltage, phases }: Grid,
): number | undefined => {
  const { validFrom = -Infinity, validTo = Infinity, durationS = Infinity, periods, unit } = profile;
  const elapsedS = (at - beginOf(profile, at, begun)) / 1000;
  if (at < validFrom || at >= validTo || elapsedS < 0 || elapsedS >= durationS) return undefined;
  const period = periods.findLast(({ startS }) => startS <= elapsedS);
  if (!period) return undefined;
  return unit === 'A' ? period.limit : period.limit / (voltage * phases);
};

/** Times between two at which it may say something else, ms. */
export const changesOf = (profile: ForeignProfile, from: number, to: number, begun: number | undefined): number[] => {
  const { validFrom, validTo, durationS, periods, everyS } = profile;
  const times = [validFrom, validTo];
  const stepMs = everyS === undefined ? Number.POSITIVE_INFINITY : everyS * 1000;
  for (let begin = beginOf(profile, from, begun); begin < to; begin += stepMs) {
    times.push(...periods.map(({ startS }) => begin + startS * 1000));
    if (durationS !== undefined) times.push(begin + durationS * 1000);
  }
  return times.filter((time) => time !== undefined).filter((time) => time > from && time < to);
};
