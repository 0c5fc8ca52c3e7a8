/**
 * Calls to one station: one is open at a time (OCPP-J 1.6 §4.1.1, OCPP 2.0.1 part 4 §4.1.1), the others wait in line.
 * Each settles, whatever the station does.
 */
import type { Clock, Timer } from '../../../model/time.ts';
import { CallFailure, type CallOptions } from './link.ts';

/** Sends a CALL. Rejects with a CallFailure "error" or "offline". */
export type Send = (action: string, payload: object, signal: AbortSignal) => Promise<unknown>;

export interface CallQueue {
  call(action: string, payload: object, options: CallOptions): Promise<unknown>;
  /** The connection is over: whatever is open or waits fails as "offline". */
  end(reason: string): void;
}

interface Entry {
  action: string;
  payload: object;
  options: CallOptions;
  expiry: Timer | undefined;
  resolve(result: unknown): void;
  reject(failure: CallFailure): void;
}

/** @param name of the station, for the words of failures */
export const createCallQueue = (name: string, send: Send, clock: Clock, maxWaiting = 50): CallQueue => {
  let waiting: Entry[] = [];
  let open: { entry: Entry; deadline: Timer } | undefined;
  let ended: string | undefined;

  const failure = (kind: CallFailure['kind'], action: string, why: string): CallFailure =>
    new CallFailure(kind, `${name}, ${action}: ${why}`);

  /** Takes an entry out of the line and lets it fail. */
  const drop = (entry: Entry, why: string): void => {
    waiting = waiting.filter((each) => each !== entry);
    entry.expiry?.cancel();
    entry.reject(failure('dropped', entry.action, why));
  };

  /** Settles the open call, if it still is the open one, and sends the next. */
  const finish = (entry: Entry, act: () => void): void => {
    if (open?.entry !== entry) return;
    open.deadline.cancel();
    open = undefined;
    act();
    sendNext();
  };

  const sendNext = (): void => {
    if (open) return;
    const entry = waiting.shift();
    if (!entry) return;
    const { action, payload, options, expiry, resolve, reject } = entry;
    expiry?.cancel();
    const abort = new AbortController();
    const deadline = clock.after(options.timeoutMs, () =>
      finish(entry, () => {
        // An answer that still comes belongs to nothing any more.
        abort.abort('timeout');
        reject(failure('timeout', action, `no answer within ${options.timeoutMs} ms`));
      }),
    );
    open = { entry, deadline };
    send(action, payload, abort.signal).then(
      (result) => finish(entry, () => resolve(result)),
      (error: CallFailure) => finish(entry, () => reject(error)),
    );
  };

  /** Where a new call stands: in the place of the one it overtakes, else behind all that are as urgent. */
  const placeOf = ({ key, isUrgent = false }: CallOptions): number => {
    const same = waiting.find(({ options }) => key !== undefined && options.key === key);
    const place = same ? waiting.indexOf(same) : -1;
    if (same) drop(same, 'a newer one has taken its place');
    if (same && (same.options.isUrgent ?? false) === isUrgent) return place;
    if (!isUrgent) return waiting.length;
    const firstPatient = waiting.findIndex(({ options }) => !options.isUrgent);
    return firstPatient < 0 ? waiting.length : firstPatient;
  };

  /** @returns whether there is room; urgent calls push out the last one that is not */
  const makeRoom = (isUrgent: boolean): boolean => {
    if (waiting.length < maxWaiting) return true;
    const victim = isUrgent ? waiting.findLast(({ options }) => !options.isUrgent) : undefined;
    if (victim) drop(victim, `${maxWaiting} calls wait already, and a more urgent one has come`);
    return victim !== undefined;
  };

  return {
    call: (action, payload, options) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(failure('offline', action, ended));
        const leftMs = options.notAfter === undefined ? undefined : options.notAfter - clock.monotonic();
        if (leftMs !== undefined && leftMs <= 0) return reject(failure('dropped', action, 'it comes too late'));
        const place = placeOf(options);
        if (!makeRoom(options.isUrgent ?? false))
          return reject(failure('dropped', action, `${maxWaiting} calls wait already`));
        const entry: Entry = { action, payload, options, expiry: undefined, resolve, reject };
        waiting.splice(place, 0, entry);
        sendNext();
        if (leftMs !== undefined && waiting.includes(entry))
          entry.expiry = clock.after(leftMs, () => drop(entry, 'its time was over before it could be sent'));
      }),
    end(reason) {
      ended = reason;
      const left = waiting;
      waiting = [];
      for (const { action, expiry, reject } of left) {
        expiry?.cancel();
        reject(failure('offline', action, reason));
      }
      if (!open) return;
      const { entry } = open;
      finish(entry, () => entry.reject(failure('offline', entry.action, reason)));
    },
  };
};
