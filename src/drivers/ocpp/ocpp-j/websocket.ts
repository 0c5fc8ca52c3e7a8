/** WebSockets of stations (RFC 6455), on ws: the end of the handshake, pings, and whole messages as text. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import WebSocket, { WebSocketServer } from 'ws';

export interface WebSocketOptions {
  /** Between two pings, ms; 0: none. A station that misses one pong is gone at the next ping (RFC 6455 §5.5). */
  pingIntervalMs: number;
  /** A longer message ends the connection with 1009, bytes. */
  maxFrameBytes: number;
}

/** Hears what happens on one WebSocket. */
export interface WebSocketListener {
  onMessage(text: string): void;
  /** The station breaks RFC 6455; the close with the code of the fault is on its way already. */
  onError(error: Error & { code?: string }): void;
  onClose(code: number, reason: string): void;
}

/** The WebSocket of one station. */
export class StationSocket {
  private readonly socket: WebSocket;
  private isPongDue = false;
  private readonly pings: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, pingIntervalMs: number) {
    this.socket = socket;
    socket.on('pong', () => {
      this.isPongDue = false;
    });
    if (pingIntervalMs > 0) this.pings = setInterval(() => this.ping(), pingIntervalMs);
  }

  /** To be called as soon as the handshake is over, before anything can be heard. */
  listen(listener: WebSocketListener): void {
    this.socket.on('message', (data) => {
      // Some stations send empty messages between the others.
      const text = String(data);
      if (text !== '') listener.onMessage(text);
    });
    this.socket.on('error', (error) => listener.onError(error));
    this.socket.on('close', (code, reason) => {
      clearInterval(this.pings);
      listener.onClose(code, reason.toString());
    });
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** Bytes that were sent and not taken by the station. */
  get unsent(): number {
    return this.socket.bufferedAmount;
  }

  send(text: string): void {
    this.socket.send(text);
  }

  /** Nothing more is read. */
  pause(): void {
    this.socket.pause();
  }

  /** Ends the connection with a close frame: RFC 6455 §7.4.1 for its code. */
  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  /** Ends the connection without a word. */
  terminate(): void {
    this.socket.terminate();
  }

  private ping(): void {
    if (!this.isOpen) return;
    if (this.isPongDue) {
      this.terminate();
      return;
    }
    this.isPongDue = true;
    this.socket.ping();
  }
}

/** A handshake that was found good. */
export interface Upgrade {
  request: IncomingMessage;
  socket: Socket;
  /** Bytes that have come behind the request already. */
  head: Buffer;
  /** One of those that the station offers, or undefined for none. */
  subProtocol: string | undefined;
}

/** The server side of the handshake, for all ports together. */
export class WebSocketUpgrader {
  private readonly server: WebSocketServer;
  private readonly pingIntervalMs: number;

  constructor({ pingIntervalMs, maxFrameBytes }: WebSocketOptions) {
    this.pingIntervalMs = pingIntervalMs;
    this.server = new WebSocketServer({
      noServer: true,
      // Connections are counted and closed by who opened them.
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxFrameBytes,
    });
  }

  /** @returns the WebSocket, or undefined where the socket is gone meanwhile */
  upgrade({ request, socket, head, subProtocol }: Upgrade): StationSocket | undefined {
    // The server of ws takes the first of those offered.
    if (subProtocol === undefined) delete request.headers['sec-websocket-protocol'];
    else request.headers['sec-websocket-protocol'] = subProtocol;
    const accepted: StationSocket[] = [];
    this.server.handleUpgrade(request, socket, head, (opened) => {
      accepted.push(new StationSocket(opened, this.pingIntervalMs));
    });
    return accepted[0];
  }

  /** All its connections are over already. */
  close(): void {
    this.server.close();
  }
}
