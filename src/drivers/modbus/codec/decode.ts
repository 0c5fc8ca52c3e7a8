/**
 * Registers to numbers: a response is decoded by the table of its block. Nothing is allocated per value, and NaN stands
 * for a value that is not available.
 */

import { isBitTable, type Table } from '../messages.ts';
import { isMet } from '../profiles/point.ts';
import type { DecodeTable, SpecialEntry } from './decode-table.ts';
import { decodeNumber, swapWords } from './number-formats.ts';
import { add, type Column, divide, dividePercent, multiply, scaleByPowers, toMillionths } from './point-scaling.ts';

/** A view of the same four bytes as an integer and as a float. */
const bits = new Int32Array(1);
const floats = new Float32Array(bits.buffer);

/** NaN for infinity, because infinity minus itself is NaN; every other number stays what it is. */
const finite = (value: number): number => value - value + value;

const readSpecial = (entry: SpecialEntry, data: DataView): number => {
  const { type, words, isSwapped, mask, shift, nan, nanBits } = entry;
  const [first = 0] = words;
  if (type === 'bit') return (data.getUint8(first >> 3) >> (first & 7)) & 1;
  let high = 0;
  let low = 0;
  for (const word of words) {
    high = ((high << 16) | (low >>> 16)) >>> 0;
    low = ((low << 16) | data.getUint16(word, isSwapped)) >>> 0;
  }
  for (const pattern of nan) if (pattern.low === low && pattern.high === high) return Number.NaN;
  if (nanBits && ((low & nanBits.low) | (high & nanBits.high)) !== 0) return Number.NaN;
  if (mask === undefined && shift === 0) return decodeNumber(type, high, low);
  if (mask) {
    high = (high & mask.high) >>> 0;
    low = (low & mask.low) >>> 0;
  }
  const shifted = Math.floor((high * 4294967296 + low) / 2 ** shift);
  return decodeNumber(type, Math.floor(shifted / 4294967296), shifted % 4294967296);
};

/** Writes the raw number of every entry to its output index. */
const readRaw = ({ start, from, target, specials }: DecodeTable, data: DataView, out: Float64Array): void => {
  let i = 0;
  for (const end = start.i16; i < end; i++) out[target[i] as number] = data.getUint16(from[i] as number);
  for (const end = start.u32; i < end; i++) out[target[i] as number] = data.getInt16(from[i] as number);
  for (const end = start.i32; i < end; i++) out[target[i] as number] = data.getUint32(from[i] as number);
  for (const end = start.f32; i < end; i++) out[target[i] as number] = data.getInt32(from[i] as number);
  for (const end = start.u32Swapped; i < end; i++)
    out[target[i] as number] = finite(data.getFloat32(from[i] as number));
  for (const end = start.i32Swapped; i < end; i++)
    out[target[i] as number] = swapWords(data.getInt32(from[i] as number)) >>> 0;
  for (const end = start.f32Swapped; i < end; i++)
    out[target[i] as number] = swapWords(data.getInt32(from[i] as number));
  for (const end = start.special; i < end; i++) {
    bits[0] = swapWords(data.getInt32(from[i] as number));
    out[target[i] as number] = finite(floats[0] as number);
  }
  for (const entry of specials) out[target[i++] as number] = readSpecial(entry, data);
};

const dropAbsent = ({ index, value }: Column, out: Float64Array): void => {
  for (let i = 0; i < index.length; i++) if (out[index[i] as number] === value[i]) out[index[i] as number] = Number.NaN;
};

/** A value whose sign is not known is not known either. */
const applySigns = (signed: DecodeTable['signed'], out: Float64Array): void => {
  for (const { index, tellerIndex, negativeWhile } of signed) {
    const teller = out[tellerIndex] as number;
    const magnitude = Math.abs(out[index] as number);
    out[index] = Number.isNaN(teller) ? Number.NaN : isMet(teller, negativeWhile) ? 0 - magnitude : magnitude;
  }
};

/**
 * Decodes one block.
 * @param data the data of the response, from the first register (or bit) of the block on
 * @param out receives the values at their output indices, in the unit and with the sign of their quantity; NaN: not
 *   available. The places of points of text are left alone
 */
export const decodeBlock = (table: DecodeTable, data: DataView, out: Float64Array): void => {
  readRaw(table, data, out);
  dropAbsent(table.absent, out);
  multiply(table.factor, out);
  divide(table.divisor, out);
  for (const index of table.inexact) out[index] = toMillionths(out[index] as number);
  scaleByPowers(table.scaled, out);
  add(table.offset, out);
  applySigns(table.signed, out);
  dividePercent(table.percent, out);
};

const powersOfTen = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/** A float32 has 24 bits of precision: every decimal of 6 digits fits, and 9 digits tell any two float32 apart. */
const leastDigits = 6;
const mostDigits = 9;

/**
 * A value that came from a float32, as the decimal with the fewest digits that is the same float32: 0.99 where the bits
 * say 0.9900000095367432. Two values that the device can tell apart stay apart.
 * @param scale the value is the float32 times this factor
 */
export const shortestDecimal = (value: number, scale: number): number => {
  if (Number.isInteger(value)) return value;
  const raw = Math.fround(value / scale);
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  for (let digits = leastDigits; digits <= mostDigits; digits++) {
    // Both operands are whole numbers that a double holds, so their quotient is the double nearest to the decimal.
    const power = powersOfTen[digits - 1 - exponent] ?? 1;
    const rounded = Math.round(value * power) / power;
    if (Math.fround(rounded / scale) === raw) return rounded;
  }
  return value;
};

/**
 * A single register or bit in the data of a response. MODBUS Application Protocol V1.1b3 §4.2, §6.1 to §6.4.
 * @param data as the response carried it: registers big-endian, bits packed from the lowest bit of the first byte
 * @param n register or bit, counted from the first one of the request
 */
export const valueAt = (data: Buffer, table: Table, n: number): number =>
  isBitTable(table) ? ((data[n >> 3] ?? 0) >> (n & 7)) & 1 : data.readUInt16BE(n * 2);

/** @returns a register as four hexadecimal digits, a bit as 0 or 1 */
export const textAt = (data: Buffer, table: Table, n: number): string => {
  const value = valueAt(data, table, n);
  return isBitTable(table) ? String(value) : value.toString(16).padStart(4, '0');
};
