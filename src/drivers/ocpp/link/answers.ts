/** Answers to the calls of one connection: each once, each in time, and none throws. */
import { hash } from 'node:crypto';
import type { Clock } from '../../../model/time.ts';
import { CallFailure } from './link.ts';

export type Handle = (action: string, payload: unknown) => Promise<object> | object;

export interface AnswerOptions {
  /** A handler that takes longer has failed. */
  deadlineMs: number;
  /** A station that follows the rules has one call open; more than so many are refused. */
  maxOpen: number;
}

export interface Answers {
  /**
   * @param frame the message as it came, to know it again
   * @returns the CALLRESULT, at once where the handler gives it at once; undefined where the same message is being
   * answered already
   * @throws CallFailure "error": the CALLERROR; "unanswered"; so does the promise
   */
  answer(frame: string, action: string, payload: unknown): Promise<object | undefined> | object | undefined;
  /** The connection is over: nothing waits for a handler any more. */
  end(): void;
}

/** So many messages are known again: a station asks one thing at a time, and repeats the last one. */
const rememberedMax = 4;
/** A message that is longer is known again by its digest: of thousands of stations, all texts would be kept for long. */
const longestKept = 64;

/** Asked anew it is answered anew: nothing follows from it, and its answer is the time. */
const isRepeatable = (action: string): boolean => action === 'Heartbeat';

interface Remembered {
  mark: string;
  /** undefined while it is being found. */
  reply: object | undefined;
}

const markOf = (frame: string): string => (frame.length > longestKept ? hash('sha256', frame, 'base64') : frame);

const toFailure = (error: unknown): CallFailure => {
  if (error instanceof CallFailure && (error.kind === 'error' || error.kind === 'unanswered')) return error;
  return new CallFailure('error', error instanceof Error ? error.message : String(error), 'InternalError');
};

/** @returns the reply as it is, or the reason why it cannot be sent */
const checkReply = (action: string, reply: unknown): object => {
  if (typeof reply !== 'object' || reply === null) throw new Error(`the handler of ${action} gave no object`);
  JSON.stringify(reply);
  return reply;
};

/** @param tell what went wrong on our side, in words */
export const createAnswers = (
  handle: Handle,
  { deadlineMs, maxOpen }: AnswerOptions,
  clock: Clock,
  tell: (fault: string) => void,
): Answers => {
  let remembered: Remembered[] = [];
  const open = new Set<(failure: CallFailure) => void>();

  /** An answer that is still to come, but not longer than the deadline and the connection. */
  const inTime = (action: string, reply: Promise<object>): Promise<object> =>
    new Promise((resolve, reject) => {
      const done = (act: () => void): void => {
        deadline.cancel();
        open.delete(giveUp);
        act();
      };
      const giveUp = (failure: CallFailure): void => done(() => reject(failure));
      const deadline = clock.after(deadlineMs, () => {
        tell(`${action} was not handled within ${deadlineMs} ms`);
        giveUp(new CallFailure('error', 'not handled in time', 'InternalError'));
      });
      open.add(giveUp);
      reply.then(
        (found) => done(() => resolve(found)),
        (error: unknown) => done(() => reject(error)),
      );
    });

  const fail = (action: string, error: unknown): never => {
    const failure = toFailure(error);
    if (failure !== error) tell(`${action}: ${failure.message}`);
    throw failure;
  };

  /** Almost every answer is there at once: thousands of stations do not wait for promises of it. */
  const find = (action: string, payload: unknown): Promise<object> | object => {
    if (open.size >= maxOpen) throw new CallFailure('error', `${maxOpen} calls are open already`, 'InternalError');
    try {
      const reply = handle(action, payload);
      if (!(reply instanceof Promise)) return checkReply(action, reply);
      return inTime(action, reply)
        .then((found) => checkReply(action, found))
        .catch((error: unknown) => fail(action, error));
    } catch (error) {
      return fail(action, error);
    }
  };

  return {
    answer(frame, action, payload) {
      if (isRepeatable(action)) return find(action, payload);
      const mark = markOf(frame);
      for (const each of remembered) if (each.mark === mark) return each.reply;
      const own: Remembered = { mark, reply: undefined };
      remembered.push(own);
      if (remembered.length > rememberedMax) remembered.shift();
      const keep = (reply: object): object => {
        own.reply = reply;
        return reply;
      };
      const forget = (error: unknown): never => {
        // What failed may be tried again with the same message.
        remembered = remembered.filter((each) => each !== own);
        throw error;
      };
      try {
        const found = find(action, payload);
        return found instanceof Promise ? found.then(keep, forget) : keep(found);
      } catch (error) {
        return forget(error);
      }
    },
    end() {
      const over = new CallFailure('error', 'the connection is over', 'InternalError');
      for (const giveUp of [...open]) giveUp(over);
    },
  };
};
