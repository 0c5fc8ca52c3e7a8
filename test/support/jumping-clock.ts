/**
 * A clock whose time jumps to the next timer as soon as nobody does anything else: minutes pass in no time. For code
 * without sockets that a test awaits; where a test itself lets time pass: virtual-clock.ts.
 */
import type { Clock, Timer } from '../../src/model/time.ts';

interface Entry {
  at: number;
  run(): void;
}

export const createJumpingClock = (start = Date.UTC(2026, 10, 23, 10, 0, 0)): Clock => {
  const entries = new Set<Entry>();
  let passed = 0;
  let isPlanned = false;

  const jump = (): void => {
    isPlanned = false;
    let next: Entry | undefined;
    for (const entry of entries) if (!next || entry.at < next.at) next = entry;
    if (!next) return;
    entries.delete(next);
    passed = Math.max(passed, next.at);
    next.run();
    plan();
  };
  const plan = (): void => {
    if (isPlanned || entries.size === 0) return;
    isPlanned = true;
    setImmediate(jump);
  };
  const after = (ms: number, run: () => void): Timer => {
    const entry = { at: passed + ms, run };
    entries.add(entry);
    plan();
    return { cancel: () => entries.delete(entry) };
  };

  return {
    now: () => start + passed,
    monotonic: () => passed,
    after,
    every(ms, run) {
      let timer: Timer;
      const again = (): void => {
        timer = after(ms, again);
        run();
      };
      timer = after(ms, again);
      return { cancel: () => timer.cancel() };
    },
  };
};
