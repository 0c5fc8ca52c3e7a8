/** Work that is expensive: only so much at once. Who waits for an answer is let in or turned away, who has time waits. */

export interface Turnstile {
  /** @returns what the work returns, or undefined where too much waits already */
  run<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** However much waits, in turn with the other work. @returns what the work returns */
  runInTurn<T>(work: () => Promise<T>): Promise<T>;
}

/** @param maxWaiting of those who may be turned away */
export const createTurnstile = (atOnce: number, maxWaiting: number): Turnstile => {
  const hurried: (() => void)[] = [];
  const patient: (() => void)[] = [];
  let isPatientNext = false;
  let running = 0;

  /** Who leaves hands its place over. */
  const line = (queue: (() => void)[]): Promise<void> | undefined => {
    if (running >= atOnce) return new Promise<void>((resolve) => queue.push(resolve));
    running++;
    return undefined;
  };
  // One of each in turn: neither keeps the other out for good.
  const next = (): (() => void) | undefined => {
    const [first, second] = isPatientNext ? [patient, hurried] : [hurried, patient];
    isPatientNext = !isPatientNext;
    return first.shift() ?? second.shift();
  };
  const leave = (): void => {
    const go = next();
    if (go) go();
    else running--;
  };
  const enter = async <T>(queue: (() => void)[], work: () => Promise<T>): Promise<T> => {
    await line(queue);
    try {
      return await work();
    } finally {
      leave();
    }
  };

  return {
    async run(work) {
      return running >= atOnce && hurried.length >= maxWaiting ? undefined : enter(hurried, work);
    },
    runInTurn: (work) => enter(patient, work),
  };
};
