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
/** @returns the worse of two qualities */
export const worst = (a: Quality, b: Quality): Quality => (badness[a] >= badness[b] ? a : b);

/** Why a value is not good, and what that means. Open: further reasons in lower snake_case may follow. */
export const reasons = {
  modbus_timeout: 'the device did not answer in time',
  modbus_exception: 'the device refused to tell the value, or answered what cannot be understood',
  sentinel: 'the device says itself that it has no value',
  out_of_range: 'the value is outside of what the quantity, or the profile, allows',
  schema: 'the message breaks its schema',
  unit_unknown: 'the unit is missing, unknown, or contradicts other values',
  device_offline: 'the device cannot be reached',
  clock_skew: 'the clock of the source is wrong: the time is that of the reception',
  counter_reset: 'the counter began again from 0',
  spike: 'the value does not fit those around it',
  sign_suspect: 'the sign contradicts other values',
  not_measured: 'the device does not measure it',
  partial_inputs: 'one of the values it is made from is missing',
  late: 'it was told long after it was measured',
  simulated: 'it comes from the simulator',
} as const;
export type Reason = keyof typeof reasons;

/**
 * The fields that tell copies from new messages, and give the order: boot is chosen at publisher start, seq counts per
 * topic within it.
 */
export const sequence = {
  seq: z.int().min(0).optional(),
  boot: z
    .string()
    .regex(/^[A-Za-z0-9]{4,16}$/)
    .optional(),
};
