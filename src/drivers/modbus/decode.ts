/**
 * Registers -> values. A block of registers is decoded by its table; nothing is allocated per value, and a value that
 * is not there is NaN.
 */
import type { OpTable, Special, Step } from './op-table.ts';
import { finite, interpret, swapped } from './raw-number.ts';

const bits = new Int32Array(1);
const floats = new Float32Array(bits.buffer);

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
