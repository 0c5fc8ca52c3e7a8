/**
 * Calls that still have to reach the backend, in order. The begin and the end of a transaction are written to the store
 * at once, its meter values while the backend is away; everything else is only for a backend that is there.
 */
import { z } from 'zod';
import type { Clock, Timer } from '../../../model/time.ts';
import type { CallFailure } from '../ocpp-j/station-link.ts';
import type { StationRecords } from '../station/station-records.ts';

const queuedCallSchema = z.object({
  id: z.number(),
  action: z.string(),
  payload: z.record(z.string(), z.unknown()),
  /**
   * Whether the call is written to the store. always: the bill is wrong without the call. patient: one of many, written
   * while the backend is away. never: of no use later.
   */
  keep: z.enum(['always', 'patient', 'never']),
  /** The begin of a transaction of 1.6: our number. */
  transaction: z.number().optional(),
});
export type QueuedCall = z.infer<typeof queuedCallSchema>;
/** A call that is not in the queue yet. */
export type NewCall = Omit<QueuedCall, 'id'>;

interface UpstreamQueueContext {
  records: StationRecords;
  clock: Clock;
  /** @returns the answer, or undefined where there was nothing to send; rejects with a CallFailure */
  send(call: QueuedCall): Promise<unknown>;
  /** The call is answered; what follows from the answer is written down before the call is forgotten. */
  onAnswer(call: QueuedCall, answer: unknown): void;
  /** The backend has refused the call for good, or too many wait. */
  onLost(call: QueuedCall, why: string): void;
}

interface Entry {
  call: QueuedCall;
  /** Approximate size, in factStore and on disk. */
  bytes: number;
  isWritten: boolean;
  /** How often the backend has answered with an error. */
  attempts: number;
  settle(answer: unknown): void;
}

const maxCalls = 2000;
const maxBytes = 16 * 1024 * 1024;
const maxAttempts = 3;
/** Before a call is sent again, ms. */
const retryMs = 10_000;

const waitingRecord = z.object({ forwardWaiting: queuedCallSchema });
const doneRecord = z.object({ forwardDone: z.number() });

const createEntry = (call: QueuedCall, isWritten: boolean): Entry => ({
  call,
  bytes: JSON.stringify(call).length,
  isWritten,
  attempts: 0,
  settle() {},
});

/** The queue of one station, sent one call at a time. */
export class UpstreamQueue {
  private readonly context: UpstreamQueueContext;
  private entries: Entry[] = [];
  private lastId = 0;
  private isUpstreamOpen = false;
  private isSending = false;
  private retryTimer: Timer | undefined;

  constructor(context: UpstreamQueueContext) {
    this.context = context;
    for (const record of context.records.loaded) this.restore(record);
    context.records.keep(() =>
      this.entries.flatMap(({ call, isWritten }) => (isWritten ? [{ forwardWaiting: call }] : [])),
    );
  }

  isOpen(): boolean {
    return this.isUpstreamOpen;
  }

  /** The backend takes calls. @param first sent before what has waited */
  open(first: NewCall[]): void {
    this.isUpstreamOpen = true;
    this.entries.unshift(...first.map((call) => createEntry({ ...call, id: ++this.lastId }, false)));
    this.sendNext();
  }

  /** The backend is away, or is not to be called: calls wait. */
  close(): void {
    this.isUpstreamOpen = false;
    this.cancelRetry();
    for (const entry of this.entries) {
      entry.settle(undefined);
      this.write(entry);
    }
    this.entries = this.entries.filter(({ call }) => call.keep !== 'never');
  }

  /** @returns the answer; undefined where none comes on this connection */
  push(call: NewCall): Promise<unknown> {
    if (!this.isUpstreamOpen && call.keep === 'never') return Promise.resolve(undefined);
    this.makeRoom();
    const entry = createEntry({ ...call, id: ++this.lastId }, false);
    this.entries.push(entry);
    if (call.keep === 'always' || !this.isUpstreamOpen) this.write(entry);
    if (!this.isUpstreamOpen) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      entry.settle = resolve;
      if (!this.retryTimer) this.sendNext();
    });
  }

  private restore(record: unknown): void {
    const waiting = waitingRecord.safeParse(record);
    const done = doneRecord.safeParse(record);
    if (waiting.success) {
      const call = waiting.data.forwardWaiting;
      this.lastId = Math.max(this.lastId, call.id);
      this.entries.push(createEntry(call, true));
    }
    if (done.success) this.entries = this.entries.filter(({ call }) => call.id !== done.data.forwardDone);
  }

  private write(entry: Entry): void {
    if (entry.isWritten || entry.call.keep === 'never') return;
    // A call that cannot be written lasts as long as the process.
    entry.isWritten = this.context.records.append({ forwardWaiting: entry.call }, entry.call.keep === 'always');
  }

  private remove(entry: Entry, answer?: unknown): void {
    this.entries = this.entries.filter((each) => each !== entry);
    if (entry.isWritten) this.context.records.append({ forwardDone: entry.call.id }, false);
    entry.settle(answer);
  }

  private lose(entry: Entry, why: string): void {
    this.remove(entry);
    if (entry.call.keep !== 'never') this.context.onLost(entry.call, why);
  }

  private isFull(): boolean {
    const { entries } = this;
    return entries.length >= maxCalls || entries.reduce((sum, { bytes }) => sum + bytes, 0) > maxBytes;
  }

  /** Drops every second meter value: the others say nearly as much. The first entry may be under way. */
  private makeRoom(): void {
    if (!this.isFull()) return;
    const [, ...rest] = this.entries;
    for (const [i, entry] of rest.filter(({ call }) => call.keep !== 'always').entries())
      if (i % 2 === 0) this.remove(entry);
    const [, oldest] = this.entries;
    if (this.isFull() && oldest) this.lose(oldest, `${this.entries.length} messages wait already`);
  }

  private sendNext(): void {
    this.cancelRetry();
    const [entry] = this.entries;
    if (!this.isUpstreamOpen || this.isSending || !entry) return;
    this.isSending = true;
    this.context
      .send(entry.call)
      .then(
        (answer) => {
          if (answer !== undefined) this.context.onAnswer(entry.call, answer);
          this.remove(entry, answer);
        },
        (failure: CallFailure) => this.onFailure(entry, failure),
      )
      .finally(() => {
        this.isSending = false;
        if (!this.retryTimer) this.sendNext();
      });
  }

  private onFailure(entry: Entry, failure: CallFailure): void {
    const { keep } = entry.call;
    if (failure.kind === 'error') entry.attempts++;
    if (keep === 'never' || entry.attempts >= maxAttempts) this.lose(entry, failure.message);
    // A backend that does not answer is as good as away: the call waits for it.
    else if (this.isUpstreamOpen) this.retryTimer = this.context.clock.after(retryMs, () => this.sendNext());
  }

  private cancelRetry(): void {
    this.retryTimer?.cancel();
    this.retryTimer = undefined;
  }
}
