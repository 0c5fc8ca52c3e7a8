/** One client of the Modbus server: whole requests out of its bytes, responses back, and an end to what is no Modbus. */
import type { Socket } from 'node:net';
import { encodeResponse, headerLength, takeRequests, unitOf } from '../transport/mbap.ts';

/** A request that has come, and the way to answer it. */
export interface IncomingRequest {
  unit: number;
  /** Function code and data. */
  pdu: Buffer;
  /** @returns a response as a whole frame, with the identifiers of this request */
  frameOf(response: Buffer): Buffer;
  /** Sends a whole frame, unless the client is gone. */
  send(frame: Buffer): void;
}

/** A connection of a client, from its first byte to its last. */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #onRequest: (request: IncomingRequest) => void;
  #rest: Buffer = Buffer.alloc(0);

  /** @param idleMs the connection ends after this long without a byte in either direction */
  constructor(socket: Socket, idleMs: number, onRequest: (request: IncomingRequest) => void) {
    this.#socket = socket;
    this.#onRequest = onRequest;
    socket.setTimeout(idleMs, () => socket.destroy());
    // A socket with an error closes by itself; nobody else has to know.
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.#onBytes(chunk));
    socket.on('drain', () => socket.resume());
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #onBytes(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const rest = takeRequests(bytes, (frame) => this.#onFrame(Buffer.from(frame)));
    // Requests behind a header that is none cannot be told apart any more.
    if (rest === undefined) this.destroy();
    else this.#rest = Buffer.from(rest);
  }

  #onFrame(frame: Buffer): void {
    this.#onRequest({
      unit: unitOf(frame),
      pdu: frame.subarray(headerLength),
      frameOf: (response) => encodeResponse(frame, response),
      send: (response) => this.#send(response),
    });
  }

  #send(frame: Buffer): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    // A client that asks and does not take the responses is heard again when it has taken them.
    if (!socket.write(frame)) socket.pause();
  }
}
