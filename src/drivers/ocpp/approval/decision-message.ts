/** The message with a decision about a station that nobody has set up, from a form or a flow. */
import { z } from 'zod';
import { longestIdentity } from '../codec/limits.ts';

const identity = z.string().min(1).max(longestIdentity);

/** The message with a decision. */
export const stationDecision = z.discriminatedUnion('decision', [
  /** The station belongs to the node with this device id. adopt: the password with which it came is right from now on. */
  z.object({
    decision: z.literal('approve'),
    identity,
    device: z.string().max(64),
    adopt: z.boolean().default(false),
  }),
  z.object({ decision: z.literal('reject'), identity }),
  /** One that was refused may knock again. */
  z.object({ decision: z.literal('take_back'), identity }),
]);
export type StationDecision = z.infer<typeof stationDecision>;

const decisions: readonly string[] = stationDecision.options.map(({ shape }) => shape.decision.value);
/** Whether a word names a decision. */
export const isDecision = (word: string): boolean => decisions.includes(word);
