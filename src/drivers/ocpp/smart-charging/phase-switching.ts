/** One phase or three: never under load, with a pause that cars need, and not too often. */

import { pause } from '../../../common/pause.ts';
import { isoTime } from '../../../model/time.ts';
import { type Applied, CommandFailure } from '../../driver.ts';
import type { MeterValuesTrigger } from '../remote-control/trigger-meter-values.ts';
import { componentOf } from '../station/alarms.ts';
import { toCommandFailure } from '../station/calls.ts';
import type { Station } from '../station/station.ts';
import { complianceWith } from './limit-compliance.ts';
import type { Limiter } from './limiter.ts';
import { replaced } from './verify-limit.ts';

export interface PhaseSwitchingContext {
  limiter: Limiter;
  station: Station;
  meterValues: MeterValuesTrigger;
}

interface PhaseOrder {
  evse: number;
  phases: 1 | 3;
  /** undefined: the safe state. */
  verb: string | undefined;
}

/** Between two switches, ms. */
const dwellMs = 300_000;
/** Without current, before and after a switch, s. */
export const usualPauseS = 30;
/** Between two looks, ms. */
const lookMs = 1000;
/** Until no current flows, ms. */
const stopMs = 60_000;
/** Until current shows on the phases, ms. */
const showMs = 90_000;

interface Wait {
  isMet(): boolean;
  evse: number;
  timeoutMs: number;
}

/** @returns whether the condition was met in time */
const waitUntil = async (
  { meterValues, station }: PhaseSwitchingContext,
  { isMet, evse, timeoutMs }: Wait,
  signal: AbortSignal,
): Promise<boolean> => {
  const { clock } = station;
  const end = clock.monotonic() + timeoutMs;
  while (!isMet()) {
    if (signal.aborted || clock.monotonic() >= end) return false;
    meterValues.trigger(evse);
    await pause(lookMs, clock, signal);
  }
  return true;
};

/** @throws CommandFailure where the car goes on charging */
const waitForNoCurrent = async (context: PhaseSwitchingContext, evse: number, signal: AbortSignal): Promise<void> => {
  const { station } = context;
  const since = station.clock.monotonic();
  const isMet = (): boolean => {
    const own = station.evse(evse);
    return !own.mayDraw() || complianceWith(own, { currentA: 0, phases: 1, since }) === 'kept';
  };
  const hasStopped = await waitUntil(context, { isMet, evse, timeoutMs: stopMs }, signal);
  if (!hasStopped && !signal.aborted)
    throw new CommandFailure('READBACK_MISMATCH', 'the car goes on charging: phases are not changed under load');
};

const reportSwitched = (
  station: Station,
  { evse, from, to }: { evse: number; from: number | undefined; to: number },
): void =>
  station.event({
    component: componentOf(evse),
    name: 'phase_switched',
    severity: 'info',
    data: { ...(from === undefined ? {} : { from }), to },
  });

const change = async (
  context: PhaseSwitchingContext,
  { evse, phases }: PhaseOrder,
  signal: AbortSignal,
): Promise<void> => {
  const { limiter, station } = context;
  const { factStore, clock } = station;
  const known = factStore.facts.phases ?? {};
  const isLoaded = station.evse(evse).mayDraw();
  const holdMs = (station.quirks().phasePauseS ?? usualPauseS) * 1000;
  try {
    await limiter.suspend(evse);
    if (isLoaded) {
      await waitForNoCurrent(context, evse, signal);
      await pause(holdMs, clock, signal);
    }
    if (signal.aborted) return;
    factStore.note({ phases: { ...known, [String(evse)]: { phases, at: clock.now() } } });
    station.evse(evse).forgetPhases();
    reportSwitched(station, { evse, from: known[String(evse)]?.phases, to: phases });
  } finally {
    // The first current on the new phases; or the old limit again, where the switch failed.
    await limiter.resume(evse);
  }
};

/** @returns the outcome of a switch, once current shows on the phases */
const verify = async (
  context: PhaseSwitchingContext,
  { evse, phases }: PhaseOrder,
  signal: AbortSignal,
): Promise<Applied> => {
  const { station } = context;
  const since = station.clock.monotonic();
  const own = station.evse(evse);
  if (!own.mayDraw()) return { verified: false, reason: 'no_load' };
  const active = (): number | undefined => {
    const { phases: seen } = own.measured;
    return seen && seen.at > since ? seen.value : undefined;
  };
  await waitUntil(context, { isMet: () => active() !== undefined, evse, timeoutMs: showMs }, signal);
  const count = active();
  if (count === undefined) return signal.aborted ? replaced : { verified: false, reason: 'no_load' };
  // A car may take fewer phases than it is given.
  if (count > phases) throw new CommandFailure('READBACK_MISMATCH', `current flows on ${count} phases`);
  return count === phases ? { verified: true, by: 'effect' } : { verified: false, reason: 'takes_less' };
};

/** @returns until an EVSE may be switched to so many phases, and since when it was switched, ms */
const dwellLeft = (
  { station: { factStore, clock } }: PhaseSwitchingContext,
  { evse, phases }: PhaseOrder,
): { waitMs: number; sinceMs: number } => {
  const before = factStore.facts.phases?.[String(evse)];
  const sinceMs = clock.now() - (before?.at ?? Number.NEGATIVE_INFINITY);
  // A clock that was set back gives a time in the future.
  const isEarly = before?.phases !== phases && sinceMs >= 0 && sinceMs < dwellMs;
  return { waitMs: isEarly ? dwellMs - sinceMs : 0, sinceMs };
};

const tooEarly = (
  { station: { clock } }: PhaseSwitchingContext,
  { waitMs, sinceMs }: { waitMs: number; sinceMs: number },
): CommandFailure => {
  const since = `switched ${Math.round(sinceMs / 1000)} s ago, and it is done every ${dwellMs / 1000} s at the most`;
  return new CommandFailure('INTERLOCK', `${since}: not before ${isoTime(clock.now() + waitMs)}`);
};

/**
 * Switches an EVSE to one phase or three. Too early after the last switch a command is refused, with the time from which
 * on it is possible; the safe state waits for that time.
 * @throws CommandFailure INTERLOCK, READBACK_MISMATCH, or why the station could not be told
 */
export const switchPhases = async (
  context: PhaseSwitchingContext,
  order: PhaseOrder,
  signal: AbortSignal,
): Promise<Applied> => {
  const { factStore, clock } = context.station;
  const dwell = dwellLeft(context, order);
  if (dwell.waitMs > 0 && order.verb !== undefined) throw tooEarly(context, dwell);
  if (dwell.waitMs > 0) await pause(dwell.waitMs, clock, signal);
  if (signal.aborted) return replaced;
  if (factStore.facts.phases?.[String(order.evse)]?.phases !== order.phases)
    try {
      await change(context, order, signal);
    } catch (error) {
      throw toCommandFailure(error);
    }
  return signal.aborted ? replaced : verify(context, order, signal);
};
