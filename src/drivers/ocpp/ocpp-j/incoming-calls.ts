/** Calls of one station: each is handled once, answered in time, and no fault of a handler gets through. */
import { hash } from 'node:crypto';
import type { Clock } from '../../../model/time.ts';
import { CallFailure } from './station-link.ts';

export interface AnswerLimits {
  /** A handler that takes longer has failed, ms. */
  deadlineMs: number;
  /** Calls that wait for a handler; more are refused. A station that follows OCPP-J 1.6 §4.1.1 has one open. */
  maxOpen: number;
}

/** Handles the calls of one connection. */
export interface CallHandler {
  /**
   * @returns the payload of the CALLRESULT
   * @throws CallFailure "error" for a CALLERROR; "unanswered" where there is to be no answer
   */
  onCall(action: string, payload: unknown): Promise<object> | object;
  /** Something went wrong on our side, in words for the log. */
  onFault(fault: string): void;
}

interface AnsweredCall {
  fingerprint: string;
  /** JSON text of the payload; undefined while the call is being handled. */
  answer: string | undefined;
}

/** A station has one call open and repeats the last one: so many of its messages are known again. */
const rememberedMax = 4;
/** A longer message is known again by its digest: the texts of thousands of stations would be kept for long. */
const longestFingerprint = 64;

const fingerprintOf = (text: string): string =>
  text.length > longestFingerprint ? hash('sha256', text, 'base64') : text;

/** A repeated Heartbeat is answered anew: nothing follows from it, and its answer is the time. */
const isRepeatable = (action: string): boolean => action === 'Heartbeat';

const toFailure = (error: unknown): CallFailure => {
  if (error instanceof CallFailure && (error.kind === 'error' || error.kind === 'unanswered')) return error;
  return new CallFailure('error', error instanceof Error ? error.message : String(error), 'InternalError');
};

/** @throws Error where the answer of a handler cannot be sent */
const writePayload = (action: string, answer: unknown): string => {
  if (typeof answer !== 'object' || answer === null) throw new Error(`the handler of ${action} gave no object`);
  return JSON.stringify(answer);
};

/** The calls of one connection. */
export class IncomingCalls {
  private readonly handler: CallHandler;
  private readonly limits: AnswerLimits;
  private readonly clock: Clock;
  /** The newest at the end. */
  private remembered: AnsweredCall[] = [];
  /** Gives up each handler that is waited for; made with the first of them, and few connections ever have one. */
  private waiting: Set<(failure: CallFailure) => void> | undefined;

  constructor(handler: CallHandler, limits: AnswerLimits, clock: Clock) {
    this.handler = handler;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * Handles one CALL. Almost every answer is there at once: no promise is made for it.
   * @param text the whole message, which is known again by it
   * @returns JSON text of the payload of the CALLRESULT; undefined where the same message is being handled already
   * @throws CallFailure "error" or "unanswered"; so does the promise
   */
  answer(text: string, action: string, payload: unknown): Promise<string | undefined> | string | undefined {
    if (isRepeatable(action)) return this.handle(action, payload);
    const fingerprint = fingerprintOf(text);
    for (const each of this.remembered) if (each.fingerprint === fingerprint) return each.answer;
    const own: AnsweredCall = { fingerprint, answer: undefined };
    this.remember(own);
    try {
      const answer = this.handle(action, payload);
      if (typeof answer === 'string') {
        own.answer = answer;
        return answer;
      }
      return this.keep(own, answer);
    } catch (error) {
      this.forget(own);
      throw error;
    }
  }

  /** The connection is over: nothing waits for a handler any more. */
  end(): void {
    if (!this.waiting?.size) return;
    const over = new CallFailure('error', 'the connection is over', 'InternalError');
    for (const giveUp of [...this.waiting]) giveUp(over);
  }

  private handle(action: string, payload: unknown): Promise<string> | string {
    const { maxOpen } = this.limits;
    if (this.waiting && this.waiting.size >= maxOpen)
      throw new CallFailure('error', `${maxOpen} calls are open already`, 'InternalError');
    try {
      const answer = this.handler.onCall(action, payload);
      return answer instanceof Promise ? this.handleLate(action, answer) : writePayload(action, answer);
    } catch (error) {
      throw this.explain(action, error);
    }
  }

  private async handleLate(action: string, pending: Promise<object>): Promise<string> {
    try {
      return writePayload(action, await this.inTime(action, pending));
    } catch (error) {
      throw this.explain(action, error);
    }
  }

  /** Waits for an answer, but not longer than the deadline and the connection. */
  private inTime(action: string, pending: Promise<object>): Promise<object> {
    this.waiting ??= new Set();
    const { waiting } = this;
    const { deadlineMs } = this.limits;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        deadline.cancel();
        waiting.delete(giveUp);
        act();
      };
      const giveUp = (failure: CallFailure): void => settle(() => reject(failure));
      const deadline = this.clock.after(deadlineMs, () => {
        this.handler.onFault(`${action} was not handled within ${deadlineMs} ms`);
        giveUp(new CallFailure('error', 'not handled in time', 'InternalError'));
      });
      waiting.add(giveUp);
      pending.then(
        (answer) => settle(() => resolve(answer)),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }

  /** @returns the failure that the station is told; a fault of our own is told to the log as well */
  private explain(action: string, error: unknown): CallFailure {
    const failure = toFailure(error);
    if (failure !== error) this.handler.onFault(`${action}: ${failure.message}`);
    return failure;
  }

  private remember(own: AnsweredCall): void {
    // The array is copied while it grows: one that grows by itself takes room for many more.
    if (this.remembered.length < rememberedMax) this.remembered = [...this.remembered, own];
    else {
      this.remembered.shift();
      this.remembered.push(own);
    }
  }

  private async keep(own: AnsweredCall, pending: Promise<string>): Promise<string> {
    try {
      own.answer = await pending;
      return own.answer;
    } catch (error) {
      this.forget(own);
      throw error;
    }
  }

  /** A call that failed may be tried again with the same message. */
  private forget(own: AnsweredCall): void {
    this.remembered = this.remembered.filter((each) => each !== own);
  }
}
