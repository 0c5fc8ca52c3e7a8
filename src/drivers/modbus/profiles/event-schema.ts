/** The schema of events that bits of a register stand for. */
import { z } from 'zod';
import { severities } from '../../../model/event.ts';

/** A bit of a register, counted from the lowest one. */
export const bitNumber = z.string().regex(/^\d{1,2}$/, 'a bit is a number from 0 on');

const bitEventSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,47}$/, 'the name of an event is lower snake_case'),
  severity: z.enum(severities),
});
/** The event that a bit stands for. */
export type BitEvent = z.infer<typeof bitEventSchema>;

/** The bits of a point that are events. */
export const eventsSchema = z.strictObject({
  /** The component that the events happen to: "inverter", "battery/2". */
  component: z.string().regex(/^[a-z][a-z0-9_]*(\/([1-9][0-9]*|\{i\}))?$/),
  bits: z.record(bitNumber, bitEventSchema),
  /** The event of all other bits; absent: they are not told. */
  others: bitEventSchema.optional(),
});
/** The events of the bits of a point. */
export type PointEvents = z.infer<typeof eventsSchema>;
