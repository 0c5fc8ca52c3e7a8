/**
 * What the backend is still to be told, in order. Beginnings and ends of transactions are written down at once, their
 * meter values while the backend is away; everything else is for those who listen now.
 */
import { z } from 'zod';
import type { Clock, Timer } from '../../../model/time.ts';
import type { CallFailure } from '../link/link.ts';
import type { Ledger } from '../station/store.ts';

const letterSchema = z.object({
  id: z.number(),
  action: z.string(),
  payload: z.record(z.string(), z.unknown()),
  /** always: nothing works without it. patient: one of many, while the backend is away. never: of this moment. */
  keep: z.enum(['always', 'patient', 'never']),
  /** 1.6, the beginning of a transaction: our number. */
  transaction: z.number().optional(),
});
export type Letter = z.infer<typeof letterSchema>;

export interface OutboxRoute {
  /** @returns the answer, or undefined where there was nothing to tell; rejects with a CallFailure */
  send(letter: Letter): Promise<unknown>;
  /** It has arrived; what follows from it is written down before the letter is forgotten. */
  answered(letter: Letter, answer: unknown): void;
  /** The backend refuses it for good, or there are too many. */
  lost(letter: Letter, why: string): void;
}

export interface ForwardOutbox {
  isOpen(): boolean;
  /** @param now of this moment, before what has waited */
  open(now: Omit<Letter, 'id'>[]): void;
  /** The backend is away, or we are to be. */
  shut(): void;
  /** @returns the answer; undefined where it does not come with this connection */
  push(letter: Omit<Letter, 'id'>): Promise<unknown>;
}

interface Entry {
  letter: Letter;
  /** About, in memory and on the disk. */
  bytes: number;
  isWritten: boolean;
  attempts: number;
  settle(answer: unknown): void;
}

const mostLetters = 2000;
const mostBytes = 16 * 1024 * 1024;
const mostAttempts = 3;
const retryMs = 10_000;

const waitingRecord = z.object({ forwardWaiting: letterSchema });
const doneRecord = z.object({ forwardDone: z.number() });

export const createForwardOutbox = (ledger: Ledger, clock: Clock, route: OutboxRoute): ForwardOutbox => {
  let entries: Entry[] = [];
  let lastId = 0;
  let isOpen = false;
  let isSending = false;
  let retrying: Timer | undefined;

  const enclose = (letter: Letter, isWritten: boolean): Entry => ({
    letter,
    bytes: JSON.stringify(letter).length,
    isWritten,
    attempts: 0,
    settle() {},
  });

  for (const given of ledger.records) {
    const waiting = waitingRecord.safeParse(given);
    const done = doneRecord.safeParse(given);
    if (waiting.success) {
      const letter = waiting.data.forwardWaiting;
      lastId = Math.max(lastId, letter.id);
      entries.push(enclose(letter, true));
    }
    if (done.success) entries = entries.filter(({ letter }) => letter.id !== done.data.forwardDone);
  }
  ledger.keep(() => entries.flatMap(({ letter, isWritten }) => (isWritten ? [{ forwardWaiting: letter }] : [])));

  const write = (entry: Entry): void => {
    if (entry.isWritten || entry.letter.keep === 'never') return;
    // Where it cannot be written, it lasts as long as the process.
    entry.isWritten = ledger.append({ forwardWaiting: entry.letter }, entry.letter.keep === 'always');
  };

  const remove = (entry: Entry, answer?: unknown): void => {
    entries = entries.filter((each) => each !== entry);
    if (entry.isWritten) ledger.append({ forwardDone: entry.letter.id }, false);
    entry.settle(answer);
  };

  const lose = (entry: Entry, why: string): void => {
    remove(entry);
    if (entry.letter.keep !== 'never') route.lost(entry.letter, why);
  };

  const isFull = (): boolean =>
    entries.length >= mostLetters || entries.reduce((sum, { bytes }) => sum + bytes, 0) > mostBytes;

  /** Every second meter value says nearly as much as all of them. */
  const makeRoom = (): void => {
    if (!isFull()) return;
    const [, ...rest] = entries;
    for (const [i, entry] of rest.filter(({ letter }) => letter.keep !== 'always').entries())
      if (i % 2 === 0) remove(entry);
    if (isFull() && entries[1]) lose(entries[1], `${entries.length} messages wait already`);
  };

  const fail = (entry: Entry, failure: CallFailure): void => {
    const { keep } = entry.letter;
    if (failure.kind === 'error') entry.attempts++;
    if (keep === 'never' || entry.attempts >= mostAttempts) lose(entry, failure.message);
    // A backend that does not answer is as good as away: what it is to know waits for it.
    else if (isOpen) retrying = clock.after(retryMs, sendNext);
  };

  const sendNext = (): void => {
    retrying?.cancel();
    retrying = undefined;
    const [entry] = entries;
    if (!isOpen || isSending || !entry) return;
    isSending = true;
    route
      .send(entry.letter)
      .then(
        (answer) => {
          if (answer !== undefined) route.answered(entry.letter, answer);
          remove(entry, answer);
        },
        (failure: CallFailure) => fail(entry, failure),
      )
      .finally(() => {
        isSending = false;
        if (!retrying) sendNext();
      });
  };

  return {
    isOpen: () => isOpen,
    open(now) {
      isOpen = true;
      entries.unshift(...now.map((letter) => enclose({ ...letter, id: ++lastId }, false)));
      sendNext();
    },
    shut() {
      isOpen = false;
      retrying?.cancel();
      retrying = undefined;
      for (const entry of entries) {
        entry.settle(undefined);
        write(entry);
      }
      entries = entries.filter(({ letter }) => letter.keep !== 'never');
    },
    push(given) {
      if (!isOpen && given.keep === 'never') return Promise.resolve(undefined);
      makeRoom();
      const entry = enclose({ ...given, id: ++lastId }, false);
      entries.push(entry);
      if (given.keep === 'always' || !isOpen) write(entry);
      if (!isOpen) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        entry.settle = resolve;
        if (!retrying) sendNext();
      });
    },
  };
};
