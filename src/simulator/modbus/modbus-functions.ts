/** The functions of a Modbus server: a request PDU in, a response PDU out. MODBUS Application Protocol V1.1b3. */
import type { RegisterTable, UnitImages } from './register-image.ts';

/** Function codes, §6.1 to §6.12. */
const functions = {
  readCoils: 0x01,
  readDiscreteInputs: 0x02,
  readHoldingRegisters: 0x03,
  readInputRegisters: 0x04,
  writeSingleCoil: 0x05,
  writeSingleRegister: 0x06,
  writeMultipleCoils: 0x0f,
  writeMultipleRegisters: 0x10,
} as const;

/** Exception codes, §7. */
export const exceptionCodes = {
  illegalFunction: 1,
  illegalDataAddress: 2,
  illegalDataValue: 3,
  serverDeviceFailure: 4,
} as const;

const readTables: Record<number, RegisterTable> = {
  [functions.readCoils]: 'coil',
  [functions.readDiscreteInputs]: 'discrete',
  [functions.readHoldingRegisters]: 'holding',
  [functions.readInputRegisters]: 'input',
};

const writeFunctions: readonly number[] = [
  functions.writeSingleCoil,
  functions.writeSingleRegister,
  functions.writeMultipleCoils,
  functions.writeMultipleRegisters,
];

/** Values of Write Single Coil, §6.5. */
const coilOn = 0xff00;
const coilOff = 0;
/** Most coils or discrete inputs, and most registers, of one read: §6.1 to §6.4. */
const maxReadBits = 0x07d0;
const maxReadRegisters = 0x7d;
/** Most coils, and most registers, of one write: §6.11 and §6.12. */
const maxWrittenCoils = 0x07b0;
const maxWrittenRegisters = 0x7b;

/** @returns the PDU of an exception response, §7 */
export const exceptionResponse = (functionCode: number, code: number): Buffer =>
  Buffer.from([functionCode | 0x80, code]);

/** Answers the four functions that read, §6.1 to §6.4. */
const answerRead = (pdu: Buffer, images: UnitImages): Buffer => {
  const functionCode = pdu[0] ?? 0;
  const table = readTables[functionCode];
  const image = table && images[table];
  if (!table) return exceptionResponse(functionCode, exceptionCodes.illegalFunction);
  if (pdu.length !== 5) return exceptionResponse(functionCode, exceptionCodes.illegalDataValue);
  if (!image) return exceptionResponse(functionCode, exceptionCodes.illegalDataAddress);
  const address = pdu.readUInt16BE(1);
  const count = pdu.readUInt16BE(3);
  const isBits = table === 'coil' || table === 'discrete';
  if (count < 1 || count > (isBits ? maxReadBits : maxReadRegisters))
    return exceptionResponse(functionCode, exceptionCodes.illegalDataValue);
  const bytes = isBits ? Math.ceil(count / 8) : count * 2;
  const response = Buffer.alloc(2 + bytes);
  response[0] = functionCode;
  response[1] = bytes;
  for (let i = 0; i < count; i++) {
    const word = image.get(address + i);
    if (word === undefined) return exceptionResponse(functionCode, exceptionCodes.illegalDataAddress);
    if (!isBits) response.writeUInt16BE(word, 2 + i * 2);
    else if (word !== 0) response[2 + (i >> 3)] = (response[2 + (i >> 3)] ?? 0) | (1 << (i & 7));
  }
  return response;
};

/** @returns the values to write, coils as 0 and 1; undefined where the request breaks §6.5, §6.6, §6.11 or §6.12 */
const readWrittenValues = (pdu: Buffer): number[] | undefined => {
  const functionCode = pdu[0] ?? 0;
  const value = pdu.readUInt16BE(3);
  if (functionCode === functions.writeSingleCoil)
    return value === coilOff || value === coilOn ? [value === coilOff ? 0 : 1] : undefined;
  if (functionCode === functions.writeSingleRegister) return [value];
  const isCoils = functionCode === functions.writeMultipleCoils;
  const bytes = isCoils ? Math.ceil(value / 8) : value * 2;
  const most = isCoils ? maxWrittenCoils : maxWrittenRegisters;
  if (value < 1 || value > most || pdu[5] !== bytes || pdu.length !== 6 + bytes) return undefined;
  return Array.from({ length: value }, (_, i) =>
    isCoils ? ((pdu[6 + (i >> 3)] ?? 0) >> (i & 7)) & 1 : pdu.readUInt16BE(6 + i * 2),
  );
};

/** Answers the four functions that write, §6.5, §6.6, §6.11 and §6.12. */
const answerWrite = (pdu: Buffer, images: UnitImages): Buffer => {
  const functionCode = pdu[0] ?? 0;
  const isCoil = functionCode === functions.writeSingleCoil || functionCode === functions.writeMultipleCoils;
  const image = images[isCoil ? 'coil' : 'holding'];
  const values = pdu.length >= 5 ? readWrittenValues(pdu) : undefined;
  if (!values) return exceptionResponse(functionCode, exceptionCodes.illegalDataValue);
  const address = pdu.readUInt16BE(1);
  for (const [i, value] of values.entries())
    if (!image?.write(address + i, value)) return exceptionResponse(functionCode, exceptionCodes.illegalDataAddress);
  images.onWritten?.();
  return pdu.subarray(0, 5);
};

/** @param pdu function code and data of a request @returns the PDU of the response, exceptions included */
export const answerRequest = (pdu: Buffer, images: UnitImages): Buffer =>
  writeFunctions.includes(pdu[0] ?? 0) ? answerWrite(pdu, images) : answerRead(pdu, images);
