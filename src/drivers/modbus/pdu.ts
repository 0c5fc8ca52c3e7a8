/** Protocol data units: requests to bytes, answers to data. MODBUS Application Protocol V1.1b3 §6. */
import { dataLength, describeRequest, exceptionFailure, ModbusFailure, type ReadRequest, tables } from './request.ts';

export const readPduLength = 5;

/** Writes function code, address and quantity at an offset. */
export const writeReadPdu = (into: Buffer, at: number, { table, address, count }: ReadRequest): void => {
  into[at] = tables[table];
  into.writeUInt16BE(address, at + 1);
  into.writeUInt16BE(count, at + 3);
};

/**
 * The data bytes of an answer.
 * @param pdu function code and what follows it, exactly one unit of it
 * @returns a view into pdu, or the failure the answer amounts to
 */
export const parseReadAnswer = (pdu: Buffer, request: ReadRequest): Buffer | ModbusFailure => {
  const functionCode = tables[request.table];
  if (pdu[0] === (functionCode | 0x80) && pdu.length === 2) return exceptionFailure(request, pdu[1] ?? 0);
  const expected = dataLength(request);
  if (pdu[0] !== functionCode)
    return new ModbusFailure(
      'malformed',
      `${describeRequest(request)}: answered with function ${pdu[0]} instead of ${functionCode}`,
    );
  if (pdu[1] !== expected || pdu.length !== expected + 2)
    return new ModbusFailure(
      'malformed',
      `${describeRequest(request)}: answered with ${pdu.length - 2} bytes (declared ${pdu[1]}) instead of ${expected}`,
    );
  return pdu.subarray(2);
};
