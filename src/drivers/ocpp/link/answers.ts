/** Answers to the calls of one connection: each once, each in time, and none throws. */
import { hash } from 'node:crypto';
import type { Clock } from '../../../model/time.ts';
import { CallFailure } from './link.ts';

export interface AnswerOptions {
  /** A handler that takes longer has failed. */
  deadlineMs: number;
  /** A station that follows the rules has one call open; more than so many are refused. */
  maxOpen: number;
}

interface Remembered {
  mark: string;
  /** undefined while it is being found. */
  reply: object | undefined;
}

/** What whoever answers keeps for it, beside what is its own. */
export interface Answerer {
  /** The messages that came last, the newest at the end. */
  remembered: Remembered[];
  /** How to give up each handler that is waited for; made with the first of them, and few connections ever have one. */
  awaited: Set<(failure: CallFailure) => void> | undefined;
}

/** What the answers of all connections have in common. */
export interface Answering<Owner extends Answerer> {
  readonly limits: AnswerOptions;
  readonly clock: Clock;
  handle(owner: Owner, action: string, payload: unknown): Promise<object> | object;
  /** @param fault what went wrong on our side, in words */
  tell(owner: Owner, fault: string): void;
}

/** So many messages are known again: a station asks one thing at a time, and repeats the last one. */
const rememberedMax = 4;
/** A message that is longer is known again by its digest: of thousands of stations, all texts would be kept for long. */
const longestKept = 64;

/** Asked anew it is answered anew: nothing follows from it, and its answer is the time. */
const isRepeatable = (action: string): boolean => action === 'Heartbeat';

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

/** An answer that is still to come, but not longer than the deadline and the connection. */
const inTime = <Owner extends Answerer>(
  { limits: { deadlineMs }, clock, tell }: Answering<Owner>,
  owner: Owner,
  action: string,
  reply: Promise<object>,
): Promise<object> =>
  new Promise((resolve, reject) => {
    owner.awaited ??= new Set();
    const { awaited } = owner;
    const done = (act: () => void): void => {
      deadline.cancel();
      awaited.delete(giveUp);
      act();
    };
    const giveUp = (failure: CallFailure): void => done(() => reject(failure));
    const deadline = clock.after(deadlineMs, () => {
      tell(owner, `${action} was not handled within ${deadlineMs} ms`);
      giveUp(new CallFailure('error', 'not handled in time', 'InternalError'));
    });
    awaited.add(giveUp);
    reply.then(
      (found) => done(() => resolve(found)),
      (error: unknown) => done(() => reject(error)),
    );
  });

const fail = <Owner extends Answerer>(
  answering: Answering<Owner>,
  owner: Owner,
  action: string,
  error: unknown,
): never => {
  const failure = toFailure(error);
  if (failure !== error) answering.tell(owner, `${action}: ${failure.message}`);
  throw failure;
};

/** Almost every answer is there at once: thousands of stations do not wait for promises of it. */
const find = <Owner extends Answerer>(
  answering: Answering<Owner>,
  owner: Owner,
  action: string,
  payload: unknown,
): Promise<object> | object => {
  const { maxOpen } = answering.limits;
  if (owner.awaited && owner.awaited.size >= maxOpen)
    throw new CallFailure('error', `${maxOpen} calls are open already`, 'InternalError');
  try {
    const reply = answering.handle(owner, action, payload);
    if (!(reply instanceof Promise)) return checkReply(action, reply);
    return inTime(answering, owner, action, reply)
      .then((found) => checkReply(action, found))
      .catch((error: unknown) => fail(answering, owner, action, error));
  } catch (error) {
    return fail(answering, owner, action, error);
  }
};

const remember = (owner: Answerer, own: Remembered): void => {
  const { remembered } = owner;
  // Made anew while it grows: an array that grows by itself takes room for many more.
  if (remembered.length < rememberedMax) owner.remembered = [...remembered, own];
  else {
    remembered.shift();
    remembered.push(own);
  }
};

const keep = (own: Remembered, reply: object): object => {
  own.reply = reply;
  return reply;
};

/** What failed may be tried again with the same message. */
const forget = (owner: Answerer, own: Remembered, error: unknown): never => {
  owner.remembered = owner.remembered.filter((each) => each !== own);
  throw error;
};

/**
 * @param frame the message as it came, to know it again
 * @returns the CALLRESULT, at once where the handler gives it at once; undefined where the same message is being
 * answered already
 * @throws CallFailure "error": the CALLERROR; "unanswered"; so does the promise
 */
export const answerCall = <Owner extends Answerer>(
  answering: Answering<Owner>,
  owner: Owner,
  frame: string,
  action: string,
  payload: unknown,
): Promise<object | undefined> | object | undefined => {
  if (isRepeatable(action)) return find(answering, owner, action, payload);
  const mark = markOf(frame);
  for (const each of owner.remembered) if (each.mark === mark) return each.reply;
  const own: Remembered = { mark, reply: undefined };
  remember(owner, own);
  try {
    const found = find(answering, owner, action, payload);
    if (!(found instanceof Promise)) return keep(own, found);
    return found.then(
      (reply) => keep(own, reply),
      (error: unknown) => forget(owner, own, error),
    );
  } catch (error) {
    return forget(owner, own, error);
  }
};

/** The connection is over: nothing waits for a handler any more. */
export const endAnswers = ({ awaited }: Answerer): void => {
  if (!awaited?.size) return;
  const over = new CallFailure('error', 'the connection is over', 'InternalError');
  for (const giveUp of [...awaited]) giveUp(over);
};
