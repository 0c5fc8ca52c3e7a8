/** The connection to the backend, a second central system: dialled as the station would dial it, and again after each loss. */
import type { RPCClient } from 'ocpp-rpc';
import { BackOff } from '../../../common/back-off.ts';
import type { Clock, Timer } from '../../../model/time.ts';
import type { Version } from '../messages.ts';
import { CallQueue, type SendCall } from '../ocpp-j/call-queue.ts';
import { AnswerError } from '../ocpp-j/error-codes.ts';
import { toPlainText } from '../ocpp-j/plain-text.ts';
import { CallFailure } from '../ocpp-j/station-link.ts';

interface UpstreamAddress {
  /** ws:// or wss://, without the identity. */
  url: string;
  /** As the backend knows the station. */
  identity: string;
  password?: string | undefined;
}

interface UpstreamListener {
  onOpen(): void;
  /** An attempt has failed, or the connection is over; the backend is dialled again. */
  onLost(reason: string): void;
  /** A CALL of the backend. Rejects with a CallFailure for a CALLERROR. */
  onCall(action: string, payload: unknown): Promise<unknown>;
}

/** Before the second attempt, ms; doubled with each further one. */
const firstPauseMs = 1000;
const longestPauseMs = 120_000;
/** A connection that lasts this long ends the back-off: two that share an identity drive each other out at once. */
const stableAfterMs = 60_000;
/** For the backend to answer a call, ms. */
const callTimeoutMs = 30_000;
const handshakeTimeoutMs = 20_000;
const pingIntervalMs = 60_000;
const maxFrameBytes = 1024 * 1024;
/** RFC 6455 §7.4.1 */
const goingAway = 1001;

/** Every key has to be there: the types of the library say so. */
const clientOptions = ({ url, identity, password }: UpstreamAddress, version: Version) => ({
  endpoint: url.replace(/\/+$/, ''),
  identity,
  password: password || null,
  protocols: [`ocpp${version}`],
  // The library would dial again by itself, and offer a refused sub-protocol forever.
  reconnect: false,
  maxReconnects: 0,
  backoff: { initialDelay: firstPauseMs, maxDelay: longestPauseMs, factor: 2, randomisationFactor: 0 },
  callTimeoutMs: 0,
  pingIntervalMs,
  deferPingsOnActivity: false,
  respondWithDetailedErrors: false,
  callConcurrency: 1,
  strictMode: false,
  strictModeValidators: [],
  maxBadMessages: Number.POSITIVE_INFINITY,
  headers: {},
  wsOpts: { handshakeTimeout: handshakeTimeoutMs, maxPayload: maxFrameBytes, perMessageDeflate: false },
});

/** @returns the error in plain text, without control characters that the backend may have put into its words */
const describeError = (error: unknown): string => {
  const { message, code } = error as { message?: unknown; code?: unknown };
  // The library gives the text of an HTTP status, and the number apart.
  return toPlainText(typeof code === 'number' ? `${code} ${message}` : String(message), 200);
};

const createSend =
  (client: RPCClient): SendCall =>
  async (action, payload, signal) => {
    try {
      return await client.call(action, payload, { signal });
    } catch (error) {
      const { rpcErrorCode: code } = error as { rpcErrorCode?: unknown };
      const text = `backend, ${action}: ${describeError(error)}`;
      if (typeof code === 'string') throw new CallFailure('error', `${text} (${code})`, code);
      throw new CallFailure('offline', text);
    }
  };

/** The connection of one station to its backend. */
export class UpstreamConnection {
  private readonly address: UpstreamAddress;
  private readonly clock: Clock;
  private readonly listener: UpstreamListener;
  private readonly backOff = new BackOff(firstPauseMs, longestPauseMs);
  /** The version to offer; undefined: hung up. */
  private version: Version | undefined;
  private client: RPCClient | undefined;
  /** undefined: not open. */
  private queue: CallQueue | undefined;
  private redialTimer: Timer | undefined;
  private stableTimer: Timer | undefined;

  constructor(address: UpstreamAddress, clock: Clock, listener: UpstreamListener) {
    this.address = address;
    this.clock = clock;
    this.listener = listener;
  }

  /** Dials, and dials again after each loss, until hangUp. */
  dial(version: Version): void {
    this.version = version;
    this.backOff.reset();
    void this.attempt();
  }

  hangUp(): void {
    this.version = undefined;
    this.redialTimer?.cancel();
    const old = this.client;
    this.client = undefined;
    this.endQueue('the station is gone');
    old?.close({ code: goingAway, reason: 'the station is gone' }).catch(() => {});
  }

  /** One call is open at a time, urgent ones go first. Rejects with a CallFailure: error, timeout, offline, dropped. */
  async call(action: string, payload: object, isUrgent = false): Promise<unknown> {
    if (!this.queue) throw new CallFailure('offline', 'the backend is not connected');
    return this.queue.call(action, payload, { timeoutMs: callTimeoutMs, isUrgent });
  }

  private async attempt(): Promise<void> {
    const { version } = this;
    // Loaded when used: the library brings the schemas of all versions into memory.
    const { default: ocpp } = await import('ocpp-rpc');
    if (version === undefined || version !== this.version || this.client) return;
    const client = new ocpp.RPCClient(clientOptions(this.address, version));
    this.client = client;
    const answer = this.createAnswer(client, version);
    client.handle(({ method, params }) => answer(method ?? '', params) as Promise<Record<string, unknown>>);
    client.on('close', ({ code, reason }) => {
      // An attempt that fails rejects connect() below, which says more.
      if (client === this.client && this.queue) this.onLost(toPlainText(`closed with ${code} ${reason}`.trim(), 200));
    });
    try {
      await client.connect();
    } catch (error) {
      if (client === this.client) this.onLost(describeError(error));
      return;
    }
    if (client === this.client) this.onOpen(client);
  }

  private onOpen(client: RPCClient): void {
    this.queue = new CallQueue('backend', createSend(client), { clock: this.clock });
    this.stableTimer = this.clock.after(stableAfterMs, () => this.backOff.reset());
    this.listener.onOpen();
  }

  private onLost(reason: string): void {
    this.client = undefined;
    this.endQueue(reason);
    this.redialTimer = this.clock.after(this.backOff.next(), () => void this.attempt());
    this.listener.onLost(reason);
  }

  private endQueue(reason: string): void {
    this.stableTimer?.cancel();
    const { queue } = this;
    this.queue = undefined;
    queue?.end(reason);
  }

  /** Answers the calls that come over one client; a CallFailure becomes a CALLERROR of that version. */
  private createAnswer(client: RPCClient, version: Version): (action: string, payload: unknown) => Promise<unknown> {
    return async (action, payload) => {
      if (client !== this.client) throw new AnswerError('this connection is over', version);
      try {
        return await this.listener.onCall(action, payload);
      } catch (error) {
        const { message, code } = error as CallFailure;
        throw new AnswerError(message, version, code);
      }
    };
  }
}
