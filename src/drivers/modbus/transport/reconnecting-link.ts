/**
 * The life of a connection, whatever the transport: it is made anew with growing pauses for as long as the link is open,
 * and ended when it has gone silent, as a half-open one does. Messaging on TCP/IP Implementation Guide V1.0b §4.2.2.
 */
import { BackOff } from '../../../common/back-off.ts';
import { Listeners } from '../../../common/listeners.ts';
import type { Clock, Timer } from '../../../model/time.ts';
import type { Request } from '../messages.ts';
import type { LinkNotice, LinkState, ModbusLink } from './modbus-link.ts';

const defaultConnectTimeoutMs = 4000;
const firstPauseMs = 250;
const longestPauseMs = 5000;
/** While a reconnection is urgent, attempts are made this often and given up this soon, for so long. */
const urgentForMs = 3000;
const urgentPauseMs = 500;
const urgentTimeoutMs = 1500;

/** Unanswered requests in a row after which a connection may be ended. */
const maxUnanswered = 3;
/** A first response that comes sooner is merely slow; a later one is that of a gateway that has to get ready, ms. */
const slowStartMs = 2000;
/** Time that a connection without any response is kept, ms: the first one, the second, and all further ones. */
const patienceMs = [0, 10_000, 30_000] as const;

/** One connection of a transport, or the attempt to make one. */
export interface Connection {
  close(): void;
}

/** The callbacks of one attempt, or of the connection that came of it. */
export interface ConnectionCallbacks {
  opened(): void;
  /** The connection is over, or was never made; called exactly once. */
  ended(reason: string): void;
}

/** The times of a connection's life. */
interface ConnectionTimes {
  /** Pause between connecting and the first request, which some devices need, ms. */
  settleMs?: number;
  /** An attempt that takes longer has failed. */
  connectTimeoutMs?: number;
  /** 0 up to, not including, 1. */
  random?: () => number;
}

/**
 * The liveness of one link over all of its connections: when a connection that says nothing is taken for dead. One that has
 * answered before is ended soon. One that never has may belong to a gateway that needs time after each connect, so that each
 * new connection is given longer than the one before.
 */
class Liveness {
  readonly #clock: Clock;
  /** Monotonic ms. */
  #openedAt = 0;
  /** Requests in a row without a response. */
  #unanswered = 0;
  #hasAnswered = false;
  /** Connections in a row that never answered. */
  #silentConnections = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  opened(): void {
    this.#openedAt = this.#clock.monotonic();
    this.#unanswered = 0;
    this.#hasAnswered = false;
  }

  /** @returns ms from connecting to the first response, if requests before it were lost; otherwise undefined */
  answered(): number | undefined {
    const tookMs = this.#clock.monotonic() - this.#openedAt;
    const isSlowStart = !this.#hasAnswered && this.#unanswered > 0 && tookMs >= slowStartMs;
    this.#hasAnswered = true;
    this.#silentConnections = 0;
    this.#unanswered = 0;
    return isSlowStart ? tookMs : undefined;
  }

  /** A request has got no response. @returns in words why the connection is to be ended; undefined: it is kept */
  unanswered(): string | undefined {
    this.#unanswered++;
    if (this.#unanswered < maxUnanswered) return undefined;
    const patience = patienceMs[Math.min(this.#silentConnections, patienceMs.length - 1)] ?? 0;
    if (!this.#hasAnswered && this.#clock.monotonic() - this.#openedAt < patience) return undefined;
    if (!this.#hasAnswered) this.#silentConnections++;
    return `no answer to ${this.#unanswered} requests in a row`;
  }
}

/** A link without its transport: the subclass makes connections and sends requests. */
export abstract class ReconnectingLink implements ModbusLink {
  abstract readonly maxInFlight: number;
  protected readonly clock: Clock;
  protected readonly notices = new Listeners<LinkNotice>();
  /** Nothing was answered since the connection was made, or since a request got no response. */
  protected isInDoubt = true;
  readonly #states = new Listeners<LinkState>();
  readonly #liveness: Liveness;
  readonly #settleMs: number;
  readonly #connectTimeoutMs: number;
  readonly #backOff: BackOff;
  #state: LinkState = { kind: 'closed' };
  #connection: Connection | undefined;
  #timer: Timer | undefined;
  /** Monotonic ms of the next attempt. */
  #retryAt = 0;
  /** Monotonic ms until which attempts are made more often. */
  #urgentUntil = Number.NEGATIVE_INFINITY;
  /** Number of the current attempt: callbacks of an earlier one, which was closed and ends later, are ignored. */
  #attempt = 0;

  constructor(clock: Clock, times: ConnectionTimes) {
    const { settleMs = 0, connectTimeoutMs = defaultConnectTimeoutMs, random = Math.random } = times;
    this.clock = clock;
    this.#liveness = new Liveness(clock);
    this.#settleMs = settleMs;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#backOff = new BackOff(firstPauseMs, longestPauseMs, random);
  }

  /** Starts one attempt, which ends itself after the given time. */
  protected abstract connect(callbacks: ConnectionCallbacks, timeoutMs: number): Connection;

  abstract send(request: Request, timeoutMs: number): Promise<Buffer>;

  open(): void {
    if (this.#state.kind === 'closed') this.#begin();
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#attempt++;
    this.#enter({ kind: 'closed' });
    this.#connection?.close();
    this.#connection = undefined;
  }

  reconnectSoon(): void {
    this.#urgentUntil = this.clock.monotonic() + urgentForMs;
    if (this.#state.kind !== 'waiting' || this.#retryAt - this.clock.monotonic() <= urgentPauseMs) return;
    this.#timer?.cancel();
    this.#beginAfter(urgentPauseMs);
  }

  state(): LinkState {
    return this.#state;
  }

  onState(listener: (state: LinkState) => void): void {
    this.#states.add(listener);
  }

  onNotice(listener: (notice: LinkNotice) => void): void {
    this.notices.add(listener);
  }

  /** The connection has answered a request, which only means something while that is in doubt. */
  protected proveAlive({ unit }: Request): void {
    this.isInDoubt = false;
    const tookMs = this.#liveness.answered();
    if (tookMs !== undefined) this.notices.notify({ kind: 'settled', unit, tookMs });
  }

  /** A request has got no response. @returns in words why the connection is to be ended; undefined: it is kept */
  protected countUnanswered(): string | undefined {
    this.isInDoubt = true;
    return this.#liveness.unanswered();
  }

  #enter(next: LinkState): void {
    this.#state = next;
    this.#states.notify(next);
  }

  #isUrgent(): boolean {
    return this.clock.monotonic() < this.#urgentUntil;
  }

  #beginAfter(ms: number): void {
    this.#retryAt = this.clock.monotonic() + ms;
    this.#timer = this.clock.after(ms, () => this.#begin());
  }

  #begin(): void {
    const attempt = ++this.#attempt;
    this.#enter({ kind: 'connecting' });
    const callbacks: ConnectionCallbacks = {
      opened: () => {
        if (attempt === this.#attempt) this.#opened();
      },
      ended: (reason) => {
        if (attempt === this.#attempt) this.#ended(reason);
      },
    };
    const timeoutMs = this.#isUrgent() ? Math.min(this.#connectTimeoutMs, urgentTimeoutMs) : this.#connectTimeoutMs;
    this.#connection = this.connect(callbacks, timeoutMs);
  }

  #opened(): void {
    this.isInDoubt = true;
    this.#liveness.opened();
    if (this.#settleMs > 0) this.#timer = this.clock.after(this.#settleMs, () => this.#settled());
    else this.#settled();
  }

  #settled(): void {
    this.#backOff.reset();
    this.#enter({ kind: 'open' });
  }

  #ended(reason: string): void {
    this.#attempt++;
    this.#connection = undefined;
    this.#timer?.cancel();
    const usualMs = this.#backOff.next();
    const retryMs = this.#isUrgent() ? Math.min(usualMs, urgentPauseMs) : usualMs;
    this.#beginAfter(retryMs);
    this.#enter({ kind: 'waiting', reason, retryMs });
  }
}
