/** The transactions block (OCPP 2.0.1 part 2, block E). */
import type { Authorizer } from '../authorization/authorize.ts';
import type { Block } from '../block.ts';
import type { Answer, MessageOf } from '../messages.ts';
import { concludeDetached, graceMs } from '../station/lost-transactions.ts';
import type { Station } from '../station/station.ts';
import { onTransactionEvent } from './on-transaction-event.ts';
import type { TransactionContext } from './place-transaction.ts';

export interface TransactionsOptions {
  authorizer: Authorizer;
}

/** The transactions block of one station. */
export class Transactions implements Block {
  private readonly context: TransactionContext;

  constructor(station: Station, { authorizer }: TransactionsOptions) {
    this.context = { station, authorizer };
  }

  onStartTransaction(message: MessageOf<'transaction_started'>): Answer | Promise<Answer> {
    return onTransactionEvent.transaction_started(this.context, message);
  }

  onTransactionEvent(message: MessageOf<'transaction_updated'>): Answer | Promise<Answer> {
    return onTransactionEvent.transaction_updated(this.context, message);
  }

  onStopTransaction(message: MessageOf<'transaction_ended'>): Answer {
    return onTransactionEvent.transaction_ended(this.context, message);
  }

  usable(): void {
    this.context.station.showTransactions();
  }

  /** Transactions whose car has left, and whose end never came, are over. */
  tick(): void {
    const { station } = this.context;
    const { clock, transactions, replayedAt } = station;
    // A station that still tells of the time before its connection may yet tell the end.
    if (clock.monotonic() - replayedAt < graceMs) return;
    for (const each of concludeDetached(transactions, clock.now() - graceMs)) station.reports.ended(each);
  }
}
