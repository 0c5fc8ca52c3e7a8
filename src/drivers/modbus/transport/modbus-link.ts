/** The interface of every transport to the bus above it: a connection that keeps coming back, and its requests. */
import type { ReadRequest, Request } from '../messages.ts';

/** The state of a link. */
export type LinkState =
  | { kind: 'connecting' }
  | { kind: 'open' }
  /** No connection; the next attempt follows after retryMs. */
  | { kind: 'waiting'; reason: string; retryMs: number }
  | { kind: 'closed' };

/** Facts that a link learns besides the outcome of a request. */
export type LinkNotice =
  /** The response came after the timeout of its request. */
  | { kind: 'late'; request: Request; tookMs: number }
  /** Data that were delivered may have been the response to another request. */
  | { kind: 'withdrawn'; request: ReadRequest; reason: string }
  /** Unrequested frames arrive; the line is left silent for longer from now on. */
  | { kind: 'surplus'; unit: number; silentMs: number }
  /** The connection gave its first response long after it was made. */
  | { kind: 'settled'; unit: number; tookMs: number };

/** A link to one device or gateway. */
export interface ModbusLink {
  /** Begins to connect, and tries again after every failure until the link is closed. */
  open(): void;
  /** Ends the connection; pending requests fail. The link can be opened again. */
  close(): Promise<void>;
  /**
   * Sends a request. After the failure of a write it is unknown whether the device has carried the request out, but
   * certain that it will not do so later: bytes that may still wait in a connection are discarded with that connection.
   * @returns the data of the response, empty for a write
   * @throws ModbusFailure, within a bounded time after the timeout
   */
  send(request: Request, timeoutMs: number): Promise<Buffer>;
  /** Tries to reconnect more often for a few seconds, because a device has to be brought into its safe state. */
  reconnectSoon(): void;
  state(): LinkState;
  onState(listener: (state: LinkState) => void): void;
  onNotice(listener: (notice: LinkNotice) => void): void;
  /**
   * Absent if a transaction identifier tells late responses apart, so that no request has to wait for one.
   * @returns ms for which such a request has to wait, because an earlier response may arrive and be taken for its own
   */
  holdOffMs?(request: Request): number;
  /**
   * Requests that the transport can have in flight: 1 if responses carry no transaction identifier.
   * NumberMaxOfClientTransaction of the Messaging on TCP/IP Implementation Guide V1.0b §4.4.1.2.
   */
  readonly maxInFlight: number;
}
