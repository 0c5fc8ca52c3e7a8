/** A charging profile that the backend has set, and what it allows at a time. OCPP 1.6 §3.13, OCPP 2.0.1 K01. */
import { z } from 'zod';
import type { RelayedProfile } from '../codec/relayed-requests.ts';
import type { Supply } from './amperes-and-watts.ts';

/** A charging profile of the backend as it is kept in the store. Times are ms since 1970. */
export const backendProfileSchema = z.object({
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
  /** When the station took the profile, ms since 1970. */
  takenAt: z.number(),
  /** tx: the transaction was seen that the profile is for; the profile ends with that transaction. */
  hasBegun: z.boolean(),
});
export type BackendProfile = z.infer<typeof backendProfileSchema>;

/** A moment on an EVSE at which a profile is evaluated. */
export interface ProfileMoment {
  /** ms since 1970 */
  at: number;
  /** When the transaction began, ms since 1970; undefined: none runs. */
  begun: number | undefined;
  supply: Supply;
}

/** @param isStart the profile came with a remote start: its transaction is still to begin */
export const toBackendProfile = (profile: RelayedProfile, isStart: boolean, takenAt: number): BackendProfile => ({
  ...profile,
  takenAt,
  hasBegun: profile.purpose === 'tx' && !isStart,
});

/** @returns when the run of a profile began that covers this time, ms since 1970 */
const beginOf = (
  { kind, startAt, everyS, takenAt }: BackendProfile,
  { at, begun }: Omit<ProfileMoment, 'supply'>,
): number => {
  if (kind === 'relative') return begun ?? at;
  const start = startAt ?? begun ?? takenAt;
  if (kind === 'absolute' || everyS === undefined) return start;
  return start + Math.floor((at - start) / (everyS * 1000)) * everyS * 1000;
};

/** @returns A per phase, or undefined where the profile says nothing about this time */
export const limitAt = (profile: BackendProfile, moment: ProfileMoment): number | undefined => {
  const { validFrom = -Infinity, validTo = Infinity, durationS = Infinity, periods, unit } = profile;
  const { at, supply } = moment;
  const elapsedS = (at - beginOf(profile, moment)) / 1000;
  if (at < validFrom || at >= validTo || elapsedS < 0 || elapsedS >= durationS) return undefined;
  const period = periods.findLast(({ startS }) => startS <= elapsedS);
  if (!period) return undefined;
  return unit === 'A' ? period.limit : period.limit / (supply.voltage * supply.phases);
};

/**
 * @param from ms since 1970, as `to`
 * @returns the times in between at which the limit of a profile may change
 */
export const changesOf = (
  profile: BackendProfile,
  { from, to, begun }: { from: number; to: number; begun: number | undefined },
): number[] => {
  const { validFrom, validTo, durationS, periods, everyS } = profile;
  const times = [validFrom, validTo];
  const stepMs = everyS === undefined ? Number.POSITIVE_INFINITY : everyS * 1000;
  for (let begin = beginOf(profile, { at: from, begun }); begin < to; begin += stepMs) {
    times.push(...periods.map(({ startS }) => begin + startS * 1000));
    if (durationS !== undefined) times.push(begin + durationS * 1000);
  }
  return times.filter((time) => time !== undefined).filter((time) => time > from && time < to);
};
