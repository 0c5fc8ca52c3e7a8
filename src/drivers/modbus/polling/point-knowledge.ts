/**
 * The knowledge of a device's points after a poll: a value, no value, or no idea. A device that sleeps, such as an inverter
 * at night, answers 0 for everything: its counters of 0 are no values then, and neither is anything in a response that is
 * all zeros.
 */

import type { Reason } from '../../../model/common.ts';
import type { PointValues } from '../device/point-values.ts';
import type { ProfileLayout } from '../device/profile-layout.ts';
import { isMet } from '../profiles/point.ts';
import type { Condition } from '../profiles/point-schema.ts';
import type { PolledBlock } from './polled-block.ts';
import type { Known } from './source-choice.ts';

/** A block as it was last read. */
export type ReadBlock = Pick<PolledBlock, 'last' | 'isKnown'> & { block: { points: readonly { name: string }[] } };

/** Whether the device sleeps, and which zeros mean nothing. */
interface Sleep {
  isAsleep: boolean;
  /** Places of points whose 0 means nothing, because the device answered 0 for everything around. */
  blank: ReadonlySet<number>;
}

const noPlaces: ReadonlySet<number> = new Set();

/** The state of a device that works. */
const awake: Sleep = { isAsleep: false, blank: noPlaces };

const isAllZeros = (data: Uint8Array): boolean => data.every((byte) => byte === 0);

/** @returns the places in blocks of nothing but 0, if no fast block holds anything else */
const blankPlaces = (
  { indexOf }: ProfileLayout,
  fast: readonly ReadBlock[],
  slow: readonly ReadBlock[],
): ReadonlySet<number> => {
  const known = fast.filter(({ isKnown }) => isKnown);
  if (known.length === 0 || !known.every(({ last }) => isAllZeros(last))) return noPlaces;
  const empty = [...known, ...slow].filter(({ isKnown, last }) => isKnown && isAllZeros(last));
  return new Set(empty.flatMap(({ block }) => block.points.map(({ name }) => indexOf.get(name) ?? -1)));
};

/**
 * Finds out whether the device sleeps: whether all points that never read 0 while it works do. A point that could not be
 * read proves nothing, its last value least of all.
 * @param fast blocks that were read in this poll
 * @param slow blocks that were read in this poll or before
 */
const findSleep = (
  layout: ProfileLayout,
  values: PointValues,
  { fast, slow }: { fast: readonly ReadBlock[]; slow: readonly ReadBlock[] },
): Sleep => {
  let hasZero = false;
  for (const index of layout.aliveIndices) {
    if (values.failureAt(index) !== undefined) continue;
    const value = values.numbers[index] ?? Number.NaN;
    if (value === 0) hasZero = true;
    else if (!Number.isNaN(value)) return awake;
  }
  return hasZero ? { isAsleep: true, blank: blankPlaces(layout, fast, slow) } : awake;
};

/** The facts of a device that its samples are made from. */
export interface SampledDevice {
  layout: ProfileLayout;
  values: PointValues;
  /** Names of the points that the device refuses although it answers others; undefined for a device that has refused none. */
  readonly absent: { has(name: string): boolean } | undefined;
}

/** The knowledge of one device's points. */
export class PointKnowledge {
  readonly #device: SampledDevice;
  #sleep: Sleep = awake;

  constructor(device: SampledDevice) {
    this.#device = device;
  }

  get isAsleep(): boolean {
    return this.#sleep.isAsleep;
  }

  /**
   * Takes the end of a poll into account.
   * @param fast blocks that were read in this poll
   * @param slow blocks that were read in this poll or before
   * @returns whether the device sleeps; never, if its profile has no point that tells
   */
  settle(fast: readonly ReadBlock[], slow: readonly ReadBlock[]): boolean {
    const { layout, values } = this.#device;
    this.#sleep = findSleep(layout, values, { fast, slow });
    return this.#sleep.isAsleep;
  }

  /** @returns why the point at a place has no value that counts, before its conditions are looked at */
  missingReason(index: number): Reason | undefined {
    const { values } = this.#device;
    const failure = values.hasFailures ? values.failureAt(index) : undefined;
    return failure ?? (this.#sleep.blank.has(index) ? 'sentinel' : undefined);
  }

  /**
   * Whether the device lacks a point: a register tells that it is of another model, or the point was refused before it
   * ever had a value. A device that loses a value refuses it for a moment only.
   */
  isLacking(index: number): boolean {
    return this.isExcluded(index) || (this.#isAbsent(index) && Number.isNaN(this.#numberAt(index)));
  }

  /** Whether a register tells that the device is of a model, or has a firmware, without the point. */
  isExcluded(index: number): boolean {
    return this.exclusionReason(index) === 'not_measured';
  }

  /** @returns why it is not certain that the device has a point; undefined if it is */
  exclusionReason(index: number): Reason | undefined {
    const { layout, values } = this.#device;
    const condition = layout.points[index]?.source.onlyWhile;
    if (!condition) return undefined;
    const teller = this.#indexOf(condition.point);
    const missing = this.missingReason(teller);
    if (missing !== undefined) return missing;
    const value = values.valueAt(teller);
    if (value === null) return 'sentinel';
    return isMet(value, condition) ? undefined : 'not_measured';
  }

  /** @returns why a condition makes a value void; undefined if it does not. A point that the device lacks is no reason */
  voidReason(condition: Condition | undefined): Reason | undefined {
    if (!condition) return undefined;
    const index = this.#indexOf(condition.point);
    if (this.isLacking(index)) return undefined;
    const { values } = this.#device;
    const failure = values.failureAt(index);
    if (failure !== undefined) return failure;
    const value = this.#sleep.blank.has(index) ? null : values.valueAt(index);
    return value === null || isMet(value, condition) ? 'sentinel' : undefined;
  }

  /** Whether a condition holds for certain. */
  isCertain(condition: Condition): boolean {
    const index = this.#indexOf(condition.point);
    return this.missingReason(index) === undefined && isMet(this.#device.values.valueAt(index), condition);
  }

  known(index: number): Known {
    const { layout, values } = this.#device;
    const exclusion = this.exclusionReason(index);
    if (exclusion === 'not_measured' || this.#isAbsent(index)) return { kind: 'absent' };
    if (exclusion !== undefined) return { kind: 'unknown', reason: exclusion };
    const failure = values.failureAt(index);
    if (failure !== undefined) return { kind: 'unknown', reason: failure };
    // A device that sleeps does not tell that it lacks a part.
    if (this.#sleep.blank.has(index)) return { kind: 'unknown', reason: 'sentinel' };
    const reason = this.voidReason(layout.points[index]?.source.voidWhile);
    if (reason !== undefined) return reason === 'sentinel' ? { kind: 'void' } : { kind: 'unknown', reason };
    const value = this.#numberAt(index);
    return Number.isNaN(value) ? { kind: 'void' } : { kind: 'value', value };
  }

  #indexOf(name: string): number {
    return this.#device.layout.indexOf.get(name) ?? -1;
  }

  #numberAt(index: number): number {
    return this.#device.values.numbers[index] ?? Number.NaN;
  }

  #isAbsent(index: number): boolean {
    return this.#device.absent?.has(this.#device.layout.points[index]?.name ?? '') === true;
  }
}
