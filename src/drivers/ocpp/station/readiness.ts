/**
 * When a connection may be used, and when the station is made ready on it: after its boot, or without one where it
 * only lost its connection; again after every boot, and never in a loop of them.
 */
import type { Clock, Timer } from '../../../model/time.ts';
import type { DriverEvent } from '../../driver.ts';

export interface ReadinessSink {
  /** It must not be asked anything before its boot was answered. */
  needsBoot(): boolean;
  /** It did not boot by itself: it is asked to, before anything else. */
  askForBoot(): void;
  usable(): void;
  /** @param hasBooted it said on this connection who it is @param signal the connection is over */
  makeReady(hasBooted: boolean, signal: AbortSignal): Promise<void>;
  event(event: DriverEvent): void;
}

export interface Readiness {
  connected(): void;
  heard(isBoot: boolean): void;
  /** Also for good. */
  disconnected(): void;
  isUsable(): boolean;
}

/** A station that reconnects may have nothing to say: it is usable all the same, ms. */
const silentMs = 5000;
/** It said something, and perhaps its boot comes after all, ms. */
const spokenMs = 2000;
/** Until one that must boot first is asked to, ms. */
const bootMs = 30_000;
/** The answer to its boot is on its way, ms. */
const answeredMs = 200;
/** Between two set-ups, ms; more than so many in half an hour are a loop of reboots. */
const everyMs = 60_000;
const loopMs = 1_800_000;
const most = 5;

export const createReadiness = (clock: Clock, sink: ReadinessSink): Readiness => {
  let isConnected = false;
  let isUsable = false;
  let hasBooted = false;
  let connection = new AbortController();
  let usable: Timer | undefined;
  let setUp: Timer | undefined;
  /** When the station was set up, monotonic ms. */
  let done: number[] = [];

  const begin = (): void => {
    setUp = undefined;
    done = [...done, clock.monotonic()];
    sink
      .makeReady(hasBooted, connection.signal)
      .catch((error) =>
        sink.event({ name: 'setup_failed', severity: 'warning', message: String(error).slice(0, 1024) }),
      );
  };

  const plan = (): void => {
    setUp?.cancel();
    const now = clock.monotonic();
    done = done.filter((at) => at > now - loopMs);
    const message = `${done.length} boots in half an hour: the station is left as it is`;
    if (done.length >= most) sink.event({ name: 'reboot_loop', severity: 'warning', message });
    else setUp = clock.after(Math.max(answeredMs, (done.at(-1) ?? Number.NEGATIVE_INFINITY) + everyMs - now), begin);
  };

  const becomeUsable = (): void => {
    usable = undefined;
    if (isUsable || !isConnected) return;
    isUsable = true;
    sink.usable();
    plan();
  };

  const becomeUsableIn = (ms: number): void => {
    usable?.cancel();
    usable = clock.after(ms, becomeUsable);
  };

  const demandBoot = (): void => {
    sink.askForBoot();
    becomeUsableIn(silentMs);
  };

  const end = (): void => {
    connection.abort();
    for (const timer of [usable, setUp]) timer?.cancel();
    [isConnected, isUsable, hasBooted] = [false, false, false];
  };

  return {
    connected() {
      end();
      connection = new AbortController();
      isConnected = true;
      if (sink.needsBoot()) usable = clock.after(bootMs, demandBoot);
      else becomeUsableIn(silentMs);
    },
    heard(isBoot) {
      if (!isBoot) {
        if (!isUsable && !hasBooted && !sink.needsBoot()) becomeUsableIn(spokenMs);
        return;
      }
      const isFirst = !hasBooted;
      hasBooted = true;
      if (!isUsable) becomeUsableIn(answeredMs);
      // One that was asked for tells nothing new.
      else if (!isFirst) plan();
    },
    disconnected: end,
    isUsable: () => isUsable,
  };
};
