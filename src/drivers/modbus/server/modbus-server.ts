/** A Modbus TCP server with a register image for each unit. */
import { createServer, type Server, type Socket } from 'node:net';
import { exceptionCodes } from '../messages.ts';
import { ClientConnection, type IncomingRequest } from './client-connection.ts';
import { answerRequest, exceptionResponse } from './modbus-functions.ts';
import type { UnitImages } from './register-image.ts';

/** Connections at the same time, if the options name no other number. */
const defaultMaxConnections = 32;
/** Silence after which a connection ends, if the options name no other, ms. */
const defaultIdleMs = 600_000;

/** How a server listens, and how it treats its clients. */
export interface ModbusServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Connections at the same time; a further one takes the place of the one that has been silent for longest. */
  maxConnections?: number;
  /** A connection without a byte for this long is ended, ms; 0: never. */
  idleMs?: number;
  /** Requests to a unit without registers get no response, or the exception of a gateway (V1.1b3 §7, 0x0B). */
  unknownUnit?: 'silence' | 'exception';
  /**
   * Answers in place of the server, as a device with a fault does.
   * @param answer carries the request out; the PDU of the response, undefined where the unit is silent
   */
  respond?(request: IncomingRequest, answer: () => Buffer | undefined): void;
}

/** One server on one port. Create it with `startModbusServer`. */
export class ModbusServer {
  readonly #options: ModbusServerOptions;
  readonly #units: ReadonlyMap<number, UnitImages>;
  readonly #server: Server;
  /** The connection that has been silent for longest comes first. */
  readonly #connections = new Set<ClientConnection>();
  #listeningOn = 0;
  #requests = 0;

  constructor(options: ModbusServerOptions, units: ReadonlyMap<number, UnitImages>) {
    this.#options = options;
    this.#units = units;
    this.#listeningOn = options.port;
    this.#server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#onConnection(socket));
    // A client that could not be accepted must not end the process.
    this.#server.on('error', () => {});
  }

  /** The port that the server listens on. */
  get port(): number {
    return this.#listeningOn;
  }

  /** Opens the port, or opens it again after `close`. @throws when the port cannot be opened */
  async open(): Promise<void> {
    const server = this.#server;
    if (server.listening) return;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#listeningOn, this.#options.host, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
    const address = server.address();
    if (typeof address === 'object' && address) this.#listeningOn = address.port;
  }

  /** @returns number of requests that came in since the start */
  requests(): number {
    return this.#requests;
  }

  /** @returns number of clients that are connected now */
  connections(): number {
    return this.#connections.size;
  }

  /** Ends all connections and gives the port back. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      for (const connection of this.#connections) connection.destroy();
    });
  }

  #onConnection(socket: Socket): void {
    const { maxConnections = defaultMaxConnections, idleMs = defaultIdleMs } = this.#options;
    const connections = this.#connections;
    const [silent] = connections;
    if (silent && connections.size >= maxConnections) {
      connections.delete(silent);
      silent.destroy();
    }
    const connection = new ClientConnection(socket, idleMs, (request) => {
      // A connection that asks goes to the end of the list of silent ones.
      if (connections.delete(connection)) connections.add(connection);
      this.#onRequest(request);
    });
    connections.add(connection);
    socket.on('close', () => connections.delete(connection));
  }

  #onRequest(request: IncomingRequest): void {
    this.#requests++;
    const answer = (): Buffer | undefined => this.#answer(request);
    if (this.#options.respond) {
      this.#options.respond(request, answer);
      return;
    }
    const response = answer();
    if (response) request.send(request.frameOf(response));
  }

  #answer({ unit, pdu }: IncomingRequest): Buffer | undefined {
    const images = this.#units.get(unit);
    if (images) return answerRequest(pdu, images);
    return this.#options.unknownUnit === 'exception'
      ? exceptionResponse(pdu[0] ?? 0, exceptionCodes.gatewayTargetFailed)
      : undefined;
  }
}

/**
 * Starts a server.
 * @param units register images by unit identifier
 * @throws when the port cannot be opened
 */
export const startModbusServer = async (
  options: ModbusServerOptions,
  units: ReadonlyMap<number, UnitImages>,
): Promise<ModbusServer> => {
  const server = new ModbusServer(options, units);
  await server.open();
  return server;
};
