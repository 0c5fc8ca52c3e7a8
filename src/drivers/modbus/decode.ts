/**
 * Registers -> values. A block of registers is decoded by a table of operations compiled once; nothing is allocated
 * per value, and a value that is not there is NaN.
 */

import type { Point } from './point.ts';
import type { PointType } from './profile.ts';

/** Operations of the table, each with a loop of its own. "Swapped": the less significant word stands first. */
const op = {
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
interface Special {
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
interface Step {
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

const scalingOf = ({ source, target }: Point): { factor: number; offset: number } =>
  target ?? { factor: source.scale ?? 1, offset: source.offset ?? 0 };

const isDusty = (point: Point): boolean => {
  const { factor, offset } = scalingOf(point);
  const [numerator, divisor] = fractionOf(factor);
  return offset !== 0 || (divisor === 1 && !Number.isInteger(numerator));
};

/** Whether the value is in the bytes of its words, and no number at all. */
const isBytes = (type: PointType): boolean => type === 'string' || type === 'bytes' || type === 'datetime';

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

const shared = new DataView(new ArrayBuffer(8));
const bits = new Int32Array(shared.buffer);
const floats = new Float32Array(shared.buffer);

const bcd = (raw: number, digits: number): number => {
  let value = 0;
  for (let digit = digits - 1; digit >= 0; digit--) {
    const nibble = (raw >>> (digit * 4)) & 0xf;
    if (nibble > 9) return Number.NaN;
    value = value * 10 + nibble;
  }
  return value;
};

const half = (raw: number): number => {
  const exponent = (raw >>> 10) & 0x1f;
  const fraction = raw & 0x3ff;
  const sign = raw & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};

/** NaN for what is no number; infinity minus itself is NaN. */
const finite = (value: number): number => value - value + value;

/** 32 bits with their words exchanged. */
const swapped = (raw: number): number => (raw << 16) | (raw >>> 16);

/** The number in up to 64 raw bits. */
const interpret = (type: PointType | 'bit', high: number, low: number): number => {
  switch (type) {
    case 'int16':
      return (low << 16) >> 16;
    case 'int32':
      return low | 0;
    case 'int64':
      return (high | 0) * 4294967296 + low;
    case 'float16':
      return half(low);
    case 'float32':
      shared.setUint32(0, low);
      return finite(shared.getFloat32(0));
    case 'float64':
      shared.setUint32(0, high);
      shared.setUint32(4, low);
      return finite(shared.getFloat64(0));
    case 'u8h':
      return low >>> 8;
    case 'u8l':
      return low & 0xff;
    case 'bcd16':
      return bcd(low, 4);
    case 'bcd32':
      return bcd(low, 8);
    default:
      return high * 4294967296 + low;
  }
};

/** Raw value of a special point; NaN: not available. */
const readSpecial = ({ type, words, isSwapped, mask, shift, nan }: Special, data: DataView): number => {
  const [first = 0] = words;
  if (type === 'bit') return (data.getUint8(first >> 3) >> (first & 7)) & 1;
  let high = 0;
  let low = 0;
  for (const word of words) {
    high = ((high << 16) | (low >>> 16)) >>> 0;
    low = ((low << 16) | data.getUint16(word, isSwapped)) >>> 0;
  }
  for (const pattern of nan) if (pattern.low === low && pattern.high === high) return Number.NaN;
  if (mask === undefined && shift === 0) return interpret(type, high, low);
  if (mask) {
    high = (high & mask.high) >>> 0;
    low = (low & mask.low) >>> 0;
  }
  const shifted = Math.floor((high * 4294967296 + low) / 2 ** shift);
  return interpret(type, Math.floor(shifted / 4294967296), shifted % 4294967296);
};

/**
 * Decodes one block.
 * @param data bytes of the answer
 * @param out values by index, in the unit and sign of their quantity; NaN: not available. Texts are left alone
 */
export const decodeBlock = (table: OpTable, data: DataView, out: Float64Array): void => {
  readRaw(table, data, out);
  dropAbsent(table.absent, out);
  multiply(table.factor, out);
  divide(table.divisor, out);
  add(table.offset, out);
  for (const index of table.dusty) out[index] = Math.round((out[index] as number) * 1e6) / 1e6;
  for (const [index, exponentIndex] of table.scaled) {
    const exponent = out[exponentIndex] as number;
    const value = out[index] as number;
    // SunSpec sunssf: a power of ten from -10 to 10; anything else makes the value worthless.
    if (Math.abs(exponent) <= 10) out[index] = exponent < 0 ? value / 10 ** -exponent : value * 10 ** exponent;
    else out[index] = Number.NaN;
  }
};

/** The raw value of every entry. */
const readRaw = ({ start, from, target, specials }: OpTable, data: DataView, out: Float64Array): void => {
  let i = 0;
  for (const end = start.i16; i < end; i++) out[target[i] as number] = data.getUint16(from[i] as number);
  for (const end = start.u32; i < end; i++) out[target[i] as number] = data.getInt16(from[i] as number);
  for (const end = start.i32; i < end; i++) out[target[i] as number] = data.getUint32(from[i] as number);
  for (const end = start.f32; i < end; i++) out[target[i] as number] = data.getInt32(from[i] as number);
  for (const end = start.u32Swapped; i < end; i++)
    out[target[i] as number] = finite(data.getFloat32(from[i] as number));
  for (const end = start.i32Swapped; i < end; i++)
    out[target[i] as number] = swapped(data.getInt32(from[i] as number)) >>> 0;
  for (const end = start.f32Swapped; i < end; i++) out[target[i] as number] = swapped(data.getInt32(from[i] as number));
  for (const end = start.special; i < end; i++) {
    bits[0] = swapped(data.getInt32(from[i] as number));
    out[target[i] as number] = finite(floats[0] as number);
  }
  for (const entry of specials) out[target[i++] as number] = readSpecial(entry, data);
};

const dropAbsent = ({ index, value }: Step, out: Float64Array): void => {
  for (let i = 0; i < index.length; i++) if (out[index[i] as number] === value[i]) out[index[i] as number] = Number.NaN;
};

/** + 0: nothing is nothing, whatever its sign. */
const multiply = ({ index, value }: Step, out: Float64Array): void => {
  for (let i = 0; i < index.length; i++)
    out[index[i] as number] = (out[index[i] as number] as number) * (value[i] as number) + 0;
};

const divide = ({ index, value }: Step, out: Float64Array): void => {
  for (let i = 0; i < index.length; i++)
    out[index[i] as number] = (out[index[i] as number] as number) / (value[i] as number);
};

const add = ({ index, value }: Step, out: Float64Array): void => {
  for (let i = 0; i < index.length; i++)
    out[index[i] as number] = (out[index[i] as number] as number) + (value[i] as number);
};

const wordBytes = (point: Point, address: number, data: DataView): Uint8Array => {
  const bytes = new Uint8Array(point.words.length * 2);
  const target = new DataView(bytes.buffer);
  point.words.forEach((word, n) => {
    target.setUint16(n * 2, data.getUint16((word - address) * 2, point.byteOrder === 'little'));
  });
  return bytes;
};

/** Whether a point's value is text made from its bytes rather than from a number. */
export const isTextPoint = ({ type, source }: Point): boolean =>
  type === 'string' || type === 'bytes' || type === 'datetime' || source.format !== undefined;

/**
 * The text of a string, bytes, datetime, or of a number shown as hex or ASCII.
 * @returns null where the device has none
 */
export const decodeText = (point: Point, address: number, data: DataView): string | null => {
  const bytes = wordBytes(point, address, data);
  if (point.type === 'datetime') {
    const seconds = new DataView(bytes.buffer).getUint32(0);
    return seconds === 0 || seconds === 0xffffffff ? null : new Date(seconds * 1000).toISOString();
  }
  const hexText = Buffer.from(bytes).toString('hex');
  if ((point.source.nan ?? []).some((pattern) => BigInt(pattern) === BigInt(`0x${hexText || '0'}`))) return null;
  if (point.type === 'bytes' || point.source.format === 'hex') return hexText;
  // Devices pad with NUL or blanks.
  const text = [...Buffer.from(bytes).toString('utf8')]
    .filter((character) => character >= ' ' && character !== '\ufffd')
    .join('')
    .trim();
  return text === '' ? null : text;
};
