/** The header before each PDU on TCP and UDP. MODBUS Messaging on TCP/IP Implementation Guide V1.0b §3.1.3. */
import { pduLength, writePdu } from './pdu.ts';
import type { Request } from './request.ts';

/** Transaction id, protocol id 0, bytes that follow, unit. */
export const headerLength = 7;

export const encodeMbap = (request: Request, id: number): Buffer => {
  const length = pduLength(request);
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame.writeUInt16BE(id, 0);
  frame.writeUInt16BE(0, 2);
  frame.writeUInt16BE(length + 1, 4);
  frame[6] = request.unit;
  writePdu(frame, headerLength, request);
  return frame;
};
