/** Requesters whose session with the broker ended: after a moment of grace, what they hold for that session ends. */
import type { Clock, Timer } from '../model/time.ts';

export interface OwnerWatch {
  take(node: string, isOnline: boolean): void;
  close(): void;
}

/** A session may break and be back before anybody notices, ms. */
const graceMs = 5000;

export const createOwnerWatch = (clock: Clock, lost: (node: string) => void): OwnerWatch => {
  const waiting = new Map<string, Timer>();
  return {
    take(node, isOnline) {
      if (isOnline) {
        waiting.get(node)?.cancel();
        waiting.delete(node);
      } else if (!waiting.has(node))
        waiting.set(
          node,
          clock.after(graceMs, () => {
            waiting.delete(node);
            lost(node);
          }),
        );
    },
    close() {
      for (const timer of waiting.values()) timer.cancel();
    },
  };
};
