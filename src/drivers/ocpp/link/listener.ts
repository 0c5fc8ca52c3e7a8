/** One port at which stations dial: plain (ws) or with TLS (wss). Knows HTTP, and no station. */
import { createServer as createHttpServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../../model/time.ts';
import type { ServerKeys } from './certificate.ts';
import {
  type CertificateKeeper,
  type CertificateNews,
  type CertificateState,
  keepCertificate,
} from './certificate-keeper.ts';
import { type Origin, plainAddress } from './origin.ts';
import { because, type Objection, type Reason, sentenceOf } from './reasons.ts';
import { explainTlsFailure, readClientCertificate } from './tls-faults.ts';

export interface ListenerTls {
  /** Certificate and key as they are now. */
  read(): Promise<ServerKeys>;
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
  failed(address: string, reason: Reason): void;
  /** Of the certificate of this port. */
  certified(news: CertificateNews): void;
}

export interface Listener {
  port: number;
  /** Where it has one. */
  certificate(): CertificateState | undefined;
  /** No more connections; those that have no WebSocket yet end. */
  close(): Promise<void>;
}

/** A handshake is a few lines: who takes longer than this has no honest reason. */
const handshakeTimeoutMs = 15_000;
const lingerMs = 1000;
/** Sockets without a WebSocket: of more than these, the one that has been silent for the longest time goes. */
const maxIdle = 2000;

/** RFC 9110 §10.2.3, RFC 6585 §4; in s. */
const retryAfterS: Record<number, number> = { 429: 60, 503: 10 };

const ignore = (): void => {};

/** Refuses a handshake in words, and sees to it that the socket goes. */
export const refuse = (socket: Socket, { status, reason }: Objection): void => {
  const words = sentenceOf(reason);
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(words)}`,
    ...(retryAfterS[status] ? [`Retry-After: ${retryAfterS[status]}`] : []),
    ...(status === 401 ? ['WWW-Authenticate: Basic realm="OCPP"'] : []),
    ...(status === 426 ? ['Sec-WebSocket-Version: 13'] : []),
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${words}`);
  const linger = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(linger));
};

const explainHttpFault = (error: Error & { code?: string; rawPacket?: Buffer }): Reason => {
  // The first byte of a TLS record that opens a handshake.
  if (error.rawPacket?.[0] === 0x16) return because('wss_at_ws');
  if (error.code === 'HPE_HEADER_OVERFLOW') return because('headers_too_long');
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return because('too_slow');
  return because('not_http');
};

const limits = {
  noDelay: true,
  headersTimeout: handshakeTimeoutMs,
  requestTimeout: handshakeTimeoutMs,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 1000,
  maxHeaderSize: 8192,
};

const contextOf = (keys: ServerKeys) => ({ ...keys, minVersion: 'TLSv1.2' as const });

const createSecureServer = async (
  { read, asksClients = false }: ListenerTls,
  certified: (news: CertificateNews) => void,
  clock: Clock,
): Promise<{ server: Server; certificate: CertificateKeeper }> => {
  // Those who are connected stay: only new connections see the new one.
  const renewed = (keys: ServerKeys): void => server.setSecureContext(contextOf(keys));
  const certificate = await keepCertificate(read, { renewed, told: certified }, clock);
  const server = createHttpsServer({
    ...limits,
    ...contextOf(certificate.keys()),
    requestCert: asksClients,
    // Refused later, where the reason can be said.
    rejectUnauthorized: false,
    handshakeTimeout: handshakeTimeoutMs,
  });
  return { server, certificate };
};

/** @throws Error when the port cannot be opened, with the port and the reason in words */
export const startListener = async (
  options: ListenerOptions,
  events: ListenerEvents,
  clock: Clock,
): Promise<Listener> => {
  const { host = '0.0.0.0', port, tls } = options;
  const secured = tls && (await createSecureServer(tls, events.certified, clock));
  const server = secured?.server ?? createHttpServer(limits);
  const certificate = secured?.certificate;

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
    events.failed(plainAddress(request.socket.remoteAddress), because('page'));
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
    const reason = explainHttpFault(error);
    if (error.code !== 'ECONNRESET') events.failed(plainAddress(socket.remoteAddress), reason);
    if (socket.writable) refuse(socket, { status: 400, reason });
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
    events.failed(plainAddress(socket.remoteAddress ?? gone()), explainTlsFailure(error));
    socket.destroy();
  });

  const where = `${host}:${port}`;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: Error & { code?: string }) => {
      certificate?.close();
      const reason = error.code === 'EADDRINUSE' ? 'the port is taken by another program' : error.message;
      reject(new Error(`charging stations at ${where}: ${reason}`));
    });
    server.listen(port, host, resolve);
  });
  // Too many open files, for one: the next station may find room again.
  server.on('error', (error) => events.failed('', because('port_trouble', { port: where, fault: error.message })));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    certificate: () => certificate?.state(),
    close: () =>
      new Promise((resolve) => {
        certificate?.close();
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
