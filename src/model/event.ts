/** event/1: something happened once; an alarm is an event with a state. */
import { z } from 'zod';
import { instant, shortText, word } from './common.ts';

export const severities = ['debug', 'info', 'warning', 'alarm', 'critical'] as const;

export const eventSchema = z.looseObject({
  schema: z.literal('event/1'),
  id: z.string().min(1).max(64),
  name: word,
  severity: z.enum(severities),
  ts: instant,
  state: z.enum(['active', 'cleared', 'acknowledged']).optional(),
  code: shortText.optional(),
  message: z.string().max(1024).optional(),
  first: instant.optional(),
  data: z.record(z.string().max(64), z.json()).optional(),
});
export type Event = z.infer<typeof eventSchema>;
