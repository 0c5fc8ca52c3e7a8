/** Values to registers: the inverse of decode.ts, for commands and for the simulator. */
import type { Point } from '../profiles/point.ts';
import { encodeNumber, integerRanges, splitWords } from './number-formats.ts';
import { numberFor, rawOf } from './point-scaling.ts';
import { parseBytes } from './text-formats.ts';

/** Registers to be written: the address of each, and its 16 bits. */
export type Words = { address: number; word: number }[];

const toWords = ({ words, byteOrder }: Point, raw: bigint): Words => {
  const split = splitWords(raw, words.length, byteOrder);
  return words.map((address, n) => ({ address, word: split[n] ?? 0 }));
};

/**
 * The value nearest to a wanted one that the registers can hold and that is not larger in magnitude: an order of 28.8 A
 * in whole amperes becomes 28 A, so that no limit is exceeded.
 * @param value in the unit and with the sign of the quantity, or as the register counts if the point feeds none
 * @param exponent power of ten from the point named by scaleFrom
 */
export const holdable = (point: Point, value: number, exponent = 0): number => {
  const raw = rawOf(point, value, exponent);
  if (!integerRanges[point.type] || Math.abs(raw - Math.round(raw)) < 1e-6) return value;
  const below = numberFor(point, Math.floor(raw), exponent);
  const above = numberFor(point, Math.ceil(raw), exponent);
  return Math.abs(below) < Math.abs(above) ? below : above;
};

/** Whether a value fits into the registers of a point: a value that does not would arrive as another one. */
export const fits = (point: Point, value: number, exponent = 0): boolean => {
  const raw = rawOf(point, value, exponent);
  const [lowest, highest] = integerRanges[point.type] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return Number.isFinite(raw) && Math.round(raw) >= lowest && Math.round(raw) <= highest;
};

/** @param text ISO 8601; a clock of six numbers takes them as they stand there */
const writeDatetime = (bytes: Buffer, text: string): void => {
  if (bytes.length === 4) {
    bytes.writeUInt32BE(Date.parse(text) / 1000);
    return;
  }
  const numbers = (text.match(/\d+/g) ?? []).slice(0, 6).map(Number);
  for (const [n, number] of numbers.entries())
    if (bytes.length === 6) bytes[n] = number % 100;
    else bytes.writeUInt16BE(number, n * 2);
};

const encodeText = (point: Point, text: string): Words => {
  const { source, type, words } = point;
  const bytes = Buffer.alloc(words.length * 2);
  const format = source.format ?? (type === 'bytes' ? 'hex' : undefined);
  if (format !== undefined && format !== 'ascii') parseBytes(text, format, bytes.length).copy(bytes);
  else if (type === 'datetime') writeDatetime(bytes, text);
  else bytes.write(text, 'utf8');
  return toWords(point, BigInt(`0x${bytes.toString('hex')}`));
};

/**
 * Encodes a value.
 * @param value a number in the unit and with the sign of the quantity (or as the register counts, if the point feeds
 *   none), or a text; an instant is ISO 8601
 * @param exponent power of ten from the point named by scaleFrom
 */
export const encodePoint = (point: Point, value: number | string, exponent = 0): Words => {
  if (typeof value === 'string') return encodeText(point, value);
  const { mask, shift = 0 } = point.source;
  const shifted = encodeNumber(point.type, rawOf(point, value, exponent)) << BigInt(shift);
  return toWords(point, mask === undefined ? shifted : shifted & BigInt(mask));
};

/** @returns the bits that a point has in each of its registers; undefined for a point that has all of them */
export const ownBits = (point: Point): Words | undefined => {
  const { mask } = point.source;
  const half = point.type === 'u8h' ? 0xff00n : point.type === 'u8l' ? 0xffn : undefined;
  if (mask === undefined && half === undefined) return undefined;
  return toWords(point, mask === undefined ? (half ?? 0n) : BigInt(mask));
};

/** @returns the registers of a raw bit pattern in hexadecimal, as a profile lists them in "nan" */
export const encodePattern = (point: Point, pattern: string): Words => toWords(point, BigInt(pattern));
