/**
 * A clock whose time passes only when a test says so. Beside real sockets: fast-clock.ts, or
 * modbus/virtual-time-link.ts.
 */
import type { Clock } from '../../src/model/time.ts';

export interface VirtualClock extends Clock {
  /** Lets time pass; due timers run in order, at their own time. */
  advance(ms: number): void;
  /** The same, with a pause for promises after each timer. */
  advanceAsync(ms: number): Promise<void>;
  /** Moves the wall clock alone, as a time server does. */
  jump(ms: number): void;
  /** @returns the number of timers that are set */
  timers(): number;
}

interface Entry {
  at: number;
  run(): void;
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const createVirtualClock = (start = Date.UTC(2026, 10, 23, 10, 0, 0)): VirtualClock => {
  const entries = new Set<Entry>();
  let passed = 0;
  let offset = start;

  const nextUntil = (end: number): Entry | undefined => {
    let next: Entry | undefined;
    for (const entry of entries) if (entry.at <= end && (!next || entry.at < next.at)) next = entry;
    return next;
  };
  const step = (end: number): boolean => {
    const next = nextUntil(end);
    if (!next) return false;
    passed = Math.max(passed, next.at);
    entries.delete(next);
    next.run();
    return true;
  };

  return {
    now: () => offset + passed,
    monotonic: () => passed,
    after(ms, run) {
      const entry = { at: passed + ms, run };
      entries.add(entry);
      return { cancel: () => entries.delete(entry) };
    },
    every(ms, run) {
      let entry: Entry | undefined;
      const schedule = (at: number): void => {
        entry = {
          at,
          run() {
            schedule(at + ms);
            run();
          },
        };
        entries.add(entry);
      };
      schedule(passed + ms);
      return { cancel: () => entry && entries.delete(entry) };
    },
    advance(ms) {
      const end = passed + ms;
      while (step(end));
      passed = end;
    },
    async advanceAsync(ms) {
      const end = passed + ms;
      await settle();
      while (step(end)) await settle();
      passed = end;
    },
    jump(ms) {
      offset += ms;
    },
    timers: () => entries.size,
  };
};
