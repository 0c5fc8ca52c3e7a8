/** Any error as a sentence for people. */
import { z } from 'zod';

/** @returns the message of an error; of a ZodError all issues, as one sentence */
export const describeError = (error: unknown): string => {
  if (error instanceof z.ZodError)
    return error.issues
      .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
      .join('; ');
  return error instanceof Error ? error.message : String(error);
};
