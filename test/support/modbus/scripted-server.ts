/**
 * A Modbus server on a real socket whose answers a test writes byte by byte, MBAP or RTU: late, broken, doubled or
 * none. Correct frames: polled-device.ts, battery-server.ts.
 */
import { createServer, type Socket } from 'node:net';

export interface AskedRequest {
  id: number;
  unit: number;
  functionCode: number;
  address: number;
  count: number;
  socket: Socket;
  /** Whether reply() has answered it. */
  isAnswered: boolean;
}

/** Answers a request; nobody is there any more where its connection has ended. */
export const reply = (asked: AskedRequest, frame: Buffer): void => {
  asked.isAnswered = true;
  if (!asked.socket.destroyed) asked.socket.write(frame);
};

export interface ScriptedServer {
  port: number;
  /** Every request so far. */
  asked: AskedRequest[];
  connections(): number;
  /** Ends all connections with a reset. */
  reset(): void;
  close(): Promise<void>;
}

/** Length of a request and offset of its unit, bytes; RTU has no header, and a check sum at the end. */
const framings = { mbap: { length: 12, unitAt: 6 }, rtu: { length: 8, unitAt: 0 } } as const;

/** @param answer called for each request; writes whatever it likes to the socket */
export const startScriptedServer = async (
  answer: (asked: AskedRequest) => void,
  port = 0,
  framing: keyof typeof framings = 'mbap',
): Promise<ScriptedServer> => {
  const { length, unitAt } = framings[framing];
  const asked: AskedRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (; rest.length >= length; rest = rest.subarray(length)) {
        const request: AskedRequest = {
          id: framing === 'mbap' ? rest.readUInt16BE(0) : 0,
          unit: rest[unitAt] as number,
          functionCode: rest[unitAt + 1] as number,
          address: rest.readUInt16BE(unitAt + 2),
          count: rest.readUInt16BE(unitAt + 4),
          socket,
          isAnswered: false,
        };
        asked.push(request);
        answer(request);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    asked,
    connections: () => connections,
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};

export interface AnswerOptions {
  id?: number;
  unit?: number;
  functionCode?: number;
  protocol?: number;
  length?: number;
  byteCount?: number;
  extra?: Buffer;
}

/** A frame with registers whose words are address, address + 1, ..., unless other words are given. */
export const frameOf = (asked: AskedRequest, options: AnswerOptions = {}, words?: number[]): Buffer => {
  const values = words ?? Array.from({ length: asked.count }, (_, i) => (asked.address + i) & 0xffff);
  const data = Buffer.alloc(values.length * 2);
  for (const [i, word] of values.entries()) data.writeUInt16BE(word, i * 2);
  const pdu = Buffer.concat([
    Buffer.from([options.functionCode ?? asked.functionCode, options.byteCount ?? data.length]),
    data,
    options.extra ?? Buffer.alloc(0),
  ]);
  const header = Buffer.alloc(7);
  header.writeUInt16BE(options.id ?? asked.id, 0);
  header.writeUInt16BE(options.protocol ?? 0, 2);
  header.writeUInt16BE(options.length ?? pdu.length + 1, 4);
  header[6] = options.unit ?? asked.unit;
  return Buffer.concat([header, pdu]);
};

export const exceptionFrame = (asked: AskedRequest, code: number): Buffer => {
  const frame = Buffer.alloc(9);
  frame.writeUInt16BE(asked.id, 0);
  frame.writeUInt16BE(3, 4);
  frame[6] = asked.unit;
  frame[7] = asked.functionCode | 0x80;
  frame[8] = code;
  return frame;
};

/** MODBUS over Serial Line V1.02 §6.2.2: CRC-16, low byte first. */
export const withCheckSum = (bytes: Buffer): Buffer => {
  let sum = 0xffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >> 1) ^ 0xa001 : sum >> 1;
  }
  return Buffer.concat([bytes, Buffer.from([sum & 0xff, sum >> 8])]);
};

/** The same answer as RTU: unit, PDU, check sum. */
export const rtuFrameOf = (asked: AskedRequest, options: AnswerOptions = {}, words?: number[]): Buffer =>
  withCheckSum(frameOf(asked, options, words).subarray(6));

export const rtuExceptionFrame = (asked: AskedRequest, code: number): Buffer =>
  withCheckSum(exceptionFrame(asked, code).subarray(6));
