/** One phase or three: never under load, with a pause that cars need, and not too often. */

import { pause } from '../../../common/pause.ts';
import { type Clock, isoTime } from '../../../model/time.ts';
import { type Applied, CommandFailure, type Order } from '../../driver.ts';
import type { Quirks } from '../quirks.ts';
import { toCommandFailure } from '../station/asking.ts';
import type { Connector } from '../station/connector.ts';
import type { Memory } from '../station/memory.ts';
import type { Nudge } from '../station/nudge.ts';
import { forgetPhases, mayDraw } from '../station/values.ts';
import { effectOf } from './effect.ts';
import { replaced } from './limit-check.ts';
import type { Limiter } from './limits.ts';

export interface PhaseSwitch {
  /**
   * Too early after the last switch a command is refused, and told when it may be; the safe state waits.
   * @throws CommandFailure INTERLOCK, READBACK_MISMATCH, or why the station was not told
   */
  apply(evse: number, phases: 1 | 3, order: Pick<Order, 'verb'>, signal: AbortSignal): Promise<Applied>;
}

export interface PhaseSink {
  connector(evse: number): Connector;
  switched(evse: number, from: number | undefined, to: number): void;
}

/** control.md §3.3: between two switches, ms. */
const dwellMs = 300_000;
export const usualPauseS = 30;
const lookMs = 1000;
/** Until no current flows; until it flows on the phases it should. */
const stopMs = 60_000;
const showMs = 90_000;

/** What a switch works with. */
interface Gear {
  limiter: Limiter;
  memory: Memory;
  quirks(): Quirks;
  nudge: Nudge;
  clock: Clock;
  sink: PhaseSink;
}

/** @returns whether it came to be in time */
const until = async (
  { nudge, clock }: Gear,
  isMet: () => boolean,
  evse: number,
  ms: number,
  signal: AbortSignal,
): Promise<boolean> => {
  const end = clock.monotonic() + ms;
  while (!isMet()) {
    if (signal.aborted || clock.monotonic() >= end) return false;
    nudge.ask(evse);
    await pause(lookMs, clock, signal);
  }
  return true;
};

const withoutCurrent = async (gear: Gear, evse: number, signal: AbortSignal): Promise<void> => {
  const { clock, sink } = gear;
  const since = clock.monotonic();
  const isOff = (): boolean => {
    const own = sink.connector(evse);
    return !mayDraw(own) || effectOf(own, 0, 1, since) === 'seen';
  };
  if (!(await until(gear, isOff, evse, stopMs, signal)) && !signal.aborted)
    throw new CommandFailure('READBACK_MISMATCH', 'the car goes on charging: phases are not changed under load');
};

const change = async (gear: Gear, evse: number, phases: 1 | 3, signal: AbortSignal): Promise<void> => {
  const { limiter, memory, quirks, clock, sink } = gear;
  const known = memory.facts.phases ?? {};
  const isLoaded = mayDraw(sink.connector(evse));
  const holdMs = (quirks().phasePauseS ?? usualPauseS) * 1000;
  try {
    await limiter.suspend(evse);
    if (isLoaded) {
      await withoutCurrent(gear, evse, signal);
      await pause(holdMs, clock, signal);
    }
    if (signal.aborted) return;
    memory.note({ phases: { ...known, [String(evse)]: { phases, at: clock.now() } } });
    forgetPhases(sink.connector(evse));
    sink.switched(evse, known[String(evse)]?.phases, phases);
  } finally {
    // The first current on the new phases; or the old limit again, where it came to nothing.
    await limiter.letGo(evse);
  }
};

/** Switched where it is not known to be, and looked at. */
const bring = async (gear: Gear, evse: number, phases: 1 | 3, signal: AbortSignal): Promise<Applied> => {
  const { memory, clock, sink } = gear;
  if (memory.facts.phases?.[String(evse)]?.phases !== phases)
    try {
      await change(gear, evse, phases, signal);
    } catch (error) {
      throw toCommandFailure(error);
    }
  if (signal.aborted) return replaced;
  const since = clock.monotonic();
  const own = sink.connector(evse);
  if (!mayDraw(own)) return { verified: false, reason: 'no_load' };
  const shown = (): number | undefined => {
    const { phases: seen } = own.measured;
    return seen && seen.at > since ? seen.value : undefined;
  };
  await until(gear, () => shown() !== undefined, evse, showMs, signal);
  const active = shown();
  if (active === undefined) return signal.aborted ? replaced : { verified: false, reason: 'no_load' };
  // A car may take fewer phases than it is given.
  if (active > phases) throw new CommandFailure('READBACK_MISMATCH', `current flows on ${active} phases`);
  return active === phases ? { verified: true, by: 'effect' } : { verified: false, reason: 'takes_less' };
};

/** Until it may be switched to so many, ms. */
const dwellLeft = ({ memory, clock }: Gear, evse: number, phases: number): { waitMs: number; sinceMs: number } => {
  const before = memory.facts.phases?.[String(evse)];
  const sinceMs = clock.now() - (before?.at ?? Number.NEGATIVE_INFINITY);
  // A clock that was set back knows nothing of before.
  const isEarly = before?.phases !== phases && sinceMs >= 0 && sinceMs < dwellMs;
  return { waitMs: isEarly ? dwellMs - sinceMs : 0, sinceMs };
};

const tooEarly = ({ clock }: Gear, waitMs: number, sinceMs: number): CommandFailure => {
  const since = `switched ${Math.round(sinceMs / 1000)} s ago, and it is done every ${dwellMs / 1000} s at the most`;
  return new CommandFailure('INTERLOCK', `${since}: not before ${isoTime(clock.now() + waitMs)}`);
};

export const createPhaseSwitch = (
  limiter: Limiter,
  memory: Memory,
  quirks: () => Quirks,
  nudge: Nudge,
  clock: Clock,
  sink: PhaseSink,
): PhaseSwitch => {
  const gear: Gear = { limiter, memory, quirks, nudge, clock, sink };

  return {
    async apply(evse, phases, { verb }, signal) {
      const { waitMs, sinceMs } = dwellLeft(gear, evse, phases);
      if (waitMs > 0 && verb !== undefined) throw tooEarly(gear, waitMs, sinceMs);
      if (waitMs > 0) await pause(waitMs, clock, signal);
      return signal.aborted ? replaced : bring(gear, evse, phases, signal);
    },
  };
};
