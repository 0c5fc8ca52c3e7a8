/** Dead units are asked whether they are back, within a budget of the time of the bus that they share with others. */
import type { Clock, Timer } from '../../model/time.ts';
import { timeoutOf, type Unit } from './bus-unit.ts';
import type { ReadRequest } from './request.ts';

export interface Probes {
  /** A unit has died, or the connection is there again: the next probe is planned anew. */
  schedule(): void;
  /** Milliseconds until the next probe at the earliest. */
  waitMs(): number;
  cancel(): void;
}

export interface ProbedBus {
  units: ReadonlyMap<number, Unit>;
  /** A request may be sent now. */
  isFree(): boolean;
  send(unit: Unit, request: ReadRequest, timeoutMs: number): Promise<unknown>;
}

/** Share of the bus time that probes of all dead units together take, a little below the 5 % they may cost. */
const probeShare = 0.045;
/** Every so many probes wait the whole timeout, for units that come back slower than they were. */
const patientProbe = 4;
const shortestProbeMs = 100;
/** A probe waits this many times as long as the unit, or where it never answered the slowest other one, usually takes. */
const patienceFactor = 4;
/** A unit alone on its connection harms nobody: it is probed this often. */
const lonelyProbeMs = 1000;

export const createProbes = (clock: Clock, { units, isFree, send }: ProbedBus): Probes => {
  let timer: Timer | undefined;
  /** When the bus time of the last probe has been earned back. */
  let freeAt = 0;

  /** How long an answer of the unit may be expected to take, ms; undefined where nobody has ever answered. */
  const expectedMs = (unit: Unit): number | undefined => {
    if (unit.usualMs !== undefined) return unit.usualMs;
    const known = [...units.values()].flatMap(({ usualMs }) => usualMs ?? []);
    return known.length === 0 ? undefined : Math.max(...known);
  };

  const patienceFor = (unit: Unit): number => {
    const timeoutMs = timeoutOf(unit);
    const expected = expectedMs(unit);
    if (expected === undefined || unit.probes % patientProbe === 0) return timeoutMs;
    return Math.min(timeoutMs, Math.max(shortestProbeMs, expected * patienceFactor));
  };

  const probe = (unit: Unit, request: ReadRequest): void => {
    unit.probes++;
    const startedAt = clock.monotonic();
    unit.lastProbeAt = startedAt;
    send(unit, request, patienceFor(unit))
      .catch(() => {})
      .finally(() => {
        const now = clock.monotonic();
        freeAt = now + (now - startedAt) / probeShare;
        schedule();
      });
  };

  const deadUnits = (): Unit[] => [...units.values()].filter((unit) => unit.isDead && unit.lastRequest);

  const waitFor = (dead: Unit[]): number => {
    if (dead.length === units.size) {
      const last = Math.max(...dead.map((unit) => unit.lastProbeAt));
      return Math.max(0, last + lonelyProbeMs - clock.monotonic());
    }
    return Math.max(0, freeAt - clock.monotonic()) + lonelyProbeMs / 4;
  };

  /** The one that has waited longest, where the bus is free for it. */
  const probeNext = (): void => {
    timer = undefined;
    const [longest] = deadUnits()
      .filter((unit) => unit.inFlight === 0)
      .sort((a, b) => a.lastProbeAt - b.lastProbeAt);
    if (longest?.lastRequest && isFree()) probe(longest, longest.lastRequest);
    else schedule();
  };

  const schedule = (): void => {
    timer?.cancel();
    timer = undefined;
    const dead = deadUnits();
    if (dead.length > 0) timer = clock.after(waitFor(dead), probeNext);
  };

  return {
    schedule,
    waitMs: () => waitFor(deadUnits()),
    cancel: () => timer?.cancel(),
  };
};
