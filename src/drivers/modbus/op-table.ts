/** What is to be done with a block of registers: a table of operations, compiled once for its points. */
import type { Point } from './point.ts';
import type { PointType } from './profile-point.ts';

/** Operations of the table, each with a loop of its own. "Swapped": the less significant word stands first. */
export const op = {
  u16: 0,
  i16: 1,
  u32: 2,
  i32: 3,
  f32: 4,
  u32Swapped: 5,
  i32Swapped: 6,
  f32Swapped: 7,
  special: 8,
} as const;

type Operation = keyof typeof op;

const opOf: Partial<Record<PointType, Operation>> = {
  int16: 'i16',
  uint16: 'u16',
  bool: 'u16',
  int32: 'i32',
  uint32: 'u32',
  float32: 'f32',
};

/** One point of a compiled block that needs more than its registers as they are. */
export interface Special {
  type: PointType | 'bit';
  /** Byte offsets of its words, most significant first; the number of the bit for a coil. */
  words: number[];
  isSwapped: boolean;
  mask: Pattern | undefined;
  shift: number;
  /** Raw patterns of "not available". */
  nan: Pattern[];
}

/** 64 bits as two numbers of 32. */
interface Pattern {
  high: number;
  low: number;
}

/** A compiled block: lists of places and what to do there, so that each step is one plain loop. */
export interface OpTable {
  /** Reading: the first entry of each operation; those of the next follow. */
  start: Record<Operation, number>;
  /** Byte offset of the entry. */
  from: Uint16Array;
  /** Output index of the entry. */
  target: Uint32Array;
  /** Of the entries of the operation "special", in their order. */
  specials: Special[];
  /** Raw values that mean "not available". */
  absent: Step;
  /** Scaling: the value times a factor, then by a divisor, then plus an offset. */
  factor: Step;
  divisor: Step;
  offset: Step;
  /** Output indices whose scaling leaves binary dust. */
  dusty: Uint32Array;
  /** Pairs of output indices: a value, and the power of ten it is scaled by. */
  scaled: [index: number, exponentIndex: number][];
}

/** A number for each of some output indices. */
export interface Step {
  index: Uint32Array;
  value: Float64Array;
}

export interface BlockPoint {
  point: Point;
  /** Where its value goes. */
  index: number;
  /** Where its power of ten is found, if any. */
  scaleIndex?: number;
}

const patternOf = (hex: string): Pattern => {
  const bits = BigInt(hex);
  return { high: Number(bits >> 32n), low: Number(bits & 0xffffffffn) };
};

const isBitTable = (table: Point['table']): boolean => table === 'coil' || table === 'discrete';

/** A numerator and a denominator: 2305 / 10 is 230.5, where 2305 * 0.1 is 230.50000000000003. */
const fractionOf = (factor: number): [factor: number, divisor: number] => {
  const inverse = Math.round(1 / factor);
  if (Math.abs(inverse * factor - 1) < 1e-12) return inverse < 0 ? [-1, -inverse] : [1, inverse];
  for (let divisor = 1; divisor <= 1e6; divisor *= 10) {
    const numerator = Math.round(factor * divisor);
    if (numerator !== 0 && Math.abs(numerator / (factor * divisor) - 1) < 1e-12) return [numerator, divisor];
  }
  return [factor, 1];
};

/** The value is the raw number times the factor, plus the offset. */
export const scalingOf = ({ source, target }: Point): { factor: number; offset: number } =>
  target ?? { factor: source.scale ?? 1, offset: source.offset ?? 0 };

const isDusty = (point: Point): boolean => {
  const { factor, offset } = scalingOf(point);
  const [numerator, divisor] = fractionOf(factor);
  return offset !== 0 || (divisor === 1 && !Number.isInteger(numerator));
};

/** Whether the value is in the bytes of its words, and no number at all. */
export const isBytes = (type: PointType): boolean => type === 'string' || type === 'bytes' || type === 'datetime';

/** IEEE 754: an exponent of ones is infinity or NaN, and no value of its own accord. */
const isNoFloat = (pattern: string): boolean => (Number(pattern) & 0x7f800000) === 0x7f800000;

const operationOf = ({ point }: BlockPoint): number => {
  const { source, type, table, byteOrder, words } = point;
  const name = opOf[type];
  const isPlain = byteOrder !== 'little' && source.mask === undefined && source.shift === undefined;
  if (!name || !isPlain || isBitTable(table)) return op.special;
  if (name === 'f32' && !(source.nan ?? []).every(isNoFloat)) return op.special;
  const [first = 0, second] = words;
  if (second === undefined || second === first + 1) return op[name];
  return second === first - 1 ? op[`${name}Swapped` as Operation] : op.special;
};

/** The sentinels of a point as the numbers that its operation reads. */
const absentOf = ({ type, source }: Point, operation: number): number[] => {
  if (operation === op.special || opOf[type] === 'f32') return [];
  return (source.nan ?? []).map((pattern) => {
    const raw = Number(pattern);
    if (type === 'int16') return (raw << 16) >> 16;
    return type === 'int32' ? raw | 0 : raw;
  });
};

const stepOf = (places: [index: number, value: number][]): Step => ({
  index: Uint32Array.from(places, ([index]) => index),
  value: Float64Array.from(places, ([, value]) => value),
});

/**
 * Compiles the points of one block. Texts are left out: decodeText reads them.
 * @param address first register (or bit) of the block
 */
export const compileBlock = (points: BlockPoint[], address: number): OpTable => {
  const entries = points
    .filter(({ point }) => isBitTable(point.table) || !isBytes(point.type))
    .map((entry) => {
      const { factor, offset } = scalingOf(entry.point);
      const [numerator, divisor] = fractionOf(factor);
      return { ...entry, operation: operationOf(entry), factor: numerator, divisor, offset };
    })
    .sort((a, b) => a.operation - b.operation || a.index - b.index);
  const specials = entries.filter(({ operation }) => operation === op.special);
  const scalesBy = (part: 'factor' | 'divisor' | 'offset', nothing: number): Step =>
    stepOf(entries.flatMap((entry) => (entry[part] === nothing ? [] : [[entry.index, entry[part]]])));
  return {
    start: Object.fromEntries(
      Object.entries(op).map(([name, n]) => [name, entries.filter(({ operation }) => operation < n).length]),
    ) as Record<Operation, number>,
    from: Uint16Array.from(entries, ({ point }) => (Math.min(...point.words) - address) * 2),
    target: Uint32Array.from(entries, ({ index }) => index),
    specials: specials.map(({ point }) => specialOf(point, address)),
    absent: stepOf(
      entries.flatMap(({ point, operation, index }) =>
        absentOf(point, operation).map((value): [number, number] => [index, value]),
      ),
    ),
    factor: scalesBy('factor', 1),
    divisor: scalesBy('divisor', 1),
    offset: scalesBy('offset', 0),
    dusty: Uint32Array.from(
      entries.filter(({ point }) => isDusty(point)),
      ({ index }) => index,
    ),
    scaled: entries.flatMap(({ index, scaleIndex }) =>
      scaleIndex === undefined ? [] : [[index, scaleIndex] as [number, number]],
    ),
  };
};

const specialOf = ({ table, type, source, words, byteOrder }: Point, address: number): Special => ({
  type: isBitTable(table) ? 'bit' : type,
  words: words.map((word) => (isBitTable(table) ? word - address : (word - address) * 2)),
  isSwapped: byteOrder === 'little',
  mask: source.mask === undefined ? undefined : patternOf(source.mask),
  shift: source.shift ?? 0,
  nan: (source.nan ?? []).map(patternOf),
});
