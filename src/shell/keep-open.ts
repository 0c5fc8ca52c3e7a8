/** Opens what may be taken now and free later (a port, mostly): tried again until it works or the node closes. */
import type { Clock, Timer } from '../model/time.ts';

export interface Opening<T> {
  current(): T | undefined;
  close(): Promise<void>;
}

const retryMs = 5000;

/**
 * @param open rejects with the reason in words; reported once, then tried again every few seconds
 */
export const keepOpening = <T extends { close(): Promise<void> }>(
  clock: Clock,
  open: () => Promise<T>,
  sink: { opened(what: T): void; failed(error: unknown, isFirst: boolean): void },
): Opening<T> => {
  let current: T | undefined;
  let isClosed = false;
  let failures = 0;
  let timer: Timer | undefined;

  const attempt = async (): Promise<void> => {
    try {
      const opened = await open();
      if (isClosed) return opened.close();
      current = opened;
      failures = 0;
      sink.opened(opened);
    } catch (error) {
      if (isClosed) return;
      failures++;
      sink.failed(error, failures === 1);
      timer = clock.after(retryMs, () => {
        pending = attempt();
      });
    }
  };

  let pending = attempt();
  return {
    current: () => current,
    async close() {
      isClosed = true;
      timer?.cancel();
      await pending;
      await current?.close();
    },
  };
};
