/** Ranges of registers that proved unreadable at run time, besides those that the profile names; kept over restarts. */
import { z } from 'zod';

const schema = z.array(
  z.object({ table: z.enum(['coil', 'discrete', 'holding', 'input']), from: z.int(), to: z.int() }),
);

/** A hole in the register map: no request may read over it. */
export type LearntRange = z.output<typeof schema>[number];

/** @returns the ranges as an earlier run has saved them; none if what was saved cannot be read */
export const parseLearntRanges = (saved: unknown): LearntRange[] => schema.safeParse(saved).data ?? [];
