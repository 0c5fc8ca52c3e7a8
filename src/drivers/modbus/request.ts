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
  /** An answer that breaks the protocol. */
  | 'malformed'
  /** The connection ended while the request was pending, or is not there. */
  | 'disconnected'
  /** The unit is known to be dead; nothing was sent. */
  | 'unreachable'
  /** The request itself breaks the protocol's limits; nothing was sent. */
  | 'refused';

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

export const describeRequest = ({ unit, table, address, count }: ReadRequest): string =>
  `unit ${unit}, ${table} ${address}${count > 1 ? `..${address + count - 1}` : ''}`;

export const exceptionFailure = (request: ReadRequest, code: number): ModbusFailure =>
  new ModbusFailure(
    'exception',
    `${describeRequest(request)}: exception ${code} (${exceptionTexts[code] ?? 'unknown code'})`,
    code,
  );

export const timeoutFailure = (request: ReadRequest, timeoutMs: number): ModbusFailure =>
  new ModbusFailure('timeout', `${describeRequest(request)}: no answer within ${Math.round(timeoutMs)} ms`);

const isBits = (table: Table): boolean => table === 'coil' || table === 'discrete';

/** Bytes of the values in an answer: registers big-endian as received, bits packed from the lowest. */
export const dataLength = ({ table, count }: ReadRequest): number => (isBits(table) ? Math.ceil(count / 8) : count * 2);

/** MODBUS Application Protocol V1.1b3 §6.1 to §6.4: 1..2000 bits, 1..125 registers. */
export const checkRequest = (request: ReadRequest): ModbusFailure | undefined => {
  const limit = isBits(request.table) ? 2000 : 125;
  const { unit, address, count } = request;
  const fits =
    Number.isInteger(unit) &&
    unit >= 0 &&
    unit <= 255 &&
    Number.isInteger(address) &&
    address >= 0 &&
    Number.isInteger(count) &&
    count >= 1 &&
    count <= limit &&
    address + count <= 65536;
  return fits
    ? undefined
    : new ModbusFailure('refused', `${describeRequest(request)}: outside the limits of the protocol (1..${limit})`);
};
