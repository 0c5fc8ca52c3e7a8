/** A clock that runs many times faster than the real one, for what has real sockets and minutes of its own. */
import type { Clock } from '../../src/model/time.ts';
import { systemClock } from '../../src/shell/clock.ts';

export const createFastClock = (factor: number): Clock => {
  const [startedAt, started] = [systemClock.now(), systemClock.monotonic()];
  const passed = (): number => (systemClock.monotonic() - started) * factor;
  return {
    now: () => startedAt + passed(),
    monotonic: passed,
    after: (ms, run) => systemClock.after(ms / factor, run),
    every: (ms, run) => systemClock.every(ms / factor, run),
  };
};
