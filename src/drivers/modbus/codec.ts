/**
 * Registers <-> values. A block of registers is decoded by a table of operations compiled once;
 * nothing is allocated per value, and a value that is not there is NaN.
 */
import type { Point, PointType } from './profile.ts';

/** Operations of the table. */
const op = {
  u16: 0,
  i16: 1,
  u32: 2,
  i32: 3,
  f32: 4,
  u64: 5,
  i64: 6,
  f64: 7,
  bit: 8,
  high8: 9,
  low8: 10,
  bcd16: 11,
  bcd32: 12,
  f16: 13,
  text: 14,
} as const;

const opOf: Record<Exclude<PointType, 'sunspec'>, number> = {
  bool: op.u16,
  u8h: op.high8,
  u8l: op.low8,
  int16: op.i16,
  uint16: op.u16,
  int32: op.i32,
  uint32: op.u32,
  int64: op.i64,
  uint64: op.u64,
  float16: op.f16,
  float32: op.f32,
  float64: op.f64,
  bcd16: op.bcd16,
  bcd32: op.bcd32,
  string: op.text,
  bytes: op.text,
  datetime: op.u32,
};

/** A compiled block: parallel arrays, one entry per point. */
export interface OpTable {
  count: number;
  code: Uint8Array;
  /** Byte offsets of up to four words, most significant first. */
  words: Uint16Array;
  isSwapped: Uint8Array;
  /** Mask and shift as two 32-bit halves; only used where hasMask. */
  maskHigh: Uint32Array;
  maskLow: Uint32Array;
  shift: Uint8Array;
  hasMask: Uint8Array;
  factor: Float64Array;
  offset: Float64Array;
  /** Patterns of "not available": nanStart[i]..nanStart[i + 1] into the two halves. */
  nanStart: Uint16Array;
  nanHigh: Uint32Array;
  nanLow: Uint32Array;
  /** Index into the output of the point holding the power of ten, or -1. */
  scaleIndex: Int32Array;
  /** Index into the output. */
  target: Uint32Array;
}

export interface BlockPoint {
  point: Point;
  /** Where its value goes. */
  index: number;
  /** Where its power of ten is found, if any. */
  scaleIndex?: number;
}

const high = (pattern: bigint): number => Number((pattern >> 32n) & 0xffffffffn);
const low = (pattern: bigint): number => Number(pattern & 0xffffffffn);
const isBitTable = (table: Point['table']): boolean => table === 'coil' || table === 'discrete';

/**
 * Compiles the points of one block.
 * @param address first register (or bit) of the block
 */
export const compileBlock = (points: BlockPoint[], address: number): OpTable => {
  const count = points.length;
  const patterns = points.flatMap(({ point }) => (point.source.nan ?? []).map((text) => BigInt(text)));
  const table: OpTable = {
    count,
    code: new Uint8Array(count),
    words: new Uint16Array(count * 4),
    isSwapped: new Uint8Array(count),
    maskHigh: new Uint32Array(count),
    maskLow: new Uint32Array(count),
    shift: new Uint8Array(count),
    hasMask: new Uint8Array(count),
    factor: new Float64Array(count),
    offset: new Float64Array(count),
    nanStart: new Uint16Array(count + 1),
    nanHigh: Uint32Array.from(patterns, high),
    nanLow: Uint32Array.from(patterns, low),
    scaleIndex: new Int32Array(count).fill(-1),
    target: new Uint32Array(count),
  };
  let nanAt = 0;
  points.forEach(({ point, index, scaleIndex }, i) => {
    const { source, type, words, target } = point;
    const isBit = isBitTable(point.table);
    table.code[i] = isBit ? op.bit : opOf[type as Exclude<PointType, 'sunspec'>];
    // Bits are addressed by number, words by byte.
    words.slice(0, 4).forEach((word, n) => {
      table.words[i * 4 + n] = isBit ? word - address : (word - address) * 2;
    });
    table.isSwapped[i] = point.byteOrder === 'little' ? 1 : 0;
    if (source.mask !== undefined || source.shift !== undefined) {
      const mask = BigInt(source.mask ?? '0xffffffffffffffff');
      table.hasMask[i] = 1;
      table.maskHigh[i] = high(mask);
      table.maskLow[i] = low(mask);
      table.shift[i] = source.shift ?? 0;
    }
    table.factor[i] = target ? target.factor : (source.scale ?? 1);
    table.offset[i] = target ? target.offset : (source.offset ?? 0);
    table.nanStart[i] = nanAt;
    nanAt += source.nan?.length ?? 0;
    table.scaleIndex[i] = scaleIndex ?? -1;
    table.target[i] = index;
  });
  table.nanStart[count] = nanAt;
  return table;
};

const scratch = new DataView(new ArrayBuffer(8));

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

/**
 * Decodes one block.
 * @param data bytes of the answer
 * @param out values by index, in the unit and sign of their quantity; NaN: not available. Texts are left alone
 */
export const decodeBlock = (table: OpTable, data: DataView, out: Float64Array): void => {
  const { code, words, isSwapped, nanStart, nanHigh, nanLow, hasMask, factor, offset, scaleIndex, target } = table;
  for (let i = 0; i < table.count; i++) {
    const kind = code[i] as number;
    if (kind === op.text) continue;
    const at = i * 4;
    if (kind === op.bit) {
      const bit = words[at] as number;
      out[target[i] as number] = (data.getUint8(bit >> 3) >> (bit & 7)) & 1;
      continue;
    }
    const swap = isSwapped[i] === 1;
    let hi = 0;
    let lo: number;
    if (kind === op.u64 || kind === op.i64 || kind === op.f64) {
      hi = data.getUint16(words[at] as number, swap) * 65536 + data.getUint16(words[at + 1] as number, swap);
      lo = data.getUint16(words[at + 2] as number, swap) * 65536 + data.getUint16(words[at + 3] as number, swap);
    } else if (kind === op.u32 || kind === op.i32 || kind === op.f32 || kind === op.bcd32) {
      lo = data.getUint16(words[at] as number, swap) * 65536 + data.getUint16(words[at + 1] as number, swap);
    } else lo = data.getUint16(words[at] as number, swap);

    let isMissing = false;
    for (let n = nanStart[i] as number; n < (nanStart[i + 1] as number); n++)
      if (nanLow[n] === lo && nanHigh[n] === hi) isMissing = true;
    if (isMissing) {
      out[target[i] as number] = Number.NaN;
      continue;
    }
    if (hasMask[i] === 1) {
      hi = (hi & (table.maskHigh[i] as number)) >>> 0;
      lo = (lo & (table.maskLow[i] as number)) >>> 0;
      const shifted = Math.floor((hi * 4294967296 + lo) / 2 ** (table.shift[i] as number));
      hi = Math.floor(shifted / 4294967296);
      lo = shifted % 4294967296;
    }
    let value: number;
    switch (kind) {
      case op.i16:
        value = (lo << 16) >> 16;
        break;
      case op.i32:
        value = lo | 0;
        break;
      case op.f32:
        scratch.setUint32(0, lo);
        value = scratch.getFloat32(0);
        break;
      case op.u64:
        value = hi * 4294967296 + lo;
        break;
      case op.i64:
        value = (hi | 0) * 4294967296 + lo;
        break;
      case op.f64:
        scratch.setUint32(0, hi);
        scratch.setUint32(4, lo);
        value = scratch.getFloat64(0);
        break;
      case op.high8:
        value = lo >>> 8;
        break;
      case op.low8:
        value = lo & 0xff;
        break;
      case op.bcd16:
        value = bcd(lo, 4);
        break;
      case op.bcd32:
        value = bcd(lo, 8);
        break;
      case op.f16:
        value = half(lo);
        break;
      default:
        value = lo;
    }
    if (!Number.isFinite(value)) value = Number.NaN;
    const by = factor[i] as number;
    const plus = offset[i] as number;
    // Scaling leaves binary dust (230.50000000000003); a millionth of a unit is finer than any register.
    out[target[i] as number] = by === 1 && plus === 0 ? value : Math.round((value * by + plus) * 1e6) / 1e6;
  }
  for (let i = 0; i < table.count; i++) {
    const from = scaleIndex[i] as number;
    if (from < 0) continue;
    const exponent = out[from] as number;
    // SunSpec sunssf: a power of ten from -10 to 10; anything else makes the value worthless.
    out[target[i] as number] =
      Math.abs(exponent) <= 10 ? (out[target[i] as number] as number) * 10 ** exponent : Number.NaN;
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

const encodeBcd = (value: number): bigint => BigInt(`0x${Math.round(value)}`);

const encodeHalf = (value: number): number => {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude < 2 ** -14) return sign | Math.round(magnitude * 2 ** 24);
  const exponent = Math.min(15, Math.floor(Math.log2(magnitude)));
  return sign | ((exponent + 15) << 10) | Math.round((magnitude / 2 ** exponent - 1) * 1024);
};

/** Raw register content of a number, as one unsigned integer over all words. */
const encodeRaw = (type: PointType, raw: number): bigint => {
  switch (type) {
    case 'float32':
      scratch.setFloat32(0, raw);
      return BigInt(scratch.getUint32(0));
    case 'float64':
      scratch.setFloat64(0, raw);
      return scratch.getBigUint64(0);
    case 'float16':
      return BigInt(encodeHalf(raw));
    case 'bcd16':
    case 'bcd32':
      return encodeBcd(raw);
    case 'u8h':
      return BigInt(Math.round(raw)) << 8n;
    case 'int64':
    case 'uint64':
      return BigInt.asUintN(64, BigInt(Math.round(raw)));
    default:
      return BigInt.asUintN(32, BigInt(Math.round(raw)));
  }
};

/** A write into registers: address and 16-bit word. */
export type Words = { address: number; word: number }[];

const swapBytes = (word: number): number => ((word & 0xff) << 8) | (word >>> 8);

const toWords = (point: Point, raw: bigint): Words =>
  point.words.map((address, n) => {
    const word = Number((raw >> BigInt((point.words.length - 1 - n) * 16)) & 0xffffn);
    return { address, word: point.byteOrder === 'little' ? swapBytes(word) : word };
  });

/**
 * Encodes a value: the inverse of decodeBlock and decodeText.
 * @param value number in the quantity's unit and sign (or as the register counts, for a point without one), or text
 * @param exponent power of ten of the point named by scaleFrom
 */
export const encodePoint = (point: Point, value: number | string, exponent = 0): Words => {
  const { source, target, type, words } = point;
  if (typeof value === 'string') {
    const bytes = Buffer.alloc(words.length * 2);
    if (source.format === 'hex' || type === 'bytes') Buffer.from(value, 'hex').copy(bytes);
    else if (type === 'datetime') bytes.writeUInt32BE(Date.parse(value) / 1000);
    else bytes.write(value, 'utf8');
    return toWords(point, BigInt(`0x${bytes.toString('hex')}`));
  }
  const factor = target ? target.factor : (source.scale ?? 1);
  const offset = target ? target.offset : (source.offset ?? 0);
  const raw = (value - offset) / factor / 10 ** exponent;
  const plain = encodeRaw(type, raw);
  const masked =
    source.mask === undefined
      ? plain << BigInt(source.shift ?? 0)
      : (plain << BigInt(source.shift ?? 0)) & BigInt(source.mask);
  return toWords(point, masked);
};

/** The registers of a raw pattern, as nan lists them. */
export const encodePattern = (point: Point, pattern: string): Words => toWords(point, BigInt(pattern));
