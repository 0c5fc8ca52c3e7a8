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

/** Thousands of these are at work: a record. */
export interface Readiness {
  readonly clock: Clock;
  readonly sink: ReadinessSink;
  isConnected: boolean;
  isUsable: boolean;
  /** It said on this connection who it is. */
  hasBooted: boolean;
  connection: AbortController;
  usable: Timer | undefined;
  setUp: Timer | undefined;
  /** When the station was set up, monotonic ms. */
  done: number[];
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

export const createReadiness = (clock: Clock, sink: ReadinessSink): Readiness => ({
  clock,
  sink,
  isConnected: false,
  isUsable: false,
  hasBooted: false,
  connection: new AbortController(),
  usable: undefined,
  setUp: undefined,
  done: [],
});

const begin = (readiness: Readiness): void => {
  const { clock, sink, hasBooted, connection } = readiness;
  readiness.setUp = undefined;
  readiness.done = [...readiness.done, clock.monotonic()];
  sink
    .makeReady(hasBooted, connection.signal)
    .catch((error) => sink.event({ name: 'setup_failed', severity: 'warning', message: String(error).slice(0, 1024) }));
};

const plan = (readiness: Readiness): void => {
  const { clock, sink } = readiness;
  readiness.setUp?.cancel();
  const now = clock.monotonic();
  const done = readiness.done.filter((at) => at > now - loopMs);
  readiness.done = done;
  const message = `${done.length} boots in half an hour: the station is left as it is`;
  if (done.length >= most) sink.event({ name: 'reboot_loop', severity: 'warning', message });
  else {
    const waitMs = Math.max(answeredMs, (done.at(-1) ?? Number.NEGATIVE_INFINITY) + everyMs - now);
    readiness.setUp = clock.after(waitMs, () => begin(readiness));
  }
};

const becomeUsable = (readiness: Readiness): void => {
  readiness.usable = undefined;
  if (readiness.isUsable || !readiness.isConnected) return;
  readiness.isUsable = true;
  readiness.sink.usable();
  plan(readiness);
};

const becomeUsableIn = (readiness: Readiness, ms: number): void => {
  readiness.usable?.cancel();
  readiness.usable = readiness.clock.after(ms, () => becomeUsable(readiness));
};

const demandBoot = (readiness: Readiness): void => {
  readiness.sink.askForBoot();
  becomeUsableIn(readiness, silentMs);
};

/** Also for good. */
export const endReadiness = (readiness: Readiness): void => {
  readiness.connection.abort();
  readiness.usable?.cancel();
  readiness.setUp?.cancel();
  readiness.isConnected = false;
  readiness.isUsable = false;
  readiness.hasBooted = false;
};

/** The connection is new. */
export const beginReadiness = (readiness: Readiness): void => {
  const { clock, sink } = readiness;
  endReadiness(readiness);
  readiness.connection = new AbortController();
  readiness.isConnected = true;
  if (sink.needsBoot()) readiness.usable = clock.after(bootMs, () => demandBoot(readiness));
  else becomeUsableIn(readiness, silentMs);
};

/** The station said something. */
export const hear = (readiness: Readiness, isBoot: boolean): void => {
  const { isUsable, hasBooted, sink } = readiness;
  if (!isBoot) {
    if (!isUsable && !hasBooted && !sink.needsBoot()) becomeUsableIn(readiness, spokenMs);
    return;
  }
  readiness.hasBooted = true;
  if (!isUsable) becomeUsableIn(readiness, answeredMs);
  // One that was asked for tells nothing new.
  else if (hasBooted) plan(readiness);
};
