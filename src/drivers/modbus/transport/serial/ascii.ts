/** ASCII framing: frames as hexadecimal digits between a colon and a line end, with an LRC. Serial Line V1.02 §2.5.2. */
import { encodeBody, type SerialFraming, shortestFrame } from './serial-framing.ts';

const colon = 0x3a;
/** Wallboxes of ABL begin their responses with ">" instead of ":". */
const greaterThan = 0x3e;
const hexPairs = /^([0-9A-F]{2})+$/;
/** Characters of the longest frame, V1.02 §2.5.2.1. */
const longestFrame = 513;

/** The LRC is the two's complement of the sum of all bytes. */
const lrcOf = (bytes: Buffer): number => -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;

/** @returns the place of the first character that begins a response; -1 if there is none */
const startOf = (bytes: Buffer, from = 0): number =>
  bytes.findIndex((byte, place) => place >= from && (byte === colon || byte === greaterThan));

/** Modbus ASCII. */
export const asciiFraming: SerialFraming = {
  encode(request) {
    const bytes = encodeBody(request, 0);
    const text = Buffer.concat([bytes, Buffer.from([lrcOf(bytes)])]).toString('hex');
    return Buffer.from(`:${text.toUpperCase()}\r\n`, 'latin1');
  },
  scan(bytes) {
    const start = startOf(bytes);
    if (start !== 0)
      return bytes.length === 0 ? { kind: 'part' } : { kind: 'noise', length: start < 0 ? bytes.length : start };
    const end = bytes.indexOf('\r\n');
    const next = startOf(bytes, 1);
    if (next > 0 && (end < 0 || next < end)) return { kind: 'broken', reason: 'an answer without an end' };
    if (end < 0)
      return bytes.length > longestFrame ? { kind: 'broken', reason: 'an answer without an end' } : { kind: 'part' };
    const digits = bytes.toString('latin1', 1, end);
    if (!hexPairs.test(digits)) return { kind: 'broken', reason: 'an answer that is not hexadecimal' };
    const content = Buffer.from(digits, 'hex');
    const body = content.subarray(0, -1);
    if (body.length < shortestFrame || lrcOf(body) !== content.at(-1))
      return { kind: 'broken', reason: 'an answer with a wrong checksum' };
    return { kind: 'frame', length: end + 2, frame: { unit: body[0] as number, pdu: body.subarray(1) } };
  },
};
