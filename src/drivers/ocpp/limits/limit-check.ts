/** Whether a station obeys its limit: looked at until it shows, told once more where it does not. */
import type { Clock } from '../../../model/time.ts';
import { type Applied, CommandFailure } from '../../driver.ts';
import { pause } from '../../pause.ts';
import type { Connector } from '../station/connector.ts';
import type { Nudge } from '../station/nudge.ts';
import { type Effect, effectOf } from './effect.ts';

/** What the station took last: A, and when, monotonic ms. */
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
  /** The car was paused before. */
  isResumed: boolean;
  tellAgain(): Promise<unknown>;
  /** Nothing is charged here, although it may be. */
  idle(): Promise<unknown>;
}

export interface LimitCheck {
  effect(evse: number, told: Told | undefined): Effect;
  /** What is drawn instead, in words. */
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

export const createLimitCheck = (
  { intervalS, phases, connector, nudge }: LimitCheckOptions,
  clock: Clock,
): LimitCheck => {
  const effectMs = Math.max(15_000, intervalS * 1000 + 8000);

  const effect: LimitCheck['effect'] = (evse, told) => {
    const own = connector(evse);
    return told ? effectOf(own.status, own.measured, told.currentA, phases(evse), told.at) : 'unmeasured';
  };

  const complaint: LimitCheck['complaint'] = (evse, told) => {
    const { current, power, offered } = connector(evse).measured;
    const isFresh = (value: { at: number } | undefined): boolean => value !== undefined && value.at > (told?.at ?? 0);
    const offers = `offers ${offered?.value} A`;
    const draws = isFresh(current) ? `draws ${current?.value} A` : `draws ${power?.value} W`;
    return `it ${isFresh(current) || isFresh(power) ? draws : offers} and was allowed ${told?.currentA} A`;
  };

  return {
    effect,
    complaint,
    effectMs,
    async verify({ evse, told, isResumed, tellAgain, idle }, signal) {
      const startedAt = clock.monotonic();
      let until = startedAt + effectMs;
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
        if (seen === 'seen') return { verified: true };
        if (seen === 'no_load' && waitedMs >= nudgeAfterMs) {
          await idle();
          return { verified: false, reason: 'no_load' };
        }
        if (now >= until) {
          if (seen !== 'over') return { verified: false, reason: seen === 'less' ? 'takes_less' : 'no_readback' };
          if (isToldAgain) throw new CommandFailure('READBACK_MISMATCH', complaint(evse, told()));
          await again();
          until = clock.monotonic() + effectMs;
        }
        const isStuck = connector(evse).status === 'suspended_evse';
        if (isResumed && !isToldAgain && isStuck && waitedMs >= resumeMs) await again();
        if (seen !== 'no_load' && waitedMs >= nudgeAfterMs) nudge.ask(evse);
        await pause(lookMs, clock, signal);
      }
    },
  };
};
