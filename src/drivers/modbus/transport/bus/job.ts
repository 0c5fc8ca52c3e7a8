/** A request in the queue of a bus, and the failures of requests that the bus does not send. */
import { failureOf, type ModbusFailure } from '../../failures.ts';
import type { Request } from '../../messages.ts';
import type { LinkState } from '../modbus-link.ts';

/** A request that waits for its turn, or for its response. */
export interface Job {
  request: Request;
  /** Monotonic ms after which the request is not sent any more. */
  notAfter: number;
  /** Monotonic ms by which a second attempt has to be over. */
  retryUntil: number;
  retries: number;
  /** The failure of the attempt before. */
  failure: ModbusFailure | undefined;
  resolve(data: Buffer): void;
  reject(failure: ModbusFailure): void;
}

/** @returns the failure of a write that was not sent in time */
export const expired = ({ request }: Job): ModbusFailure =>
  failureOf('expired', request, 'not sent, its deadline had passed');

/** @returns the failure of a request without a connection */
export const disconnected = ({ request }: Job, state: LinkState): ModbusFailure =>
  failureOf('disconnected', request, `no connection (${state.kind === 'waiting' ? state.reason : state.kind})`);

/**
 * @param reason why the unit is not answering
 * @returns the failure of a request to a dead unit
 */
export const unreachable = ({ request }: Job, reason: string): ModbusFailure =>
  failureOf('unreachable', request, `the unit is not answering (${reason})`);
