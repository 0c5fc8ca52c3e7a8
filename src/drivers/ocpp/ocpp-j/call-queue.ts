/**
 * Calls to one peer: one is open at a time (OCPP-J 1.6 §4.1.1, OCPP 2.0.1 part 4 §4.1.1), the others wait in line.
 * Each of them settles, whatever the peer does.
 */
import type { Clock, Timer } from '../../../model/time.ts';
import { CallFailure, type CallOptions } from './station-link.ts';

/**
 * Sends a CALL and waits for its answer. Rejects with a CallFailure "error" or "offline".
 * @param signal aborted where nothing waits for the answer any more
 */
export type SendCall = (action: string, payload: object, signal: AbortSignal) => Promise<unknown>;

interface WaitingCall {
  action: string;
  payload: object;
  options: CallOptions;
  expiry: Timer | undefined;
  resolve(result: unknown): void;
  reject(failure: CallFailure): void;
}

/** Calls that wait at most, where nothing else is said. */
const usualMaxWaiting = 50;

/** The calls to one peer. */
export class CallQueue {
  private readonly name: string;
  private readonly send: SendCall;
  private readonly clock: Clock;
  private readonly maxWaiting: number;
  private waiting: WaitingCall[] = [];
  private open: { call: WaitingCall; deadline: Timer } | undefined;
  private isHeld = false;
  /** Why the connection is over. */
  private ended: string | undefined;

  /**
   * @param name of the peer, for the words of failures
   * @param context maxWaiting: of too many, an urgent call pushes out the last one that is not
   */
  constructor(name: string, send: SendCall, { clock, maxWaiting }: { clock: Clock; maxWaiting?: number }) {
    this.name = name;
    this.send = send;
    this.clock = clock;
    this.maxWaiting = maxWaiting ?? usualMaxWaiting;
  }

  /** Sends the call when its turn comes. Rejects with a CallFailure, always settles. */
  call(action: string, payload: object, options: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.enter({ action, payload, options, expiry: undefined, resolve, reject });
    });
  }

  /** Lets calls wait until an answer of ours was sent: the peer knows nothing yet of what follows from its own call. */
  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.sendNext();
  }

  /** The connection is over: whatever is open or waits fails as "offline". */
  end(reason: string): void {
    this.ended = reason;
    const left = this.waiting;
    this.waiting = [];
    for (const { action, expiry, reject } of left) {
      expiry?.cancel();
      reject(this.failure('offline', action, reason));
    }
    if (!this.open) return;
    const { call } = this.open;
    const cutOff = this.failure('offline', call.action, reason);
    cutOff.wasSent = true;
    this.finish(call, () => call.reject(cutOff));
  }

  private failure(kind: CallFailure['kind'], action: string, why: string): CallFailure {
    return new CallFailure(kind, `${this.name}, ${action}: ${why}`);
  }

  private enter(call: WaitingCall): void {
    const { action, options } = call;
    const { notAfter, isUrgent = false } = options;
    const leftMs = notAfter === undefined ? undefined : notAfter - this.clock.monotonic();
    if (this.ended !== undefined) {
      call.reject(this.failure('offline', action, this.ended));
      return;
    }
    if (leftMs !== undefined && leftMs <= 0) {
      call.reject(this.failure('dropped', action, 'its time was over before it came'));
      return;
    }
    const place = this.placeOf(options);
    if (!this.makeRoom(isUrgent)) {
      call.reject(this.failure('dropped', action, `${this.maxWaiting} calls wait already`));
      return;
    }
    this.waiting.splice(place, 0, call);
    this.sendNext();
    if (leftMs !== undefined && this.waiting.includes(call))
      call.expiry = this.clock.after(leftMs, () => this.drop(call, 'its time was over before it could be sent'));
  }

  /** @returns the place of the waiting call with the same key, else the one behind all that are as urgent */
  private placeOf({ key, isUrgent = false }: CallOptions): number {
    const same = this.waiting.find(({ options }) => key !== undefined && options.key === key);
    const place = same ? this.waiting.indexOf(same) : -1;
    if (same) this.drop(same, 'a newer call has taken its place');
    if (same && (same.options.isUrgent ?? false) === isUrgent) return place;
    if (!isUrgent) return this.waiting.length;
    const firstPatient = this.waiting.findIndex(({ options }) => !options.isUrgent);
    return firstPatient < 0 ? this.waiting.length : firstPatient;
  }

  /** @returns whether there is room; an urgent call pushes out the last one that is not */
  private makeRoom(isUrgent: boolean): boolean {
    if (this.waiting.length < this.maxWaiting) return true;
    const victim = isUrgent ? this.waiting.findLast(({ options }) => !options.isUrgent) : undefined;
    if (victim) this.drop(victim, `${this.maxWaiting} calls wait already, and a more urgent one has come`);
    return victim !== undefined;
  }

  /** Takes a call out of the line and lets it fail. */
  private drop(call: WaitingCall, why: string): void {
    this.waiting = this.waiting.filter((each) => each !== call);
    call.expiry?.cancel();
    call.reject(this.failure('dropped', call.action, why));
  }

  private sendNext(): void {
    if (this.open || this.isHeld) return;
    const call = this.waiting.shift();
    if (!call) return;
    const { action, payload, options } = call;
    call.expiry?.cancel();
    const abort = new AbortController();
    const deadline = this.clock.after(options.timeoutMs, () =>
      this.finish(call, () => {
        // An answer that still comes belongs to nothing any more.
        abort.abort('timeout');
        call.reject(this.failure('timeout', action, `no answer within ${options.timeoutMs} ms`));
      }),
    );
    this.open = { call, deadline };
    this.send(action, payload, abort.signal).then(
      (result) => this.finish(call, () => call.resolve(result)),
      (error: CallFailure) => this.finish(call, () => call.reject(error)),
    );
  }

  /** Settles the open call, if it still is the open one, and sends the next. */
  private finish(call: WaitingCall, settle: () => void): void {
    if (this.open?.call !== call) return;
    this.open.deadline.cancel();
    this.open = undefined;
    settle();
    this.sendNext();
  }
}
