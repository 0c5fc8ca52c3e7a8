/** One exchange on a serial line: a request, the frames that have come since, and how long a response is waited for. */
import { parseResponse } from '../../codec/pdu.ts';
import { ModbusFailure } from '../../failures.ts';
import { describeRequest, functionCodes, isWrite, type Request } from '../../messages.ts';
import type { RecentResponses } from './recent-responses.ts';
import type { SerialFrame } from './serial-framing.ts';

/** A response is waited for a little longer than the timeout, by this share of the timeout. */
const lateShare = 0.5;
/** A response may come until this many timeouts have passed; until then nothing is sent that it could be taken for. */
const dueTimeouts = 3;

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

/** The line as an exchange waits for it. */
interface LineState {
  /** Monotonic ms at which the line has been silent for long enough, unless more bytes come. */
  silentAt: number;
  /** Silence between two exchanges, ms. */
  silentMs: number;
  recent: RecentResponses;
}

/** @returns monotonic ms at which the request is sent, or the exchange ends, as things are */
export const dueAt = (
  { request, sent, response, fault, timeoutMs }: SerialExchange,
  { silentAt, silentMs, recent }: LineState,
): number => {
  if (!sent) return Math.max(silentAt, recent.dueUntil(request));
  if (fault !== undefined) return silentAt;
  if (response) return Math.max(silentAt, recent.expectedAt(request, sent.at));
  return Math.max(silentAt, sent.at + timeoutMs + Math.max(silentMs, timeoutMs * lateShare));
};

/** @returns monotonic ms until which a response may still come after an exchange that failed */
export const lateUntil = ({ timeoutMs, fault }: SerialExchange, sentAt: number): number =>
  sentAt + timeoutMs * (fault === undefined ? dueTimeouts : 1);
