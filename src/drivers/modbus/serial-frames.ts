/**
 * Frames of the serial line: RTU with its CRC, ASCII with its LRC. Neither carries an id or the address that was asked
 * for: an answer is known by its unit, function and length only. MODBUS over Serial Line V1.02 §2.5.
 */
import { pduLength, writePdu } from './pdu.ts';
import type { Request } from './request.ts';

/** A whole frame with a right check sum. */
export interface SerialFrame {
  unit: number;
  /** Function code and what follows it. */
  pdu: Buffer;
}

export type Scan =
  /** More bytes have to come. */
  | { kind: 'part' }
  /** Bytes at the front that belong to no frame, as a driver leaves them when it is switched on. */
  | { kind: 'noise'; length: number }
  | { kind: 'frame'; length: number; frame: SerialFrame }
  | { kind: 'broken'; reason: string };

export interface SerialFraming {
  encode(request: Request): Buffer;
  /**
   * Looks at the bytes from the front on, which are those of one or more answers.
   * @param unit that was asked
   */
  scan(bytes: Buffer, unit?: number): Scan;
}

/** MODBUS over Serial Line V1.02 §6.2.2: polynomial 0xA001, both bytes of a table for speed. */
const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >> 1) ^ 0xa001 : sum >> 1;
  return sum;
});

const crcOf = (bytes: Buffer, length: number): number => {
  let sum = 0xffff;
  for (let i = 0; i < length; i++) sum = (sum >> 8) ^ (crcTable[(sum ^ (bytes[i] as number)) & 0xff] as number);
  return sum;
};

const body = (request: Request, more: number): Buffer => {
  const bytes = Buffer.alloc(1 + pduLength(request) + more);
  bytes[0] = request.unit;
  writePdu(bytes, 1, request);
  return bytes;
};

/** Unit, function, exception code. */
const exceptionLength = 3;
/** Unit, function, address, and quantity or value. */
const writeAnswerLength = 6;

/** @returns bytes of an answer without its check sum; undefined where its function is none that we ask for */
const answerLength = (bytes: Buffer): number | undefined => {
  const functionCode = bytes[1] as number;
  if (functionCode & 0x80) return exceptionLength;
  if (functionCode >= 1 && functionCode <= 4) return 3 + (bytes[2] as number);
  return [5, 6, 15, 16].includes(functionCode) ? writeAnswerLength : undefined;
};

/** A transceiver that is switched over leaves a byte or two of all zeros or all ones. */
const isGlitch = (byte: number | undefined): boolean => byte === 0x00 || byte === 0xff;

export const rtuFraming: SerialFraming = {
  encode(request) {
    const bytes = body(request, 2);
    bytes.writeUInt16LE(crcOf(bytes, bytes.length - 2), bytes.length - 2);
    return bytes;
  },
  scan(bytes, unit) {
    if (bytes.length < exceptionLength) return { kind: 'part' };
    const length = answerLength(bytes);
    const isWhole = length !== undefined && bytes.length >= length + 2;
    if (isWhole && crcOf(bytes, length) === bytes.readUInt16LE(length))
      return { kind: 'frame', length: length + 2, frame: { unit: bytes[0] as number, pdu: bytes.subarray(1, length) } };
    if (isGlitch(bytes[0]) && bytes[0] !== unit) return { kind: 'noise', length: 1 };
    if (length === undefined) return { kind: 'broken', reason: `an answer of function ${bytes[1]}` };
    return isWhole ? { kind: 'broken', reason: 'an answer with a wrong check sum' } : { kind: 'part' };
  },
};

const colon = 0x3a;
const hexPairs = /^([0-9A-F]{2})+$/;
/** Unit, PDU and LRC as hexadecimal digits, colon and line end: MODBUS over Serial Line V1.02 §2.5.2. */
const longestAscii = 513;

const lrcOf = (bytes: Buffer): number => -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;

export const asciiFraming: SerialFraming = {
  encode(request) {
    const bytes = body(request, 0);
    const text = Buffer.concat([bytes, Buffer.from([lrcOf(bytes)])]).toString('hex');
    return Buffer.from(`:${text.toUpperCase()}\r\n`, 'latin1');
  },
  scan(bytes) {
    const start = bytes.indexOf(colon);
    if (start !== 0)
      return bytes.length === 0 ? { kind: 'part' } : { kind: 'noise', length: start < 0 ? bytes.length : start };
    const end = bytes.indexOf('\r\n');
    const next = bytes.indexOf(colon, 1);
    if (next > 0 && (end < 0 || next < end)) return { kind: 'broken', reason: 'an answer without an end' };
    if (end < 0)
      return bytes.length > longestAscii ? { kind: 'broken', reason: 'an answer without an end' } : { kind: 'part' };
    const digits = bytes.toString('latin1', 1, end);
    if (!hexPairs.test(digits)) return { kind: 'broken', reason: 'an answer that is not hexadecimal' };
    const content = Buffer.from(digits, 'hex');
    const inner = content.subarray(0, -1);
    if (inner.length < exceptionLength || lrcOf(inner) !== content.at(-1))
      return { kind: 'broken', reason: 'an answer with a wrong check sum' };
    return { kind: 'frame', length: end + 2, frame: { unit: inner[0] as number, pdu: inner.subarray(1) } };
  },
};
