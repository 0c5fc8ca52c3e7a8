/** One phase or three: never under load, with a pause that cars need, and not too often. */
import type { Clock } from '../../../model/time.ts';
import { type Applied, CommandFailure } from '../../driver.ts';
import { pause } from '../../pause.ts';
import type { Quirks } from '../quirks.ts';
import { toCommandFailure } from '../station/asking.ts';
import type { Memory } from '../station/memory.ts';
import type { Nudge } from '../station/nudge.ts';
import { isInSession } from '../station/status.ts';
import { effectOf } from './effect.ts';
import type { Limiter, LimitSink } from './limits.ts';

export interface PhaseSwitch {
  /** @throws CommandFailure INTERLOCK where it was switched a moment ago */
  apply(evse: number, phases: 1 | 3, signal: AbortSignal): Promise<Applied>;
}

/** control.md §3.3: between two switches, ms. */
export const dwellMs = 300_000;
const usualPauseS = 30;
const lookMs = 1000;
/** Until no current flows; until it flows on the phases it should. */
const stopMs = 60_000;
const showMs = 90_000;

export const createPhaseSwitch = (
  limiter: Limiter,
  memory: Memory,
  quirks: () => Quirks,
  nudge: Nudge,
  clock: Clock,
  sink: Pick<LimitSink, 'connector'>,
  switched: (evse: number, from: number | undefined, to: number) => void,
): PhaseSwitch => {
  /** @returns whether it came to be in time */
  const until = async (isMet: () => boolean, evse: number, ms: number, signal: AbortSignal): Promise<boolean> => {
    const end = clock.monotonic() + ms;
    while (!isMet()) {
      if (signal.aborted || clock.monotonic() >= end) return false;
      nudge.ask(evse);
      await pause(lookMs, clock, signal);
    }
    return true;
  };

  const withoutCurrent = async (evse: number, signal: AbortSignal): Promise<void> => {
    const since = clock.monotonic();
    const isOff = (): boolean => {
      const own = sink.connector(evse);
      return !isInSession(own.status()) || effectOf(own.status(), own.measured(), 0, 1, since) === 'seen';
    };
    if (!(await until(isOff, evse, stopMs, signal)))
      throw new CommandFailure('READBACK_MISMATCH', 'the car goes on charging: phases are not changed under load');
  };

  const change = async (evse: number, phases: 1 | 3, signal: AbortSignal): Promise<void> => {
    const known = memory.facts().phases ?? {};
    const isLoaded = isInSession(sink.connector(evse).status());
    const holdMs = (quirks().phasePauseS ?? usualPauseS) * 1000;
    try {
      await limiter.suspend(evse);
      if (isLoaded) {
        await withoutCurrent(evse, signal);
        await pause(holdMs, clock, signal);
      }
      if (signal.aborted) return;
      memory.note({ phases: { ...known, [String(evse)]: { phases, at: clock.now() } } });
      sink.connector(evse).forgetPhases();
      switched(evse, known[String(evse)]?.phases, phases);
    } finally {
      // The first current on the new phases; or the old limit again, where it came to nothing.
      await limiter.letGo(evse);
    }
  };

  return {
    async apply(evse, phases, signal) {
      const before = memory.facts().phases?.[String(evse)];
      const sinceMs = clock.now() - (before?.at ?? Number.NEGATIVE_INFINITY);
      if (before?.phases !== phases) {
        if (sinceMs >= 0 && sinceMs < dwellMs)
          throw new CommandFailure(
            'INTERLOCK',
            `switched ${Math.round(sinceMs / 1000)} s ago; it is done every ${dwellMs / 1000} s at the most`,
          );
        try {
          await change(evse, phases, signal);
        } catch (error) {
          throw toCommandFailure(error);
        }
      }
      if (signal.aborted) return { verified: false, reason: 'replaced' };
      const since = clock.monotonic();
      const own = sink.connector(evse);
      if (!isInSession(own.status())) return { verified: false, reason: 'no_load' };
      const shown = (): number | undefined => {
        const { phases: seen } = own.measured();
        return seen && seen.at > since ? seen.value : undefined;
      };
      await until(() => shown() !== undefined, evse, showMs, signal);
      const active = shown();
      if (active === undefined) return { verified: false, reason: signal.aborted ? 'replaced' : 'no_load' };
      // A car may take fewer phases than it is given.
      if (active > phases) throw new CommandFailure('READBACK_MISMATCH', `current flows on ${active} phases`);
      return active === phases ? { verified: true } : { verified: false, reason: 'takes_less' };
    },
  };
};
