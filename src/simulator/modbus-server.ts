/** A Modbus TCP server with a register image per unit, and the faults that real ones have. */
import { createServer, type Socket } from 'node:net';

/** Registers of one unit and table; what is not set answers with exception 2. */
export interface RegisterImage {
  set(address: number, word: number): void;
  /** Makes a hole readable as 0, as devices do that allow reading over gaps. */
  allow(from: number, to: number): void;
  get(address: number): number | undefined;
  /** Lets clients write here; what is only written cannot be read by them. */
  allowWrite(address: number): void;
  /** A client's write. @returns false where nobody may write */
  write(address: number, word: number): boolean;
  /** What the device itself finds in the register, readable or not. */
  peek(address: number): number;
}

export const createImage = (): RegisterImage => {
  const words = new Uint16Array(65536);
  const isThere = new Uint8Array(65536);
  const isWritable = new Uint8Array(65536);
  return {
    set(address, word) {
      words[address] = word;
      isThere[address] = 1;
    },
    allow(from, to) {
      isThere.fill(1, from, to + 1);
    },
    get: (address) => (isThere[address] === 1 ? words[address] : undefined),
    allowWrite(address) {
      isWritable[address] = 1;
    },
    write(address, word) {
      if (isWritable[address] !== 1) return false;
      words[address] = word;
      return true;
    },
    peek: (address) => words[address] ?? 0,
  };
};

export type RegisterTable = 'coil' | 'discrete' | 'holding' | 'input';
export type UnitImages = Partial<Record<RegisterTable, RegisterImage>> & {
  /** A client has written. */
  written?(): void;
};

/** What a unit can suffer from. offline: connections are refused; the others leave the connection standing. */
export type Fault = { kind: 'none' | 'offline' | 'dead' | 'garbage' | 'exception' } | { kind: 'slow'; ms: number };

export interface ModbusServer {
  port: number;
  setFault(unit: number, fault: Fault): Promise<void>;
  fault(unit: number): Fault;
  requests(): number;
  close(): Promise<void>;
}

const tableOf: Record<number, RegisterTable> = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' };
const illegalFunction = 1;
const illegalAddress = 2;
const illegalValue = 3;
const deviceFailure = 4;

const exception = (functionCode: number, code: number): Buffer => Buffer.from([functionCode | 0x80, code]);

/** MODBUS Application Protocol V1.1b3 §6.1 to §6.4. */
const answerRead = (pdu: Buffer, images: UnitImages): Buffer => {
  const functionCode = pdu[0] ?? 0;
  const table = tableOf[functionCode];
  const image = table && images[table];
  if (!table) return exception(functionCode, illegalFunction);
  if (pdu.length !== 5) return exception(functionCode, illegalValue);
  if (!image) return exception(functionCode, illegalAddress);
  const address = pdu.readUInt16BE(1);
  const count = pdu.readUInt16BE(3);
  const isBits = table === 'coil' || table === 'discrete';
  if (count < 1 || count > (isBits ? 2000 : 125)) return exception(functionCode, illegalValue);
  const bytes = isBits ? Math.ceil(count / 8) : count * 2;
  const answer = Buffer.alloc(2 + bytes);
  answer[0] = functionCode;
  answer[1] = bytes;
  for (let i = 0; i < count; i++) {
    const word = image.get(address + i);
    if (word === undefined) return exception(functionCode, illegalAddress);
    if (!isBits) answer.writeUInt16BE(word, 2 + i * 2);
    else if (word !== 0) answer[2 + (i >> 3)] = (answer[2 + (i >> 3)] ?? 0) | (1 << (i & 7));
  }
  return answer;
};

const isWriteFunction = (functionCode: number): boolean => [5, 6, 15, 16].includes(functionCode);

/** What a write asks for; undefined where it breaks the protocol. MODBUS Application Protocol V1.1b3 §6.5 to §6.12. */
const wordsToWrite = (pdu: Buffer): number[] | undefined => {
  const functionCode = pdu[0] ?? 0;
  const value = pdu.readUInt16BE(3);
  if (functionCode === 5) return value === 0 || value === 0xff00 ? [value === 0 ? 0 : 1] : undefined;
  if (functionCode === 6) return [value];
  const bytes = functionCode === 15 ? Math.ceil(value / 8) : value * 2;
  if (value < 1 || value > (functionCode === 15 ? 1968 : 123) || pdu[5] !== bytes || pdu.length !== 6 + bytes)
    return undefined;
  return Array.from({ length: value }, (_, i) =>
    functionCode === 15 ? ((pdu[6 + (i >> 3)] ?? 0) >> (i & 7)) & 1 : pdu.readUInt16BE(6 + i * 2),
  );
};

const answerWrite = (pdu: Buffer, images: UnitImages): Buffer => {
  const functionCode = pdu[0] ?? 0;
  const isCoil = functionCode === 5 || functionCode === 15;
  const image = images[isCoil ? 'coil' : 'holding'];
  const words = pdu.length >= 5 ? wordsToWrite(pdu) : undefined;
  if (!words) return exception(functionCode, illegalValue);
  const address = pdu.readUInt16BE(1);
  for (const [i, word] of words.entries())
    if (!image?.write(address + i, word)) return exception(functionCode, illegalAddress);
  images.written?.();
  return pdu.subarray(0, 5);
};

const answer = (pdu: Buffer, images: UnitImages): Buffer =>
  isWriteFunction(pdu[0] ?? 0) ? answerWrite(pdu, images) : answerRead(pdu, images);

/**
 * Starts a server.
 * @param units register images by unit id
 * @throws when the port cannot be opened
 */
export const startModbusServer = async (
  { host, port }: { host: string; port: number },
  units: Map<number, UnitImages>,
): Promise<ModbusServer> => {
  const faults = new Map<number, Fault>();
  const sockets = new Set<Socket>();
  let served = 0;

  const reply = (socket: Socket, request: Buffer): void => {
    served++;
    const unit = request[6] ?? 0;
    const images = units.get(unit);
    const fault = faults.get(unit) ?? { kind: 'none' };
    // A unit that does not exist is silent, as behind a gateway.
    if (!images || fault.kind === 'dead') return;
    const serve = (): void => {
      const pdu =
        fault.kind === 'exception' ? exception(request[7] ?? 0, deviceFailure) : answer(request.subarray(7), images);
      const frame = Buffer.concat([request.subarray(0, 4), Buffer.alloc(2), request.subarray(6, 7), pdu]);
      frame.writeUInt16BE(pdu.length + 1, 4);
      // The length says less than there is: what follows is out of step for good.
      if (fault.kind === 'garbage') frame.writeUInt16BE(0xffff, 4);
      if (!socket.destroyed) socket.write(frame);
    };
    // A slow device is late with everything: also with carrying out what was written.
    if (fault.kind === 'slow') setTimeout(serve, fault.ms);
    else serve();
  };

  const server = createServer({ noDelay: true }, (socket) => {
    let rest: Buffer = Buffer.alloc(0);
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length >= 8) {
        const end = 6 + rest.readUInt16BE(4);
        if (rest.length < end) break;
        reply(socket, Buffer.from(rest.subarray(0, end)));
        rest = rest.subarray(end);
      }
    });
  });

  const listen = (on: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(on, host, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });

  const hangUp = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });

  await listen(port);
  const address = server.address();
  const listeningOn = typeof address === 'object' && address ? address.port : port;

  return {
    port: listeningOn,
    async setFault(unit, fault) {
      faults.set(unit, fault);
      if (fault.kind === 'offline' && server.listening) await hangUp();
      else if (fault.kind !== 'offline' && !server.listening) await listen(listeningOn);
    },
    fault: (unit) => faults.get(unit) ?? { kind: 'none' },
    requests: () => served,
    async close() {
      if (server.listening) await hangUp();
    },
  };
};
