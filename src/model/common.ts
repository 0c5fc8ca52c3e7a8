/** Pieces that several envelopes share. */
import { z } from 'zod';
import { idPattern, idRule, wordPattern } from './topic.ts';

export const id = z.string().regex(idPattern, `an id ${idRule}`);
export const word = z.string().regex(wordPattern, 'a word is lower snake_case');

/** ISO 8601 in UTC with Z. */
export const instant = z.iso.datetime({ error: 'a time is ISO 8601 in UTC, like 2026-11-23T10:15:30.123Z' });

export const finite = z.number();
/** Text from outside, bounded so that one field cannot fill a topic. */
export const shortText = z.string().max(256);

export const qualities = ['good', 'estimated', 'stale', 'invalid'] as const;
/** From good to bad; a derived value takes the worst of the inputs it could not do without. */
export const quality = z.enum(qualities);
export type Quality = z.infer<typeof quality>;

const badness: Record<Quality, number> = { good: 0, estimated: 1, stale: 2, invalid: 3 };
export const worst = (a: Quality, b: Quality): Quality => (badness[a] >= badness[b] ? a : b);

/** Why a value is not good. Open: further reasons in lower snake_case may follow. */
export const reasons = [
  'modbus_timeout',
  'modbus_exception',
  'sentinel',
  'out_of_range',
  'schema',
  'unit_unknown',
  'device_offline',
  'clock_skew',
  'counter_reset',
  'spike',
  'sign_suspect',
  'partial_inputs',
  'late',
  'simulated',
] as const;
export type Reason = (typeof reasons)[number];

/** What tells copies and order apart: boot is chosen at publisher start, seq counts per topic within it. */
export const sequence = {
  seq: z.int().min(0).optional(),
  boot: z
    .string()
    .regex(/^[A-Za-z0-9]{4,16}$/)
    .optional(),
};
