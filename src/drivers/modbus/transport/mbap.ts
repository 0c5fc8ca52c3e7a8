/**
 * Frames of Modbus TCP and UDP: the MBAP header before each PDU, and the frames in a stream of bytes. MODBUS Messaging on
 * TCP/IP Implementation Guide V1.0b §3.1.2, §3.1.3.
 */
import { encodeRequest, parseResponse, requestLength, responseLength } from '../codec/pdu.ts';
import { failureOf, type ModbusFailure } from '../failures.ts';
import { isWrite, type Request } from '../messages.ts';

/** Transaction identifier, protocol identifier, length, unit identifier: V1.0b §3.1.3. */
export const headerLength = 7;
const protocolAt = 2;
const lengthAt = 4;
const unitAt = 6;
/** The protocol identifier of Modbus, V1.0b §3.1.3. */
const modbusProtocol = 0;
/** Bytes that the length field counts: unit identifier and PDU, which has a function code and at least one byte. */
const shortestLength = 3;
/** Unit identifier and a PDU of nothing but a function code, which some functions have as their request. */
const shortestRequest = 2;
/** Unit identifier and the longest PDU, 253 bytes. */
const longestLength = 254;

/** @returns a request as a whole frame */
export const encodeFrame = (request: Request, transactionId: number): Buffer => {
  const length = requestLength(request);
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame.writeUInt16BE(transactionId, 0);
  frame.writeUInt16BE(modbusProtocol, protocolAt);
  frame.writeUInt16BE(length + 1, lengthAt);
  frame[unitAt] = request.unit;
  encodeRequest(frame, headerLength, request);
  return frame;
};

/** @param at offset of a frame of which at least 2 bytes are there */
export const transactionIdAt = (bytes: Buffer, at: number): number => bytes.readUInt16BE(at);

/** @param at offset of a frame of which at least 4 bytes are there */
export const isModbusAt = (bytes: Buffer, at: number): boolean =>
  bytes.readUInt16BE(at + protocolAt) === modbusProtocol;

/** @returns offset of the byte behind the frame, as its own header says; undefined if no frame has such a header */
const frameEndAt = (bytes: Buffer, at: number): number | undefined => {
  const length = bytes.readUInt16BE(at + lengthAt);
  const isFrame = isModbusAt(bytes, at) && length >= shortestLength && length <= longestLength;
  return isFrame ? at + lengthAt + 2 + length : undefined;
};

/** @returns offset of the byte behind the frame that its header claims, however implausible the header is */
const claimedEndAt = (bytes: Buffer, at: number): number => at + lengthAt + 2 + bytes.readUInt16BE(at + lengthAt);

/**
 * Reads the response in a whole frame.
 * @returns the data as a view into the frame, or the failure that the response amounts to
 */
export const parseFrame = (frame: Buffer, request: Request): Buffer | ModbusFailure => {
  const claimed = frame.readUInt16BE(lengthAt);
  const length = frame.length - lengthAt - 2;
  if (claimed !== length) return failureOf('malformed', request, `the header claims ${claimed} bytes, ${length} came`);
  const unit = frame[unitAt];
  // Gateways often answer with unit 0 or 255 (V1.0b §4.4.1.2); the transaction identifier tells whose response it is.
  if (unit !== request.unit && unit !== 0 && unit !== 255)
    return failureOf('malformed', request, `answered by unit ${unit}`);
  return parseResponse(frame.subarray(headerLength), request);
};

/** @returns the pending request with a transaction identifier */
type FindRequest = (transactionId: number) => Request | undefined;

const noBytes: Buffer = Buffer.alloc(0);

/** Whether the byte count of a response to a read matches; a response to a write has none. */
const isComplete = (frame: Buffer, request: Request): boolean =>
  isWrite(request) || frame[headerLength + 1] === frame.length - headerLength - 2;

/** Whether another frame may begin here: nothing has come yet, or the response to a pending request. */
const isBoundary = (bytes: Buffer, at: number, find: FindRequest): boolean =>
  at === bytes.length ||
  (bytes.length - at >= 4 && isModbusAt(bytes, at) && find(transactionIdAt(bytes, at)) !== undefined);

/**
 * If a header claims more than was asked for, the frame ends with the response, provided that another frame may begin
 * behind it: a wrong header of one unit must not swallow the responses of the others.
 * @returns undefined if the stream is beyond repair
 */
const frameEnd = (bytes: Buffer, at: number, find: FindRequest): number | undefined => {
  const request = find(transactionIdAt(bytes, at));
  if (request) {
    const end = at + headerLength + responseLength(request);
    const isOverlong = claimedEndAt(bytes, at) > end && bytes.length >= end;
    if (isOverlong && isComplete(bytes.subarray(at, end), request) && isBoundary(bytes, end, find)) return end;
  }
  return frameEndAt(bytes, at);
};

/**
 * Takes whole frames off the front of the bytes that have come.
 * @param take called with each frame, which is a view into the bytes
 * @returns the bytes left; undefined if the stream is beyond repair
 */
export const takeFrames = (bytes: Buffer, find: FindRequest, take: (frame: Buffer) => void): Buffer | undefined => {
  let at = 0;
  while (bytes.length - at >= headerLength) {
    const end = frameEnd(bytes, at, find);
    if (end === undefined) return undefined;
    if (bytes.length < end) break;
    take(bytes.subarray(at, end));
    at = end;
  }
  // An empty view would keep the whole chunk alive.
  return at === bytes.length ? noBytes : bytes.subarray(at);
};

/**
 * Takes whole requests off the front of the bytes that a client has sent.
 * @param take called with each frame, which is a view into the bytes
 * @returns the bytes left; undefined if no client of Modbus sends such a header
 */
export const takeRequests = (bytes: Buffer, take: (frame: Buffer) => void): Buffer | undefined => {
  let at = 0;
  while (bytes.length - at >= headerLength) {
    const length = bytes.readUInt16BE(at + lengthAt);
    if (!isModbusAt(bytes, at) || length < shortestRequest || length > longestLength) return undefined;
    const end = at + lengthAt + 2 + length;
    if (bytes.length < end) break;
    take(bytes.subarray(at, end));
    at = end;
  }
  return at === bytes.length ? noBytes : bytes.subarray(at);
};

/** @param frame a whole request or response @returns its unit identifier */
export const unitOf = (frame: Buffer): number => frame[unitAt] ?? 0;

/** @returns the response to a request as a whole frame, with the identifiers of the request */
export const encodeResponse = (request: Buffer, pdu: Buffer): Buffer => {
  const frame = Buffer.concat([request.subarray(0, headerLength), pdu]);
  frame.writeUInt16BE(pdu.length + 1, lengthAt);
  return frame;
};
