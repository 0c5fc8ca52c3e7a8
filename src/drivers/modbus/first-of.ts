/** The choice among several sources of one quantity: made once, so that a counter does not jump from one to the other. */
import type { Reason } from '../../model/common.ts';
import type { Term } from './point.ts';

/** What is known of a point: its number, or why there is none. */
export type Known =
  | { kind: 'value'; value: number }
  /** The device says that there is none. */
  | { kind: 'void' }
  /** The device does not have it. */
  | { kind: 'refused' }
  /** It could not be read: nobody knows. */
  | { kind: 'unknown'; reason: Reason };

export interface Choice {
  /**
   * @param known what is known of each source now
   * @returns the value of the one that is in force, and its name; or why there is none
   */
  choose(known: Known[]): { value: number | Reason; source?: string };
}

/**
 * Polls in a row that an earlier source may leave unanswered while a later one is answered, since some devices refuse
 * nothing; and that the chosen one may be refused in, which is often the mood of a moment.
 */
const patience = 5;

/** @param isCounter a counter at 0 may be a dead one: it is taken when it counts, or when no other does */
export const createChoice = (sources: Term[], isCounter: boolean): Choice => {
  let taken: number | undefined;
  /** Polls in a row that a source was silent in while a later one was not. */
  const silences = sources.map(() => 0);
  /** Polls in a row in which the chosen source was refused. */
  let refusals = 0;

  const scaled = (nth: number, value: number): number => {
    const { factor, offset } = sources[nth] as Term;
    return value * factor + offset;
  };

  /** @returns the first source that has a value which settles the question, or why it is open */
  const search = (known: Known[]): number | { atZero?: number; reason: Reason } => {
    let atZero: number | undefined;
    for (const [nth, each] of known.entries()) {
      if (each.kind === 'unknown') {
        const isAnswered = known.slice(nth + 1).some(({ kind }) => kind === 'value');
        silences[nth] = isAnswered ? (silences[nth] as number) + 1 : 0;
        if ((silences[nth] as number) <= patience) return { reason: each.reason };
        continue;
      }
      silences[nth] = 0;
      if (each.kind !== 'value') continue;
      if (!isCounter || each.value !== 0) return nth;
      atZero ??= nth;
    }
    return { reason: 'sentinel', ...(atZero === undefined ? {} : { atZero }) };
  };

  return {
    choose(known) {
      refusals = taken !== undefined && known[taken]?.kind === 'refused' ? refusals + 1 : 0;
      if (refusals > patience) taken = undefined;
      if (taken === undefined) {
        const found = search(known);
        if (typeof found !== 'number') {
          const { atZero, reason } = found;
          return atZero === undefined ? { value: reason } : { value: scaled(atZero, 0) };
        }
        taken = found;
      }
      const current = known[taken];
      const source = (sources[taken] as Term).name;
      if (current?.kind === 'value') return { value: scaled(taken, current.value), source };
      if (current?.kind === 'refused') return { value: 'modbus_exception', source };
      return { value: current?.kind === 'unknown' ? current.reason : 'sentinel', source };
    },
  };
};
