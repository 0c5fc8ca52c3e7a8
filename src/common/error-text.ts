/** The message of whatever was thrown. */

/** @returns the message of an Error; any other thrown value as text */
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
