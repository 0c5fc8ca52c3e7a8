/** Protocol data units: requests to bytes, answers to data. MODBUS Application Protocol V1.1b3 §6. */
import {
  dataLength,
  describeRequest,
  exceptionFailure,
  isWrite,
  ModbusFailure,
  type ReadRequest,
  type Request,
  tables,
  type WriteRequest,
} from './request.ts';

/** Function code, address, and quantity or value: a reading request, and every answer to a write. */
const shortPduLength = 5;
const coilOn = 0xff00;

const noData = Buffer.alloc(0);

export const pduLength = (request: Request): number => {
  if (!isWrite(request) || request.fc === 5 || request.fc === 6) return shortPduLength;
  const { fc, values } = request;
  return shortPduLength + 1 + (fc === 15 ? Math.ceil(values.length / 8) : values.length * 2);
};

/** Bytes of the answer that is expected, from its function code on. */
export const answerLength = (request: Request): number => (isWrite(request) ? shortPduLength : 2 + dataLength(request));

const writeWritePdu = (into: Buffer, at: number, { fc, address, values }: WriteRequest): void => {
  into[at] = fc;
  into.writeUInt16BE(address, at + 1);
  if (fc === 5) into.writeUInt16BE(values[0] === 0 ? 0 : coilOn, at + 3);
  else if (fc === 6) into.writeUInt16BE(values[0] ?? 0, at + 3);
  else {
    const bytes = fc === 15 ? Math.ceil(values.length / 8) : values.length * 2;
    into.writeUInt16BE(values.length, at + 3);
    into[at + 5] = bytes;
    into.fill(0, at + 6, at + 6 + bytes);
    values.forEach((value, i) => {
      if (fc === 16) into.writeUInt16BE(value, at + 6 + i * 2);
      else if (value !== 0) into[at + 6 + (i >> 3)] = (into[at + 6 + (i >> 3)] ?? 0) | (1 << (i & 7));
    });
  }
};

/** Writes the request's bytes at an offset. */
export const writePdu = (into: Buffer, at: number, request: Request): void => {
  if (isWrite(request)) {
    writeWritePdu(into, at, request);
    return;
  }
  into[at] = tables[request.table];
  into.writeUInt16BE(request.address, at + 1);
  into.writeUInt16BE(request.count, at + 3);
};

const malformed = (request: Request, what: string): ModbusFailure =>
  new ModbusFailure('malformed', `${describeRequest(request)}: answered with ${what}`);

const parseReadAnswer = (pdu: Buffer, request: ReadRequest): Buffer | ModbusFailure => {
  const expected = dataLength(request);
  if (pdu[1] !== expected || pdu.length !== expected + 2)
    return malformed(request, `${pdu.length - 2} bytes (declared ${pdu[1]}) instead of ${expected}`);
  return pdu.subarray(2);
};

/** An answer to a write repeats what was written: the value, or how many. */
const parseWriteAnswer = (pdu: Buffer, request: WriteRequest): Buffer | ModbusFailure => {
  const { fc, address, values } = request;
  if (pdu.length !== shortPduLength) return malformed(request, `${pdu.length} bytes instead of ${shortPduLength}`);
  const [value = 0] = values;
  const at = pdu.readUInt16BE(1);
  const confirmed = pdu.readUInt16BE(3);
  if (at !== address) return malformed(request, `address ${at}`);
  const isSingle = fc === 5 || fc === 6;
  if (!isSingle && confirmed !== values.length) return malformed(request, `${confirmed} instead of ${values.length}`);
  const written = fc === 5 && value !== 0 ? coilOn : value;
  if (isSingle && confirmed !== written)
    return new ModbusFailure('unconfirmed', `${describeRequest(request)}: took ${confirmed} instead of ${written}`);
  return noData;
};

/**
 * What an answer says.
 * @param pdu function code and what follows it, exactly one unit of it
 * @returns the data read as a view into pdu, nothing for a write, or the failure the answer amounts to
 */
export const parseAnswer = (pdu: Buffer, request: Request): Buffer | ModbusFailure => {
  const functionCode = isWrite(request) ? request.fc : tables[request.table];
  if (pdu[0] === (functionCode | 0x80) && pdu.length === 2) return exceptionFailure(request, pdu[1] ?? 0);
  if (pdu[0] !== functionCode) return malformed(request, `function ${pdu[0]} instead of ${functionCode}`);
  return isWrite(request) ? parseWriteAnswer(pdu, request) : parseReadAnswer(pdu, request);
};
