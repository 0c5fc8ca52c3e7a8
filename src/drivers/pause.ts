/** Waiting that ends early where something newer is to be done. */
import type { Clock } from '../model/time.ts';

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
