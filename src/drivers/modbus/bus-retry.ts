/** Which requests a bus sends a second time. Reading twice harms nothing; what a failed write means is for its sender to decide. */
import { type Job, saysBusy, timeoutOf, type Unit } from './bus-unit.ts';
import { isWrite, type ModbusFailure } from './request.ts';

/** A read that finds its unit busy is sent again this often before it fails. */
const busyRetries = 3;

interface Circumstances {
  /** Monotonic time of the earliest next request to the unit. */
  freeAt: number;
  /** The connection is there, or may come back in a moment. */
  isConnected: boolean;
}

/**
 * A busy unit is asked again, and once what a broken connection took along, what was not answered, and what nobody
 * could make sense of.
 * @param unit attached, where its time is not over
 */
export const mayRetry = (
  unit: Unit,
  { request, retries, againUntil }: Job,
  failure: ModbusFailure,
  { freeAt, isConnected }: Circumstances,
): boolean => {
  if (isWrite(request) || unit.isDead) return false;
  if (saysBusy(failure)) return retries < busyRetries;
  if (failure.kind === 'timeout' || failure.kind === 'malformed')
    return retries === 0 && freeAt + timeoutOf(unit) <= againUntil;
  return failure.kind === 'disconnected' && retries === 0 && isConnected;
};
