/**
 * The requests that a bus sends a second time. Reading twice harms nothing; the meaning of a failed write is left to its
 * sender.
 */
import { isBusy, type ModbusFailure } from '../../failures.ts';
import { isWrite } from '../../messages.ts';
import type { BusUnit } from './bus-unit.ts';
import type { Job } from './job.ts';

/** Times that a read request to a busy unit is sent again before it fails. */
const busyRetries = 3;

interface Circumstances {
  failure: ModbusFailure;
  /** Monotonic ms of the earliest next request to the unit. */
  freeAt: number;
  /** The connection is there, or may come back in a moment. */
  isConnected: boolean;
}

/**
 * Whether a failed request is sent again: up to three times to a busy unit; once after a broken connection; and once
 * without a response or with a malformed one, if there is time for it.
 */
export const mayRetry = (
  unit: BusUnit,
  { request, retries, retryUntil }: Job,
  { failure, freeAt, isConnected }: Circumstances,
): boolean => {
  if (isWrite(request) || unit.isDead) return false;
  if (isBusy(failure)) return retries < busyRetries;
  if (failure.kind === 'timeout' || failure.kind === 'malformed')
    return retries === 0 && freeAt + unit.timeoutMs <= retryUntil;
  return failure.kind === 'disconnected' && retries === 0 && isConnected;
};
