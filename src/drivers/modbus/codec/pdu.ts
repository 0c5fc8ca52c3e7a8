/** Protocol data units: requests to bytes, responses to data, and the limits of both. MODBUS Application Protocol V1.1b3 §6. */
import { exceptionFailure, failureOf, type ModbusFailure } from '../failures.ts';
import {
  dataLength,
  exceptionBit,
  functionCodes,
  isBitTable,
  isWrite,
  type ReadRequest,
  type Request,
  readFunctions,
  type WriteRequest,
  writesCoils,
} from '../messages.ts';
import { addressRange, unitRange } from './limits.ts';
import { maxReadBits, maxReadRegisters, maxWriteCoils, maxWriteRegisters } from './pdu-limits.ts';

const { writeSingleCoil, writeSingleRegister, writeMultipleCoils, writeMultipleRegisters } = functionCodes;

/** Function code, address, and quantity or value: every read request, and every response to a write. */
const shortPduLength = 5;
/** Write Single Coil, V1.1b3 §6.5: 0xFF00 switches on, 0x0000 switches off. */
export const coilOn = 0xff00;

const noData = Buffer.alloc(0);

const isSingleWrite = ({ functionCode }: WriteRequest): boolean =>
  functionCode === writeSingleCoil || functionCode === writeSingleRegister;

/** Bytes that the values of a write to several coils or registers take. */
const valuesLength = ({ functionCode, values }: WriteRequest): number =>
  functionCode === writeMultipleCoils ? Math.ceil(values.length / 8) : values.length * 2;

/** @returns bytes of the request's PDU, function code included */
export const requestLength = (request: Request): number =>
  !isWrite(request) || isSingleWrite(request) ? shortPduLength : shortPduLength + 1 + valuesLength(request);

/** @returns bytes of the PDU that is expected as the response, function code included */
export const responseLength = (request: Request): number =>
  isWrite(request) ? shortPduLength : 2 + dataLength(request);

/**
 * Write Single Coil and Write Single Register carry their value, Write Multiple Coils and Write Multiple Registers a
 * quantity, a byte count and the values. V1.1b3 §6.5, §6.6, §6.11, §6.12.
 */
const encodeWrite = (into: Buffer, at: number, request: WriteRequest): void => {
  const { functionCode, address, values } = request;
  into[at] = functionCode;
  into.writeUInt16BE(address, at + 1);
  if (functionCode === writeSingleCoil) into.writeUInt16BE(values[0] === 0 ? 0 : coilOn, at + 3);
  else if (functionCode === writeSingleRegister) into.writeUInt16BE(values[0] ?? 0, at + 3);
  else {
    const bytes = valuesLength(request);
    into.writeUInt16BE(values.length, at + 3);
    into[at + 5] = bytes;
    into.fill(0, at + 6, at + 6 + bytes);
    values.forEach((value, i) => {
      if (functionCode === writeMultipleRegisters) into.writeUInt16BE(value, at + 6 + i * 2);
      else if (value !== 0) into[at + 6 + (i >> 3)] = (into[at + 6 + (i >> 3)] ?? 0) | (1 << (i & 7));
    });
  }
};

/** Writes the request's PDU into a buffer with room for `requestLength` bytes from the offset on. */
export const encodeRequest = (into: Buffer, at: number, request: Request): void => {
  if (isWrite(request)) {
    encodeWrite(into, at, request);
    return;
  }
  into[at] = readFunctions[request.table];
  into.writeUInt16BE(request.address, at + 1);
  into.writeUInt16BE(request.count, at + 3);
};

const malformed = (request: Request, what: string): ModbusFailure =>
  failureOf('malformed', request, `answered with ${what}`);

/**
 * Read Coils, Read Discrete Inputs, Read Holding Registers and Read Input Registers are answered with a byte count and
 * the data. V1.1b3 §6.1 to §6.4.
 */
const parseReadResponse = (pdu: Buffer, request: ReadRequest): Buffer | ModbusFailure => {
  const expected = dataLength(request);
  if (pdu[1] !== expected || pdu.length !== expected + 2)
    return malformed(request, `${pdu.length - 2} bytes (declared ${pdu[1]}) instead of ${expected}`);
  return pdu.subarray(2);
};

/** The response to a write repeats the address, and the value or the quantity. V1.1b3 §6.5, §6.6, §6.11, §6.12. */
const parseWriteResponse = (pdu: Buffer, request: WriteRequest): Buffer | ModbusFailure => {
  const { functionCode, address, values } = request;
  if (pdu.length !== shortPduLength) return malformed(request, `${pdu.length} bytes instead of ${shortPduLength}`);
  const [value = 0] = values;
  const confirmedAddress = pdu.readUInt16BE(1);
  const confirmed = pdu.readUInt16BE(3);
  if (confirmedAddress !== address) return malformed(request, `address ${confirmedAddress}`);
  const isSingle = isSingleWrite(request);
  if (!isSingle && confirmed !== values.length) return malformed(request, `${confirmed} instead of ${values.length}`);
  const written = functionCode === writeSingleCoil && value !== 0 ? coilOn : value;
  if (isSingle && confirmed !== written)
    return failureOf('unconfirmed', request, `took ${confirmed} instead of ${written}`);
  return noData;
};

/**
 * Reads a response.
 * @param pdu exactly one PDU, from its function code on
 * @returns the data as a view into the PDU, empty for a write; or the failure that the response amounts to
 */
export const parseResponse = (pdu: Buffer, request: Request): Buffer | ModbusFailure => {
  const functionCode = isWrite(request) ? request.functionCode : readFunctions[request.table];
  if (pdu[0] === (functionCode | exceptionBit) && pdu.length === 2) return exceptionFailure(request, pdu[1] ?? 0);
  if (pdu[0] !== functionCode) return malformed(request, `function ${pdu[0]} instead of ${functionCode}`);
  return isWrite(request) ? parseWriteResponse(pdu, request) : parseReadResponse(pdu, request);
};

/** V1.1b3 §6: values in one request of each function. */
const maxCountOf = (request: Request): number => {
  if (!isWrite(request)) return isBitTable(request.table) ? maxReadBits : maxReadRegisters;
  switch (request.functionCode) {
    case writeMultipleCoils:
      return maxWriteCoils;
    case writeMultipleRegisters:
      return maxWriteRegisters;
    default:
      return 1;
  }
};

const isIntegerUpTo = (value: number, highest: number): boolean =>
  Number.isInteger(value) && value >= 0 && value <= highest;

/**
 * Checks a request before it is sent, because a device must never see one that the protocol does not allow.
 * @returns why the request must not be sent; undefined if it keeps the limits of the protocol
 */
export const checkRequest = (request: Request): ModbusFailure | undefined => {
  const { unit, address } = request;
  const maxCount = maxCountOf(request);
  const count = isWrite(request) ? request.values.length : request.count;
  const isValid =
    isIntegerUpTo(unit, unitRange.max) &&
    isIntegerUpTo(address, addressRange.max) &&
    isIntegerUpTo(count, maxCount) &&
    count >= 1 &&
    address + count <= addressRange.max + 1 &&
    (!isWrite(request) ||
      request.values.every((value) => isIntegerUpTo(value, writesCoils(request.functionCode) ? 1 : 65_535)));
  return isValid ? undefined : failureOf('refused', request, `outside the limits of the protocol (1..${maxCount})`);
};
