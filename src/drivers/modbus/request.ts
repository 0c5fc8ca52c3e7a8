/** One Modbus request and what may come of it, common to every transport. */

export const tables = { coil: 1, discrete: 2, holding: 3, input: 4 } as const;
export type Table = keyof typeof tables;

export interface ReadRequest {
  unit: number;
  table: Table;
  /** 0-based address as on the wire. */
  address: number;
  /** Registers, or bits for coil and discrete. */
  count: number;
}

/** MODBUS Application Protocol V1.1b3 §6.5, §6.6, §6.11, §6.12: one coil, one register, several coils, several registers. */
export type WriteFunction = 5 | 6 | 15 | 16;

export interface WriteRequest {
  unit: number;
  fc: WriteFunction;
  /** 0-based address as on the wire. */
  address: number;
  /** Registers as 0..65535, coils as 0 or 1. */
  values: number[];
}

export type Request = ReadRequest | WriteRequest;

export const isWrite = (request: Request): request is WriteRequest => 'fc' in request;

/** MODBUS Application Protocol V1.1b3 §7 */
const exceptionTexts: Record<number, string> = {
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

export type FailureKind =
  /** No answer within the deadline. */
  | 'timeout'
  /** The unit (or gateway) answered with an exception code. */
  | 'exception'
  /** The answer to a write repeats another value than was written: the device took something else, or nothing. */
  | 'unconfirmed'
  /** An answer that breaks the protocol. */
  | 'malformed'
  /** The connection ended while the request was pending, or is not there. */
  | 'disconnected'
  /** The unit is known to be dead; nothing was sent. */
  | 'unreachable'
  /** The request itself breaks the protocol's limits; nothing was sent. */
  | 'refused'
  /** A write whose time was over before the bus was free; nothing was sent. */
  | 'expired';

export class ModbusFailure extends Error {
  readonly kind: FailureKind;
  /** Exception code, where kind is "exception". */
  readonly code: number | undefined;

  constructor(kind: FailureKind, message: string, code?: number) {
    super(message);
    this.name = 'ModbusFailure';
    this.kind = kind;
    this.code = code;
  }
}

const isCoils = (fc: WriteFunction): boolean => fc === 5 || fc === 15;

const span = (address: number, count: number): string =>
  count > 1 ? `${address}..${address + count - 1}` : String(address);

export const describeRequest = (request: Request): string =>
  isWrite(request)
    ? `unit ${request.unit}, writing ${isCoils(request.fc) ? 'coil' : 'holding'} ${span(request.address, request.values.length)}`
    : `unit ${request.unit}, ${request.table} ${span(request.address, request.count)}`;

export const exceptionFailure = (request: Request, code: number): ModbusFailure =>
  new ModbusFailure(
    'exception',
    `${describeRequest(request)}: exception ${code} (${exceptionTexts[code] ?? 'unknown code'})`,
    code,
  );

export const timeoutFailure = (request: Request, timeoutMs: number): ModbusFailure =>
  new ModbusFailure('timeout', `${describeRequest(request)}: no answer within ${Math.round(timeoutMs)} ms`);

const isBits = (table: Table): boolean => table === 'coil' || table === 'discrete';

/** Bytes of the values in an answer: registers big-endian as received, bits packed from the lowest. */
export const dataLength = ({ table, count }: ReadRequest): number => (isBits(table) ? Math.ceil(count / 8) : count * 2);

/** Answers of one shape differ in their data only: the same unit, function and number of bytes. */
export const answerShape = (request: ReadRequest): string => `${request.unit} ${request.table} ${dataLength(request)}`;

/** MODBUS Application Protocol V1.1b3 §6.1 to §6.4, §6.11, §6.12: values per request. */
const limitOf = (request: Request): number => {
  if (!isWrite(request)) return isBits(request.table) ? 2000 : 125;
  return { 5: 1, 6: 1, 15: 1968, 16: 123 }[request.fc];
};

const isWordIn = (value: number, highest: number): boolean => Number.isInteger(value) && value >= 0 && value <= highest;

export const checkRequest = (request: Request): ModbusFailure | undefined => {
  const { unit, address } = request;
  const limit = limitOf(request);
  const count = isWrite(request) ? request.values.length : request.count;
  const fits =
    isWordIn(unit, 255) &&
    isWordIn(address, 65535) &&
    isWordIn(count, limit) &&
    count >= 1 &&
    address + count <= 65536 &&
    (!isWrite(request) || request.values.every((value) => isWordIn(value, isCoils(request.fc) ? 1 : 65535)));
  return fits
    ? undefined
    : new ModbusFailure('refused', `${describeRequest(request)}: outside the limits of the protocol (1..${limit})`);
};
