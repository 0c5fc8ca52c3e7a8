/** Work on many things, of which only a few are under way at a time. */

/**
 * Begins with the next thing as soon as one is done.
 * @throws the first failure, once the work under way has ended; nothing new is begun after it
 */
export const inTurns = async <T>(
  things: readonly T[],
  atOnce: number,
  work: (thing: T) => Promise<void>,
): Promise<void> => {
  const rest = [...things];
  const failures: unknown[] = [];
  const workOn = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined && failures.length === 0; next = rest.shift())
      try {
        await work(next);
      } catch (error) {
        failures.push(error);
      }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, things.length) }, workOn));
  if (failures.length > 0) throw failures[0];
};
