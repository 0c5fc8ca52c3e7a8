/** Waiting on an injected clock. */
import type { Clock } from '../model/time.ts';

/**
 * Resolves after a time, or as soon as the signal is aborted; never rejects.
 * @param ms duration on the monotonic clock
 */
export const pause = (ms: number, clock: Clock, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.after(signal?.aborted ? 0 : ms, finish);
    signal?.addEventListener('abort', finish);
  });
