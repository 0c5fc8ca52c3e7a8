/**
 * The transactions of one station as they are kept. What the station is answered was written down before: a store that
 * fails means no answer for the station, which tells it again later, and never a lost session.
 */
import { z } from 'zod';
import type { Clock } from '../../../model/time.ts';
import { CallFailure } from '../ocpp-j/station-link.ts';
import { newRegister } from './session-energy.ts';
import type { StationRecords } from './station-records.ts';
import { type Transaction, transactionSchema } from './transaction.ts';

/** Ended transactions that are remembered, so that what is told twice is known for the same. */
const mostEnded = 200;
/** In all states: no station has more to tell of. */
const mostTransactions = 1000;
/** OCPP 1.6 §7: transactionId is an integer; stations keep it in 32 bits. */
const largestId = 2 ** 31 - 2;

const record = z.object({ session: transactionSchema });
const idRecord = z.object({ lastId: z.number() });

/** A transaction that began, and of which nothing else is known yet. @param at ms since 1970; undefined: not known */
export const openTransaction = (id: string, evse: number | undefined, at: number | undefined): Transaction => ({
  transaction: id,
  evse,
  state: 'running',
  startedAt: at,
  register: newRegister(undefined),
  hasFlowed: false,
  isAdopted: false,
  isLive: false,
  isTold: false,
});

/** The transactions of one station, by id and by EVSE. */
export class TransactionRecords {
  readonly byId = new Map<string, Transaction>();
  /** The transaction that began last on each EVSE. */
  readonly current = new Map<number, string>();
  /** When the register of each was written, monotonic ms. */
  readonly writtenAt = new Map<string, number>();
  readonly clock: Clock;
  private readonly records: StationRecords;
  private lastId = 0;

  constructor(records: StationRecords, clock: Clock) {
    this.records = records;
    this.clock = clock;
    for (const given of records.loaded) {
      const parsed = record.safeParse(given);
      if (parsed.success) this.remember(parsed.data.session);
      const id = idRecord.safeParse(given);
      if (id.success) this.lastId = Math.max(this.lastId, id.data.lastId);
    }
    records.keep(() => [{ lastId: this.lastId }, ...[...this.byId.values()].map((session) => ({ session }))]);
  }

  /** The last record could not be written. */
  get isBroken(): boolean {
    return this.records.isBroken;
  }

  /** Survives the end of power. @throws CallFailure where it could not be written: the station has to tell it again */
  write(transaction: Transaction): Transaction {
    if (!this.records.append({ session: transaction }, true))
      throw new CallFailure('unanswered', 'the transaction could not be written down');
    this.writtenAt.set(transaction.transaction, this.clock.monotonic());
    this.remember(transaction);
    return transaction;
  }

  /** Survives the end of the process; where the station tells it again, nobody waits for the disk. */
  note(transaction: Transaction): Transaction {
    this.records.append({ session: transaction }, false);
    this.remember(transaction);
    return transaction;
  }

  /** Without a record on disk. */
  remember(transaction: Transaction): void {
    const { byId, current } = this;
    const { transaction: id, evse, state } = transaction;
    const isNew = !byId.has(id);
    byId.set(id, transaction);
    if (evse !== undefined && state === 'running' && this.isNewest(evse, transaction)) current.set(evse, id);
    if (!isNew) return;
    const number = Number(id);
    if (Number.isInteger(number) && number <= largestId) this.lastId = Math.max(this.lastId, number);
    this.forgetOldest();
  }

  /** OCPP 1.6: seconds since 1970 lie above every id given before, even where the store was lost. */
  nextId(): string {
    const wanted = Math.max(this.lastId + 1, Math.floor(this.clock.now() / 1000));
    if (wanted <= largestId) return String(wanted);
    let id = 1;
    while (this.byId.has(String(id))) id++;
    return String(id);
  }

  /** The transaction that runs on an EVSE, to the best of our knowledge. */
  runningOn(evse: number): Transaction | undefined {
    const transaction = this.byId.get(this.current.get(evse) ?? '');
    return transaction?.state === 'running' ? transaction : undefined;
  }

  /** Transactions that ended, and whose end may not have been reported. */
  unreported(): Transaction[] {
    return [...this.byId.values()].filter(({ state, isTold }) => state === 'ended' && !isTold);
  }

  /** The end was reported, unless it has been corrected since. */
  markReported({ transaction: id, endedAt, isCorrected }: Transaction): void {
    const now = this.byId.get(id);
    if (now && now.endedAt === endedAt && now.isCorrected === isCorrected) this.note({ ...now, isTold: true });
  }

  /** A start that is told late is not what goes on now. */
  private isNewest(evse: number, { startedAt = 0 }: Transaction): boolean {
    const now = this.byId.get(this.current.get(evse) ?? '');
    return now?.state !== 'running' || startedAt >= (now.startedAt ?? 0);
  }

  private forgetOldest(): void {
    const { byId } = this;
    const ended = [...byId.values()].filter(({ state, isTold }) => state === 'ended' && isTold);
    for (const { transaction } of ended.slice(0, Math.max(0, ended.length - mostEnded))) this.forget(transaction);
    for (const id of byId.keys()) {
      if (byId.size <= mostTransactions) break;
      this.forget(id);
    }
  }

  private forget(id: string): void {
    this.byId.delete(id);
    this.writtenAt.delete(id);
  }
}
