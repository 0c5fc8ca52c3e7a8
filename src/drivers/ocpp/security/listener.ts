/** One port at which stations dial: plain (ws) or with TLS (wss). Knows HTTP, and no station. */
import { createServer as createHttpServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../../model/time.ts';
import { readClientCertificate } from './client-certificate.ts';
import { type Origin, plainAddress } from './proxy-headers.ts';
import {
  createReason,
  type Reason,
  type Rejection,
  rejectionOf,
  retryAfterS,
  sentenceOf,
} from './rejection-reasons.ts';
import { type CertificateNotice, type CertificateState, ServerCertificate } from './server-certificate.ts';
import type { ServerKeys } from './server-keys.ts';
import { explainTlsFailure } from './tls-errors.ts';

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
  onUpgrade(dialled: Dialled): void;
  /** A connection never came to a handshake. @param address IP address, empty where none is known */
  onFailed(address: string, reason: Reason): void;
  /** The certificate of this port was renewed, or has to be. */
  onCertificate(notice: CertificateNotice): void;
}

export interface Dialled {
  request: IncomingMessage;
  socket: Socket;
  /** Bytes that have come behind the request already. */
  head: Buffer;
  /** The origin as the socket itself tells it. */
  direct: Origin;
}

/** A handshake is a few lines: nothing honest takes longer. */
const handshakeTimeoutMs = 15_000;
const lingerMs = 1000;
/** Sockets without a WebSocket; of more, the oldest goes. */
const maxIdle = 2000;

const ignore = (): void => {};

/** Refuses a handshake in words, and ends its socket. */
export const refuse = (socket: Socket, { status, reason }: Rejection): void => {
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
  if (error.rawPacket?.[0] === 0x16) return createReason('wss_at_ws');
  if (error.code === 'HPE_HEADER_OVERFLOW') return createReason('headers_too_long');
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return createReason('too_slow');
  return createReason('not_http');
};

/** Options of node:http; times in ms. */
const limits = {
  noDelay: true,
  headersTimeout: handshakeTimeoutMs,
  requestTimeout: handshakeTimeoutMs,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 1000,
  maxHeaderSize: 8192,
};

const contextOf = (keys: ServerKeys) => ({ ...keys, minVersion: 'TLSv1.2' as const });

/** The server of one port, with its certificate where it has one. */
interface PortServer {
  server: Server;
  certificate: ServerCertificate | undefined;
}

const createSecureServer = async (
  { read, asksClients = false }: ListenerTls,
  events: ListenerEvents,
  clock: Clock,
): Promise<PortServer> => {
  const certificate = await ServerCertificate.start(
    read,
    {
      // Connections that are there stay: only new ones see the new certificate.
      onRenewed: (keys) => server.setSecureContext(contextOf(keys)),
      onNotice: (notice) => events.onCertificate(notice),
    },
    clock,
  );
  const server = createHttpsServer({
    ...limits,
    ...contextOf(certificate.keys()),
    requestCert: asksClients,
    // A certificate that does not count is refused later, where the reason can be said.
    rejectUnauthorized: false,
    handshakeTimeout: handshakeTimeoutMs,
  });
  return { server, certificate };
};

/** One open port. */
export class StationListener {
  /** The port that was opened. */
  port = 0;
  /** Address and port of the server, for the words of failures. */
  private readonly where: string;
  private readonly isSecure: boolean;
  private readonly server: Server;
  private readonly renewal: ServerCertificate | undefined;
  private readonly events: ListenerEvents;
  /** Connections that are no WebSockets (yet). */
  private readonly sockets = new Set<Socket>();
  /** One function for all sockets, which knows its socket as "this". */
  private readonly forget: (this: Socket) => void;
  /** TLS: addresses of the sockets below, which are told where a socket is gone. */
  private readonly addresses = new Map<Socket, string>();

  /** @throws Error when the port cannot be opened, with the port and the reason in words */
  static async start(options: ListenerOptions, events: ListenerEvents, clock: Clock): Promise<StationListener> {
    const { tls } = options;
    const secured = tls && (await createSecureServer(tls, events, clock));
    const own = secured ?? { server: createHttpServer(limits), certificate: undefined };
    const listener = new StationListener(options, own, events);
    await listener.open(options);
    return listener;
  }

  private constructor(
    { host = '0.0.0.0', port, tls }: ListenerOptions,
    { server, certificate }: PortServer,
    events: ListenerEvents,
  ) {
    this.where = `${host}:${port}`;
    this.isSecure = tls !== undefined;
    this.server = server;
    this.renewal = certificate;
    this.events = events;
    const { sockets } = this;
    this.forget = function (this: Socket) {
      sockets.delete(this);
    };
    this.watchSockets();
    server.on('request', (request, response) => {
      events.onFailed(plainAddress(request.socket.remoteAddress), createReason('page'));
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Type': 'text/plain' });
      response.end('Charging stations dial this address: OCPP over WebSocket, .../<identity of the station>');
    });
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.onUpgrade(request, socket, head),
    );
    server.on('clientError', (error, socket) => this.onClientError(error, socket as Socket));
    if (this.isSecure) server.on('tlsClientError', (error: Error, socket: TLSSocket) => this.onTlsError(error, socket));
  }

  /** @returns undefined where the port is one without TLS */
  certificate(): CertificateState | undefined {
    return this.renewal?.state();
  }

  /** No more connections; those that have no WebSocket yet end. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.renewal?.close();
      this.server.close(() => resolve());
      for (const socket of this.sockets) socket.destroy();
    });
  }

  private async open({ host = '0.0.0.0', port }: ListenerOptions): Promise<void> {
    const { server, where, events } = this;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: Error & { code?: string }) => {
        this.renewal?.close();
        const reason = error.code === 'EADDRINUSE' ? 'the port is taken by another program' : error.message;
        reject(new Error(`charging stations at ${where}: ${reason}`));
      });
      server.listen(port, host, resolve);
    });
    const address = server.address();
    this.port = typeof address === 'object' && address ? address.port : port;
    // There may be too many open files, for one: the next station may find room again.
    server.on('error', ({ message }) =>
      events.onFailed('', createReason('port_trouble', { port: where, fault: message })),
    );
  }

  private watchSockets(): void {
    const { sockets, addresses, server } = this;
    server.on(this.isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
      sockets.add(socket);
      const [oldest] = sockets;
      if (sockets.size > maxIdle) oldest?.destroy();
      socket.once('close', this.forget);
    });
    if (!this.isSecure) return;
    server.on('connection', (socket: Socket) => {
      addresses.set(socket, plainAddress(socket.remoteAddress));
      socket.once('close', () => setImmediate(() => addresses.delete(socket)));
    });
  }

  private onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // An error is followed by the close, which is what matters.
    socket.on('error', ignore);
    this.sockets.delete(socket);
    socket.off('close', this.forget);
    const direct: Origin = {
      address: plainAddress(socket.remoteAddress),
      isSecure: this.isSecure,
      ...(socket instanceof TLSSocket && readClientCertificate(socket)),
    };
    this.events.onUpgrade({ request, socket, head, direct });
  }

  private onClientError(error: Error & { code?: string }, socket: Socket): void {
    socket.on('error', ignore);
    const reason = explainHttpFault(error);
    if (error.code !== 'ECONNRESET') this.events.onFailed(plainAddress(socket.remoteAddress), reason);
    if (socket.writable) refuse(socket, rejectionOf(reason));
    else socket.destroy();
  }

  private onTlsError(error: Error & { code?: string }, socket: TLSSocket): void {
    const gone = (): string | undefined => [...this.addresses].find(([each]) => each.destroyed)?.[1];
    this.events.onFailed(plainAddress(socket.remoteAddress ?? gone()), explainTlsFailure(error));
    socket.destroy();
  }
}
