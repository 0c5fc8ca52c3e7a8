/** WebSockets by ocpp-rpc. What it is handed is checked and put right before: it trusts what it reads. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

interface Handshake {
  request?: unknown;
  headers?: unknown;
  protocols?: unknown;
  query?: unknown;
}

/** The state of one that can send. */
export const openState = 1;

/** What is used of a connection of ocpp-rpc. */
export interface RpcClient {
  readonly state: number;
  /** What the station said when it came in; nothing of it is read again. */
  readonly handshake: Handshake;
  sendRaw(message: string): void;
  call(action: string, payload: object, options: { callTimeoutMs: number; signal: AbortSignal }): Promise<unknown>;
  handle(handler: (call: { method: string; params?: unknown }) => unknown): void;
  close(options: { code: number; reason: string }): Promise<unknown>;
  on(event: 'message', run: (event: { message: string; outbound: boolean }) => void): unknown;
  on(event: 'badMessage', run: (event: { error: Error; response: unknown[] | null }) => void): unknown;
  on(event: 'callError', run: (event: { error: unknown; outbound: boolean }) => void): unknown;
  on(event: 'socketError', run: (error: Error & { code?: string }) => void): unknown;
  on(event: 'close', run: (event: { code: number; reason: string }) => void): unknown;
}

export interface TransportOptions {
  /** A station that misses one pong is gone at the next ping. */
  pingIntervalMs: number;
  maxFrameBytes: number;
}

export interface Transport {
  /** Told by a handler to ocpp-rpc: this call has no answer of its own. */
  noReply: unknown;
  /**
   * Ends the handshake.
   * @param subProtocol one of those that the station offers, or undefined for none
   * @returns the connection, or undefined where the socket is gone meanwhile
   */
  upgrade(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    identity: string,
    subProtocol: string | undefined,
  ): RpcClient | undefined;
  /** All its connections are over already. */
  close(): Promise<void>;
}

/** Shared: nothing is kept there. */
const noSession = {};

type Listener = (...args: unknown[]) => void;

const handshakeEvents = ['error', 'end', 'close'];

const listListeners = (socket: Socket): Listener[][] =>
  handshakeEvents.map((event) => socket.listeners(event) as Listener[]);

export const createTransport = async ({ pingIntervalMs, maxFrameBytes }: TransportOptions): Promise<Transport> => {
  // Loaded when used: it brings the schemas of all versions into memory.
  const { default: ocpp } = await import('ocpp-rpc');
  const server = new ocpp.RPCServer({
    // It would refuse the messages of real stations (units, one field too many), and all of 2.1.
    strictMode: false,
    pingIntervalMs,
    // Connections are counted and closed by who opened them.
    wssOptions: { maxPayload: maxFrameBytes, perMessageDeflate: false, clientTracking: false },
  });
  let accepted: RpcClient | undefined;
  let wanted: string | undefined;
  /** Those of ocpp-rpc that watch a socket during its handshake. */
  let watchers: Listener[][] = [];
  server.auth((accept, _reject, { request }) => {
    watchers = listListeners(request.socket);
    accept(noSession, wanted ?? false);
  });
  server.on('client', (client: RpcClient) => {
    accepted = client;
  });
  const upgrade = server.handleUpgrade;

  /**
   * The handshake is over, but its listeners and the client would keep the request, its headers and its URL for as long
   * as the connection lasts.
   */
  const letGo = (client: RpcClient, socket: Socket, others: Listener[][]): void => {
    for (const [nth, event] of handshakeEvents.entries())
      for (const watcher of watchers[nth] ?? []) if (!others[nth]?.includes(watcher)) socket.off(event, watcher);
    watchers = [];
    const { handshake } = client;
    handshake.request = handshake.headers = handshake.protocols = handshake.query = undefined;
  };

  return {
    noReply: ocpp.NOREPLY,
    upgrade(request, socket, head, identity, subProtocol) {
      request.url = `/${encodeURIComponent(identity)}`;
      // It would keep the password for as long as the connection lasts.
      delete request.headers.authorization;
      if (subProtocol === undefined) delete request.headers['sec-websocket-protocol'];
      else request.headers['sec-websocket-protocol'] = subProtocol;
      accepted = undefined;
      wanted = subProtocol;
      // Within this call it either emits the client or has given the socket up.
      const others = listListeners(socket);
      upgrade(request, socket, head).catch(() => socket.destroy());
      if (accepted) letGo(accepted, socket, others);
      return accepted;
    },
    close: () => server.close({}),
  };
};
