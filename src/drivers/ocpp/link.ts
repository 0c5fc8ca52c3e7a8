/** The server that charging stations dial (CSMS), up to whole frames: who may connect, one connection per identity. */
import type { Version } from './words.ts';

/** An answer with CALLERROR, or none. */
export class CallFailure extends Error {
  /** error: CALLERROR with a code of OCPP-J. timeout: no answer in time. offline: not connected. dropped: overtaken. */
  readonly kind: 'error' | 'timeout' | 'offline' | 'dropped';
  readonly code: string | undefined;

  constructor(kind: CallFailure['kind'], message: string, code?: string) {
    super(message);
    this.name = 'CallFailure';
    this.kind = kind;
    this.code = code;
  }
}

export interface CallOptions {
  timeoutMs: number;
  /** Limits go before everything that waits. */
  isUrgent?: boolean;
  /** Of calls with the same key that wait, only the newest is sent; the others fail as "dropped". */
  key?: string;
  /** Monotonic time after which it is not sent any more: fails as "dropped". */
  notAfter?: number;
}

/** How a station came in. */
export interface Peer {
  address: string;
  isSecure: boolean;
  hasPassword: boolean;
  /** Common name of its client certificate. */
  certificate?: string;
}

/** One connection of a station. */
export interface StationLink {
  readonly identity: string;
  readonly version: Version;
  readonly peer: Peer;
  /** One CALL at a time is open; the others wait. Rejects with a CallFailure, always settles. */
  call(action: string, payload: object, options: CallOptions): Promise<unknown>;
  close(code: number, reason: string): void;
}

/** Answers the calls of one station, over all its connections. */
export interface StationHandler {
  /** A connection is there; one that was there before is over already, without disconnected. */
  connected(link: StationLink): void;
  /** @returns the CALLRESULT, or throws CallFailure "error" with the code for a CALLERROR */
  called(action: string, payload: unknown): Promise<object> | object;
  disconnected(reason: string): void;
}
