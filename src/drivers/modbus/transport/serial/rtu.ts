/** RTU framing: binary frames with a CRC. MODBUS over Serial Line V1.02 §2.5.1. */
import { functionCodes } from '../../messages.ts';
import { encodeBody, type SerialFraming, shortestFrame } from './serial-framing.ts';

const crcLength = 2;

/** V1.02 §6.2.2: polynomial 0xA001; a table with the effect of each byte, for speed. */
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

/** Unit, function code, address, and quantity or value: the response to a write without its CRC. */
const writeResponseLength = 6;
const { readCoils, readInputRegisters } = functionCodes;
const writeFunctions: number[] = [
  functionCodes.writeSingleCoil,
  functionCodes.writeSingleRegister,
  functionCodes.writeMultipleCoils,
  functionCodes.writeMultipleRegisters,
];

/** @returns bytes of a response without its CRC; undefined if its function is none that this driver asks for */
const lengthOf = (bytes: Buffer): number | undefined => {
  const functionCode = bytes[1] as number;
  if (functionCode & 0x80) return shortestFrame;
  if (functionCode >= readCoils && functionCode <= readInputRegisters) return 3 + (bytes[2] as number);
  return writeFunctions.includes(functionCode) ? writeResponseLength : undefined;
};

/** A transceiver that is switched over leaves a byte or two of all zeros or all ones. */
const isGlitch = (byte: number | undefined): boolean => byte === 0x00 || byte === 0xff;

/** Modbus RTU. */
export const rtuFraming: SerialFraming = {
  encode(request) {
    const bytes = encodeBody(request, crcLength);
    // V1.02 §2.5.1.2: the low byte of the CRC is sent first.
    bytes.writeUInt16LE(crcOf(bytes, bytes.length - crcLength), bytes.length - crcLength);
    return bytes;
  },
  scan(bytes, unit) {
    if (bytes.length < shortestFrame) return { kind: 'part' };
    const length = lengthOf(bytes);
    const isWhole = length !== undefined && bytes.length >= length + crcLength;
    if (isWhole && crcOf(bytes, length) === bytes.readUInt16LE(length)) {
      const frame = { unit: bytes[0] as number, pdu: bytes.subarray(1, length) };
      return { kind: 'frame', length: length + crcLength, frame };
    }
    if (isGlitch(bytes[0]) && bytes[0] !== unit) return { kind: 'noise', length: 1 };
    if (length === undefined) return { kind: 'broken', reason: `an answer of function ${bytes[1]}` };
    return isWhole ? { kind: 'broken', reason: 'an answer with a wrong checksum' } : { kind: 'part' };
  },
};
