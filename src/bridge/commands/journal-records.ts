/** The records of the journal of commands as they come from a file. */
import { z } from 'zod';
import { responseSchema } from '../../model/command.ts';

const savedLease = z.object({
  id: z.string(),
  owner: z.string(),
  verb: z.string(),
  kind: z.enum(['setpoint', 'limit']),
  params: responseSchema.shape.applied.unwrap(),
  value: z.number().optional(),
  priority: z.number(),
  durationMs: z.number(),
  isBound: z.boolean(),
  order: z.number(),
  from: z.number(),
  untilWall: z.number(),
});

const actuatorRecord = z.object({
  actuator: z.string(),
  state: z.object({
    isOurs: z.boolean(),
    leases: z.array(savedLease),
    shown: z.array(z.string()),
    at: z.number(),
  }),
});

const commandRecord = z.object({
  command: z.object({
    id: z.string(),
    digest: z.string(),
    topic: z.string(),
    actuator: z.string(),
    reply: z.object({ responseTopic: z.string().optional(), correlationData: z.string().optional() }),
    answer: responseSchema.optional(),
  }),
});

/** Facts that the driver keeps; a record without facts ends those before. */
const keptRecord = z.object({ kept: z.string(), facts: z.unknown().optional() });

/** A record of the journal of commands. */
export const journalRecord = z.union([actuatorRecord, commandRecord, keptRecord]);
