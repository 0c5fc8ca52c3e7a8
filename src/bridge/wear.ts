/** Registers that wear out with every write: how often they were told something new, and whether that was enough. */
import type { Clock } from '../model/time.ts';

export interface Wear {
  /** Something new is written. */
  note(): void;
  /** Nothing new is taken in any more today; the safe state always is. */
  isOver(): boolean;
}

export const mostWritesPerDay = 200;
const dayMs = 86_400_000;

export const wornOut = {
  status: 'rejected',
  code: 'INTERLOCK',
  message: `told something new ${mostWritesPerDay} times in a day already; its registers wear out`,
} as const;

export const createWear = (clock: Clock): Wear => {
  /** Monotonic, ms. */
  let writes: number[] = [];
  return {
    note() {
      const now = clock.monotonic();
      writes = [...writes.filter((at) => at > now - dayMs), now];
    },
    isOver: () => writes.filter((at) => at > clock.monotonic() - dayMs).length >= mostWritesPerDay,
  };
};
