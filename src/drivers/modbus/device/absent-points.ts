/**
 * Points that a device refuses although it answers others. A refusal may be the mood of a moment, so that each point is
 * asked for again after some seconds, and then after longer and longer pauses.
 */
import type { Clock } from '../../../model/time.ts';

interface Refusal {
  /** Refusals in a row. */
  times: number;
  /** Monotonic ms. */
  askAt: number;
  /** false while the point is being asked for again. */
  isAbsent: boolean;
}

/** Pauses after the first refusal in a row, the second, and so on. */
const pausesMs = [5000, 30_000, 120_000, 600_000] as const;
/** Pause after all further refusals. */
const longestPauseMs = 3_600_000;

/** The points that one device lacks. */
export class AbsentPoints {
  readonly #clock: Clock;
  readonly #refusals = new Map<string, Refusal>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(name: string): boolean {
    return this.#refusals.get(name)?.isAbsent === true;
  }

  names(): string[] {
    return [...this.#refusals].filter(([, { isAbsent }]) => isAbsent).map(([name]) => name);
  }

  /** The device has refused requests for nothing but these points. */
  refused(names: string[]): void {
    for (const name of names) {
      const times = this.#refusals.get(name)?.times ?? 0;
      const askAt = this.#clock.monotonic() + (pausesMs[times] ?? longestPauseMs);
      this.#refusals.set(name, { times: times + 1, askAt, isAbsent: true });
    }
  }

  answered(points: readonly { name: string }[]): void {
    for (const { name } of points) this.#refusals.delete(name);
  }

  /** Lets points be asked for again whose pause is over. @returns whether there are any */
  takeDue(): boolean {
    const now = this.#clock.monotonic();
    const due = [...this.#refusals.values()].filter(({ isAbsent, askAt }) => isAbsent && askAt <= now);
    for (const refusal of due) refusal.isAbsent = false;
    return due.length > 0;
  }

  forget(): void {
    this.#refusals.clear();
  }
}
