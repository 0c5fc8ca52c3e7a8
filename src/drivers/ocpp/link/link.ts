/** The server that charging stations dial (CSMS), up to whole frames: who may connect, one connection per identity. */
import type { Version } from '../words.ts';

/** An answer with CALLERROR, or none; of a handler: that there is none. */
export class CallFailure extends Error {
  /**
   * error: CALLERROR with a code of OCPP-J. timeout: no answer in time. offline: not connected. dropped: overtaken.
   * unanswered: the station is not answered, and has to tell it again.
   */
  readonly kind: 'error' | 'timeout' | 'offline' | 'dropped' | 'unanswered';
  readonly code: string | undefined;
  /** offline: it was on its way when the connection ended. */
  readonly wasSent: boolean;

  constructor(kind: CallFailure['kind'], message: string, code?: string, wasSent = false) {
    super(message);
    this.name = 'CallFailure';
    this.kind = kind;
    this.code = code;
    this.wasSent = wasSent;
  }
}

export interface CallOptions {
  /** For the answer, from when it is sent; how long it may wait before that, says notAfter. */
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
  /** A known station has proved its password, an unknown one has offered some. */
  hasPassword: boolean;
  /** What is kept of the password that it has proved. */
  provenPassword?: string;
  /** That is the newest of its passwords: the older ones are not taken any more. */
  isPasswordNewest?: boolean;
  /** What to keep of the password that an unknown station has offered, for who trusts it on first use. */
  offeredPassword?: string;
  /** That password is shorter than a chosen one may be. */
  isOfferedWeak?: boolean;
  /** Common name of its client certificate. */
  certificate?: string;
}

/** OCPP security profiles: 0 nothing, 1 password, 2 TLS and password, 3 TLS and client certificate. */
export type SecurityProfile = 0 | 1 | 2 | 3;

/** What a station has to bring. */
export interface StationSettings {
  /** Which it may speak; of those it offers, the newest is taken. */
  versions: readonly Version[];
  /** A handshake without a sub-protocol is taken for 1.6. */
  isVersionAssumed?: boolean;
  /** The least that it has to bring; more is welcome. */
  security: SecurityProfile;
  /** What is kept of its passwords (passwords.ts), the newest first; profiles 1 and 2. */
  passwords?: readonly string[];
  /** It has come with the newest of several: the others are not right any more. */
  newestTaken?(): void;
  /** Its passwords are being worked on: until they are there, it is told to come again. */
  isPreparing?: boolean;
  /** Common names that its certificate may carry besides its identity: OCPP 2.0.1 A00.FR.405, its serial number. */
  certificateNames?: readonly string[];
}

/** A station that nobody has registered. */
export interface UnknownStation {
  identity: string;
  version: Version;
  peer: Peer;
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
  /**
   * @returns the CALLRESULT
   * @throws CallFailure "error" with the code for a CALLERROR; "unanswered" where the station must not take it for told
   */
  called(action: string, payload: unknown): Promise<object> | object;
  disconnected(reason: string): void;
  /** The station breaks the protocol, in words. */
  deviated?(what: string): void;
}
