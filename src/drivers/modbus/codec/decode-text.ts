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

/** Whether bytes are one of the raw patterns that mean "not available", or have one of the bits that mean so. */
const isAbsent = (bytes: Buffer, patterns: readonly string[], absentBits = '0x0'): boolean => {
  const raw = BigInt(`0x${bytes.toString('hex') || '0'}`);
  return patterns.some((pattern) => BigInt(pattern) === raw) || (raw & BigInt(absentBits)) !== 0n;
};

/** @returns the characters of a string. Devices pad it with NUL or blanks, and some leave bytes behind that are no UTF-8 */
const textOf = (bytes: Buffer): string => {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  let isPlain = true;
  for (let n = 0; n < end && isPlain; n++) isPlain = (bytes[n] as number) >= 0x20 && (bytes[n] as number) < 0x7f;
  if (isPlain) return bytes.toString('latin1', 0, end).trim();
  return [...bytes.toString('utf8')]
    .filter((character) => character >= ' ' && character !== '\ufffd')
    .join('')
    .trim();
};

/** A real-time clock of a device: year, month, day, hour, minute and second, in its own time zone. */
const decodeClock = (numbers: number[]): string | null => {
  const [year = 0, month = 0, day = 0, ...time] = numbers;
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= 31;
  if (!isDate || !time.every((part, n) => part < (n === 0 ? 24 : 60))) return null;
  const pad = (part: number): string => String(part).padStart(2, '0');
  return `${year < 100 ? 2000 + year : year}-${pad(month)}-${pad(day)}T${time.map(pad).join(':')}`;
};

/** @returns a Unix time as ISO 8601 in UTC, a clock of six numbers without a time zone; null if it shows none */
const decodeDatetime = (bytes: Buffer): string | null => {
  if (bytes.length === 6) return decodeClock([...bytes]);
  if (bytes.length === 12) return decodeClock([0, 2, 4, 6, 8, 10].map((at) => bytes.readUInt16BE(at)));
  const seconds = bytes.readUInt32BE(0);
  return seconds === 0 || seconds === 0xffffffff ? null : new Date(seconds * 1000).toISOString();
};

/**
 * The text of a string, bytes or a datetime, or of a number shown in one of the formats.
 * @param address first register of the block that the data begin with
 * @returns an instant as ISO 8601, without a time zone where the device tells none; null if the device tells none
 */
export const decodeText = (point: Point, address: number, data: DataView): string | null => {
  const bytes = bytesOf(point, address, data);
  if (point.type === 'datetime') return decodeDatetime(bytes);
  const { format, nan, nanBits } = point.source;
  if ((nan || nanBits !== undefined) && isAbsent(bytes, nan ?? [], nanBits)) return null;
  if (format !== undefined && format !== 'ascii') return formatBytes(bytes, format);
  if (point.type === 'bytes' && format === undefined) return formatBytes(bytes, 'hex');
  const text = textOf(bytes);
  return text === '' ? null : text;
};
