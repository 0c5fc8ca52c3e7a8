/**
 * The guards of a profile: registers that hold a fixed number as long as all others mean what the profile says. The
 * models of some inverters move while they run, and registers of another meaning would give values that look good.
 */
import type { DeviceContext } from '../device/device-context.ts';
import { ModbusFailure } from '../failures.ts';
import type { ReadOutcome } from './polled-block.ts';

/** A guard with the place of its number. */
interface Guard {
  index: number;
  /** Begins the reason: "holding 40070". */
  register: string;
  is: readonly number[];
}

/** Whether everything that was read in a poll is 0, as it is of inverters that sleep with their connection open. */
const isAllZeros = (outcomes: readonly ReadOutcome[]): boolean => {
  const answered = outcomes.filter(({ failure }) => !failure);
  return answered.length > 0 && answered.every(({ polled }) => polled.last.every((byte) => byte === 0));
};

/** The guards of one device. */
export class Guards {
  readonly #context: DeviceContext;
  readonly #guards: readonly Guard[];

  constructor(context: DeviceContext) {
    const { indexOf, points, resolved } = context.layout;
    this.#context = context;
    this.#guards = (resolved.profile.guards ?? []).map(({ point, is }) => {
      const index = indexOf.get(point) ?? -1;
      const { table = 'holding', words: [address] = [] } = points[index] ?? {};
      return { index, is, register: `${table} ${address}` };
    });
  }

  /**
   * Looks at the guards after all reads of a poll, and before anything that was read counts.
   * @returns the outcomes as they are; all of them failed, if a guard holds another number
   */
  check(outcomes: ReadOutcome[]): ReadOutcome[] {
    const reason = this.#fault();
    if (reason === undefined) return outcomes;
    const isAsleep = isAllZeros(outcomes);
    const failure = isAsleep ? this.#sleep() : new ModbusFailure('displaced', reason);
    for (const { polled } of outcomes) {
      polled.isKnown = false;
      polled.failure ??= failure;
    }
    if (!isAsleep) this.#context.onDisplaced(reason);
    return outcomes.map((outcome) => ({ ...outcome, failure: outcome.failure ?? failure }));
  }

  #sleep(): ModbusFailure {
    return new ModbusFailure('asleep', `unit ${this.#context.unit} answers 0 for every register: it sleeps`);
  }

  /** @returns in words which guard does not hold its number; a guard that was never read says nothing */
  #fault(): string | undefined {
    const { numbers } = this.#context.values;
    for (const { index, is, register } of this.#guards) {
      const value = numbers[index] ?? Number.NaN;
      if (!Number.isNaN(value) && !is.includes(value))
        return `unit ${this.#context.unit}, ${register} holds ${value}, not ${is.join(' or ')}: its registers do not mean what the profile says`;
    }
    return undefined;
  }
}
