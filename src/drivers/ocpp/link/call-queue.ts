/**
 * Calls to one station: one is open at a time (OCPP-J 1.6 §4.1.1, OCPP 2.0.1 part 4 §4.1.1), the others wait in line.
 * Each settles, whatever the station does.
 */
import type { Clock, Timer } from '../../../model/time.ts';
import { CallFailure, type CallOptions } from './link.ts';

/** Sends a CALL. Rejects with a CallFailure "error" or "offline". */
export type Send = (action: string, payload: object, signal: AbortSignal) => Promise<unknown>;

interface Entry {
  action: string;
  payload: object;
  options: CallOptions;
  expiry: Timer | undefined;
  resolve(result: unknown): void;
  reject(failure: CallFailure): void;
}

export interface CallQueue {
  /** Of the station, for the words of failures. */
  readonly name: string;
  readonly send: Send;
  readonly clock: Clock;
  readonly maxWaiting: number;
  waiting: Entry[];
  open: { entry: Entry; deadline: Timer } | undefined;
  /** An answer goes first. */
  isHeld: boolean;
  /** Why the connection is over. */
  ended: string | undefined;
}

/** @param name of the station, for the words of failures */
export const createCallQueue = (name: string, send: Send, clock: Clock, maxWaiting = 50): CallQueue => ({
  name,
  send,
  clock,
  maxWaiting,
  waiting: [],
  open: undefined,
  isHeld: false,
  ended: undefined,
});

const failureOf = ({ name }: CallQueue, kind: CallFailure['kind'], action: string, why: string): CallFailure =>
  new CallFailure(kind, `${name}, ${action}: ${why}`);

/** Takes an entry out of the line and lets it fail. */
const drop = (queue: CallQueue, entry: Entry, why: string): void => {
  queue.waiting = queue.waiting.filter((each) => each !== entry);
  entry.expiry?.cancel();
  entry.reject(failureOf(queue, 'dropped', entry.action, why));
};

/** Settles the open call, if it still is the open one, and sends the next. */
const finish = (queue: CallQueue, entry: Entry, act: () => void): void => {
  if (queue.open?.entry !== entry) return;
  queue.open.deadline.cancel();
  queue.open = undefined;
  act();
  sendNext(queue);
};

const sendNext = (queue: CallQueue): void => {
  if (queue.open || queue.isHeld) return;
  const entry = queue.waiting.shift();
  if (!entry) return;
  const { action, payload, options, expiry, resolve, reject } = entry;
  expiry?.cancel();
  const abort = new AbortController();
  const deadline = queue.clock.after(options.timeoutMs, () =>
    finish(queue, entry, () => {
      // An answer that still comes belongs to nothing any more.
      abort.abort('timeout');
      reject(failureOf(queue, 'timeout', action, `no answer within ${options.timeoutMs} ms`));
    }),
  );
  queue.open = { entry, deadline };
  queue.send(action, payload, abort.signal).then(
    (result) => finish(queue, entry, () => resolve(result)),
    (error: CallFailure) => finish(queue, entry, () => reject(error)),
  );
};

/** What follows from a call of the station is sent after its answer: until then the station knows nothing of it. */
export const holdCalls = (queue: CallQueue): void => {
  queue.isHeld = true;
};

export const releaseCalls = (queue: CallQueue): void => {
  if (!queue.isHeld) return;
  queue.isHeld = false;
  sendNext(queue);
};

/** Where a new call stands: in the place of the one it overtakes, else behind all that are as urgent. */
const placeIn = (queue: CallQueue, { key, isUrgent = false }: CallOptions): number => {
  const same = queue.waiting.find(({ options }) => key !== undefined && options.key === key);
  const place = same ? queue.waiting.indexOf(same) : -1;
  if (same) drop(queue, same, 'a newer one has taken its place');
  if (same && (same.options.isUrgent ?? false) === isUrgent) return place;
  if (!isUrgent) return queue.waiting.length;
  const firstPatient = queue.waiting.findIndex(({ options }) => !options.isUrgent);
  return firstPatient < 0 ? queue.waiting.length : firstPatient;
};

/** @returns whether there is room; urgent calls push out the last one that is not */
const makeRoom = (queue: CallQueue, isUrgent: boolean): boolean => {
  const { waiting, maxWaiting } = queue;
  if (waiting.length < maxWaiting) return true;
  const victim = isUrgent ? waiting.findLast(({ options }) => !options.isUrgent) : undefined;
  if (victim) drop(queue, victim, `${maxWaiting} calls wait already, and a more urgent one has come`);
  return victim !== undefined;
};

/** Sends it when its turn comes. Rejects with a CallFailure, always settles. */
export const queueCall = (queue: CallQueue, action: string, payload: object, options: CallOptions): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const { clock, ended, maxWaiting } = queue;
    if (ended !== undefined) return reject(failureOf(queue, 'offline', action, ended));
    const leftMs = options.notAfter === undefined ? undefined : options.notAfter - clock.monotonic();
    if (leftMs !== undefined && leftMs <= 0) return reject(failureOf(queue, 'dropped', action, 'it comes too late'));
    const place = placeIn(queue, options);
    if (!makeRoom(queue, options.isUrgent ?? false))
      return reject(failureOf(queue, 'dropped', action, `${maxWaiting} calls wait already`));
    const entry: Entry = { action, payload, options, expiry: undefined, resolve, reject };
    queue.waiting.splice(place, 0, entry);
    sendNext(queue);
    if (leftMs !== undefined && queue.waiting.includes(entry))
      entry.expiry = clock.after(leftMs, () => drop(queue, entry, 'its time was over before it could be sent'));
  });

/** The connection is over: whatever is open or waits fails as "offline". */
export const endCalls = (queue: CallQueue, reason: string): void => {
  queue.ended = reason;
  const left = queue.waiting;
  queue.waiting = [];
  for (const { action, expiry, reject } of left) {
    expiry?.cancel();
    reject(failureOf(queue, 'offline', action, reason));
  }
  if (!queue.open) return;
  const { entry } = queue.open;
  const cutOff = new CallFailure('offline', `${queue.name}, ${entry.action}: ${reason}`, undefined, true);
  finish(queue, entry, () => entry.reject(cutOff));
};
