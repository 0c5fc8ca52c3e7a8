/** Registers to texts: strings, bytes, instants, and numbers that are shown as text. */
import type { Point } from '../profiles/point.ts';
import { formatBytes } from './text-formats.ts';

/** @returns the bytes of a point in reading order, each word big-endian; a view into the data where they lie so */
const bytesOf = (point: Point, address: number, data: DataView): Buffer => {
  const [first = address] = point.words;
  if (point.byteOrder === 'big' && point.words.every((word, n) => word === first + n))
    return Buffer.from(data.buffer, data.byteOffset + (first - address) * 2, point.words.length * 2);
  const bytes = Buffer.alloc(point.words.length * 2);
  point.words.forEach((word, n) => {
    bytes.writeUInt16BE(data.getUint16((word - address) * 2, point.byteOrder === 'little'), n * 2);
  });
  return bytes;
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
  const hexText = bytes.toString('hex');
  if ((point.source.nan ?? []).some((pattern) => BigInt(pattern) === BigInt(`0x${hexText || '0'}`))) return null;
  if (point.type === 'bytes' || point.source.format === 'hex') return hexText;
  // Devices pad strings with NUL or blanks, and some leave bytes behind that are no UTF-8.
  const text = [...bytes.toString('utf8')]
    .filter((character) => character >= ' ' && character !== '\ufffd')
    .join('')
    .trim();
  return text === '' ? null : text;
};
