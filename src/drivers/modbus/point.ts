/** A point of a profile with every default, variant and instance applied, ready for planning, decoding and writing. */
import type { PointType, ProfilePoint } from './profile.ts';

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

export interface SumPoint {
  name: string;
  target: Target;
  terms: { name: string; sign: 1 | -1 }[];
}
