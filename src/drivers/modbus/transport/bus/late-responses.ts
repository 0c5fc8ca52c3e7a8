/** Late responses of a unit, which prove that it is slow and not dead, and the timeout that they teach. */
import type { SlowNotice } from './bus-notices.ts';

/** Longest timeout that a unit is given on its own account, ms: it keeps the connection busy for as long. */
const longestLearntMs = 10_000;
/** A unit that has become slower by this factor is told of again. */
const newsFactor = 1.2;
/** A response of a unit needs a timeout with this much room for a slower one. */
const roomFactor = 1.5;
/** Timeouts are rounded up to tenths of a second, ms. */
const stepMs = 100;
/** Responses in time, in a row, after which a unit does not need the learnt timeout any more. */
const timelyResponses = 500;

/** @returns in words what is wrong with a unit that answers too late, and what to do about it */
export const slowText = ({ tookMs, timeoutMs, neededMs, isGiven }: SlowNotice): string => {
  const what = `the device answers after ${Math.round(tookMs)} ms, later than the timeout of ${timeoutMs} ms`;
  return isGiven
    ? `${what}: the timeout is ${neededMs} ms from now on; enter it in the connection to keep it`
    : `${what}: enter a timeout of ${neededMs} ms in the connection`;
};

/** The memory of one unit that has answered late. */
export class LateResponses {
  #learntMs: number | undefined;
  /** The slowest response that came after its timeout, ms. */
  #slowestMs: number | undefined;
  /** Responses in a row that did not need the learnt timeout. */
  #timely = 0;
  #slowness: string | undefined;

  /** The timeout that the unit was given, ms; undefined: the configured one is enough. */
  get learntMs(): number | undefined {
    return this.#learntMs;
  }

  /** In words, for a unit that answers later than a timeout it cannot be given: the reason why it seems dead. */
  get slowness(): string | undefined {
    return this.#slowness;
  }

  /**
   * A response came after its request had failed.
   * @param mayLearn the unit shares its connection with no other one, and the integrator entered no timeout
   * @returns whether the unit is given the time it needs, and a notice if it has become slower
   */
  add(
    { unit, tookMs, timeoutMs }: Pick<SlowNotice, 'unit' | 'tookMs' | 'timeoutMs'>,
    mayLearn: boolean,
  ): { isGiven: boolean; notice?: SlowNotice } {
    const neededMs = Math.ceil((tookMs * roomFactor) / stepMs) * stepMs;
    const isGiven = mayLearn && neededMs <= longestLearntMs;
    const notice: SlowNotice = { kind: 'slow', unit, tookMs, timeoutMs, neededMs, isGiven };
    if (isGiven) this.#learntMs = neededMs;
    else this.#slowness = slowText(notice);
    if (this.#slowestMs !== undefined && tookMs <= this.#slowestMs * newsFactor) return { isGiven };
    this.#slowestMs = tookMs;
    return { isGiven, notice };
  }

  /** The unit has answered. A learnt timeout is given up in the end, since it delays the notice of the unit's death. */
  answered(tookMs: number, configuredMs: number): void {
    this.#slowness = undefined;
    if (this.#learntMs === undefined) return;
    this.#timely = tookMs <= configuredMs ? this.#timely + 1 : 0;
    if (this.#timely < timelyResponses) return;
    this.#timely = 0;
    this.#learntMs = undefined;
  }
}
