/** The charging profile that is needed for a limit now: its periods, its fallback, and whether it has to be set anew. */

import { fallbackTimeS } from './limit-settings.ts';
import type { LimiterContext } from './limiter-context.ts';
import { type SchedulePeriod, type Supply, toSettableCurrent } from './profile-form.ts';
import type { ProfileRequest } from './profile-request.ts';
import { phasesToName, type SetpointSchedule, supplyOf, switchedPhases, toPeriods } from './setpoint-schedule.ts';

/** A limit as it is asked for. */
interface LimitRequest {
  evse: number;
  setpoints: SetpointSchedule;
  /** When the first setpoint began, ms since 1970. */
  since: number;
}

/** A limit that is ready to be set. */
export interface LimitPlan {
  /** Two plans with the same signature need not be set twice. */
  signature: string;
  request: Omit<ProfileRequest, 'options'>;
}

/** @returns what is left of a schedule: it goes on where it is, however often it is set */
const remaining = (periods: SchedulePeriod[], elapsedS: number): SchedulePeriod[] => {
  const current = Math.max(
    0,
    periods.findLastIndex(({ startS }) => startS <= elapsedS),
  );
  return periods.slice(current).map((period) => ({ ...period, startS: Math.max(0, period.startS - elapsedS) }));
};

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

/** @returns all on which the profile in the station depends, as text */
const signatureOf = (
  { station, otherLimits }: LimiterContext,
  wanted: SchedulePeriod[],
  { request, since, hasFallback }: { request: LimitPlan['request']; since: number; hasFallback: boolean },
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
  ]);
};

/** @returns the profile that a limit needs now, with the fallback of the station and within the limits of a backend */
export const planLimit = (context: LimiterContext, { evse, setpoints, since }: LimitRequest): LimitPlan => {
  const { station, settings, otherLimits } = context;
  const running = station.runningOn(evse);
  const supply = supplyOf(context, evse);
  const wanted = toPeriods(setpoints, supply, settings);
  const own = remaining(wanted, Math.max(0, Math.floor((station.clock.now() - since) / 1000)));
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
  return { signature: signatureOf(context, wanted, { request, since, hasFallback: fallback !== undefined }), request };
};
