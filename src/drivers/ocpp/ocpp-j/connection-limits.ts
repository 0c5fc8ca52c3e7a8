/** Limits of one connection: no station takes more of the server than these. */
import type { Rate } from '../../../common/rate-limit.ts';
import type { AnswerLimits } from './incoming-calls.ts';

export interface ConnectionLimits extends AnswerLimits {
  /** Messages of the station. */
  messages: Rate;
  /** Characters of its messages. */
  bytes: Rate;
  /** Calls of ours that wait. */
  maxWaiting: number;
  /** Bytes that were sent and not taken by the station. */
  maxUnsent: number;
  /** For a station to answer the close, ms. */
  closeGraceMs: number;
  /**
   * A station that is not answered is let go after this long, ms: before it gives up waiting and counts an attempt. What
   * it could not tell for want of a connection it keeps (OCPP 1.6 §4.6, 2.0.1 part 2 E04).
   */
  unansweredMs: number;
}
