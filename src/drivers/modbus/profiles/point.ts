/** A point of a profile with every default, variant and instance applied, ready for planning, decoding and writing. */
import type { Table } from '../messages.ts';
import type { Condition, PointType, ProfilePoint } from './point-schema.ts';

/** The quantity of the model that a point feeds, and the conversion from its raw number to that quantity. */
export interface Target {
  type: string;
  index?: number;
  quantity: string;
  part?: string;
  /** value = raw * factor + offset, in the unit and with the sign of the quantity */
  factor: number;
  offset: number;
  unit?: string;
  value: 'number' | 'integer' | 'boolean' | 'text' | 'enum';
  /** Range of plausible values, in the unit of the quantity. */
  min: number;
  max: number;
}

/** fast points are read in every poll, slow ones every minute or so, once points after a device has appeared. */
export type PollGroup = 'fast' | 'slow' | 'once';

/** A value in one or more registers, or in one bit. */
export interface Point {
  name: string;
  source: ProfilePoint;
  table: Table;
  type: PointType;
  /** Addresses of its words, most significant word first; those of strings and bytes in reading order. */
  words: number[];
  byteOrder: 'big' | 'little';
  target?: Target;
  group: PollGroup;
  isReadable: boolean;
}

/** A point that feeds a quantity, and therefore has a channel. */
export type ChannelPoint = Point & { target: Target };

/** Whether a point feeds a quantity of the model. */
export const hasTarget = (point: Point): point is ChannelPoint => point.target !== undefined;

/** Whether a type is made of bytes and is no number at all. */
export const isBytes = (type: PointType): boolean => type === 'string' || type === 'bytes' || type === 'datetime';

/** Whether the value of a point is text made from its bytes, and not from a number. */
export const isTextPoint = ({ type, source }: Point): boolean => isBytes(type) || source.format !== undefined;

/** @returns the name of the point without which the number of a point means nothing: its power of ten, or its sign */
export const companionOf = ({ scaleFrom, negativeWhile }: ProfilePoint): string | undefined =>
  scaleFrom ?? negativeWhile?.point;

/** A condition without the point whose value it is about. */
export type Criterion = Pick<Condition, 'is' | 'min' | 'max'>;

/** @param given value of the point; true counts as 1, and null meets no criterion */
export const isMet = (given: unknown, { min, max, is }: Criterion): boolean => {
  const value = typeof given === 'boolean' ? Number(given) : given;
  if (is) return is.some((each) => each === value);
  if (typeof value !== 'number') return false;
  return value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY);
};

/** Whether a point repeats an order that the device holds, and does not measure what comes of it. */
export const isEcho = ({ target }: Point): boolean => target?.quantity === 'current_limit';

/** One point behind a derived point, which takes from it: value * factor + offset. */
export interface Term {
  name: string;
  factor: number;
  offset: number;
  /** Not every device of the family has this point. */
  isOptional: boolean;
}

interface Derived {
  name: string;
  target: Target;
  terms: Term[];
  /** The group of the term that is read most often. */
  group: PollGroup;
  voidWhile?: Condition;
}

/** The sum of several points. */
interface SumPoint extends Derived {
  kind: 'sum';
  /** The sum is 0 while this holds and none of its terms, which are all optional, has a value. */
  zeroWhile?: Condition;
}

/** The product of several points and numbers. */
interface ProductPoint extends Derived {
  kind: 'product';
  /** "@voltage * @current", in the unit that its target converts from. */
  expression: string;
}

/** The first of several sources that the device has. */
interface FirstPoint extends Derived {
  kind: 'first';
}

/** A quantity without a register of its own. */
export type DerivedPoint = SumPoint | FirstPoint | ProductPoint;

/** @returns the conditions that the value of a derived point depends on, besides its terms */
export const conditionsOf = (point: DerivedPoint): Condition[] =>
  [point.voidWhile, point.kind === 'sum' ? point.zeroWhile : undefined].filter((condition) => condition !== undefined);

/** @returns the path of a quantity below its device: "meter/power/l1" */
export const pathOf = ({ type, index, quantity, part }: Target): string =>
  [type, index, quantity, part].filter((level) => level !== undefined).join('/');
