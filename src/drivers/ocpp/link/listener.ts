/** One port at which stations dial: plain (ws) or with TLS (wss). Knows HTTP, and no station. */
import { createServer as createHttpServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Origin, plainAddress } from './origin.ts';
import { describeTlsFailure, readClientCertificate } from './tls-words.ts';

export interface ListenerTls {
  cert: string | Buffer;
  key: string | Buffer;
  passphrase?: string;
  /** Who signs the certificates of stations. */
  ca?: string | Buffer | (string | Buffer)[];
  /** Stations are asked for a certificate; those of profile 2 need none all the same. */
  asksClients?: boolean;
}

export interface ListenerOptions {
  host?: string;
  /** 0 for one that is free. */
  port: number;
  tls?: ListenerTls;
}

export interface ListenerEvents {
  /** A request for a WebSocket; the socket is the receiver's from here on. */
  dialled(request: IncomingMessage, socket: Socket, head: Buffer, direct: Origin): void;
  /** It never came to a handshake. */
  failed(address: string, reason: string): void;
}

export interface Listener {
  port: number;
  /** No more connections; those that have no WebSocket yet end. */
  close(): Promise<void>;
}

/** A handshake is a few lines: who takes longer than this has no honest reason. */
const handshakeTimeoutMs = 15_000;
const lingerMs = 1000;
/** Sockets without a WebSocket: of more than these, the one that has been silent for the longest time goes. */
const maxIdle = 2000;

const ignore = (): void => {};

/** Refuses a handshake in words, and sees to it that the socket goes. */
export const refuse = (socket: Socket, status: number, reason: string): void => {
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(reason)}`,
    ...(status === 401 ? ['WWW-Authenticate: Basic realm="OCPP"'] : []),
    ...(status === 426 ? ['Sec-WebSocket-Version: 13'] : []),
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${reason}`);
  const linger = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(linger));
};

const describeHttpFault = (error: Error & { code?: string; rawPacket?: Buffer }): string => {
  // The first byte of a TLS record that opens a handshake.
  if (error.rawPacket?.[0] === 0x16) return 'wss:// was spoken at a port for ws://';
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'the headers of the handshake are too long';
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'the handshake did not come in time';
  return 'something else than HTTP was spoken';
};

/** @throws Error when the port cannot be opened, with the port and the reason in words */
export const startListener = async (options: ListenerOptions, events: ListenerEvents): Promise<Listener> => {
  const { host = '0.0.0.0', port, tls } = options;
  const limits = {
    noDelay: true,
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: handshakeTimeoutMs,
    connectionsCheckingInterval: 5000,
    keepAliveTimeout: 1000,
    maxHeaderSize: 8192,
  };
  const server: Server = tls
    ? createHttpsServer({
        ...limits,
        cert: tls.cert,
        key: tls.key,
        ...(tls.passphrase !== undefined && { passphrase: tls.passphrase }),
        ...(tls.ca !== undefined && { ca: tls.ca }),
        requestCert: tls.asksClients ?? false,
        // Refused later, where the reason can be said.
        rejectUnauthorized: false,
        minVersion: 'TLSv1.2',
        handshakeTimeout: handshakeTimeoutMs,
      })
    : createHttpServer(limits);

  /** Connections that are no WebSockets (yet). */
  const sockets = new Set<Socket>();
  function forget(this: Socket): void {
    sockets.delete(this);
  }
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket);
    const [longest] = sockets;
    if (sockets.size > maxIdle) longest?.destroy();
    socket.once('close', forget);
  });
  server.on('request', (request, response) => {
    events.failed(plainAddress(request.socket.remoteAddress), 'a page was asked for (http), not a WebSocket (ws)');
    response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Type': 'text/plain' });
    response.end('Charging stations dial this address: OCPP over WebSocket, .../<identity of the station>');
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // An error is followed by the close, which is what matters.
    socket.on('error', ignore);
    sockets.delete(socket);
    socket.off('close', forget);
    const direct: Origin = {
      address: plainAddress(socket.remoteAddress),
      isSecure: tls !== undefined,
      ...(socket instanceof TLSSocket && readClientCertificate(socket)),
    };
    events.dialled(request, socket, head, direct);
  });
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    socket.on('error', ignore);
    if (error.code !== 'ECONNRESET') events.failed(plainAddress(socket.remoteAddress), describeHttpFault(error));
    if (socket.writable) refuse(socket, 400, 'this is no handshake');
    else socket.destroy();
  });
  /** Under TLS a socket that is gone does not tell its address any more, but the one below has told it. */
  const below = new Map<Socket, string>();
  if (tls)
    server.on('connection', (socket: Socket) => {
      below.set(socket, plainAddress(socket.remoteAddress));
      socket.once('close', () => setImmediate(() => below.delete(socket)));
    });
  server.on('tlsClientError', (error: Error & { code?: string }, socket: TLSSocket) => {
    const gone = (): string | undefined => [...below].find(([each]) => each.destroyed)?.[1];
    events.failed(plainAddress(socket.remoteAddress ?? gone()), describeTlsFailure(error));
    socket.destroy();
  });

  const where = `${host}:${port}`;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: Error & { code?: string }) => {
      const reason = error.code === 'EADDRINUSE' ? 'the port is taken by another program' : error.message;
      reject(new Error(`charging stations at ${where}: ${reason}`));
    });
    server.listen(port, host, resolve);
  });
  // Too many open files, for one: the next station may find room again.
  server.on('error', (error) => events.failed('', `the port ${where} has trouble: ${error.message}`));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
