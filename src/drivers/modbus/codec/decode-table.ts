/**
 * The decode table of a block: a list of operations that is compiled once for the points of a profile, so that decoding
 * a response is a handful of plain loops over typed arrays. All devices of a profile share one table.
 */
import { isBitTable } from '../messages.ts';
import { type Criterion, isBytes, type Point } from '../profiles/point.ts';
import type { PointType } from '../profiles/point-schema.ts';
import { decodeNumber, isNoFloat } from './number-formats.ts';
import { type Column, scalingOf } from './point-scaling.ts';

/** Operations in the order of the table, each with a loop of its own. "Swapped": the less significant word is first. */
const operations = [
  'u16',
  'i16',
  'u32',
  'i32',
  'f32',
  'u32Swapped',
  'i32Swapped',
  'f32Swapped',
  /** Everything that needs more than its registers as they are: coils, masks, little-endian bytes, other types. */
  'special',
] as const;
type Operation = (typeof operations)[number];

const operationOfType: Partial<Record<PointType, Operation>> = {
  int16: 'i16',
  uint16: 'u16',
  bool: 'u16',
  int32: 'i32',
  uint32: 'u32',
  float32: 'f32',
};

/** 64 bits as two unsigned numbers of 32. */
interface Pattern {
  high: number;
  low: number;
}

/** A point of the operation "special". */
export interface SpecialEntry {
  type: PointType | 'bit';
  /** Byte offsets of its words, most significant first; for a coil the number of its bit. */
  words: number[];
  /** The bytes of each word are little-endian. */
  isSwapped: boolean;
  mask: Pattern | undefined;
  /** Bits by which the raw number is shifted to the right. */
  shift: number;
  /** Raw patterns that mean "not available". */
  nan: Pattern[];
  /** Bits of which each one that is set means "not available". */
  nanBits: Pattern | undefined;
}

/** A compiled block: places in the response, output indices, and what is done to the numbers. */
export interface DecodeTable {
  /** The first entry of each operation; the entries of the next operation follow. */
  start: Record<Operation, number>;
  /** Byte offset of each entry in the data of the response. */
  from: Uint16Array;
  /** Output index of each entry. */
  target: Uint32Array;
  /** The entries of the operation "special", in their order. */
  specials: SpecialEntry[];
  /** Raw values that mean "not available". */
  absent: Column;
  /** Scaling: the raw value times a factor, then by a divisor, then by the power of ten that the device tells. */
  factor: Column;
  divisor: Column;
  /** Output indices whose factor leaves a residue of binary fractions. */
  inexact: Uint32Array;
  /** Pairs of output indices: a value, and the power of ten that scales it. */
  scaled: [index: number, exponentIndex: number][];
  /** Offsets, which are added last, in the unit of the value. */
  offset: Column;
  /** Values whose sign another one tells: negative while that one meets the criterion. */
  signed: { index: number; tellerIndex: number; negativeWhile: Criterion }[];
  /** Values beyond these are in per cent. */
  percent: Column;
}

/** A point with the places of its numbers in the output. */
export interface TablePoint {
  point: Point;
  /** Output index of its value. */
  index: number;
  /** Output index of the power of ten of a point with scaleFrom, or of the point that tells its sign. */
  companionIndex?: number;
}

const patternOf = (hex: string): Pattern => {
  const bits = BigInt(hex);
  return { high: Number(bits >> 32n), low: Number(bits & 0xffffffffn) };
};

/** @returns a numerator and a denominator: 2305 / 10 is 230.5, while 2305 * 0.1 is 230.50000000000003 */
const fractionOf = (factor: number): [factor: number, divisor: number] => {
  const inverse = Math.round(1 / factor);
  if (Math.abs(inverse * factor - 1) < 1e-12) return inverse < 0 ? [-1, -inverse] : [1, inverse];
  for (let divisor = 1; divisor <= 1e6; divisor *= 10) {
    const numerator = Math.round(factor * divisor);
    if (numerator !== 0 && Math.abs(numerator / (factor * divisor) - 1) < 1e-12) return [numerator, divisor];
  }
  return [factor, 1];
};

/** Whether the factor of a point leaves a residue that adding an offset does not round away. */
const isInexact = (point: Point): boolean => {
  const { factor, offset } = scalingOf(point);
  const [numerator, divisor] = fractionOf(factor);
  return offset === 0 && divisor === 1 && !Number.isInteger(numerator);
};

const operationOf = ({ source, type, table, byteOrder, words }: Point): Operation => {
  const name = operationOfType[type];
  const { mask, shift, nanBits } = source;
  const isPlain = byteOrder !== 'little' && mask === undefined && shift === undefined && nanBits === undefined;
  if (!name || !isPlain || isBitTable(table)) return 'special';
  if (name === 'f32' && !(source.nan ?? []).every(isNoFloat)) return 'special';
  const [first = 0, second] = words;
  if (second === undefined || second === first + 1) return name;
  if (second !== first - 1) return 'special';
  return operations.find((each) => each === `${name}Swapped`) ?? 'special';
};

/** @returns the sentinels of a point as the numbers that its operation reads */
const sentinelsOf = ({ type, source }: Point, operation: Operation): number[] => {
  if (operation === 'special' || type === 'float32') return [];
  return (source.nan ?? []).map((pattern) => decodeNumber(type, 0, Number(pattern)));
};

const columnOf = (numbers: [index: number, value: number][]): Column => ({
  index: Uint32Array.from(numbers, ([index]) => index),
  value: Float64Array.from(numbers, ([, value]) => value),
});

const specialOf = ({ table, type, source, words, byteOrder }: Point, address: number): SpecialEntry => ({
  type: isBitTable(table) ? 'bit' : type,
  words: words.map((word) => (isBitTable(table) ? word - address : (word - address) * 2)),
  isSwapped: byteOrder === 'little',
  mask: source.mask === undefined ? undefined : patternOf(source.mask),
  shift: source.shift ?? 0,
  nan: (source.nan ?? []).map(patternOf),
  nanBits: source.nanBits === undefined ? undefined : patternOf(source.nanBits),
});

/**
 * Compiles the points of one block. Points of text are left out: decodeText reads them.
 * @param address first register (or bit) of the block
 */
export const compileDecodeTable = (points: TablePoint[], address: number): DecodeTable => {
  const entries = points
    .filter(({ point }) => isBitTable(point.table) || !isBytes(point.type))
    .map((entry) => {
      const { factor, offset } = scalingOf(entry.point);
      const [numerator, divisor] = fractionOf(factor);
      const operation = operationOf(entry.point);
      return { ...entry, operation, order: operations.indexOf(operation), factor: numerator, divisor, offset };
    })
    .sort((a, b) => a.order - b.order || a.index - b.index);
  const columnFor = (part: 'factor' | 'divisor' | 'offset', neutral: number): Column =>
    columnOf(entries.flatMap((entry) => (entry[part] === neutral ? [] : [[entry.index, entry[part]]])));
  const startOf = (operation: Operation): number =>
    entries.filter(({ order }) => order < operations.indexOf(operation)).length;
  return {
    start: {
      u16: startOf('u16'),
      i16: startOf('i16'),
      u32: startOf('u32'),
      i32: startOf('i32'),
      f32: startOf('f32'),
      u32Swapped: startOf('u32Swapped'),
      i32Swapped: startOf('i32Swapped'),
      f32Swapped: startOf('f32Swapped'),
      special: startOf('special'),
    },
    from: Uint16Array.from(entries, ({ point }) => (Math.min(...point.words) - address) * 2),
    target: Uint32Array.from(entries, ({ index }) => index),
    specials: entries.filter(({ operation }) => operation === 'special').map(({ point }) => specialOf(point, address)),
    absent: columnOf(
      entries.flatMap(({ point, operation, index }) =>
        sentinelsOf(point, operation).map((value): [number, number] => [index, value]),
      ),
    ),
    factor: columnFor('factor', 1),
    divisor: columnFor('divisor', 1),
    inexact: Uint32Array.from(
      entries.filter(({ point }) => isInexact(point)),
      ({ index }) => index,
    ),
    scaled: entries.flatMap(({ point, index, companionIndex }) =>
      companionIndex === undefined || !point.source.scaleFrom ? [] : [[index, companionIndex] as [number, number]],
    ),
    offset: columnFor('offset', 0),
    signed: entries.flatMap(({ point, index, companionIndex: tellerIndex }) => {
      const { negativeWhile } = point.source;
      return tellerIndex === undefined || !negativeWhile ? [] : [{ index, tellerIndex, negativeWhile }];
    }),
    percent: columnOf(
      entries.flatMap(({ point, index }): [number, number][] =>
        point.source.percentAbove === undefined ? [] : [[index, point.source.percentAbove]],
      ),
    ),
  };
};
