/**
 * Requests of the Modbus application protocol, the same on every transport, in the words of its specification:
 * MODBUS Application Protocol Specification V1.1b3.
 */

/** V1.1b3 §6.1 to §6.6, §6.11, §6.12. */
export const functionCodes = {
  /** Read Coils, §6.1. */
  readCoils: 1,
  /** Read Discrete Inputs, §6.2. */
  readDiscreteInputs: 2,
  /** Read Holding Registers, §6.3. */
  readHoldingRegisters: 3,
  /** Read Input Registers, §6.4. */
  readInputRegisters: 4,
  /** Write Single Coil, §6.5. */
  writeSingleCoil: 5,
  /** Write Single Register, §6.6. */
  writeSingleRegister: 6,
  /** Write Multiple Coils, §6.11. */
  writeMultipleCoils: 15,
  /** Write Multiple Registers, §6.12. */
  writeMultipleRegisters: 16,
} as const;

/** The exception codes that a server answers with. V1.1b3 §7. */
export const exceptionCodes = {
  illegalFunction: 1,
  illegalDataAddress: 2,
  illegalDataValue: 3,
  serverDeviceFailure: 4,
  gatewayTargetFailed: 11,
} as const;

/** V1.1b3 §7: the function code of an exception response has its highest bit set. */
export const exceptionBit = 0x80;

/** Exceptions by their codes, with the wording that messages to people use. V1.1b3 §7. */
export const exceptionTexts: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'server device failure',
  5: 'acknowledge, still working',
  6: 'server device busy',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target device failed to respond',
};

/** The function that reads each table of the data model. V1.1b3 §4.3. */
export const readFunctions = {
  coil: functionCodes.readCoils,
  discrete: functionCodes.readDiscreteInputs,
  holding: functionCodes.readHoldingRegisters,
  input: functionCodes.readInputRegisters,
} as const;

/** A table of the data model: coils, discrete inputs, holding registers, input registers. */
export type Table = keyof typeof readFunctions;

/** Reads neighbouring registers or bits of one table. */
export interface ReadRequest {
  /** Unit identifier. */
  unit: number;
  table: Table;
  /** 0-based address as on the wire. */
  address: number;
  /** Quantity of registers, or of bits for coils and discrete inputs. */
  count: number;
}

/** Write Single Coil, Write Single Register, Write Multiple Coils, Write Multiple Registers. */
export type WriteFunction = 5 | 6 | 15 | 16;

/** Writes neighbouring holding registers or coils. */
export interface WriteRequest {
  /** Unit identifier. */
  unit: number;
  functionCode: WriteFunction;
  /** 0-based address as on the wire. */
  address: number;
  /** Registers as 0 to 65535, coils as 0 or 1. */
  values: number[];
}

export type Request = ReadRequest | WriteRequest;

/** Whether a request writes; all others read. */
export const isWrite = (request: Request): request is WriteRequest => 'functionCode' in request;

/** Whether a table holds bits. V1.1b3 §4.3. */
export const isBitTable = (table: Table): boolean => table === 'coil' || table === 'discrete';

/** Whether a function writes coils; the others write holding registers. */
export const writesCoils = (functionCode: WriteFunction): boolean =>
  functionCode === functionCodes.writeSingleCoil || functionCode === functionCodes.writeMultipleCoils;

/** @returns bytes of the values in a response: two for a register, one for eight bits */
export const dataLength = ({ table, count }: ReadRequest): number =>
  isBitTable(table) ? Math.ceil(count / 8) : count * 2;

/**
 * Two read requests with the same shape have responses that differ in their data only. A serial line cannot tell these
 * responses apart, because a response carries neither the address nor an identifier.
 */
export const responseShape = (request: ReadRequest): string =>
  `${request.unit} ${request.table} ${dataLength(request)}`;

const describeAddresses = (address: number, count: number): string =>
  count > 1 ? `${address}..${address + count - 1}` : String(address);

/** @returns the request as the beginning of a message to people: "unit 1, holding 5000..5019" */
export const describeRequest = (request: Request): string => {
  const { unit, address } = request;
  if (!isWrite(request)) return `unit ${unit}, ${request.table} ${describeAddresses(address, request.count)}`;
  const table = writesCoils(request.functionCode) ? 'coil' : 'holding';
  return `unit ${unit}, writing ${table} ${describeAddresses(address, request.values.length)}`;
};
