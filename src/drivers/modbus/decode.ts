/**
 * Registers -> values. A block of registers is decoded by a table of operations compiled once; nothing is allocated
 * per value, and a value that is not there is NaN.
 */
import type { Point, PointType } from './profile.ts';

/** Operations of the table; those below "special" have a loop of their own. */
const op = {
  u16: 0,
  i16: 1,
  u32: 2,
  i32: 3,
  f32: 4,
  special: 5,
} as const;

const opOf: Partial<Record<PointType, number>> = {
  int16: op.i16,
  uint16: op.u16,
  bool: op.u16,
  int32: op.i32,
  uint32: op.u32,
  float32: op.f32,
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

/** A compiled block: parallel arrays, one entry per point, points of one operation beside each other. */
export interface OpTable {
  /** Entries of operation n are start[n] to start[n + 1] - 1. */
  start: number[];
  /** Byte offset of the more, and of the less significant word; the same for a value of one register. */
  high: Uint16Array;
  low: Uint16Array;
  /** The raw value that means "not available", or -1. */
  nan: Float64Array;
  /** value = raw * factor / divisor + offset. */
  factor: Float64Array;
  divisor: Float64Array;
  offset: Float64Array;
  /** Index into the output. */
  target: Uint32Array;
  /** Of the entries of the operation "special", in their order. */
  specials: Special[];
  /** Output indices whose scaling leaves binary dust. */
  dusty: Uint32Array;
  /** Pairs of output indices: a value, and the power of ten it is scaled by. */
  scaled: [index: number, exponentIndex: number][];
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

const operationOf = ({ point }: BlockPoint): number => {
  const { source, type, table, byteOrder } = point;
  const isPlain = byteOrder !== 'little' && source.mask === undefined && source.shift === undefined;
  if (!isPlain || isBitTable(table) || (source.nan?.length ?? 0) > 1) return op.special;
  return opOf[type] ?? op.special;
};

/**
 * Compiles the points of one block. Texts are left out: decodeText reads them.
 * @param address first register (or bit) of the block
 */
export const compileBlock = (points: BlockPoint[], address: number): OpTable => {
  const entries = points
    .filter(({ point }) => isBitTable(point.table) || !isBytes(point.type))
    .map((entry) => ({ ...entry, operation: operationOf(entry) }))
    .sort((a, b) => a.operation - b.operation);
  const offsetOf = (word: number): number => (word - address) * 2;
  const { length } = entries;
  const table: OpTable = {
    start: Array.from({ length: op.special + 2 }, (_, n) => {
      const at = entries.findIndex(({ operation }) => operation >= n);
      return at < 0 ? length : at;
    }),
    high: Uint16Array.from(entries, ({ point }) => offsetOf(point.words[0] ?? address)),
    low: Uint16Array.from(entries, ({ point }) => offsetOf(point.words.at(-1) ?? address)),
    nan: Float64Array.from(entries, ({ point }) => Number(point.source.nan?.[0] ?? -1)),
    factor: new Float64Array(length),
    divisor: new Float64Array(length),
    offset: Float64Array.from(entries, ({ point }) => scalingOf(point).offset),
    target: Uint32Array.from(entries, ({ index }) => index),
    specials: entries
      .filter(({ operation }) => operation === op.special)
      .map(({ point }) => ({
        type: isBitTable(point.table) ? 'bit' : point.type,
        words: point.words.map((word) => (isBitTable(point.table) ? word - address : offsetOf(word))),
        isSwapped: point.byteOrder === 'little',
        mask: point.source.mask === undefined ? undefined : patternOf(point.source.mask),
        shift: point.source.shift ?? 0,
        nan: (point.source.nan ?? []).map(patternOf),
      })),
    dusty: Uint32Array.from(
      entries.filter(({ point }) => isDusty(point)),
      ({ index }) => index,
    ),
    scaled: entries.flatMap(({ index, scaleIndex }) =>
      scaleIndex === undefined ? [] : [[index, scaleIndex] as [number, number]],
    ),
  };
  for (const [i, { point }] of entries.entries())
    [table.factor[i], table.divisor[i]] = fractionOf(scalingOf(point).factor);
  return table;
};

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

const finite = (value: number): number => (Number.isFinite(value) ? value : Number.NaN);

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
  const { start, high, low, nan, factor, divisor, offset, target } = table;
  const end = (operation: number): number => start[operation + 1] as number;
  const put = (i: number, raw: number): void => {
    out[target[i] as number] = (raw * (factor[i] as number)) / (divisor[i] as number) + (offset[i] as number);
  };
  let i = 0;
  for (; i < end(op.u16); i++) {
    const raw = data.getUint16(high[i] as number);
    put(i, raw === nan[i] ? Number.NaN : raw);
  }
  for (; i < end(op.i16); i++) {
    const raw = data.getUint16(high[i] as number);
    put(i, raw === nan[i] ? Number.NaN : (raw << 16) >> 16);
  }
  for (; i < end(op.u32); i++) {
    const raw = ((data.getUint16(high[i] as number) << 16) | data.getUint16(low[i] as number)) >>> 0;
    put(i, raw === nan[i] ? Number.NaN : raw);
  }
  for (; i < end(op.i32); i++) {
    const raw = (data.getUint16(high[i] as number) << 16) | data.getUint16(low[i] as number);
    put(i, raw >>> 0 === nan[i] ? Number.NaN : raw);
  }
  for (; i < end(op.f32); i++) {
    const raw = (data.getUint16(high[i] as number) << 16) | data.getUint16(low[i] as number);
    bits[0] = raw;
    // IEEE 754: an exponent of ones is infinity or NaN.
    const isNumber = (raw & 0x7f800000) !== 0x7f800000 && raw >>> 0 !== nan[i];
    put(i, isNumber ? (floats[0] as number) : Number.NaN);
  }
  for (const special of table.specials) put(i++, readSpecial(special, data));

  for (const index of table.dusty) out[index] = Math.round((out[index] as number) * 1e6) / 1e6;
  for (const [index, exponentIndex] of table.scaled) {
    const exponent = out[exponentIndex] as number;
    const value = out[index] as number;
    // SunSpec sunssf: a power of ten from -10 to 10; anything else makes the value worthless.
    if (Math.abs(exponent) <= 10) out[index] = exponent < 0 ? value / 10 ** -exponent : value * 10 ** exponent;
    else out[index] = Number.NaN;
  }
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
