/**
 * RTU, ASCII, RTU over TCP and UDP through modbus-serial. Their answers carry no usable id: one request at a time,
 * and after a timeout the line is left silent and the port opened anew, so that a late answer is never taken
 * for the next one's.
 */
import { connect as connectSocket } from 'node:net';
import type { Clock, Timer } from '../../model/time.ts';
import { type Connection, type ConnectionEvents, createLifecycle, type Link } from './link.ts';
import {
  checkRequest,
  dataLength,
  describeRequest,
  exceptionFailure,
  ModbusFailure,
  type ReadRequest,
  timeoutFailure,
} from './request.ts';

export interface SerialSettings {
  baudRate: number;
  dataBits: 7 | 8;
  parity: 'none' | 'even' | 'odd';
  stopBits: 1 | 2;
}

export type SerialTransport =
  | ({ kind: 'rtu' | 'ascii'; path: string } & SerialSettings)
  | { kind: 'rtu_tcp' | 'udp'; host: string; port: number };

export interface SerialOptions {
  connectTimeoutMs?: number;
  settleMs?: number;
  /** Silence on the line after an unanswered request, ms. */
  drainMs?: number;
}

type Client = import('modbus-serial').default;

/** An open port: the client on it, and how to let go of it. */
interface Port {
  client: Client;
  close(): Promise<void>;
}

const describeTransport = (transport: SerialTransport): string =>
  'path' in transport ? transport.path : `${transport.host}:${transport.port}`;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Opens a port.
 * @param ended called when the port fails or is closed by the other side, not when we close it
 */
const openPort = async (
  transport: SerialTransport,
  clock: Clock,
  timeoutMs: number,
  ended: (reason: string) => void,
): Promise<Port> => {
  // Loaded when used: a flow on Modbus TCP alone needs no serial port library.
  const { default: library } = await import('modbus-serial');
  const client = new library.default();
  let isOurs = true;
  const report = (reason: string): void => {
    if (isOurs) ended(reason);
  };
  client.on('error', (error) => report(messageOf(error)));
  client.on('close', () => report('closed by the device'));
  const closeClient = (): Promise<void> => {
    isOurs = false;
    return new Promise((resolve) => client.close(() => resolve()));
  };
  let giveUp: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    giveUp = clock.after(timeoutMs, () => reject(new Error(`no connection within ${timeoutMs} ms`)));
  });
  const within = <T>(opening: Promise<T>): Promise<T> => Promise.race([opening, late]).finally(() => giveUp?.cancel());

  switch (transport.kind) {
    case 'rtu':
      await within(client.connectRTUBuffered(transport.path, transport));
      return { client, close: closeClient };
    case 'ascii':
      await within(client.connectAsciiSerial(transport.path, transport));
      return { client, close: closeClient };
    case 'udp':
      await within(client.connectUDP(transport.host, { port: transport.port }));
      return { client, close: closeClient };
    case 'rtu_tcp': {
      // Our own socket: the library reports a reset connection to nobody.
      const socket = connectSocket({ host: transport.host, port: transport.port, noDelay: true, keepAlive: true });
      let reason = 'closed by the device';
      socket.on('error', (error) => {
        reason = error.message;
      });
      socket.on('close', () => report(reason));
      const connected = new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('close', () => reject(new Error(reason)));
      });
      try {
        await within(connected);
        await client.linkTelnet(socket, {});
      } catch (error) {
        socket.destroy();
        throw error;
      }
      return {
        client,
        async close() {
          isOurs = false;
          socket.destroy();
        },
      };
    }
  }
};

type Done = (error: Error | null, reply: { buffer: Buffer } | undefined) => void;

const callRead = (client: Client, { unit, table, address, count }: ReadRequest, done: Done): void => {
  switch (table) {
    case 'coil':
      client.writeFC1(unit, address, count, done);
      break;
    case 'discrete':
      client.writeFC2(unit, address, count, done);
      break;
    case 'holding':
      client.writeFC3(unit, address, count, done);
      break;
    case 'input':
      client.writeFC4(unit, address, count, done);
      break;
  }
};

/** @throws never; every request settles within its timeout and the drain with data or a ModbusFailure */
export const createSerialLink = (transport: SerialTransport, clock: Clock, options: SerialOptions = {}): Link => {
  const { connectTimeoutMs = 4000, settleMs = 0, drainMs = 200 } = options;
  const where = describeTransport(transport);
  let port: Port | undefined;
  let end: ((reason: string) => void) | undefined;
  let failPending: ((failure: ModbusFailure) => void) | undefined;

  const connect = (events: ConnectionEvents): Connection => {
    let isOver = false;
    const finish = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      void port?.close();
      port = undefined;
      failPending?.(new ModbusFailure('disconnected', `${where}: ${reason}`));
      events.ended(reason);
    };
    end = finish;
    openPort(transport, clock, connectTimeoutMs, (reason) => finish(reason)).then(
      (opened) => {
        if (isOver) return opened.close();
        port = opened;
        events.opened();
        return undefined;
      },
      (error: unknown) => finish(messageOf(error)),
    );
    return { close: () => finish('the connection is being closed') };
  };

  const lifecycle = createLifecycle(clock, connect, { settleMs });

  /** Ends the port and opens it again under the same connection: nothing of the old line can reach the new one. */
  const reopen = async (): Promise<void> => {
    const connectionEnd = end;
    const old = port;
    if (!old) return;
    await old.close();
    const fresh = await openPort(transport, clock, connectTimeoutMs, (reason) => connectionEnd?.(reason));
    if (port !== old) return fresh.close();
    port = fresh;
  };

  return {
    maxInFlight: 1,
    open: lifecycle.open,
    async close() {
      lifecycle.close();
    },
    drop: (reason) => end?.(reason),
    state: lifecycle.state,
    onState: lifecycle.onState,
    read(request, timeoutMs) {
      return new Promise((resolve, reject) => {
        const refusal = checkRequest(request);
        if (refusal) return reject(refusal);
        if (!port || failPending)
          return reject(new ModbusFailure('disconnected', `${describeRequest(request)}: not connected to ${where}`));
        let deadline: Timer | undefined;
        const settle = (act: () => void): void => {
          if (failPending !== fail) return;
          failPending = undefined;
          deadline?.cancel();
          act();
        };
        const fail = (failure: ModbusFailure): void => settle(() => reject(failure));
        failPending = fail;
        // Our own deadline: the library waits for ever where the connection ends silently.
        deadline = clock.after(timeoutMs, () => {
          deadline = clock.after(drainMs, () => {
            const failure = timeoutFailure(request, timeoutMs);
            reopen().then(
              () => fail(failure),
              (error: unknown) => end?.(messageOf(error)),
            );
          });
        });
        callRead(port.client, request, (error, reply) => {
          const code = (error as { modbusCode?: unknown } | null)?.modbusCode;
          if (typeof code === 'number') return fail(exceptionFailure(request, code));
          if (error) return fail(new ModbusFailure('malformed', `${describeRequest(request)}: ${error.message}`));
          if (reply?.buffer.length !== dataLength(request))
            return fail(new ModbusFailure('malformed', `${describeRequest(request)}: answer of the wrong length`));
          return settle(() => resolve(reply.buffer));
        });
      });
    },
  };
};
