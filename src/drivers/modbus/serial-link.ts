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
  isWrite,
  ModbusFailure,
  type Request,
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

const noData = Buffer.alloc(0);

/** An open port: the client on it, and how to let go of it. */
interface Port {
  client: Client;
  /** isUnsure: a write may still lie in it, and must not leave any more. */
  close(isUnsure?: boolean): Promise<void>;
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
        async close(isUnsure = false) {
          isOurs = false;
          if (isUnsure) socket.resetAndDestroy();
          else socket.destroy();
        },
      };
    }
  }
};

type Done = (error: Error | null, reply: unknown) => void;

const call = (client: Client, request: Request, done: Done): void => {
  if (isWrite(request)) {
    const { unit, fc, address, values } = request;
    const [value = 0] = values;
    if (fc === 5) client.writeFC5(unit, address, value !== 0, done);
    else if (fc === 6) client.writeFC6(unit, address, value, done);
    else if (fc === 15)
      client.writeFC15(
        unit,
        address,
        values.map((each) => each !== 0),
        done,
      );
    else client.writeFC16(unit, address, values, done);
    return;
  }
  const { unit, table, address, count } = request;
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
  const { drainMs = 200 } = options;
  const where = describeTransport(transport);
  let port: Port | undefined;
  let end: ((reason: string) => void) | undefined;
  let failPending: ((failure: ModbusFailure) => void) | undefined;
  let isWriting = false;
  let openTimeoutMs = 0;

  const connect = (events: ConnectionEvents, timeoutMs: number): Connection => {
    let isOver = false;
    const finish = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      void port?.close(isWriting);
      port = undefined;
      failPending?.(new ModbusFailure('disconnected', `${where}: ${reason}`));
      events.ended(reason);
    };
    end = finish;
    openTimeoutMs = timeoutMs;
    openPort(transport, clock, timeoutMs, (reason) => finish(reason)).then(
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

  const lifecycle = createLifecycle(clock, connect, options);

  /** Ends the port and opens it again under the same connection: nothing of the old line can reach the new one. */
  const reopen = async (): Promise<void> => {
    const connectionEnd = end;
    const old = port;
    if (!old) return;
    await old.close(isWriting);
    const fresh = await openPort(transport, clock, openTimeoutMs, (reason) => connectionEnd?.(reason));
    if (port !== old) return fresh.close();
    port = fresh;
  };

  /** @returns undefined where the answer is not as long as what was asked for */
  const dataOf = (request: Request, reply: unknown): Buffer | undefined => {
    if (isWrite(request)) return noData;
    const { buffer } = (reply ?? {}) as { buffer?: Buffer };
    return buffer?.length === dataLength(request) ? buffer : undefined;
  };

  const submit = (request: Request, timeoutMs: number): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const refusal = checkRequest(request);
      if (refusal) return reject(refusal);
      if (!port || failPending)
        return reject(new ModbusFailure('disconnected', `${describeRequest(request)}: not connected to ${where}`));
      let deadline: Timer | undefined;
      const settle = (act: () => void): void => {
        if (failPending !== fail) return;
        failPending = undefined;
        isWriting = false;
        deadline?.cancel();
        act();
      };
      const fail = (failure: ModbusFailure): void => settle(() => reject(failure));
      failPending = fail;
      isWriting = isWrite(request);
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
      call(port.client, request, (error, reply) => {
        const code = (error as { modbusCode?: unknown } | null)?.modbusCode;
        if (typeof code === 'number') return fail(exceptionFailure(request, code));
        if (error) return fail(new ModbusFailure('malformed', `${describeRequest(request)}: ${error.message}`));
        const data = dataOf(request, reply);
        if (!data)
          return fail(new ModbusFailure('malformed', `${describeRequest(request)}: answer of the wrong length`));
        return settle(() => resolve(data));
      });
    });

  return {
    maxInFlight: 1,
    open: lifecycle.open,
    async close() {
      lifecycle.close();
    },
    drop: (reason) => end?.(reason),
    hurry: lifecycle.hurry,
    state: lifecycle.state,
    onState: lifecycle.onState,
    read: submit,
    async write(request, timeoutMs) {
      await submit(request, timeoutMs);
    },
  };
};
