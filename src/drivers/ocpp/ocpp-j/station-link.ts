/** The seam between the server that stations dial (CSMS) and who handles a station: one link for each connection. */
import type { Version } from '../messages.ts';

/** A call that has no result: answered with CALLERROR, or not answered. Thrown by a handler: what it answers instead. */
export class CallFailure extends Error {
  /**
   * error: CALLERROR with a code of OCPP-J. timeout: no answer in time. offline: not connected. dropped: overtaken.
   * unanswered: the station is not answered, and has to tell it again.
   */
  readonly kind: 'error' | 'timeout' | 'offline' | 'dropped' | 'unanswered';
  readonly code: string | undefined;
  /** offline: the call was on its way when the connection ended. */
  wasSent = false;

  constructor(kind: CallFailure['kind'], message: string, code?: string) {
    super(message);
    this.name = 'CallFailure';
    this.kind = kind;
    this.code = code;
  }
}

export interface CallOptions {
  /** For the answer, from when the call is sent, ms. How long the call may wait before that, says notAfter. */
  timeoutMs: number;
  /** Limits go before everything that waits. */
  isUrgent?: boolean;
  /** Only the newest of the waiting calls with the same key is sent; the others fail as "dropped". */
  key?: string;
  /** Monotonic time in ms after which the call is not sent any more: it fails as "dropped". */
  notAfter?: number;
}

/** How a station came in. */
export interface Peer {
  /** IP address, of the station itself where a known proxy tells it. */
  address: string;
  /** The station came over TLS, be it to a known proxy. */
  isSecure: boolean;
  /** A known station has proved its password, an unknown one has offered some. */
  hasPassword: boolean;
  /** The verifier (passwords.ts) of the password that the station has proved. */
  provenPassword?: string;
  /** The proved password is the newest of the station; older ones are not taken any more. */
  isPasswordNewest?: boolean;
  /** The verifier of the password that an unknown station has offered, for who trusts it on first use. */
  offeredPassword?: string;
  /** The offered password is shorter than a chosen one may be. */
  isOfferedWeak?: boolean;
  /** Common name of its client certificate. */
  certificate?: string;
}

/** OCPP security profiles: 0 nothing, 1 password, 2 TLS and password, 3 TLS and client certificate. */
export type SecurityProfile = 0 | 1 | 2 | 3;

/** Demands on a station. */
export interface StationSettings {
  /** Which it may speak; the newest of those that it offers is taken. */
  versions: readonly Version[];
  /** A handshake without a sub-protocol is taken for 1.6. */
  isVersionAssumed?: boolean;
  /** The least that it has to bring; more is welcome. */
  security: SecurityProfile;
  /** Verifiers of its passwords (passwords.ts), the newest first; profiles 1 and 2. */
  passwords?: readonly string[];
  /** The station has come with the newest of several passwords: the others are not right any more. */
  onNewestProved?(): void;
  /** Its passwords are being worked on: until they are there, the station is told to come again. */
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
  /** @param code close code of RFC 6455 */
  close(code: number, reason: string): void;
}

/** Answers the calls of one station, over all its connections. */
export interface StationHandler {
  /** A connection is there; one that was there before is over already, without disconnected. */
  connected(link: StationLink): void;
  /**
   * @returns the payload of the CALLRESULT
   * @throws CallFailure "error" with the code for a CALLERROR; "unanswered" where the station must not take it for told
   */
  called(action: string, payload: unknown): Promise<object> | object;
  disconnected(reason: string): void;
  /** The station breaks the protocol, in words. */
  deviated?(what: string): void;
}
