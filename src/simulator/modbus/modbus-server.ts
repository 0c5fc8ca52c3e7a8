/** A Modbus TCP server with a register image for each unit, and the faults that real servers have. */
import { createServer, type Server, type Socket } from 'node:net';
import { answerRequest, exceptionCodes, exceptionResponse } from './modbus-functions.ts';
import type { UnitImages } from './register-image.ts';

/**
 * A fault of one unit. offline: the server refuses connections. dead: the unit does not answer. garbage: the MBAP
 * header announces a wrong length. exception: every request is answered with SERVER DEVICE FAILURE. slow: everything is
 * late.
 */
export type Fault = { kind: 'none' | 'offline' | 'dead' | 'garbage' | 'exception' } | { kind: 'slow'; ms: number };

/** Length of the MBAP header up to and including the length field; the unit identifier follows. */
const mbapPrefixLength = 6;
const wrongLength = 0xffff;

/** One server on one port. Create it with `startModbusServer`. */
export class ModbusServer {
  readonly #units: ReadonlyMap<number, UnitImages>;
  readonly #host: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #faults = new Map<number, Fault>();
  #listeningOn = 0;
  #answered = 0;

  constructor(host: string, units: ReadonlyMap<number, UnitImages>) {
    this.#host = host;
    this.#units = units;
    this.#server = createServer({ noDelay: true }, (socket) => this.#onConnection(socket));
  }

  /** The port that the server listens on. */
  get port(): number {
    return this.#listeningOn;
  }

  /** Opens the port; 0 takes a free one. @throws when the port cannot be opened */
  async open(port: number): Promise<void> {
    await this.#listen(port);
    const address = this.#server.address();
    this.#listeningOn = typeof address === 'object' && address ? address.port : port;
  }

  /** Gives a unit a fault. offline concerns all units of the server. */
  async setFault(unit: number, fault: Fault): Promise<void> {
    this.#faults.set(unit, fault);
    if (fault.kind === 'offline' && this.#server.listening) await this.#hangUp();
    else if (fault.kind !== 'offline' && !this.#server.listening) await this.#listen(this.#listeningOn);
  }

  fault(unit: number): Fault {
    return this.#faults.get(unit) ?? { kind: 'none' };
  }

  /** @returns number of requests that came in since the start */
  requests(): number {
    return this.#answered;
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.#hangUp();
  }

  #onConnection(socket: Socket): void {
    let rest: Buffer = Buffer.alloc(0);
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length >= mbapPrefixLength + 2) {
        const end = mbapPrefixLength + rest.readUInt16BE(4);
        if (rest.length < end) break;
        this.#onRequest(socket, Buffer.from(rest.subarray(0, end)));
        rest = rest.subarray(end);
      }
    });
  }

  /** @param request a whole frame: MBAP header, unit identifier, PDU */
  #onRequest(socket: Socket, request: Buffer): void {
    this.#answered++;
    const unit = request[mbapPrefixLength] ?? 0;
    const images = this.#units.get(unit);
    const fault = this.fault(unit);
    // A unit that does not exist is silent, as behind a gateway.
    if (!images || fault.kind === 'dead') return;
    // A slow device is late with everything, also with carrying out a write.
    if (fault.kind === 'slow') setTimeout(() => this.#answer(socket, request, images, fault), fault.ms);
    else this.#answer(socket, request, images, fault);
  }

  #answer(socket: Socket, request: Buffer, images: UnitImages, fault: Fault): void {
    const pdu = request.subarray(mbapPrefixLength + 1);
    const response =
      fault.kind === 'exception'
        ? exceptionResponse(pdu[0] ?? 0, exceptionCodes.serverDeviceFailure)
        : answerRequest(pdu, images);
    const frame = Buffer.concat([request.subarray(0, 4), Buffer.alloc(2), request.subarray(6, 7), response]);
    // A wrong length leaves the client out of step for all that follows.
    frame.writeUInt16BE(fault.kind === 'garbage' ? wrongLength : response.length + 1, 4);
    if (!socket.destroyed) socket.write(frame);
  }

  #listen(port: number): Promise<void> {
    const server = this.#server;
    const host = this.#host;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
  }

  #hangUp(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }
}

/**
 * Starts a server.
 * @param units register images by unit identifier
 * @throws when the port cannot be opened
 */
export const startModbusServer = async (
  { host, port }: { host: string; port: number },
  units: ReadonlyMap<number, UnitImages>,
): Promise<ModbusServer> => {
  const server = new ModbusServer(host, units);
  await server.open(port);
  return server;
};
