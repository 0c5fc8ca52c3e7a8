/**
 * Points that a device refuses although it answers others. A refusal may be that of a moment: each point is asked for
 * again after seconds, then after longer and longer.
 */
import type { Clock } from '../../model/time.ts';

interface Refusal {
  times: number;
  /** Monotonic. */
  askAt: number;
  isAbsent: boolean;
}

const pausesMs = [5000, 30_000, 120_000, 600_000, 3_600_000];

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
    if (this.#refusals.size === 0) return [];
    return [...this.#refusals].filter(([, { isAbsent }]) => isAbsent).map(([name]) => name);
  }

  /** The device has refused these alone. */
  refused(names: string[]): void {
    for (const name of names) {
      const times = this.#refusals.get(name)?.times ?? 0;
      const pauseMs = pausesMs[Math.min(times, pausesMs.length - 1)] as number;
      this.#refusals.set(name, { times: times + 1, askAt: this.#clock.monotonic() + pauseMs, isAbsent: true });
    }
  }

  answered(points: readonly { name: string }[]): void {
    if (this.#refusals.size > 0) for (const { name } of points) this.#refusals.delete(name);
  }

  /** Whether the time of some has come; they are not absent any more. */
  takeDue(): boolean {
    if (this.#refusals.size === 0) return false;
    const now = this.#clock.monotonic();
    const due = [...this.#refusals.values()].filter(({ isAbsent, askAt }) => isAbsent && askAt <= now);
    for (const refusal of due) refusal.isAbsent = false;
    return due.length > 0;
  }

  forget(): void {
    this.#refusals.clear();
  }
}
