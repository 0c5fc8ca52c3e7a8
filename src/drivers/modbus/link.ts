/** What every transport offers to the bus above it: a connection that keeps coming back, and one request after another. */
import type { Clock, Timer } from '../../model/time.ts';
import type { ReadRequest } from './request.ts';

export type LinkState =
  | { kind: 'connecting' }
  | { kind: 'open' }
  /** retryMs: until the next attempt. */
  | { kind: 'waiting'; reason: string; retryMs: number }
  | { kind: 'closed' };

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
  state(): LinkState;
  onState(listener: (state: LinkState) => void): void;
  /** Requests this transport can have in flight: 1 where answers carry no id. */
  readonly maxInFlight: number;
}

const firstDelayMs = 250;
const longestDelayMs = 5000;

/** Exponential back-off with jitter, so that many clients do not return at once. */
export const createBackoff = (random: () => number = Math.random) => {
  let attempt = 0;
  return {
    next(): number {
      const ceiling = Math.min(longestDelayMs, firstDelayMs * 2 ** attempt);
      attempt = Math.min(attempt + 1, 16);
      return ceiling * (0.5 + random() / 2);
    },
    reset(): void {
      attempt = 0;
    },
  };
};

/** A transport below the reconnecting part: one attempt, one connection. */
export interface Connection {
  close(): void;
}

export interface ConnectionEvents {
  opened(): void;
  /** The connection is over, whoever ended it; called exactly once. */
  ended(reason: string): void;
}

/**
 * The life of a connection: connect, announce, wait with jitter, connect again.
 * @param connect starts one attempt
 * @param settleMs pause after connecting before the first request (some devices need it)
 */
export const createLifecycle = (
  clock: Clock,
  connect: (events: ConnectionEvents) => Connection,
  { settleMs = 0, random = Math.random }: { settleMs?: number; random?: () => number } = {},
) => {
  const backoff = createBackoff(random);
  const listeners: ((state: LinkState) => void)[] = [];
  let current: LinkState = { kind: 'closed' };
  let connection: Connection | undefined;
  let timer: Timer | undefined;

  const enter = (next: LinkState): void => {
    current = next;
    for (const listener of listeners) listener(next);
  };

  const attempt = (): void => {
    let isOver = false;
    enter({ kind: 'connecting' });
    connection = connect({
      opened() {
        if (isOver) return;
        const ready = (): void => {
          backoff.reset();
          enter({ kind: 'open' });
        };
        if (settleMs > 0) timer = clock.after(settleMs, ready);
        else ready();
      },
      ended(reason) {
        if (isOver) return;
        isOver = true;
        connection = undefined;
        timer?.cancel();
        if (current.kind === 'closed') return;
        const retryMs = backoff.next();
        timer = clock.after(retryMs, attempt);
        enter({ kind: 'waiting', reason, retryMs });
      },
    });
  };

  return {
    open(): void {
      if (current.kind === 'closed') attempt();
    },
    close(): void {
      timer?.cancel();
      enter({ kind: 'closed' });
      connection?.close();
      connection = undefined;
    },
    state: (): LinkState => current,
    onState(listener: (state: LinkState) => void): void {
      listeners.push(listener);
    },
  };
};
