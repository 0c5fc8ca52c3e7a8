/** Numbers as devices write them: integers, floats and binary-coded decimals of up to 64 bits. NaN: not one. */
import type { PointType } from './profile-point.ts';

const shared = new DataView(new ArrayBuffer(8));

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

const powersOfTen = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/** A float32 has 24 bits: 6 digits always fit into it, 9 always tell it from the next one. */
const leastDigits = 6;
const mostDigits = 9;

/**
 * What a float32 said, as the decimal with the fewest digits that is the same float32: 0.99, where its bits say
 * 0.9900000095367432. Nothing that the device can tell apart falls together.
 * @param scale the value is the float32 times this
 */
export const decimal = (value: number, scale: number): number => {
  if (Number.isInteger(value)) return value;
  const raw = Math.fround(value / scale);
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  for (let digits = leastDigits; digits <= mostDigits; digits++) {
    // Both are whole numbers that a double holds: their quotient is the double nearest to the decimal.
    const power = powersOfTen[digits - 1 - exponent] ?? 1;
    const rounded = Math.round(value * power) / power;
    if (Math.fround(rounded / scale) === raw) return rounded;
  }
  return value;
};

/** 0.1 and 0.2 are 0.30000000000000004. */
export const withoutDust = (sum: number): number =>
  Number.isInteger(sum) || Math.abs(sum) > 1e9 ? sum : Math.round(sum * 1e6) / 1e6;

/** NaN for what is no number; infinity minus itself is NaN. */
export const finite = (value: number): number => value - value + value;

/** 32 bits with their words exchanged. */
export const swapped = (raw: number): number => (raw << 16) | (raw >>> 16);

/** The number in up to 64 raw bits. */
export const interpret = (type: PointType | 'bit', high: number, low: number): number => {
  switch (type) {
    case 'int16':
      return (low << 16) >> 16;
    case 'int32':
      return low | 0;
    case 'int64':
      return (high | 0) * 4294967296 + low;
    case 'float16':
      return Number(half(low).toPrecision(5));
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
