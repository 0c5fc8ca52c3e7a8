/** Opens what may be taken now and free later, a port mostly: tries again until that works or the node closes. */
import type { Clock, Timer } from '../model/time.ts';

/** Something that is opened, or will be as soon as that is possible. */
export interface Opening<T> {
  /** @returns what is open; undefined while it is not */
  current(): T | undefined;
  close(): Promise<void>;
}

/** Listeners of the attempts to open. */
interface OpeningSink<T> {
  opened(what: T): void;
  /** @param isFirst of several failures in a row */
  failed(error: unknown, isFirst: boolean): void;
}

const retryMs = 5000;

/** @param open rejects with the reason in words, and is called again after a few seconds then */
export const retryOpening = <T extends { close(): Promise<void> }>(
  clock: Clock,
  open: () => Promise<T>,
  sink: OpeningSink<T>,
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
