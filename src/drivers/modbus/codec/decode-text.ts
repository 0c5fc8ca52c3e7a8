/** Registers to texts: strings, bytes, instants, and numbers that are shown as text. */
import type { Point } from '../profiles/point.ts';
import { formatBytes } from './text-formats.ts';

/** @returns the bytes of a point in reading order, each word big-endian */
const bytesOf = (point: Point, address: number, data: DataView): Buffer => {
  const bytes = Buffer.alloc(point.words.length * 2);
  point.words.forEach((word, n) => {
    bytes.writeUInt16BE(data.getUint16((word - address) * 2, point.byteOrder === 'little'), n * 2);
  });
  return bytes;
};

/** Whether bytes are one of the raw patterns that mean "not available", or have one of the bits that mean so. */
const isAbsent = (bytes: Buffer, patterns: readonly string[], absentBits = '0x0'): boolean => {
  const raw = BigInt(`0x${bytes.toString('hex') || '0'}`);
  return patterns.some((pattern) => BigInt(pattern) === raw) || (raw & BigInt(absentBits)) !== 0n;
};

/**
 * The text of a string, bytes or a datetime, or of a number shown in one of the formats.
 * @param address first register of the block that the data begin with
 * @returns an instant as ISO 8601; null if the device tells none
 */
export const decodeText = (point: Point, address: number, data: DataView): string | null => {
  const bytes = bytesOf(point, address, data);
  if (point.type === 'datetime') {
    const seconds = bytes.readUInt32BE(0);
    return seconds === 0 || seconds === 0xffffffff ? null : new Date(seconds * 1000).toISOString();
  }
  const { format, nan, nanBits } = point.source;
  if ((nan || nanBits !== undefined) && isAbsent(bytes, nan ?? [], nanBits)) return null;
  if (format !== undefined && format !== 'ascii') return formatBytes(bytes, format);
  if (point.type === 'bytes' && format === undefined) return formatBytes(bytes, 'hex');
  // Devices pad strings with NUL or blanks, and some leave bytes behind that are no UTF-8.
  const text = [...bytes.toString('utf8')]
    .filter((character) => character >= ' ' && character !== '\ufffd')
    .join('')
    .trim();
  return text === '' ? null : text;
};
