/** Facts that a bus tells besides the outcome of requests. */
import type { ReadRequest } from '../../messages.ts';
import type { LinkNotice } from '../modbus-link.ts';

/** A unit answers later than its timeout. */
export interface SlowNotice {
  kind: 'slow';
  unit: number;
  tookMs: number;
  timeoutMs: number;
  /** A timeout with room for a slower response. */
  neededMs: number;
  /** The unit is given this time from now on. */
  isGiven: boolean;
}

/** A read request was answered at the second attempt. */
interface RepeatedNotice {
  kind: 'repeated';
  request: ReadRequest;
  /** Why the first attempt failed. */
  reason: string;
}

/** A fact about the connection, or about one unit or request on it. */
export type BusNotice = Exclude<LinkNotice, { kind: 'late' }> | SlowNotice | RepeatedNotice;
