/** What every transport offers to the bus above it: a connection that keeps coming back, and one request after another. */
import type { Clock, Timer } from '../../model/time.ts';
import { createBackoff } from '../backoff.ts';
import type { ReadRequest, Request, WriteRequest } from './request.ts';

export type LinkState =
  | { kind: 'connecting' }
  | { kind: 'open' }
  /** retryMs: until the next attempt. */
  | { kind: 'waiting'; reason: string; retryMs: number }
  | { kind: 'closed' };

/** What a link learns of a request after it has settled. */
export type LinkNotice =
  /** Its answer came, but later than its timeout. */
  | { kind: 'late'; request: Request; tookMs: number }
  /** What was told may have been the answer to another request. */
  | { kind: 'withdrawn'; request: ReadRequest; reason: string }
  /** Frames come that nobody asked for: the line is left silent for longer from now on. */
  | { kind: 'surplus'; unit: number; silentMs: number }
  /** The connection gave its first answer long after it was made. */
  | { kind: 'settled'; unit: number; tookMs: number };

export interface Link {
  /** Starts connecting and never stops trying until close. */
  open(): void;
  close(): Promise<void>;
  /** Ends a connection that has proved useless; it is made anew. */
  drop(reason: string): void;
  /**
   * Sends one request.
   * @returns the data bytes; rejects with a ModbusFailure within the timeout, always
   */
  read(request: ReadRequest, timeoutMs: number): Promise<Buffer>;
  /**
   * Writes. After a failure it is not known whether the device has carried it out; it is certain that it will not
   * do so later: what waits in a connection is thrown away with it.
   */
  write(request: WriteRequest, timeoutMs: number): Promise<void>;
  /** Somebody waits for this connection to make a device safe: for a few seconds it is tried more often. */
  hurry(): void;
  state(): LinkState;
  onState(listener: (state: LinkState) => void): void;
  onNotice(listener: (notice: LinkNotice) => void): void;
  /** How long such a request has to wait, because an earlier answer may still come and be taken for its own, ms. */
  owedMs(request: Request): number;
  /** Requests this transport can have in flight: 1 where answers carry no id. */
  readonly maxInFlight: number;
}

const defaultConnectTimeoutMs = 4000;
const firstDelayMs = 250;
const longestDelayMs = 5000;
/** In a hurry: how long it lasts, and the pace in it. */
const hurryMs = 3000;
const hurriedDelayMs = 500;
const hurriedTimeoutMs = 1500;

/** A transport below the reconnecting part: one attempt, one connection. */
export interface Connection {
  close(): void;
}

export interface LifecycleOptions {
  /** Pause after connecting before the first request (some devices need it). */
  settleMs?: number;
  /** An attempt that takes longer has failed. */
  connectTimeoutMs?: number;
  random?: () => number;
}

export interface ConnectionEvents {
  opened(): void;
  /** The connection is over, whoever ended it; called exactly once. */
  ended(reason: string): void;
}

/**
 * The life of a connection: connect, announce, wait with jitter, connect again.
 * @param connect starts one attempt, which ends itself after the given time
 */
export const createLifecycle = (
  clock: Clock,
  connect: (events: ConnectionEvents, timeoutMs: number) => Connection,
  { settleMs = 0, connectTimeoutMs = defaultConnectTimeoutMs, random = Math.random }: LifecycleOptions = {},
) => {
  const backoff = createBackoff(firstDelayMs, longestDelayMs, random);
  const listeners: ((state: LinkState) => void)[] = [];
  let current: LinkState = { kind: 'closed' };
  let connection: Connection | undefined;
  let timer: Timer | undefined;
  let retryAt = 0;
  let hurriedUntil = Number.NEGATIVE_INFINITY;
  /** What an earlier attempt says, that was closed and ends later, is nothing to the one that is under way. */
  let attempts = 0;

  const isHurried = (): boolean => clock.monotonic() < hurriedUntil;

  const enter = (next: LinkState): void => {
    current = next;
    for (const listener of listeners) listener(next);
  };

  const attemptAfter = (ms: number): void => {
    retryAt = clock.monotonic() + ms;
    timer = clock.after(ms, attempt);
  };

  const attempt = (): void => {
    const own = ++attempts;
    enter({ kind: 'connecting' });
    connection = connect(
      {
        opened() {
          if (own !== attempts) return;
          const ready = (): void => {
            backoff.reset();
            enter({ kind: 'open' });
          };
          if (settleMs > 0) timer = clock.after(settleMs, ready);
          else ready();
        },
        ended(reason) {
          if (own !== attempts) return;
          attempts++;
          connection = undefined;
          timer?.cancel();
          const usualMs = backoff.next();
          const retryMs = isHurried() ? Math.min(usualMs, hurriedDelayMs) : usualMs;
          attemptAfter(retryMs);
          enter({ kind: 'waiting', reason, retryMs });
        },
      },
      isHurried() ? Math.min(connectTimeoutMs, hurriedTimeoutMs) : connectTimeoutMs,
    );
  };

  return {
    open(): void {
      if (current.kind === 'closed') attempt();
    },
    close(): void {
      timer?.cancel();
      attempts++;
      enter({ kind: 'closed' });
      connection?.close();
      connection = undefined;
    },
    hurry(): void {
      hurriedUntil = clock.monotonic() + hurryMs;
      if (current.kind !== 'waiting' || retryAt - clock.monotonic() <= hurriedDelayMs) return;
      timer?.cancel();
      attemptAfter(hurriedDelayMs);
    },
    state: (): LinkState => current,
    onState(listener: (state: LinkState) => void): void {
      listeners.push(listener);
    },
  };
};
