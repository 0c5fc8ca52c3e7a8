/**
 * The transactions of a Modbus TCP connection: requests in flight by their transaction identifier, in any number and
 * answered in any order. MODBUS Messaging on TCP/IP Implementation Guide V1.0b §4.4.1.2, §4.4.1.3.
 */
import { failureOf, type ModbusFailure, timeoutFailure } from '../failures.ts';
import { isWrite, type Request } from '../messages.ts';

/** A request in flight. */
interface Transaction {
  request: Request;
  /** Counts requests, from 1 once sent: a response to a later request proves that this one has arrived as well. */
  order: number;
  /** Monotonic ms. */
  sentAt: number;
  /** Monotonic ms. */
  deadline: number;
  timeoutMs: number;
  resolve(data: Buffer): void;
  reject(failure: ModbusFailure): void;
}

/** Expired transactions that are remembered for their late responses. */
const maxExpired = 64;
/** The transaction identifier has 16 bits. */
const maxId = 0xffff;

/** The transactions of one link. */
export class Transactions {
  readonly #pending = new Map<number, Transaction>();
  /** Expired transactions by an identifier that is not used again for 65,536 requests. */
  readonly #expired = new Map<number, Transaction>();
  /** The last response whose identifier was never used, and the requests sent by then. */
  #foreign: { id: number; order: number } | undefined;
  #lastId = 0;
  #sent = 0;
  /** Largest order of a request that was answered. */
  #lastAnswered = 0;
  /** Order of the last write on this connection. */
  #lastWrite = 0;

  get size(): number {
    return this.#pending.size;
  }

  /** A new connection: responses of the one before cannot arrive any more. */
  connected(): void {
    this.#expired.clear();
    this.#foreign = undefined;
    this.#lastWrite = 0;
  }

  /** Numbers a transaction. @returns its transaction identifier */
  begin(transaction: Transaction): number {
    do this.#lastId = (this.#lastId + 1) & maxId;
    while (this.#pending.has(this.#lastId));
    transaction.order = ++this.#sent;
    if (isWrite(transaction.request)) this.#lastWrite = transaction.order;
    this.#pending.set(this.#lastId, transaction);
    return this.#lastId;
  }

  find(id: number): Transaction | undefined {
    return this.#pending.get(id);
  }

  /** Takes a transaction out, because its response is there. */
  answered(id: number): Transaction | undefined {
    const transaction = this.#pending.get(id);
    if (!transaction) return undefined;
    this.#pending.delete(id);
    this.#lastAnswered = Math.max(this.#lastAnswered, transaction.order);
    return transaction;
  }

  /** @returns the expired transaction that a late response belongs to; undefined for a foreign response */
  answeredLate(id: number): Transaction | undefined {
    const late = this.#expired.get(id);
    if (late) this.#expired.delete(id);
    else this.#foreign = { id, order: this.#sent };
    return late;
  }

  /**
   * Takes out the transactions whose deadline has passed.
   * @param now monotonic ms
   * @returns these transactions, and the earliest deadline of the others (monotonic ms)
   */
  expire(now: number): { expired: Transaction[]; nextDeadline: number } {
    const expired: Transaction[] = [];
    let nextDeadline = Number.POSITIVE_INFINITY;
    for (const [id, transaction] of this.#pending) {
      if (transaction.deadline > now) nextDeadline = Math.min(nextDeadline, transaction.deadline);
      else {
        this.#pending.delete(id);
        this.#remember(id, transaction);
        expired.push(transaction);
      }
    }
    return { expired, nextDeadline };
  }

  /** Takes out all transactions, because the connection is over. */
  takeAll(): Transaction[] {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    return all;
  }

  /** Whether a write may still lie in the connection: no response proves that it, or a later request, has arrived. */
  get hasUnprovenWrite(): boolean {
    return this.#lastWrite > this.#lastAnswered;
  }

  isUnprovenWrite({ request, order }: Transaction): boolean {
    return isWrite(request) && order > this.#lastAnswered;
  }

  /** @returns the failure of an expired transaction: without a response, or with one under a foreign identifier */
  failureOf({ request, order, timeoutMs }: Transaction): ModbusFailure {
    return this.#foreign && this.#foreign.order >= order
      ? failureOf('malformed', request, `answered with a foreign transaction id, ${this.#foreign.id}`)
      : timeoutFailure(request, timeoutMs);
  }

  #remember(id: number, transaction: Transaction): void {
    this.#expired.delete(id);
    this.#expired.set(id, transaction);
    const [oldest] = this.#expired.keys();
    if (this.#expired.size > maxExpired && oldest !== undefined) this.#expired.delete(oldest);
  }
}
