/** Whether a station obeys its limit: looked at until it shows, told once more where it does not. */

import { pause } from '../../../common/pause.ts';
import type { Clock } from '../../../model/time.ts';
import { type Applied, CommandFailure } from '../../driver.ts';
import type { Connector } from '../station/connector.ts';
import { intervalOf } from '../station/flow.ts';
import type { Nudge } from '../station/nudge.ts';
import { type Effect, effectOf, followMs, proofOf, risingOf, type Showing, showingOf } from './effect.ts';

/** The limit that the station has to keep now: A, and since when it knows, monotonic ms. */
export interface Told {
  currentA: number;
  at: number;
}

export interface LimitCheckOptions {
  /** Between two samples of the station, s. */
  intervalS: number;
  /** On which the car may charge at the most. */
  phases(evse: number): number;
  connector(evse: number): Connector;
  nudge: Nudge;
}

/** One limit that is to be seen. */
export interface Looking {
  evse: number;
  told(): Told | undefined;
  /** Currents that showed before it was told. */
  before(): Showing;
  /** The car was paused before. */
  isResumed: boolean;
  tellAgain(): Promise<unknown>;
  /** Nothing is charged here, although it may be. */
  idle(): Promise<unknown>;
  /** It offers less than it was told, although it was told again. @param isLate it had its time since */
  isStationLimit(isLate: boolean): boolean;
  /** The effect shows. */
  shown(effect: Effect): void;
}

export interface LimitCheck {
  effect(evse: number, told: Told | undefined): Effect;
  /** Currents that show now. */
  showing(evse: number): Showing;
  /** Says what is drawn or offered instead. */
  complaint(evse: number, told: Told | undefined): string;
  /** @throws CommandFailure READBACK_MISMATCH */
  verify(looking: Looking, signal: AbortSignal): Promise<Applied>;
  /** Until it can be seen, ms. */
  effectMs: number;
}

export const replaced: Applied = { verified: false, reason: 'replaced' };

const lookMs = 1000;
/** It is asked for meter values when it had this long to obey, ms. */
const nudgeAfterMs = 3000;
/** A car that was paused begins within this time, or is told once more, ms. */
const resumeMs = 10_000;
/** Intervals between two samples after which a value says nothing of now. */
const freshIntervals = 3.5;
const leastFreshMs = 90_000;
/** Nobody waits longer for the readings of a register, ms. */
const longestMs = 60_000;

/** Until the outcome of a limit is told, at the latest: it is told once more where nothing shows it, s. */
export const verifyS = (intervalS: number): number =>
  2 * Math.max(15, intervalS + 8, Math.min((followMs + 2500 * intervalS) / 1000, longestMs / 1000));

export const createLimitCheck = (
  { intervalS, phases, connector, nudge }: LimitCheckOptions,
  clock: Clock,
): LimitCheck => {
  const effectMs = Math.max(15_000, intervalS * 1000 + 8000);
  const freshMs = Math.max(leastFreshMs, freshIntervals * intervalS * 1000);

  /** Monotonic ms: what was measured before tells nothing. */
  const freshSince = (told: Told): number => Math.max(told.at, clock.monotonic() - freshMs);

  const effect: LimitCheck['effect'] = (evse, told) =>
    told ? effectOf(connector(evse), told.currentA, phases(evse), freshSince(told)) : 'unmeasured';

  /** Says what flows instead, or is offered. */
  const described = (own: Connector, told: Told): string => {
    const { current, power, offered } = own.measured;
    const isFresh = (value: { at: number } | undefined): boolean => value !== undefined && value.at > freshSince(told);
    if (isFresh(current)) return `draws ${current?.value} A`;
    if (isFresh(power)) return `draws ${power?.value} W`;
    const rising = risingOf(own, 1, freshSince(told));
    if (rising !== undefined && rising.leastA > 0) return `draws ${rising.powerW} W by its register`;
    return `offers ${offered?.value} A`;
  };

  const complaint: LimitCheck['complaint'] = (evse, told) => {
    const own = connector(evse);
    if (!told) return 'it does not do what it was told';
    if (effect(evse, told) === 'under')
      return `it offers ${own.measured.offered?.value} A and was told ${told.currentA} A`;
    return `it ${described(own, told)} and was allowed ${told.currentA} A`;
  };

  /** Until what it does can be seen: where only its register shows it, two readings after the car has followed. */
  const patienceMs = (evse: number, seen: Effect): number => {
    const { flow } = connector(evse);
    const readMs = followMs + 2.5 * intervalOf(flow) * 1000;
    return seen === 'unmeasured' && flow.readings.length > 1
      ? Math.max(effectMs, Math.min(readMs, longestMs))
      : effectMs;
  };

  /** It had its time to obey, or has to be told again. @returns undefined: it is told again */
  const conclude = (
    { evse, told, isStationLimit }: Looking,
    seen: Effect,
    isToldAgain: boolean,
  ): Applied | undefined => {
    if (seen === 'under' && isStationLimit(true)) return { verified: false, reason: 'station_limit' };
    if (seen !== 'over' && seen !== 'under')
      return { verified: false, reason: seen === 'less' ? 'takes_less' : 'no_readback' };
    if (seen === 'over' && isToldAgain) throw new CommandFailure('READBACK_MISMATCH', complaint(evse, told()));
    return undefined;
  };

  /** It keeps to the limit; because of it, or as it did before. */
  const proven = ({ evse, told, before }: Looking): Applied => {
    const now = told();
    if (!now) return { verified: false, reason: 'no_readback' };
    const by = proofOf(now.currentA, before(), showingOf(connector(evse), phases(evse), freshSince(now)));
    if (by) return { verified: true, by };
    return { verified: false, reason: now.currentA === 0 ? 'no_load' : 'within_tolerance' };
  };

  return {
    effect,
    showing: (evse) => showingOf(connector(evse), phases(evse), clock.monotonic() - freshMs),
    complaint,
    effectMs,
    async verify(looking, signal) {
      const { evse, told, isResumed, tellAgain, idle, isStationLimit, shown } = looking;
      const startedAt = clock.monotonic();
      let isToldAgain = false;
      const again = async (): Promise<void> => {
        isToldAgain = true;
        await tellAgain();
      };
      for (;;) {
        if (signal.aborted) return replaced;
        const seen = effect(evse, told());
        const now = clock.monotonic();
        const waitedMs = now - startedAt;
        if (seen === 'seen') {
          shown(seen);
          return proven(looking);
        }
        if (seen === 'no_load' && waitedMs >= nudgeAfterMs) {
          await idle();
          return { verified: false, reason: 'no_load' };
        }
        if (seen === 'under' && isStationLimit(false)) return { verified: false, reason: 'station_limit' };
        const toldAt = told()?.at ?? startedAt;
        if (waitedMs >= nudgeAfterMs && now >= toldAt + patienceMs(evse, seen)) {
          shown(seen);
          const outcome = conclude(looking, seen, isToldAgain);
          if (outcome) return outcome;
          await again();
        }
        const isStuck = connector(evse).status === 'suspended_evse';
        if (isResumed && !isToldAgain && isStuck && waitedMs >= resumeMs) await again();
        if (seen !== 'no_load' && waitedMs >= nudgeAfterMs) nudge.ask(evse);
        await pause(lookMs, clock, signal);
      }
    },
  };
};
