/** Observations of a limit on one EVSE, and how long they take. */
import type { Proof } from '../../../model/command.ts';
import type { Evse } from '../station/evse.ts';
import {
  type Compliance,
  complianceWith,
  currentByRegister,
  followMs,
  type ObservedCurrents,
  observedCurrents,
  proofOf,
} from './limit-compliance.ts';
import type { LimitInForce } from './limit-plan.ts';
import type { LimiterContext } from './limit-settings.ts';
import { switchedPhases } from './setpoint-schedule.ts';

type LimitCheckContext = Pick<LimiterContext, 'settings' | 'station'>;

/** Intervals between two samples after which a value says nothing of now. */
const freshIntervals = 3.5;
const minFreshMs = 90_000;
/** No order waits longer for the readings of a register, ms. */
const maxPatienceMs = 60_000;

/**
 * @param intervalS between two samples of the station
 * @returns until the outcome of a limit is known at the latest, s: it is set once more where nothing shows it
 */
export const verifyTimeS = (intervalS: number): number =>
  2 * Math.max(15, intervalS + 8, Math.min((followMs + 2500 * intervalS) / 1000, maxPatienceMs / 1000));

/** @returns until the effect of a limit can be seen, ms */
export const effectMs = ({ settings }: Pick<LimitCheckContext, 'settings'>): number =>
  Math.max(15_000, settings.intervalS * 1000 + 8000);

/** @returns until the effect can be seen, ms: by a register alone, two readings after the car has followed */
export const patienceMs = (context: LimitCheckContext, evse: number, seen: Compliance): number => {
  const { registerPower } = context.station.evse(evse);
  const readMs = followMs + 2.5 * registerPower.intervalS() * 1000;
  const usualMs = effectMs(context);
  return seen === 'unmeasured' && registerPower.readings.length > 1
    ? Math.max(usualMs, Math.min(readMs, maxPatienceMs))
    : usualMs;
};

/** @returns monotonic ms: older values say nothing of now */
const freshFrom = ({ settings, station }: LimitCheckContext): number =>
  station.clock.monotonic() - Math.max(minFreshMs, freshIntervals * settings.intervalS * 1000);

const freshSince = (context: LimitCheckContext, limit: LimitInForce): number => Math.max(limit.at, freshFrom(context));

/** On which the car may charge at the most. */
const phasesOf = (context: LimitCheckContext, evse: number): number =>
  switchedPhases(context, evse) ?? context.settings.phases;

/** @param limit in force; undefined: none is known */
export const complianceOf = (context: LimitCheckContext, evse: number, limit: LimitInForce | undefined): Compliance =>
  limit
    ? complianceWith(context.station.evse(evse), {
        currentA: limit.currentA,
        phases: phasesOf(context, evse),
        since: freshSince(context, limit),
      })
    : 'unmeasured';

/** @returns the currents that show now */
export const observedNow = (context: LimitCheckContext, evse: number): ObservedCurrents =>
  observedCurrents(context.station.evse(evse), phasesOf(context, evse), freshFrom(context));

/** @returns the proof that the station keeps to its limit because of it, and not as it did before */
export const proofSince = (
  context: LimitCheckContext,
  evse: number,
  { limit, before }: { limit: LimitInForce; before: ObservedCurrents },
): Proof | undefined => {
  const since = freshSince(context, limit);
  return proofOf(limit.currentA, before, observedCurrents(context.station.evse(evse), phasesOf(context, evse), since));
};

/** @returns what flows instead, or is offered */
const describeFlow = (own: Evse, since: number): string => {
  const { current, power, offered } = own.measured;
  const isFresh = (value: { at: number } | undefined): boolean => value !== undefined && value.at > since;
  if (isFresh(current)) return `draws ${current?.value} A`;
  if (isFresh(power)) return `draws ${power?.value} W`;
  const byRegister = currentByRegister(own, 1, since);
  if (byRegister !== undefined && byRegister.leastA > 0) return `draws ${byRegister.powerW} W by its register`;
  return `offers ${offered?.value} A`;
};

/** @returns what the station does instead of what it was told */
export const describeDeviation = (
  context: LimitCheckContext,
  evse: number,
  limit: LimitInForce | undefined,
): string => {
  const own = context.station.evse(evse);
  if (!limit) return 'it does not do what it was told';
  if (complianceOf(context, evse, limit) === 'undercut')
    return `it offers ${own.measured.offered?.value} A and was told ${limit.currentA} A`;
  return `it ${describeFlow(own, freshSince(context, limit))} and was allowed ${limit.currentA} A`;
};
