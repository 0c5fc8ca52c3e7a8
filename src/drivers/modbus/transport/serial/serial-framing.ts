/**
 * The interface of the two framings of a serial line, RTU and ASCII. Frames carry neither an identifier nor the address
 * that was asked for: a response is known by its unit, function and length only.
 */
import { encodeRequest, requestLength } from '../../codec/pdu.ts';
import type { Request } from '../../messages.ts';

/** A whole frame whose checksum is right. */
export interface SerialFrame {
  unit: number;
  /** Function code and data. */
  pdu: Buffer;
}

/** The bytes at the front of what has arrived. */
type Scan =
  /** The beginning of a frame; more bytes have to come. */
  | { kind: 'part' }
  /** Bytes that belong to no frame, such as those a transceiver leaves when it is switched over. */
  | { kind: 'noise'; length: number }
  | { kind: 'frame'; length: number; frame: SerialFrame }
  | { kind: 'broken'; reason: string };

/** Requests to bytes, and bytes to frames. */
export interface SerialFraming {
  encode(request: Request): Buffer;
  /**
   * Looks at the front of the bytes that have arrived, which may hold one or more responses.
   * @param unit that the pending request is for, if there is one
   */
  scan(bytes: Buffer, unit?: number): Scan;
}

/** Unit, function code, exception code: the shortest frame without its checksum. */
export const shortestFrame = 3;

/**
 * The request without its checksum: unit and PDU. MODBUS over Serial Line V1.02 §2.3.
 * @param extra bytes to leave free behind it
 */
export const encodeBody = (request: Request, extra: number): Buffer => {
  const bytes = Buffer.alloc(1 + requestLength(request) + extra);
  bytes[0] = request.unit;
  encodeRequest(bytes, 1, request);
  return bytes;
};
