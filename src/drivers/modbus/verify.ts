/** Whether the device does what it was told: its registers read back, or the effect seen in others. */
import type { Proof } from '../../model/command.ts';
import type { Value } from '../../model/reading.ts';
import type { Clock } from '../../model/time.ts';
import { type Applied, CommandFailure } from '../driver.ts';
import { pause } from '../pause.ts';
import { type Condition, isMet } from './condition.ts';
import type { Point } from './point.ts';
import type { SpotReader, Spots } from './spot-reader.ts';
import type { Wanted } from './write-plan.ts';

/** What is to be seen somewhere, and why it may fail to show although the device obeys. */
export interface Expectation {
  point: Point;
  value: number;
  tolerance: number;
  withinMs: number;
  /** What it proves when it is seen. */
  proof: Proof;
  excuses: { point: Point; condition: Condition; reason: string }[];
}

/** Between two looks at a register that does not show its value yet, ms. */
const lookMs = 200;
const effectLookMs = 500;

type Look<T> =
  | { kind: 'seen' }
  | { kind: 'replaced' }
  | { kind: 'missing'; what: T }
  | { kind: 'unread'; error: unknown };

const replaced: Applied = { verified: false, reason: 'replaced' };

export const readable = (wanted: Wanted[]): Wanted[] => wanted.filter(({ point }) => point.isReadable);

/** Registers that do not hold what they should, in words. */
export const differences = (wanted: Wanted[], spots: Spots): string[] =>
  wanted.flatMap(({ point, value, words }) =>
    words.every(({ address, word }) => spots.word(point.table, address) === word)
      ? []
      : [`${point.name} reads ${spots.value(point) ?? 'nothing'} instead of ${value}`],
  );

const isNear = (now: Value, value: number, tolerance: number): boolean =>
  typeof now === 'number' && Math.abs(now - value) <= tolerance;

export const createVerifier = (readSpots: SpotReader, clock: Clock) => {
  /**
   * Looks again and again until nothing is missing, or there is no time left.
   * @param missing what is not as it should be; undefined: all is well
   */
  const watch = async <T>(
    points: Point[],
    missing: (spots: Spots) => T | undefined,
    withinMs: number,
    everyMs: number,
    signal: AbortSignal,
  ): Promise<Look<T>> => {
    const until = clock.monotonic() + withinMs;
    for (;;) {
      let outcome: Look<T>;
      try {
        const what = missing(await readSpots(points));
        if (what === undefined) return { kind: 'seen' };
        outcome = { kind: 'missing', what };
      } catch (error) {
        outcome = { kind: 'unread', error };
      }
      if (!signal.aborted && clock.monotonic() + everyMs > until) return outcome;
      await pause(signal.aborted ? 0 : everyMs, clock, signal);
      if (signal.aborted) return { kind: 'replaced' };
    }
  };

  return {
    /**
     * @returns undefined where none of the registers can be read
     * @throws CommandFailure READBACK_MISMATCH, or why they could not be read
     */
    async registers(wanted: Wanted[], settleMs: number, signal: AbortSignal): Promise<Applied | undefined> {
      const back = readable(wanted);
      if (back.length === 0) return undefined;
      const points = back.map(({ point }) => point);
      const look = (spots: Spots): string | undefined => differences(back, spots).join(', ') || undefined;
      const seen = await watch(points, look, settleMs, lookMs, signal);
      if (seen.kind === 'replaced') return replaced;
      if (seen.kind === 'unread') throw seen.error;
      if (seen.kind === 'missing') throw new CommandFailure('READBACK_MISMATCH', seen.what);
      return { verified: true, by: 'register' };
    },

    /** Whether it may show already, before anything was written: also where it cannot be read now. */
    async isThere({ point, value, tolerance }: Expectation): Promise<boolean> {
      try {
        const now = (await readSpots([point])).value(point);
        return typeof now !== 'number' || isNear(now, value, tolerance);
      } catch {
        return true;
      }
    },

    /** @param wasThere it showed before the write: only what moves proves something then */
    async effect(expectation: Expectation, wasThere: boolean, signal: AbortSignal): Promise<Applied> {
      const { point, value, tolerance, withinMs, proof, excuses } = expectation;
      const points = [point, ...excuses.map((excuse) => excuse.point)];
      let hasMoved = !wasThere;
      let excused: string | undefined;
      const look = (spots: Spots): Spots | undefined => {
        excused = excuses.find((each) => isMet(spots.value(each.point), each.condition))?.reason;
        if (isNear(spots.value(point), value, tolerance)) return undefined;
        hasMoved = true;
        return spots;
      };
      const seen = await watch(points, look, withinMs, effectLookMs, signal);
      if (seen.kind === 'replaced') return replaced;
      if (seen.kind === 'unread') return { verified: false, reason: 'no_readback' };
      if (seen.kind === 'missing') return { verified: false, reason: excused ?? 'no_effect' };
      return hasMoved ? { verified: true, by: proof } : { verified: false, reason: excused ?? 'within_tolerance' };
    },
  };
};
