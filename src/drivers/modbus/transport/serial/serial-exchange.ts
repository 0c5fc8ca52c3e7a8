/** One exchange on a serial line: a request, and the frames that have come since. */
import { parseResponse } from '../../codec/pdu.ts';
import { ModbusFailure } from '../../failures.ts';
import { describeRequest, functionCodes, isWrite, type Request } from '../../messages.ts';
import type { SerialFrame } from './serial-framing.ts';

/** The exchange that is under way. */
export interface SerialExchange {
  request: Request;
  timeoutMs: number;
  /** The request on the wire, and the monotonic ms at which it was sent. Absent: it waits for the line to be silent. */
  sent?: { bytes: Buffer; at: number };
  /** The first frame that is a response to the request, and the monotonic ms of its arrival. */
  response?: { frame: SerialFrame; bytes: Buffer; outcome: Buffer | ModbusFailure; at: number };
  /** A second frame that is a response to the request as well, and differs from the first. */
  rival?: Buffer;
  /** Why nothing of the exchange can be believed. */
  fault?: string;
  /** A frame that is no response to the request, in words. */
  mismatch?: string;
  /** Stray bytes since the request was sent. */
  glitches: number;
  /** The request itself has come back, from an adapter that repeats what is sent. */
  isEchoed: boolean;
  resolve(data: Buffer): void;
  reject(failure: ModbusFailure): void;
}

/** @returns the outcome of a frame as a response to the request; undefined if it cannot be one */
export const responseIn = ({ unit, pdu }: SerialFrame, request: Request): Buffer | ModbusFailure | undefined => {
  if (unit !== request.unit) return undefined;
  const outcome = parseResponse(pdu, request);
  return outcome instanceof ModbusFailure && outcome.kind === 'malformed' ? undefined : outcome;
};

/** @returns in words why a frame is no response to the request */
export const mismatchOf = ({ unit, pdu }: SerialFrame, request: Request): string => {
  if (unit !== request.unit) return `answered by unit ${unit}`;
  const outcome = parseResponse(pdu, request);
  return outcome instanceof ModbusFailure ? outcome.message.slice(describeRequest(request).length + 2) : '';
};

/** Whether the response repeats the request byte by byte, as an echo would: a write of a single coil or register. */
export const isMirrored = (request: Request): boolean =>
  isWrite(request) &&
  (request.functionCode === functionCodes.writeSingleCoil ||
    request.functionCode === functionCodes.writeSingleRegister);
