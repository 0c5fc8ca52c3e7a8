/**
 * Numbers as devices write them into registers: integers, floats and binary-coded decimals of up to 64 bits, the order of
 * their words and bytes, and the patterns that mean "not available". NaN stands for a bit pattern that is no number.
 */
import type { PointType } from '../profiles/point-schema.ts';

/**
 * Word order: exchanges the two words of 32 bits, for a number whose less significant word comes first. Words in any other
 * order are listed by their addresses, the most significant one first (Point.words).
 */
export const swapWords = (raw: number): number => (raw << 16) | (raw >>> 16);

/** Byte order: exchanges the two bytes of a word, for a device that sends its registers little-endian. */
const swapBytes = (word: number): number => ((word & 0xff) << 8) | (word >>> 8);

/** @returns the words of a number, the most significant one first, each in the byte order of the device */
export const splitWords = (raw: bigint, count: number, byteOrder: 'big' | 'little'): number[] =>
  Array.from({ length: count }, (_, n) => {
    const word = Number((raw >> BigInt((count - 1 - n) * 16)) & 0xffffn);
    return byteOrder === 'little' ? swapBytes(word) : word;
  });

const scratch = new DataView(new ArrayBuffer(8));
const twoTo32 = 2 ** 32;

const fromBcd = (raw: number, digits: number): number => {
  let value = 0;
  for (let digit = digits - 1; digit >= 0; digit--) {
    const nibble = (raw >>> (digit * 4)) & 0xf;
    if (nibble > 9) return Number.NaN;
    value = value * 10 + nibble;
  }
  return value;
};

/** @returns NaN for infinity */
const orNaN = (value: number): number => (Number.isFinite(value) ? value : Number.NaN);

/** IEEE 754 binary16. */
const fromFloat16 = (raw: number): number => {
  const exponent = (raw >>> 10) & 0x1f;
  const fraction = raw & 0x3ff;
  const sign = raw & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};

/** A calculated value without the residue of binary fractions, as in 0.1 + 0.2 = 0.30000000000000004. */
export const withoutBinaryResidue = (value: number): number =>
  Number.isInteger(value) || Math.abs(value) > 1e9 ? value : Math.round(value * 1e6) / 1e6;

/**
 * The number that a bit pattern stands for.
 * @param high bits 32 to 63, unsigned
 * @param low bits 0 to 31, unsigned
 */
export const decodeNumber = (type: PointType | 'bit', high: number, low: number): number => {
  switch (type) {
    case 'int16':
      return (low << 16) >> 16;
    case 'int32':
      return low | 0;
    case 'int64':
      return (high | 0) * twoTo32 + low;
    case 'float16':
      return Number(fromFloat16(low).toPrecision(5));
    case 'float32':
      scratch.setUint32(0, low);
      return orNaN(scratch.getFloat32(0));
    case 'float64':
      scratch.setUint32(0, high);
      scratch.setUint32(4, low);
      return orNaN(scratch.getFloat64(0));
    case 'u8h':
      return low >>> 8;
    case 'u8l':
      return low & 0xff;
    case 'bcd16':
      return fromBcd(low, 4);
    case 'bcd32':
      return fromBcd(low, 8);
    default:
      return high * twoTo32 + low;
  }
};

const toBcd = (value: number): bigint => BigInt(`0x${Math.round(value)}`);

/** IEEE 754 binary16. */
const toFloat16 = (value: number): number => {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude < 2 ** -14) return sign | Math.round(magnitude * 2 ** 24);
  const exponent = Math.min(15, Math.floor(Math.log2(magnitude)));
  return sign | ((exponent + 15) << 10) | Math.round((magnitude / 2 ** exponent - 1) * 1024);
};

/** @returns the bit pattern of a number, as one unsigned integer over all words of its type */
export const encodeNumber = (type: PointType, value: number): bigint => {
  switch (type) {
    case 'float32':
      scratch.setFloat32(0, value);
      return BigInt(scratch.getUint32(0));
    case 'float64':
      scratch.setFloat64(0, value);
      return scratch.getBigUint64(0);
    case 'float16':
      return BigInt(toFloat16(value));
    case 'bcd16':
    case 'bcd32':
      return toBcd(value);
    case 'u8h':
      return BigInt(Math.round(value)) << 8n;
    case 'int64':
    case 'uint64':
      return BigInt.asUintN(64, BigInt(Math.round(value)));
    default:
      return BigInt.asUintN(32, BigInt(Math.round(value)));
  }
};

/** Smallest and largest integer of each type; floats have no such range. */
export const integerRanges: Readonly<Partial<Record<PointType, readonly [smallest: number, largest: number]>>> = {
  bool: [0, 1],
  u8h: [0, 0xff],
  u8l: [0, 0xff],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  // The largest doubles below 2^63 and 2^64: the powers themselves would wrap around.
  int64: [-(2 ** 63), 2 ** 63 - 2 ** 10],
  uint64: [0, 2 ** 64 - 2 ** 11],
  bcd16: [0, 9999],
  bcd32: [0, 99_999_999],
};

/**
 * IEEE 754: a float32 whose exponent is all ones is infinity or NaN, and therefore no value without being listed.
 * @param pattern raw bits in hexadecimal, as a profile lists them in "nan"
 */
export const isNoFloat = (pattern: string): boolean => (Number(pattern) & 0x7f800000) === 0x7f800000;
