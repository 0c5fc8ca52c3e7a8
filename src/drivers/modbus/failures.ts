/** Reasons why a Modbus request has no result: typed errors whose message says which request, and what came instead. */
import { describeRequest, exceptionTexts, type Request } from './messages.ts';

/** The kinds of failures; the comments say what is known about the device after each. */
export type FailureKind =
  /** No response within the deadline. */
  | 'timeout'
  /** The unit, or the gateway in front of it, sent an exception response. */
  | 'exception'
  /** The response to a write repeats another value: the device took something else, or nothing. */
  | 'unconfirmed'
  /** The response breaks the protocol. */
  | 'malformed'
  /** The registers do not mean what the profile says: a guard of the profile holds another number. */
  | 'displaced'
  /** The unit answers 0 for everything, a guard of the profile included: it sleeps. */
  | 'asleep'
  /** The connection ended while the request was pending, or there is no connection. */
  | 'disconnected'
  /** The unit is known to be dead; nothing was sent. */
  | 'unreachable'
  /** The request itself breaks the limits of the protocol; nothing was sent. */
  | 'refused'
  /** The deadline of a write had passed before the bus was free; nothing was sent. */
  | 'expired';

/** A request has no result. */
export class ModbusFailure extends Error {
  readonly kind: FailureKind;
  /** Exception code of the response, for the kind "exception". MODBUS Application Protocol V1.1b3 §7. */
  readonly code: number | undefined;

  constructor(kind: FailureKind, message: string, code?: number) {
    super(message);
    this.name = 'ModbusFailure';
    this.kind = kind;
    this.code = code;
  }
}

/** @param reason continues a sentence that begins with the request */
export const failureOf = (kind: FailureKind, request: Request, reason: string): ModbusFailure =>
  new ModbusFailure(kind, `${describeRequest(request)}: ${reason}`);

/** @returns the failure that an exception response amounts to */
export const exceptionFailure = (request: Request, code: number): ModbusFailure =>
  new ModbusFailure(
    'exception',
    `${describeRequest(request)}: exception ${code} (${exceptionTexts[code] ?? 'unknown code'})`,
    code,
  );

/** @returns the failure of a request without a response */
export const timeoutFailure = (request: Request, timeoutMs: number): ModbusFailure =>
  failureOf('timeout', request, `no answer within ${Math.round(timeoutMs)} ms`);

/** The device does not have what was asked for, or says so at the moment: illegal function, address or value. */
export const isIllegalRequest = (failure: ModbusFailure | undefined): boolean =>
  failure?.kind === 'exception' && (failure.code === 1 || failure.code === 2 || failure.code === 3);

/** The device asks to be asked later: acknowledge (a long command is at work) and server device busy. V1.1b3 §7. */
export const isBusy = (failure: ModbusFailure): boolean =>
  failure.kind === 'exception' && (failure.code === 5 || failure.code === 6);

/** Any response proves that the unit is alive, except the exceptions 10 and 11 of a gateway that cannot reach it. */
export const provesAlive = ({ kind, code }: ModbusFailure): boolean =>
  kind === 'unconfirmed' || kind === 'displaced' || (kind === 'exception' && code !== 10 && code !== 11);
