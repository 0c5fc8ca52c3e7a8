/** Values -> registers: the inverse of decode.ts, for commands and for whoever plays a device. */

import type { Point } from './point.ts';
import type { PointType } from './profile-point.ts';

const scratch = new DataView(new ArrayBuffer(8));

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

const integerRanges: Partial<Record<PointType, [number, number]>> = {
  bool: [0, 1],
  u8h: [0, 0xff],
  u8l: [0, 0xff],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
  bcd16: [0, 9999],
  bcd32: [0, 99_999_999],
};

/** A write into registers: address and 16-bit word. */
export type Words = { address: number; word: number }[];

const swapBytes = (word: number): number => ((word & 0xff) << 8) | (word >>> 8);

const toWords = (point: Point, raw: bigint): Words =>
  point.words.map((address, n) => {
    const word = Number((raw >> BigInt((point.words.length - 1 - n) * 16)) & 0xffffn);
    return { address, word: point.byteOrder === 'little' ? swapBytes(word) : word };
  });

const factorOf = ({ source, target }: Point): number => (target ? target.factor : (source.scale ?? 1));
const offsetOf = ({ source, target }: Point): number => (target ? target.offset : (source.offset ?? 0));

/** The number in the register, before it is rounded to what fits. */
const rawOf = (point: Point, value: number, exponent: number): number =>
  (value - offsetOf(point)) / factorOf(point) / 10 ** exponent;

const numberIn = (point: Point, raw: number, exponent: number): number =>
  raw * factorOf(point) * 10 ** exponent + offsetOf(point);

/**
 * The value nearest to a wanted one that the registers can hold, and not larger: an order of 28.8 A in whole
 * amperes is 28 A, lest a limit be exceeded.
 */
export const holdable = (point: Point, value: number, exponent = 0): number => {
  const raw = rawOf(point, value, exponent);
  if (!integerRanges[point.type] || Math.abs(raw - Math.round(raw)) < 1e-6) return value;
  const below = numberIn(point, Math.floor(raw), exponent);
  const above = numberIn(point, Math.ceil(raw), exponent);
  return Math.abs(below) < Math.abs(above) ? below : above;
};

/** Whether a value fits into the point's registers: one that does not would arrive as another. */
export const fits = (point: Point, value: number, exponent = 0): boolean => {
  const raw = rawOf(point, value, exponent);
  const [lowest, highest] = integerRanges[point.type] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return Number.isFinite(raw) && Math.round(raw) >= lowest && Math.round(raw) <= highest;
};

/**
 * Encodes a value.
 * @param value number in the quantity's unit and sign (or as the register counts, for a point without one), or text
 * @param exponent power of ten of the point named by scaleFrom
 */
export const encodePoint = (point: Point, value: number | string, exponent = 0): Words => {
  const { source, type, words } = point;
  if (typeof value === 'string') {
    const bytes = Buffer.alloc(words.length * 2);
    if (source.format === 'hex' || type === 'bytes') Buffer.from(value, 'hex').copy(bytes);
    else if (type === 'datetime') bytes.writeUInt32BE(Date.parse(value) / 1000);
    else bytes.write(value, 'utf8');
    return toWords(point, BigInt(`0x${bytes.toString('hex')}`));
  }
  const plain = encodeRaw(type, rawOf(point, value, exponent));
  const masked =
    source.mask === undefined
      ? plain << BigInt(source.shift ?? 0)
      : (plain << BigInt(source.shift ?? 0)) & BigInt(source.mask);
  return toWords(point, masked);
};

/** The registers of a raw pattern, as nan lists them. */
export const encodePattern = (point: Point, pattern: string): Words => toWords(point, BigInt(pattern));
