/** The functions of a Modbus server: a request PDU in, a response PDU out. MODBUS Application Protocol V1.1b3. */
import { coilOn } from '../codec/pdu.ts';
import { maxReadBits, maxReadRegisters, maxWriteCoils, maxWriteRegisters } from '../codec/pdu-limits.ts';
import {
  dataLength,
  exceptionBit,
  exceptionCodes,
  functionCodes,
  isBitTable,
  readFunctions,
  type Table,
} from '../messages.ts';
import type { UnitImages, WrittenValues } from './register-image.ts';

const { illegalFunction, illegalDataAddress, illegalDataValue } = exceptionCodes;

/** Function code, address, and quantity or value: every request that reads, or writes a single value. */
const shortPduLength = 5;

const readTables = new Map<number, Table>([
  [readFunctions.coil, 'coil'],
  [readFunctions.discrete, 'discrete'],
  [readFunctions.holding, 'holding'],
  [readFunctions.input, 'input'],
]);

const writtenTables = new Map<number, Table>([
  [functionCodes.writeSingleCoil, 'coil'],
  [functionCodes.writeSingleRegister, 'holding'],
  [functionCodes.writeMultipleCoils, 'coil'],
  [functionCodes.writeMultipleRegisters, 'holding'],
]);

/** @returns the PDU of an exception response, §7 */
export const exceptionResponse = (functionCode: number, code: number): Buffer =>
  Buffer.from([functionCode | exceptionBit, code]);

/** Answers the four functions that read, §6.1 to §6.4. @returns the response, or the exception code */
const answerRead = (pdu: Buffer, table: Table, images: UnitImages): Buffer | number => {
  if (pdu.length !== shortPduLength) return illegalDataValue;
  const image = images[table];
  const address = pdu.readUInt16BE(1);
  const count = pdu.readUInt16BE(3);
  if (!image) return illegalDataAddress;
  if (count < 1 || count > (isBitTable(table) ? maxReadBits : maxReadRegisters)) return illegalDataValue;
  const bytes = dataLength({ unit: 0, table, address, count });
  const response = Buffer.alloc(2 + bytes);
  response[0] = readFunctions[table];
  response[1] = bytes;
  for (let i = 0; i < count; i++) {
    const word = image.get(address + i);
    if (word === undefined) return illegalDataAddress;
    if (!isBitTable(table)) response.writeUInt16BE(word, 2 + i * 2);
    else if (word !== 0) response[2 + (i >> 3)] = (response[2 + (i >> 3)] ?? 0) | (1 << (i & 7));
  }
  return response;
};

/** @returns the values to write, coils as 0 and 1; undefined where the request breaks §6.5, §6.6, §6.11 or §6.12 */
const readWrittenValues = (pdu: Buffer): number[] | undefined => {
  if (pdu.length < shortPduLength) return undefined;
  const functionCode = pdu[0] ?? 0;
  const value = pdu.readUInt16BE(3);
  const isSingle = functionCode === functionCodes.writeSingleCoil || functionCode === functionCodes.writeSingleRegister;
  if (isSingle && pdu.length !== shortPduLength) return undefined;
  if (functionCode === functionCodes.writeSingleRegister) return [value];
  if (isSingle) return value === 0 || value === coilOn ? [value === 0 ? 0 : 1] : undefined;
  const isCoils = functionCode === functionCodes.writeMultipleCoils;
  const bytes = isCoils ? Math.ceil(value / 8) : value * 2;
  const most = isCoils ? maxWriteCoils : maxWriteRegisters;
  if (value < 1 || value > most || pdu[5] !== bytes || pdu.length !== 6 + bytes) return undefined;
  return Array.from({ length: value }, (_, i) =>
    isCoils ? ((pdu[6 + (i >> 3)] ?? 0) >> (i & 7)) & 1 : pdu.readUInt16BE(6 + i * 2),
  );
};

/** Writes all values or none. @returns the exception code; undefined if they are written */
const carryOut = (write: WrittenValues, images: UnitImages): number | undefined => {
  const { table, address, values } = write;
  const image = images[table];
  if (!image || image.isReadOnly) return illegalFunction;
  if (!values.every((_, i) => image.isWritable(address + i))) return illegalDataAddress;
  const refused = images.refuse?.(write);
  if (refused !== undefined) return refused;
  for (const [i, value] of values.entries()) image.write(address + i, value);
  images.onWritten?.(write);
  return undefined;
};

/** Answers the four functions that write, §6.5, §6.6, §6.11 and §6.12. @returns the response, or the exception code */
const answerWrite = (pdu: Buffer, table: Table, images: UnitImages): Buffer | number => {
  const values = readWrittenValues(pdu);
  if (!values) return illegalDataValue;
  return carryOut({ table, address: pdu.readUInt16BE(1), values }, images) ?? pdu.subarray(0, shortPduLength);
};

/** @param pdu function code and data of a request @returns the PDU of the response, exceptions included */
export const answerRequest = (pdu: Buffer, images: UnitImages): Buffer => {
  const functionCode = pdu[0] ?? 0;
  const [read, written] = [readTables.get(functionCode), writtenTables.get(functionCode)];
  const answer = read ? answerRead(pdu, read, images) : written ? answerWrite(pdu, written, images) : illegalFunction;
  return typeof answer === 'number' ? exceptionResponse(functionCode, answer) : answer;
};
