/** reading/1: one value of one quantity of one device. */
import { z } from 'zod';
import { finite, instant, quality, sequence, shortText, word } from './common.ts';
import { unitCodes } from './units.ts';

export const readingSchema = z
  .looseObject({
    schema: z.literal('reading/1'),
    /** null where it is not known: never 0 for "could not read". */
    value: z.union([finite, z.boolean(), z.string().max(1024), z.null()]),
    /** Required for numbers. */
    unit: z.enum(unitCodes).optional(),
    /** Time of measurement. */
    ts: instant,
    quality,
    ...sequence,
    source: shortText.optional(),
    /** The value as the source gave it, digits kept. */
    raw: z.union([z.string().max(1024), finite]).optional(),
    raw_unit: shortText.optional(),
    reason: word.optional(),
    since: instant.optional(),
    /** Time of reception, where ts comes from the device. */
    rx: instant.optional(),
    /** How far ahead the clock of the source was, where the time of reception took the place of its time, s. */
    skew_s: finite.optional(),
    accuracy: finite.optional(),
    /** Changes when a meter is exchanged or reset. */
    counter_id: shortText.optional(),
    late: z.boolean().optional(),
  })
  .superRefine((reading, context) => {
    if (typeof reading.value === 'number' && reading.unit === undefined)
      context.addIssue({ code: 'custom', path: ['unit'], message: 'a number needs a unit' });
    if (reading.quality === 'invalid' && reading.value !== null)
      context.addIssue({ code: 'custom', path: ['value'], message: 'an invalid reading has the value null' });
    if (reading.quality !== 'invalid' && reading.value === null)
      context.addIssue({ code: 'custom', path: ['quality'], message: 'the value null has the quality invalid' });
  });

export type Reading = z.infer<typeof readingSchema>;
export type Value = Reading['value'];

/** The cross-field rules above in the words of JSON Schema, for the exported file. */
export const readingRules = {
  allOf: [
    { anyOf: [{ required: ['unit'] }, { properties: { value: { not: { type: 'number' } } } }] },
    {
      oneOf: [
        { properties: { quality: { const: 'invalid' }, value: { type: 'null' } } },
        { properties: { quality: { not: { const: 'invalid' } }, value: { not: { type: 'null' } } } },
      ],
    },
  ],
} as const;
