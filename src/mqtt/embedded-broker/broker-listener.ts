/** The port of the broker, with TLS or without. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';

export interface ListenerOptions {
  host: string;
  port: number;
  tls?: TlsOptions;
}

/** The parts of the broker that hear of sockets. */
interface ListenerSink {
  /** @returns whether a connection may go on */
  accept(socket: Socket): boolean;
  /** A connection is ready: plain TCP, or TLS after its handshake. */
  open(socket: Socket): void;
  /** The handshake of TLS failed. */
  refused(socket: Socket, reason: string): void;
}

/** A client that has vanished is found so long after its last packet, ms. */
const keepAliveMs = 60_000;

const open = (server: Server, { host, port }: ListenerOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });

/** @throws when the port cannot be opened, with the port and the reason in words */
export const listen = async (
  options: ListenerOptions,
  sink: ListenerSink,
): Promise<{ port: number; close(): Promise<void> }> => {
  const { host, port, tls } = options;
  const base = { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
  const server = tls ? createTlsServer({ ...tls, ...base }) : createServer(base);
  server.on('connection', (socket: Socket) => {
    if (sink.accept(socket) && !tls) sink.open(socket);
  });
  if (tls) {
    server.on('secureConnection', (socket: TLSSocket) => sink.open(socket));
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => sink.refused(socket, error.message));
  }
  try {
    await open(server, options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'the port is taken by another program' : message;
    throw new Error(`local broker on ${host}:${port}: ${reason}`);
  }
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};
