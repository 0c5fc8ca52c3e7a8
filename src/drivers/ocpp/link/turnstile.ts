/** Work that is expensive: only so much at once, only so much that waits, and the rest is turned away. */

export interface Turnstile {
  /** @returns what the work returns, or undefined where too much waits already */
  run<T>(work: () => Promise<T>): Promise<T | undefined>;
}

export const createTurnstile = (atOnce: number, maxWaiting: number): Turnstile => {
  const waiting: (() => void)[] = [];
  let running = 0;

  const enter = async (): Promise<boolean> => {
    if (running < atOnce) {
      running++;
      return true;
    }
    if (waiting.length >= maxWaiting) return false;
    // Who leaves hands its place over.
    await new Promise<void>((resolve) => waiting.push(resolve));
    return true;
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else running--;
  };

  return {
    async run(work) {
      if (!(await enter())) return undefined;
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
};
