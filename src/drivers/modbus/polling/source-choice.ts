/** The choice among several sources of one quantity: kept once it is made, so that no counter jumps between sources. */
import type { Reason } from '../../../model/common.ts';
import type { Term } from '../profiles/point.ts';

/** The knowledge of a point: its number, or why there is none. */
export type Known =
  | { kind: 'value'; value: number }
  /** The device tells that there is no value. */
  | { kind: 'void' }
  /** The device does not have the point. */
  | { kind: 'absent' }
  /** The point could not be read. */
  | { kind: 'unknown'; reason: Reason };

/**
 * Polls in a row in which an earlier source may go unanswered while a later one is answered, since some devices refuse
 * nothing; and in which the chosen source may be refused, which is often the mood of a moment.
 */
const patience = 5;

/** The search for a source. */
type Search =
  | { kind: 'found'; nth: number }
  /** No source has a value that settles the question; one of them may be a counter that stands at 0. */
  | { kind: 'open'; reason: Reason; counterAtZero?: number };

/** The choice for one quantity of one device. */
export class SourceChoice {
  readonly #sources: readonly Term[];
  readonly #isCounter: boolean;
  #chosen: number | undefined;
  /** For each source: polls in a row in which it was silent while a later one was answered. */
  readonly #silences: number[];
  /** Polls in a row in which the chosen source was refused. */
  #refusals = 0;

  /** @param isCounter a counter at 0 may be a dead one: it is chosen once it counts */
  constructor(sources: readonly Term[], isCounter: boolean) {
    this.#sources = sources;
    this.#isCounter = isCounter;
    this.#silences = sources.map(() => 0);
  }

  /**
   * @param known the knowledge of each source in this poll, in the order of the sources
   * @returns the value in the unit of the quantity, or why there is none; and the name of the chosen source
   */
  choose(known: readonly Known[]): { value: number | Reason; source?: string } {
    const isRefused = this.#chosen !== undefined && known[this.#chosen]?.kind === 'absent';
    this.#refusals = isRefused ? this.#refusals + 1 : 0;
    if (this.#refusals > patience) this.#chosen = undefined;
    if (this.#chosen === undefined) {
      const found = this.#search(known);
      if (found.kind === 'open') {
        const { counterAtZero, reason } = found;
        return { value: counterAtZero === undefined ? reason : this.#scaled(counterAtZero, 0) };
      }
      this.#chosen = found.nth;
    }
    const source = this.#sources[this.#chosen]?.name ?? '';
    const current = known[this.#chosen];
    switch (current?.kind) {
      case 'value':
        return { value: this.#scaled(this.#chosen, current.value), source };
      case 'absent':
        return { value: 'modbus_exception', source };
      case 'unknown':
        return { value: current.reason, source };
      default:
        return { value: 'sentinel', source };
    }
  }

  /** Looks for the first source whose value settles the question. */
  #search(known: readonly Known[]): Search {
    let counterAtZero: number | undefined;
    for (const [nth, each] of known.entries()) {
      if (each.kind === 'unknown') {
        const isLaterAnswered = known.slice(nth + 1).some(({ kind }) => kind === 'value');
        const silences = isLaterAnswered ? (this.#silences[nth] ?? 0) + 1 : 0;
        this.#silences[nth] = silences;
        if (silences <= patience) return { kind: 'open', reason: each.reason };
        continue;
      }
      this.#silences[nth] = 0;
      if (each.kind !== 'value') continue;
      if (!this.#isCounter || each.value !== 0) return { kind: 'found', nth };
      counterAtZero ??= nth;
    }
    return { kind: 'open', reason: 'sentinel', ...(counterAtZero === undefined ? {} : { counterAtZero }) };
  }

  #scaled(nth: number, value: number): number {
    const { factor = 1, offset = 0 } = this.#sources[nth] ?? {};
    return value * factor + offset;
  }
}
