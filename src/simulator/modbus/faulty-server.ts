/** A Modbus TCP server with the faults that devices of the field have. */
import {
  exceptionCodes,
  exceptionResponse,
  type IncomingRequest,
  ModbusServer,
  type ModbusServerOptions,
  type UnitImages,
} from '../../drivers/modbus/index.ts';

/**
 * A fault of one unit. offline: the server refuses connections. dead: the unit does not answer. garbage: the MBAP
 * header announces a wrong length. exception: every request is answered with SERVER DEVICE FAILURE. slow: everything is
 * late.
 */
export type Fault = { kind: 'none' | 'offline' | 'dead' | 'garbage' | 'exception' } | { kind: 'slow'; ms: number };

/** Offset of the length in the MBAP header, and a length that no frame has. */
const lengthAt = 4;
const wrongLength = 0xffff;

/** A server whose units can be given faults. Create it with `startFaultyServer`. */
export class FaultyServer {
  readonly #server: ModbusServer;
  readonly #faults = new Map<number, Fault>();

  constructor(options: ModbusServerOptions, units: ReadonlyMap<number, UnitImages>) {
    this.#server = new ModbusServer(
      { ...options, respond: (request, answer) => this.#respond(request, answer) },
      units,
    );
  }

  /** The port that the server listens on. */
  get port(): number {
    return this.#server.port;
  }

  /** @throws when the port cannot be opened */
  open(): Promise<void> {
    return this.#server.open();
  }

  /** Gives a unit a fault. The server is offline as long as one of its units is. */
  async setFault(unit: number, fault: Fault): Promise<void> {
    this.#faults.set(unit, fault);
    const isOffline = [...this.#faults.values()].some(({ kind }) => kind === 'offline');
    await (isOffline ? this.#server.close() : this.#server.open());
  }

  fault(unit: number): Fault {
    return this.#faults.get(unit) ?? { kind: 'none' };
  }

  /** @returns number of requests that came in since the start */
  requests(): number {
    return this.#server.requests();
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #respond(request: IncomingRequest, answer: () => Buffer | undefined): void {
    const fault = this.fault(request.unit);
    const respond = (): void => {
      const response = answer();
      if (response) request.send(request.frameOf(response));
    };
    switch (fault.kind) {
      case 'dead':
        return;
      case 'slow':
        // A slow device is late with everything, also with carrying out a write.
        setTimeout(respond, fault.ms);
        return;
      case 'exception':
        request.send(request.frameOf(exceptionResponse(request.pdu[0] ?? 0, exceptionCodes.serverDeviceFailure)));
        return;
      case 'garbage': {
        const response = answer();
        if (!response) return;
        const frame = request.frameOf(response);
        // A wrong length leaves the client out of step for all that follows.
        frame.writeUInt16BE(wrongLength, lengthAt);
        request.send(frame);
        return;
      }
      default:
        respond();
    }
  }
}

/**
 * Starts a server whose units can be given faults.
 * @param units register images by unit identifier
 * @throws when the port cannot be opened
 */
export const startFaultyServer = async (
  options: ModbusServerOptions,
  units: ReadonlyMap<number, UnitImages>,
): Promise<FaultyServer> => {
  const server = new FaultyServer(options, units);
  await server.open();
  return server;
};
