/** Waits for an event instead of an amount of time. */

/**
 * Resolves as soon as the condition holds, which is looked at every 5 ms of real time.
 * @param what that is waited for, for the error
 * @throws where the condition does not hold within withinMs
 */
export const until = async (
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  withinMs = 45_000,
): Promise<void> => {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`in ${withinMs} ms it did not happen: ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
