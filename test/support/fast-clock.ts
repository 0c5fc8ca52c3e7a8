/**
 * A clock that runs many times faster than the real one, for tests whose real sockets have minutes to live through.
 * While the process stands still because the machine is busy elsewhere, this clock stands still as well: otherwise a
 * stall of a third of a second would time out somebody who has just been answered. Without sockets: virtual-clock.ts.
 */
import type { Clock, Timer } from '../../src/model/time.ts';
import { systemClock } from '../../src/shell/clock.ts';

interface Entry {
  at: number;
  run(): void;
}

/** Real time is looked at this often, ms; whoever looks much later has been standing still. */
const lookEveryMs = 10;
const mostAtOnceMs = 15;

export const createFastClock = (factor: number): Clock => {
  const startedAt = systemClock.now();
  const entries = new Set<Entry>();
  let passed = 0;
  let lookedAt = systemClock.monotonic();
  let timer: NodeJS.Timeout | undefined;

  const look = (): number => {
    const real = systemClock.monotonic();
    passed += Math.min(real - lookedAt, mostAtOnceMs) * factor;
    lookedAt = real;
    return passed;
  };

  const nextOf = (): Entry | undefined => {
    let next: Entry | undefined;
    for (const entry of entries) if (!next || entry.at < next.at) next = entry;
    return next;
  };

  const tick = (): void => {
    look();
    for (let due = nextOf(); due && due.at <= passed; due = nextOf()) {
      entries.delete(due);
      due.run();
    }
    arm();
  };

  const arm = (): void => {
    clearTimeout(timer);
    const next = nextOf();
    const restMs = next ? (next.at - passed) / factor : lookEveryMs;
    timer = setTimeout(tick, Math.max(0, Math.min(restMs, lookEveryMs)));
    // The timer goes on for those who only look at the time, without keeping the process alive.
    if (!next) timer.unref();
  };
  arm();

  const schedule = (ms: number, run: () => void): Timer => {
    const entry = { at: look() + ms, run };
    entries.add(entry);
    arm();
    return {
      cancel() {
        entries.delete(entry);
        arm();
      },
    };
  };

  const every = (ms: number, run: () => void): Timer => {
    let timer: Timer;
    const again = (): void => {
      timer = schedule(ms, again);
      run();
    };
    timer = schedule(ms, again);
    return { cancel: () => timer.cancel() };
  };

  return { now: () => startedAt + look(), monotonic: look, after: schedule, every };
};
