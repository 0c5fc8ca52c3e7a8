/** The verification of commands: the written registers are read back, or their effect is looked for in other points. */
import { pause } from '../../../common/pause.ts';
import type { Proof } from '../../../model/command.ts';
import type { Value } from '../../../model/reading.ts';
import type { Clock } from '../../../model/time.ts';
import { type Applied, CommandFailure } from '../../driver.ts';
import { ownBits, type Words } from '../codec/encode.ts';
import type { PointReader, PointSnapshot } from '../polling/point-reader.ts';
import { type Criterion, isMet, type Point } from '../profiles/point.ts';
import type { WantedPoint } from './write-plan.ts';

/** The effect that proves a command. */
export interface ExpectedEffect {
  point: Point;
  /** In the unit of the point, as the tolerance. */
  value: number;
  /** Largest distance from the value that counts as reached. */
  tolerance: number;
  withinMs: number;
  /** The kind of proof that the effect is. */
  proof: Proof;
  /** Criteria under which the effect may fail to show although the device obeys. */
  excuses: { point: Point; criterion: Criterion; reason: string }[];
}

/** Pauses between two looks, ms: at a register that does not show its value yet, and at an effect. */
const registerLookMs = 200;
const effectLookMs = 500;

/** The outcome of looking for something, again and again. */
type Look<T> =
  | { kind: 'seen' }
  /** A newer order is to be carried out. */
  | { kind: 'replaced' }
  | { kind: 'missing'; what: T }
  | { kind: 'unread'; error: unknown };

interface Looking<T> {
  points: Point[];
  /** @returns what is not as it should be; undefined if all is well */
  missing(snapshot: PointSnapshot): T | undefined;
  withinMs: number;
  everyMs: number;
}

const replaced: Applied = { verified: false, reason: 'replaced' };

/** @returns the points whose registers can be read back */
export const readableOf = (wanted: WantedPoint[]): WantedPoint[] => wanted.filter(({ point }) => point.isReadable);

/** Whether a register holds what was written, as far as its bits belong to the point. */
const holds = (point: Point, { address, word }: Words[number], snapshot: PointSnapshot): boolean => {
  const read = snapshot.word(point.table, address);
  const bits = ownBits(point)?.find((each) => each.address === address)?.word ?? 0xffff;
  return read !== undefined && (read & bits) === (word & bits);
};

/** @returns in words which registers do not hold what they should */
export const differences = (wanted: WantedPoint[], snapshot: PointSnapshot): string[] =>
  wanted.flatMap(({ point, value, words }) =>
    words.every((each) => holds(point, each, snapshot))
      ? []
      : [`${point.name} reads ${snapshot.value(point) ?? 'nothing'} instead of ${value ?? 'what was there before'}`],
  );

const isNear = (now: Value, { value, tolerance }: ExpectedEffect): boolean =>
  typeof now === 'number' && Math.abs(now - value) <= tolerance;

/** Verifies the commands of one device. */
export class Verifier {
  readonly #read: PointReader;
  readonly #clock: Clock;

  constructor(read: PointReader, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /**
   * Reads written registers back until they hold what they should.
   * @returns undefined if none of the registers can be read
   * @throws CommandFailure READBACK_MISMATCH; or the failure of the last read
   */
  async registers(wanted: WantedPoint[], settleMs: number, signal: AbortSignal): Promise<Applied | undefined> {
    const back = readableOf(wanted);
    if (back.length === 0) return undefined;
    const seen = await this.#look(
      {
        points: back.map(({ point }) => point),
        missing: (snapshot) => differences(back, snapshot).join(', ') || undefined,
        withinMs: settleMs,
        everyMs: registerLookMs,
      },
      signal,
    );
    if (seen.kind === 'replaced') return replaced;
    if (seen.kind === 'unread') throw seen.error;
    if (seen.kind === 'missing') throw new CommandFailure('READBACK_MISMATCH', seen.what);
    return { verified: true, by: 'register' };
  }

  /** Whether the effect may show already, before anything is written: also if it cannot be read at the moment. */
  async mayBeThere(expected: ExpectedEffect): Promise<boolean> {
    try {
      const now = (await this.#read([expected.point])).value(expected.point);
      return typeof now !== 'number' || isNear(now, expected);
    } catch {
      return true;
    }
  }

  /**
   * Looks for the effect of a command.
   * @param wasThere the effect may have shown before the write, so that it proves something only if it comes again
   */
  async effect(expected: ExpectedEffect, wasThere: boolean, signal: AbortSignal): Promise<Applied> {
    const { point, withinMs, proof, excuses } = expected;
    let hasMoved = !wasThere;
    let excused: string | undefined;
    const seen = await this.#look(
      {
        points: [point, ...excuses.map((excuse) => excuse.point)],
        missing(snapshot) {
          excused = excuses.find((each) => isMet(snapshot.value(each.point), each.criterion))?.reason;
          if (isNear(snapshot.value(point), expected)) return undefined;
          hasMoved = true;
          return snapshot;
        },
        withinMs,
        everyMs: effectLookMs,
      },
      signal,
    );
    if (seen.kind === 'replaced') return replaced;
    if (seen.kind === 'unread') return { verified: false, reason: 'no_readback' };
    if (seen.kind === 'missing') return { verified: false, reason: excused ?? 'no_effect' };
    return hasMoved ? { verified: true, by: proof } : { verified: false, reason: excused ?? 'within_tolerance' };
  }

  /** Looks again and again until nothing is missing, the time is over, or a newer order has come. */
  async #look<T>({ points, missing, withinMs, everyMs }: Looking<T>, signal: AbortSignal): Promise<Look<T>> {
    const until = this.#clock.monotonic() + withinMs;
    for (;;) {
      let outcome: Look<T>;
      try {
        const what = missing(await this.#read(points));
        if (what === undefined) return { kind: 'seen' };
        outcome = { kind: 'missing', what };
      } catch (error) {
        outcome = { kind: 'unread', error };
      }
      if (!signal.aborted && this.#clock.monotonic() + everyMs > until) return outcome;
      await pause(signal.aborted ? 0 : everyMs, this.#clock, signal);
      if (signal.aborted) return { kind: 'replaced' };
    }
  }
}
