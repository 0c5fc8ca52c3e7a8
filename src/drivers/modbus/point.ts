/** A point of a profile with every default, variant and instance applied, ready for planning, decoding and writing. */
import type { Condition, PointType, ProfilePoint } from './profile-point.ts';

/** The quantity a point feeds, and how its register becomes that quantity. */
export interface Target {
  type: string;
  index?: number;
  quantity: string;
  part?: string;
  /** value = raw * factor + offset, in the quantity's unit and sign */
  factor: number;
  offset: number;
  unit?: string;
  value: 'number' | 'integer' | 'boolean' | 'text' | 'enum';
  min: number;
  max: number;
}

/** A point with every default, variant and instance applied. */
export interface Point {
  name: string;
  source: ProfilePoint;
  table: 'holding' | 'input' | 'coil' | 'discrete';
  type: PointType;
  /** Addresses of the words, most significant first; strings and bytes in reading order. */
  words: number[];
  byteOrder: 'big' | 'little';
  target?: Target;
  group: 'fast' | 'slow' | 'once';
  isReadable: boolean;
}

/** It tells what the device was told, not what comes of it. */
export const isEcho = ({ target }: Point): boolean => target?.quantity === 'current_limit';

/** A point that a derived one is made from: its value there is value * factor + offset. */
export interface Term {
  name: string;
  factor: number;
  offset: number;
  /** Not every device of the family has it. */
  isOptional: boolean;
}

interface Derived {
  name: string;
  target: Target;
  terms: Term[];
  /** Of the term that is read most often. */
  group: Point['group'];
  voidWhile?: Condition;
}

export interface SumPoint extends Derived {
  kind: 'sum';
  /** It is 0 while this holds and none of its terms, all optional, has a value. */
  zeroWhile?: Condition;
}

/** The first of several sources that the device has. */
export interface FirstPoint extends Derived {
  kind: 'first';
}

export type DerivedPoint = SumPoint | FirstPoint;

/** What the value of a derived point depends on beside its terms. */
export const conditionsOf = (point: DerivedPoint): Condition[] =>
  [point.voidWhile, point.kind === 'sum' ? point.zeroWhile : undefined].filter((condition) => condition !== undefined);
