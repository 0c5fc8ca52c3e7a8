/** A charging session as it is kept. */
import { z } from 'zod';

const maybe = z.number().optional();
/** Also where it is left out in the record. */
const known = z
  .number()
  .optional()
  .transform((value) => value);

const registerSchema = z.object({
  first: known,
  firstAt: known,
  begun: known,
  start: known,
  last: known,
  carried: z.number(),
  odd: known,
  left: known,
  lastAt: known,
  end: known,
});

/** The record of a transaction on disk; times are ms since 1970, by our clock. */
export const transactionSchema = z.object({
  /** As the station names it; an integer in 1.6. */
  transaction: z.string(),
  /** undefined: the station never said where. */
  evse: maybe,
  /** running: to the best of our knowledge. detached: nothing is plugged in any more, its end is still to come. */
  state: z.enum(['running', 'detached', 'ended']),
  /** Tells one beginning from another: 1.6 stations repeat theirs until it is answered. */
  fingerprint: z.string().optional(),
  /** When the car was gone, ms. */
  detachedAt: maybe,
  /** Hashed. */
  tag: z.string().optional(),
  startedAt: maybe,
  endedAt: maybe,
  register: registerSchema,
  /** As it was read before an end was concluded, which gives way to what the station tells of it. */
  registerBefore: registerSchema.optional(),
  chargingState: z.enum(['charging', 'ev_connected', 'suspended_ev', 'suspended_evse', 'idle']).optional(),
  /** The transaction was charging once. */
  hasFlowed: z.boolean(),
  /** We learnt of it in the middle. */
  isAdopted: z.boolean(),
  /** Told by the station while it went on, not only afterwards. */
  isLive: z.boolean(),
  remoteStartId: maybe,
  reason: z.string().optional(),
  /** The end was reported. */
  isTold: z.boolean(),
  /** Its end was concluded and told, and came after all. */
  isCorrected: z.boolean().optional(),
});
export type Transaction = z.infer<typeof transactionSchema>;

/** @param now ms @returns s; undefined where nobody knows when it began */
export const durationOf = ({ startedAt, endedAt, isAdopted }: Transaction, now: number): number | undefined =>
  startedAt === undefined || isAdopted ? undefined : Math.max(0, Math.floor(((endedAt ?? now) - startedAt) / 1000));
