/** Reading the payload of a request that the CSMS sends. */
import { createRPCError } from 'ocpp-rpc';
import { z } from 'zod';

/** @returns the payload @throws a CALLERROR FormationViolation that says what is wrong */
export const readParams = <T>(schema: z.ZodType<T>, params: unknown): T => {
  const read = schema.safeParse(params);
  if (!read.success) throw createRPCError('FormationViolation', z.prettifyError(read.error));
  return read.data;
};

/** dateTime to ms since 1970; text that is no time counts as absent. */
export const dateTime = z.string().transform((text) => {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
});

/** RecurrencyKindType in seconds. */
export const recurrencyS = { Daily: 86_400, Weekly: 604_800 } as const;
