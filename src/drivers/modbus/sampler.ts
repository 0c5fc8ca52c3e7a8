/** Decoded registers -> samples of the model: names in place of numbers, nothing where the device has nothing. */
import type { Reason } from '../../model/common.ts';
import type { Value } from '../../model/reading.ts';
import type { Sample } from '../driver.ts';
import type { CompiledBlock } from './compiled-block.ts';
import { isMet } from './condition.ts';
import { decodeBlock } from './decode.ts';
import { decodeText, isTextPoint } from './decode-text.ts';
import { createChoice, type Known } from './first-of.ts';
import { type OpTable, scalingOf } from './op-table.ts';
import type { DerivedPoint, Point, Target } from './point.ts';
import { interpret, isLifelong, isNumeric } from './point-value.ts';
import type { Condition } from './profile-point.ts';
import { decimal, withoutDust } from './raw-number.ts';
import type { ModbusFailure } from './request.ts';

/** A block as it was read last, where it was. */
type ReadBlock = Pick<CompiledBlock, 'block' | 'last' | 'isKnown'>;

export interface Sampler {
  /** Takes what a block said. */
  decode(table: OpTable, texts: Point[], address: number, data: DataView): void;
  /** Points that could not be read have no value until they are read again. */
  fail(points: Point[], failure: ModbusFailure): void;
  /**
   * Looks whether the device sleeps: whether all that is never 0 while it works is.
   * @param fast what was read in this poll
   * @param slow what was read in this poll or before
   */
  settle(fast: readonly ReadBlock[], slow: readonly ReadBlock[]): void;
  sample(channel: number, ts: number): Sample;
  /** @param isDue whether anything was read that the point is made from */
  sampleDerived(isDue: (point: DerivedPoint) => boolean, ts: number): Sample[];
  /** The last value of a point, whether it has a channel or not. */
  valueOf(point: Point): Value;
}

export interface SamplerOptions {
  /** Those that are read; their order is that of the decoded values. */
  points: Point[];
  /** The point behind each channel. */
  channelPoints: (Point & { target: Target })[];
  /** Their channels follow. */
  derived: DerivedPoint[];
  /** Points that never read 0 while the device works. */
  alive: Point[];
  /** Names of the points that the device does not have, as it turns out. */
  refused: { has(name: string): boolean };
}

const reasonOf = ({ kind }: ModbusFailure): Reason => {
  if (kind === 'exception' || kind === 'malformed') return 'modbus_exception';
  return kind === 'timeout' ? 'modbus_timeout' : 'device_offline';
};

const nowhere: ReadonlySet<number> = new Set();

/** What a float32 is multiplied by on its way to a value; 0: it is none, or its value is rounded already. */
const floatScaleOf = (point: Point): number => {
  if (point.type !== 'float32') return 0;
  const { factor, offset } = scalingOf(point);
  return offset === 0 ? factor : 0;
};

const isZero = (data: Uint8Array): boolean => data.every((byte) => byte === 0);

export const createSampler = ({ points, channelPoints, derived, alive, refused }: SamplerOptions): Sampler => {
  const indexOf = new Map(points.map((point, index) => [point.name, index]));
  const placeOf = (name: string): number => indexOf.get(name) ?? -1;
  const values = new Float64Array(points.length).fill(Number.NaN);
  const texts = new Array<string | null>(points.length).fill(null);
  /** By index of the point: why it could not be read. */
  const failures = new Map<number, Reason>();
  /** Indices of points whose 0 means nothing, because all that the device says is 0. */
  let blank = nowhere;
  let isAsleep = false;
  const pointOf = (channel: number) => channelPoints[channel] as (typeof channelPoints)[number];
  const alivePlaces = alive.map(({ name }) => placeOf(name));
  // By channel, each list in one piece: with a thousand devices it is memory that a poll waits for.
  const places = Uint32Array.from(channelPoints, ({ name }) => indexOf.get(name) ?? 0);
  const isPlain = Uint8Array.from(channelPoints, (point) => Number(isNumeric(point) && !point.source.voidWhile));
  const floatScale = Float64Array.from(channelPoints, floatScaleOf);
  const least = Float64Array.from(channelPoints, ({ target }) => target.min);
  const most = Float64Array.from(channelPoints, ({ target }) => target.max);

  const read = (point: Point, index: number): Value => {
    const given = isTextPoint(point) ? texts[index] : values[index];
    return given === null || given === undefined || Number.isNaN(given) ? null : interpret(point, given);
  };

  /** A device does not lose what it has told: it refuses it for a moment. */
  const isLacking = (place: number): boolean =>
    refused.has((points[place] as Point).name) && Number.isNaN(values[place]);

  /** Why a condition makes a value void; undefined where it does not. What the device does not have says nothing. */
  const voidReason = (condition: Condition | undefined): Reason | undefined => {
    if (!condition) return undefined;
    const place = placeOf(condition.point);
    if (isLacking(place)) return undefined;
    const failure = failures.get(place);
    if (failure !== undefined) return failure;
    const value = blank.has(place) ? null : read(points[place] as Point, place);
    return value === null || isMet(value, condition) ? 'sentinel' : undefined;
  };

  /** A value as it is told. */
  const told = (channel: number, value: Value): Value => {
    const scale = floatScale[channel] as number;
    return scale === 0 || typeof value !== 'number' ? value : decimal(value, scale);
  };

  const knownOf = (place: number): Known => {
    const { name, source } = points[place] as Point;
    if (refused.has(name)) return { kind: 'refused' };
    const failure = failures.get(place);
    if (failure !== undefined) return { kind: 'unknown', reason: failure };
    // A device that sleeps does not say that it has no such part.
    if (blank.has(place)) return { kind: 'unknown', reason: 'sentinel' };
    const reason = voidReason(source.voidWhile);
    if (reason !== undefined) return reason === 'sentinel' ? { kind: 'void' } : { kind: 'unknown', reason };
    const value = values[place] as number;
    return Number.isNaN(value) ? { kind: 'void' } : { kind: 'value', value };
  };

  /** @returns the sum, 0 where the profile says that all missing is 0, or why there is none */
  const add = (point: DerivedPoint, termPlaces: number[]): number | Reason => {
    let total = 0;
    let found = 0;
    let isPartial = false;
    point.terms.forEach(({ factor, offset, isOptional }, nth) => {
      const place = termPlaces[nth] as number;
      const known = knownOf(place);
      const isLost = known.kind === 'unknown' || (known.kind === 'refused' && !isLacking(place));
      if (known.kind === 'value') {
        total += known.value * factor + offset;
        found++;
      } else if (isLost || !isOptional) isPartial = true;
    });
    if (isPartial) return 'partial_inputs';
    if (found > 0) return total;
    const zeroWhile = point.kind === 'sum' ? point.zeroWhile : undefined;
    const place = zeroWhile ? placeOf(zeroWhile.point) : -1;
    const isTold = zeroWhile && !failures.has(place) && !blank.has(place);
    return isTold && isMet(read(points[place] as Point, place), zeroWhile) ? 0 : 'sentinel';
  };

  const wholes = derived.map((point, i) => {
    const termPlaces = point.terms.map(({ name }) => placeOf(name));
    const isLife = isLifelong(point.target);
    const choice = point.kind === 'first' ? createChoice(point.terms, isLife) : undefined;
    return { point, termPlaces, isLife, choice, channel: channelPoints.length + i };
  });

  const sampleWhole = ({ point, termPlaces, isLife, choice, channel }: (typeof wholes)[number], ts: number): Sample => {
    const nothing = (reason: Reason): Sample => ({ channel, value: null, ts, reason });
    const chosen = choice?.choose(termPlaces.map(knownOf));
    const made = chosen ? chosen.value : add(point, termPlaces);
    if (typeof made === 'string') return nothing(made);
    const value = withoutDust(made);
    const reason = voidReason(point.voidWhile) ?? (isLife && isAsleep && value === 0 ? 'sentinel' : undefined);
    if (reason !== undefined) return nothing(reason);
    const { min, max } = point.target;
    if (value < min || value > max) return nothing('out_of_range');
    return { channel, value, ts, ...(isLife && chosen?.source && { counterId: chosen.source }) };
  };

  /** @returns the places in blocks that hold nothing but 0, where no block that is read often holds anything else */
  const blankPlaces = (fast: readonly ReadBlock[], slow: readonly ReadBlock[]): ReadonlySet<number> => {
    const known = fast.filter(({ isKnown }) => isKnown);
    if (known.length === 0 || !known.every(({ last }) => isZero(last))) return nowhere;
    const empty = [...known, ...slow].filter(({ isKnown, last }) => isKnown && isZero(last));
    return new Set(empty.flatMap(({ block }) => block.points.map(({ name }) => placeOf(name))));
  };

  return {
    decode(table, textPoints, address, data) {
      decodeBlock(table, data, values);
      if (failures.size > 0) for (const index of table.target) failures.delete(index);
      for (const point of textPoints) {
        const index = placeOf(point.name);
        if (index < 0) continue;
        texts[index] = decodeText(point, address, data);
        failures.delete(index);
      }
    },
    fail(lost, failure) {
      for (const { name } of lost) if (indexOf.has(name)) failures.set(placeOf(name), reasonOf(failure));
    },
    settle(fast, slow) {
      // What could not be read proves nothing, its last value least of all.
      const told = alivePlaces.filter((place) => !failures.has(place)).map((place) => values[place] as number);
      isAsleep = told.includes(0) && told.every((value) => value === 0 || Number.isNaN(value));
      blank = isAsleep ? blankPlaces(fast, slow) : nowhere;
    },
    sample(channel, ts) {
      const place = places[channel] as number;
      if (failures.size > 0) {
        const reason = failures.get(place);
        if (reason !== undefined) return { channel, value: null, ts, reason };
      }
      if (blank.size > 0 && blank.has(place)) return { channel, value: null, ts, reason: 'sentinel' };
      if (isPlain[channel] === 0) {
        const reason = voidReason(pointOf(channel).source.voidWhile);
        if (reason !== undefined) return { channel, value: null, ts, reason };
      }
      const number = values[place] as number;
      const known = Number.isNaN(number) ? null : number;
      const value = told(channel, isPlain[channel] === 0 ? read(pointOf(channel), place) : known);
      if (value === null) return { channel, value, ts, reason: 'sentinel' };
      if (typeof value === 'number' && (value < (least[channel] as number) || value > (most[channel] as number)))
        return { channel, value: null, ts, reason: 'out_of_range', raw: String(value) };
      if (isAsleep && value === 0 && isLifelong(pointOf(channel).target))
        return { channel, value: null, ts, reason: 'sentinel' };
      return { channel, value, ts };
    },
    sampleDerived: (isDue, ts) => wholes.filter(({ point }) => isDue(point)).map((whole) => sampleWhole(whole, ts)),
    valueOf: (point) => read(point, placeOf(point.name)),
  };
};
