/** What a bus tells beside the answers to requests. */
import type { LinkNotice } from './link.ts';
import type { ReadRequest } from './request.ts';

/** A unit answers later than its timeout; isGiven: it gets the time that it needs from now on. */
export interface SlowNotice {
  kind: 'slow';
  unit: number;
  tookMs: number;
  timeoutMs: number;
  neededMs: number;
  isGiven: boolean;
}

/** What became known of the connection or of a unit beside the answers to its requests. */
export type BusNotice =
  | Exclude<LinkNotice, { kind: 'late' }>
  | SlowNotice
  /** It was answered when it was asked once more; why the first attempt failed. */
  | { kind: 'repeated'; request: ReadRequest; reason: string };
