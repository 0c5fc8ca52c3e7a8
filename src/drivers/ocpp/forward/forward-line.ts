/** The connection to a backend of somebody else: dialled as the station would dial it, and again whenever it is gone. */
import type { RPCClient } from 'ocpp-rpc';
import { BackOff } from '../../../common/back-off.ts';
import type { Clock, Timer } from '../../../model/time.ts';
import { AnswerError } from '../link/answer-error.ts';
import { type CallQueue, createCallQueue, endCalls, queueCall, type Send } from '../link/call-queue.ts';
import { CallFailure } from '../link/link.ts';
import { toPlainText } from '../link/plain-text.ts';
import type { Version } from '../words.ts';

export interface BackendAddress {
  /** ws:// or wss://, without the identity. */
  url: string;
  /** As the backend knows the station. */
  identity: string;
  password?: string | undefined;
}

export interface BackendLineEvents {
  opened(): void;
  /** An attempt has failed, or the connection is over; it is dialled again. */
  lost(reason: string): void;
  /** A CALL of the backend. Rejects with a CallFailure for a CALLERROR. */
  called(action: string, payload: unknown): Promise<unknown>;
}

export interface BackendLine {
  /** Dials until it is hung up. */
  dial(version: Version): void;
  hangUp(): void;
  /** One is open at a time, urgent ones go first. Rejects with a CallFailure: error, timeout, offline, dropped. */
  call(action: string, payload: object, isUrgent?: boolean): Promise<unknown>;
}

const firstPauseMs = 1000;
const longestPauseMs = 120_000;
/** One that lasts so long is a good one: where two fight for an identity, each is shown out at once. */
const goodMs = 60_000;
const patienceMs = 30_000;
const handshakeMs = 20_000;
const pingIntervalMs = 60_000;
const maxFrameBytes = 1024 * 1024;
/** RFC 6455 §7.4.1 */
const goingAway = 1001;

/** Every key has to be there: the types of the library say so. */
const clientOptions = ({ url, identity, password }: BackendAddress, version: Version) => ({
  endpoint: url.replace(/\/+$/, ''),
  identity,
  password: password || null,
  protocols: [`ocpp${version}`],
  // It would dial again by itself, and forever offer what was refused.
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
  wsOpts: { handshakeTimeout: handshakeMs, maxPayload: maxFrameBytes, perMessageDeflate: false },
});

/** What went wrong, without what the other side may have put into its words. */
const wordsOf = (error: unknown): string => {
  const { message, code } = error as { message?: unknown; code?: unknown };
  // The library gives the text of an HTTP status, and the number apart.
  return toPlainText(typeof code === 'number' ? `${code} ${message}` : String(message), 200);
};

const sendOver =
  (client: RPCClient): Send =>
  async (action, payload, signal) => {
    try {
      return await client.call(action, payload, { signal });
    } catch (error) {
      const { rpcErrorCode: code } = error as { rpcErrorCode?: unknown };
      const text = `backend, ${action}: ${wordsOf(error)}`;
      if (typeof code === 'string') throw new CallFailure('error', `${text} (${code})`, code);
      throw new CallFailure('offline', text);
    }
  };

export const createBackendLine = (address: BackendAddress, clock: Clock, events: BackendLineEvents): BackendLine => {
  const backOff = new BackOff(firstPauseMs, longestPauseMs);
  /** undefined: hung up. */
  let version: Version | undefined;
  let client: RPCClient | undefined;
  /** undefined: not open. */
  let queue: CallQueue | undefined;
  let redialling: Timer | undefined;
  let proving: Timer | undefined;

  const end = (reason: string): void => {
    proving?.cancel();
    const open = queue;
    queue = undefined;
    if (open) endCalls(open, reason);
  };

  const lost = (reason: string): void => {
    client = undefined;
    end(reason);
    redialling = clock.after(backOff.next(), () => void attempt());
    events.lost(reason);
  };

  const answer = async (from: RPCClient, spoken: Version, action: string, payload: unknown): Promise<unknown> => {
    if (from !== client) throw new AnswerError('this connection is over', spoken);
    try {
      return await events.called(action, payload);
    } catch (error) {
      const { message, code } = error as CallFailure;
      throw new AnswerError(message, spoken, code);
    }
  };

  const attempt = async (): Promise<void> => {
    const wanted = version;
    // Loaded when used: it brings the schemas of all versions into memory.
    const { default: ocpp } = await import('ocpp-rpc');
    if (wanted === undefined || wanted !== version || client) return;
    const fresh = new ocpp.RPCClient(clientOptions(address, wanted));
    client = fresh;
    fresh.handle(
      ({ method, params }) => answer(fresh, wanted, method ?? '', params) as Promise<Record<string, unknown>>,
    );
    fresh.on('close', ({ code, reason }) => {
      // An attempt that fails says more below.
      if (fresh === client && queue) lost(toPlainText(`closed with ${code} ${reason}`.trim(), 200));
    });
    try {
      await fresh.connect();
    } catch (error) {
      if (fresh === client) lost(wordsOf(error));
      return;
    }
    if (fresh !== client) return;
    queue = createCallQueue('backend', sendOver(fresh), clock);
    proving = clock.after(goodMs, () => backOff.reset());
    events.opened();
  };

  return {
    dial(next) {
      version = next;
      backOff.reset();
      void attempt();
    },
    hangUp() {
      version = undefined;
      redialling?.cancel();
      const old = client;
      client = undefined;
      end('the station is gone');
      old?.close({ code: goingAway, reason: 'the station is gone' }).catch(() => {});
    },
    async call(action, payload, isUrgent = false) {
      if (!queue) throw new CallFailure('offline', 'the backend is not connected');
      return queueCall(queue, action, payload, { timeoutMs: patienceMs, isUrgent });
    },
  };
};
