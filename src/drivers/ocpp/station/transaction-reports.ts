/** The starts and ends of transactions as events, each reported until it has surely arrived. */
import type { Clock, Timer } from '../../../model/time.ts';
import type { DriverEvent } from '../../driver.ts';
import { registerSuspect, sessionEnded, sessionStarted } from './session-events.ts';
import type { Transaction } from './transaction.ts';
import { seenLive } from './transaction-changes.ts';
import type { TransactionRecords } from './transaction-records.ts';

export interface ReportOptions {
  /** Identity of the station, for ids of events that survive a restart. */
  identity: string;
  clock: Clock;
  event(event: DriverEvent): void;
}

/** After this long an event has reached the outbox of the bridge, ms; after a crash before that it is reported again. */
const reportedAfterMs = 5000;

/** Reports the starts and ends of the transactions of one station. */
export class TransactionReports {
  private readonly transactions: TransactionRecords;
  private readonly options: ReportOptions;
  private readonly pending = new Set<Timer>();

  constructor(transactions: TransactionRecords, options: ReportOptions) {
    this.transactions = transactions;
    this.options = options;
  }

  started(transaction: Transaction): void {
    const { event, identity } = this.options;
    event(sessionStarted(identity, transaction));
  }

  /** The transaction goes on now: its start is reported, where it was known only from what was told late. */
  live(transaction: Transaction): void {
    if (seenLive(this.transactions, transaction)) this.started(transaction);
  }

  ended(transaction: Transaction): void {
    const { pending, transactions } = this;
    const { event, identity, clock } = this.options;
    event(sessionEnded(identity, transaction));
    const suspect = registerSuspect(identity, transaction);
    if (suspect) event(suspect);
    const timer = clock.after(reportedAfterMs, () => {
      pending.delete(timer);
      transactions.markReported(transaction);
    });
    pending.add(timer);
  }

  /** After a restart: ends that nobody may have heard of. */
  resume(): void {
    for (const transaction of this.transactions.unreported()) this.ended(transaction);
  }

  close(): void {
    for (const timer of this.pending) timer.cancel();
  }
}
