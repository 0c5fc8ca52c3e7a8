/** WebSockets by ocpp-rpc. What it is handed is checked and put right before: it trusts what it reads. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** What is used of a connection of ocpp-rpc. */
export interface RpcClient {
  readonly state: number;
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

export const createTransport = async ({ pingIntervalMs, maxFrameBytes }: TransportOptions): Promise<Transport> => {
  // Loaded when used: it brings the schemas of all versions into memory.
  const { default: ocpp } = await import('ocpp-rpc');
  const server = new ocpp.RPCServer({
    // It would refuse the messages of real stations (units, one field too many), and all of 2.1.
    strictMode: false,
    pingIntervalMs,
    wssOptions: { maxPayload: maxFrameBytes, perMessageDeflate: false },
  });
  let accepted: RpcClient | undefined;
  let wanted: string | undefined;
  server.auth((accept) => accept({}, wanted ?? false));
  server.on('client', (client: RpcClient) => {
    accepted = client;
  });
  const upgrade = server.handleUpgrade;

  return {
    noReply: ocpp.NOREPLY,
    upgrade(request, socket, head, identity, subProtocol) {
      request.url = `/${encodeURIComponent(identity)}`;
      // It keeps the headers for as long as the connection lasts, and they are here twice.
      delete request.headers.authorization;
      request.rawHeaders.length = 0;
      if (subProtocol === undefined) delete request.headers['sec-websocket-protocol'];
      else request.headers['sec-websocket-protocol'] = subProtocol;
      accepted = undefined;
      wanted = subProtocol;
      // Within this call it either emits the client or has given the socket up.
      upgrade(request, socket, head).catch(() => socket.destroy());
      return accepted;
    },
    close: () => server.close({}),
  };
};
