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
