/**
 * Time, as it passes for a station: with a message, where one comes, for then all of the station is at hand; by itself
 * only where the station is silent.
 */
import type { Clock, Timer } from '../../../model/time.ts';

export interface Pulse {
  start(): void;
  /** The station said something. */
  heard(): void;
  close(): void;
}

/** Of a step: a message takes over what the timer would do a little later. */
const withMessage = 0.8;
/** Of a step: timers are not exact. */
const byItself = 0.95;

/** @param step does what is due, about every `stepMs`, where there is a station to do it to */
export const createPulse = (stepMs: number, isUsable: () => boolean, step: () => void, clock: Clock): Pulse => {
  /** Monotonic, ms. */
  let steppedAt = clock.monotonic();
  let timer: Timer | undefined;

  const stepAfter = (ms: number): void => {
    const now = clock.monotonic();
    if (!isUsable() || now - steppedAt < ms) return;
    steppedAt = now;
    step();
  };

  return {
    start() {
      timer = clock.every(stepMs, () => stepAfter(byItself * stepMs));
    },
    heard: () => stepAfter(withMessage * stepMs),
    close: () => timer?.cancel(),
  };
};
