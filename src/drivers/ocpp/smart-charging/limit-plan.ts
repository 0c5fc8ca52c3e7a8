/**
 * The charging profile that is needed for a limit now: its periods, its fallback, and whether it has to be set anew; and
 * the limit in the profile that the station took last.
 */

import type { ChargingProfile } from '../messages.ts';
import { type SchedulePeriod, type Supply, toSettableCurrent } from './amperes-and-watts.ts';
import type { LimiterContext } from './limit-settings.ts';
import { fallbackTimeS } from './limit-settings.ts';
import type { ProfileRequest } from './set-charging-profile.ts';
import {
  lowerLimits,
  phasesToName,
  remaining,
  type SetpointSchedule,
  supplyOf,
  switchedPhases,
  toPeriods,
} from './setpoint-schedule.ts';

/** Setpoints, and when the first of them began. */
export interface DatedSetpoints {
  setpoints: SetpointSchedule;
  /** ms since 1970 */
  since: number;
}

/** A limit as it is asked for. */
interface LimitRequest extends DatedSetpoints {
  evse: number;
  /** The limit that was given with the start of the transaction: the lower one counts. */
  ofStart?: DatedSetpoints | undefined;
}

/** A limit that is ready to be set. */
export interface LimitPlan {
  /** Two plans with the same signature need not be set twice. */
  signature: string;
  request: Omit<ProfileRequest, 'options'>;
}

/** @returns periods within the limits of a backend */
export const withinOtherLimits = (
  { station, settings, otherLimits }: LimiterContext,
  periods: SchedulePeriod[],
  { evse, supply }: { evse: number; supply: Supply },
): SchedulePeriod[] => {
  const { minCurrentA } = settings;
  const begun = station.runningOn(evse)?.startedAt;
  return otherLimits.restrict(periods, { evse, supply, begun, minCurrentA, now: station.clock.now() });
};

/** @returns the period that the station falls to by itself; undefined: it does not, or the last current is no higher */
const fallbackPeriod = (
  { station, settings }: LimiterContext,
  last: SchedulePeriod | undefined,
): SchedulePeriod | undefined => {
  const afterS = fallbackTimeS(settings, station.quirks());
  if (afterS === undefined || !last || last.currentA <= settings.failsafeA) return undefined;
  return { startS: last.startS + afterS, currentA: toSettableCurrent(settings.failsafeA, settings.minCurrentA) };
};

const fallbackOf = ({ station, settings }: LimiterContext): ProfileRequest['fallback'] => {
  const afterS = fallbackTimeS(settings, station.quirks());
  return afterS === undefined
    ? undefined
    : { afterS, currentA: toSettableCurrent(settings.failsafeA, settings.minCurrentA) };
};

interface SignedLimit extends Pick<LimitRequest, 'since' | 'ofStart'> {
  request: LimitPlan['request'];
  hasFallback: boolean;
}

/** @returns all on which the profile in the station depends, as text */
const signatureOf = (
  { station, otherLimits }: LimiterContext,
  wanted: SchedulePeriod[],
  { request, since, ofStart, hasFallback }: SignedLimit,
): string => {
  const { evse, periods, phases, supply, transaction } = request;
  const { limitForm } = station.factStore.facts;
  return JSON.stringify([
    wanted,
    wanted.length > 1 ? since : null,
    hasFallback,
    phases,
    limitForm?.unit === 'W' ? supply.phases : null,
    limitForm?.purpose === 'tx' ? transaction : null,
    otherLimits.isPresent(evse) ? [otherLimits.revision(), periods[0]?.currentA, transaction] : null,
    ofStart ?? null,
  ]);
};

/** @returns the profile that a limit needs now, with the fallback of the station and within the limits of a backend */
export const planLimit = (context: LimiterContext, limit: LimitRequest): LimitPlan => {
  const { evse, setpoints, since, ofStart } = limit;
  const { station, settings, otherLimits } = context;
  const running = station.runningOn(evse);
  const supply = supplyOf(context, evse);
  const wanted = toPeriods(setpoints, supply, settings);
  const elapsedS = (from: number): number => Math.max(0, Math.floor((station.clock.now() - from) / 1000));
  const ordered = remaining(wanted, elapsedS(since));
  const own = ofStart
    ? lowerLimits(ordered, remaining(toPeriods(ofStart.setpoints, supply, settings), elapsedS(ofStart.since)))
    : ordered;
  const isSingle = own.length === 1 && !otherLimits.isPresent(evse);
  const fallback = fallbackPeriod(context, own.at(-1));
  const request = {
    evse,
    periods: withinOtherLimits(context, fallback ? [...own, fallback] : own, { evse, supply }),
    single: isSingle ? own[0] : undefined,
    fallback: fallbackOf(context),
    supply,
    phases: phasesToName(context, evse),
    isSwitched: switchedPhases(context, evse) !== undefined,
    status: station.evse(evse).status,
    transaction: running?.transaction,
    begun: running?.startedAt,
    isAlone: station.evseIds().length === 1,
  };
  const signed = { request, since, ofStart, hasFallback: fallback !== undefined };
  return { signature: signatureOf(context, wanted, signed), request };
};

/** The limit that the station took last on this connection. */
export interface DeliveredLimit {
  /** Two limits with the same signature need not be set twice. */
  signature: string;
  /** From `at` on, with the fallback of the station. */
  periods: SchedulePeriod[];
  /** For which the periods were made. */
  phases: number;
  profile: ChargingProfile;
  /** Monotonic, ms. */
  at: number;
}

/** The limit that the station has to keep now. */
export interface LimitInForce {
  /** A per phase. */
  currentA: number;
  /** When it was set, monotonic ms. */
  at: number;
}

/** @returns the period that counts so long after the first began; without periods none */
export const periodAt = (periods: SchedulePeriod[], elapsedMs: number): SchedulePeriod | undefined =>
  periods.findLast(({ startS }) => startS * 1000 <= elapsedMs) ?? periods[0];

/** @param now monotonic ms */
export const limitInForce = (delivered: DeliveredLimit | undefined, now: number): LimitInForce | undefined =>
  delivered && { currentA: periodAt(delivered.periods, now - delivered.at)?.currentA ?? 0, at: delivered.at };
