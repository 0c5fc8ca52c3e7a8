/** Registers -> texts: strings, bytes, times, and numbers that are shown as text. */
import { isBytes } from './op-table.ts';
import type { Point } from './point.ts';

const wordBytes = (point: Point, address: number, data: DataView): Uint8Array => {
  const bytes = new Uint8Array(point.words.length * 2);
  const target = new DataView(bytes.buffer);
  point.words.forEach((word, n) => {
    target.setUint16(n * 2, data.getUint16((word - address) * 2, point.byteOrder === 'little'));
  });
  return bytes;
};

/** Whether a point's value is text made from its bytes rather than from a number. */
export const isTextPoint = ({ type, source }: Point): boolean => isBytes(type) || source.format !== undefined;

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
