/** Probes of dead units, which ask whether a unit is back, within a budget of the bus time that all units share. */
import type { Clock, Timer } from '../../../../model/time.ts';
import type { ReadRequest } from '../../messages.ts';
import type { BusUnit } from './bus-unit.ts';

/** The part of a bus that its probes use. */
interface ProbedBus {
  units: ReadonlyMap<number, BusUnit>;
  /** Whether a request may be sent now. */
  isFree(): boolean;
  /** Sends a request; never rejects. */
  send(unit: BusUnit, request: ReadRequest, timeoutMs: number): Promise<void>;
}

/** Share of the bus time that the probes of all dead units take together, a little below the 5 % they may cost. */
const probeShare = 0.045;
/** One probe in this many waits for the whole timeout, for units that come back slower than they were. */
const patientProbe = 4;
const shortestProbeMs = 100;
/** A probe waits for this many usual response times: the unit's own or, without any, those of the slowest other unit. */
const patienceFactor = 4;
/** Pause between the probes of a unit that is alone on its connection and therefore harms nobody, ms. */
const lonelyPauseMs = 1000;
/** Pause before every probe beside healthy units, ms. */
const sharedPauseMs = 250;

/** The probes of one bus. */
export class UnitProbes {
  readonly #clock: Clock;
  readonly #bus: ProbedBus;
  #timer: Timer | undefined;
  /** Monotonic ms at which the bus time of the last probe has been earned back. */
  #freeAt = 0;

  constructor(clock: Clock, bus: ProbedBus) {
    this.#clock = clock;
    this.#bus = bus;
  }

  /** Plans the next probe anew, because a unit has died or the connection is back. */
  schedule(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const dead = this.#deadUnits();
    if (dead.length > 0) this.#timer = this.#clock.after(this.#waitFor(dead), () => this.#probeNext());
  }

  /** @returns ms until the next probe at the earliest */
  waitMs(): number {
    return this.#waitFor(this.#deadUnits());
  }

  cancel(): void {
    this.#timer?.cancel();
  }

  #deadUnits(): BusUnit[] {
    return [...this.#bus.units.values()].filter((unit) => unit.isDead && unit.lastRead);
  }

  #waitFor(dead: BusUnit[]): number {
    const now = this.#clock.monotonic();
    if (dead.length < this.#bus.units.size) return Math.max(0, this.#freeAt - now) + sharedPauseMs;
    const last = Math.max(...dead.map((unit) => unit.lastProbeAt));
    return Math.max(0, last + lonelyPauseMs - now);
  }

  /** Probes the unit that has waited longest, if the bus is free for it. */
  #probeNext(): void {
    this.#timer = undefined;
    const [longest] = this.#deadUnits()
      .filter((unit) => unit.inFlight === 0)
      .sort((a, b) => a.lastProbeAt - b.lastProbeAt);
    if (longest?.lastRead && this.#bus.isFree()) void this.#probe(longest, longest.lastRead);
    else this.schedule();
  }

  async #probe(unit: BusUnit, request: ReadRequest): Promise<void> {
    unit.probes++;
    const startedAt = this.#clock.monotonic();
    unit.lastProbeAt = startedAt;
    await this.#bus.send(unit, request, this.#timeoutFor(unit));
    const now = this.#clock.monotonic();
    this.#freeAt = now + (now - startedAt) / probeShare;
    this.schedule();
  }

  #timeoutFor(unit: BusUnit): number {
    const timeoutMs = unit.timeoutMs;
    const expectedMs = unit.usualMs ?? this.#slowestUsualMs();
    if (expectedMs === undefined || unit.probes % patientProbe === 0) return timeoutMs;
    return Math.min(timeoutMs, Math.max(shortestProbeMs, expectedMs * patienceFactor));
  }

  /** @returns undefined if no unit has ever answered */
  #slowestUsualMs(): number | undefined {
    const known = [...this.#bus.units.values()].flatMap(({ usualMs }) => usualMs ?? []);
    return known.length === 0 ? undefined : Math.max(...known);
  }
}
