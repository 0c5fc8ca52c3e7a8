/**
 * The units of a bus: their limits and queues, whether they are alive, and whose turn it is. Writes go first, then the
 * unit that has used the least bus time.
 */
import { isBusy, type ModbusFailure } from '../../failures.ts';
import { isWrite, type ReadRequest } from '../../messages.ts';
import type { SlowNotice } from './bus-notices.ts';
import type { Job } from './job.ts';
import { LateResponses } from './late-responses.ts';

/** The limits of a unit, as its profile or the integrator gives them. */
export interface UnitLimits {
  timeoutMs: number;
  maxInFlight: number;
  /** Pause between two requests to the unit, ms. */
  interRequestMs: number;
}

/** Failures in a row after which a unit is taken for dead. */
const maxFailures = 3;
/** A busy unit is asked again after a pause that doubles each time, ms. */
const firstBusyPauseMs = 100;
const longestBusyPauseMs = 2000;
/** Weight of the newest response in the smoothed response time. */
const smoothing = 0.2;

/** @returns the strictest limits of all devices on one unit */
const strictest = (users: UnitLimits[]): UnitLimits => ({
  timeoutMs: Math.max(...users.map(({ timeoutMs }) => timeoutMs)),
  maxInFlight: Math.min(...users.map(({ maxInFlight }) => maxInFlight)),
  interRequestMs: Math.max(...users.map(({ interRequestMs }) => interRequestMs)),
});

/** One unit, which may be used by several devices. */
export class BusUnit {
  readonly id: number;
  /** Writes first, then reads, each in the order of their arrival. */
  queue: Job[] = [];
  inFlight = 0;
  /** Bus time that the unit has used, ms; the unit that used least goes first. */
  usedMs = 0;
  /** Monotonic ms before which the unit is not asked. */
  freeAt = 0;
  /** The last read request, which a probe repeats. */
  lastRead: ReadRequest | undefined;
  /** Monotonic ms of the last probe, or of the unit's death. */
  lastProbeAt = 0;
  /** Probes since the unit died. */
  probes = 0;
  #users: UnitLimits[] = [];
  #limits: UnitLimits = { timeoutMs: 0, maxInFlight: 1, interRequestMs: 0 };
  /** Busy responses in a row. */
  #busy = 0;
  /** Failures in a row. */
  #failures = 0;
  #isDead = false;
  #reason = '';
  #usualMs: number | undefined;
  #lastAnswerAt = Number.NEGATIVE_INFINITY;
  /** Absent for a unit that has never answered late. */
  #late: LateResponses | undefined;

  constructor(id: number) {
    this.id = id;
  }

  get limits(): UnitLimits {
    return this.#limits;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** In words why the unit is taken for dead: it is slow, or its last failure. */
  get reason(): string {
    return this.#late?.slowness ?? this.#reason;
  }

  /** Response timeout in force, ms: the configured or the learnt one, whichever is longer. */
  get timeoutMs(): number {
    return Math.max(this.#limits.timeoutMs, this.#late?.learntMs ?? 0);
  }

  /** Smoothed response time, ms; undefined before the first response. */
  get usualMs(): number | undefined {
    return this.#usualMs;
  }

  /** Monotonic ms of the last response. */
  get lastAnswerAt(): number {
    return this.#lastAnswerAt;
  }

  /** Pause that the unit needs after a request, ms. */
  get pauseMs(): number {
    const busyMs = this.#busy === 0 ? 0 : Math.min(longestBusyPauseMs, firstBusyPauseMs * 2 ** (this.#busy - 1));
    return Math.max(this.#limits.interRequestMs, busyMs);
  }

  /** @param fixed limits that the integrator entered for the whole connection */
  addUser(limits: UnitLimits, fixed: Partial<UnitLimits>): void {
    this.#users = this.#users.concat(limits);
    this.#apply(fixed);
  }

  /** @returns whether nobody uses the unit any more */
  removeUser(limits: UnitLimits, fixed: Partial<UnitLimits>): boolean {
    this.#users = this.#users.filter((user) => user !== limits);
    if (this.#users.length === 0) return true;
    this.#apply(fixed);
    return false;
  }

  #apply(fixed: Partial<UnitLimits>): void {
    this.#limits = { ...strictest(this.#users), ...fixed };
  }

  /** Notes whether the unit is busy. @param failure undefined for a normal response */
  noteBusy(failure: ModbusFailure | undefined): void {
    this.#busy = failure && isBusy(failure) ? this.#busy + 1 : 0;
  }

  /**
   * The unit has answered, be it with an exception.
   * @param now monotonic ms
   * @returns whether the unit was taken for dead until now
   */
  answered(tookMs: number, now: number): boolean {
    this.#failures = 0;
    this.#usualMs = this.#usualMs === undefined ? tookMs : this.#usualMs * (1 - smoothing) + tookMs * smoothing;
    this.#lastAnswerAt = now;
    this.#late?.answered(tookMs, this.#limits.timeoutMs);
    if (!this.#isDead) return false;
    this.#isDead = false;
    this.probes = 0;
    return true;
  }

  /**
   * A request has failed without proof that the unit is alive.
   * @param now monotonic ms
   * @returns whether the unit is taken for dead from now on
   */
  failed(failure: ModbusFailure, now: number): boolean {
    this.#failures++;
    this.#reason = failure.message;
    if (this.#isDead || this.#failures < maxFailures) return false;
    this.#isDead = true;
    this.lastProbeAt = now;
    return true;
  }

  /**
   * A response came after its request had failed.
   * @param mayLearn the unit shares its connection with no other one, and the integrator entered no timeout
   * @returns whether the unit is given the time it needs, and a notice if it has become slower
   */
  answeredLate(tookMs: number, mayLearn: boolean): { isGiven: boolean; notice?: SlowNotice } {
    const { id: unit, timeoutMs } = this;
    if (tookMs <= timeoutMs) return { isGiven: false };
    this.#late ??= new LateResponses();
    return this.#late.add({ unit, tookMs, timeoutMs }, mayLearn);
  }
}

type Units = ReadonlyMap<number, BusUnit>;

const hasWrite = ({ queue: [first] }: BusUnit): boolean => first !== undefined && isWrite(first.request);

const goesBefore = (a: BusUnit, b: BusUnit): boolean => {
  const isWriting = hasWrite(a);
  return isWriting === hasWrite(b) ? a.usedMs < b.usedMs : isWriting;
};

/**
 * @param now monotonic ms
 * @returns the unit whose turn it is, or ms until one may be asked (infinite if no request waits)
 */
export const nextUnit = (units: Units, now: number): { unit?: BusUnit; waitMs: number } => {
  let best: BusUnit | undefined;
  let waitMs = Number.POSITIVE_INFINITY;
  for (const unit of units.values()) {
    if (unit.queue.length === 0 || unit.inFlight >= unit.limits.maxInFlight) continue;
    if (unit.freeAt > now) waitMs = Math.min(waitMs, unit.freeAt - now);
    else if (!best || goesBefore(unit, best)) best = unit;
  }
  return best ? { unit: best, waitMs: 0 } : { waitMs };
};

/** A unit that was idle does not get to catch up on the bus time that it did not use. */
const joinFairly = (units: Units, unit: BusUnit): void => {
  let least = Number.POSITIVE_INFINITY;
  for (const other of units.values())
    if (other !== unit && (other.queue.length > 0 || other.inFlight > 0)) least = Math.min(least, other.usedMs);
  if (least < Number.POSITIVE_INFINITY) unit.usedMs = Math.max(unit.usedMs, least);
};

/** Queues a job: a write behind the writes that wait already, a read behind all. */
export const enqueue = (units: Units, unit: BusUnit, job: Job): void => {
  if (unit.queue.length === 0 && unit.inFlight === 0) joinFairly(units, unit);
  const firstRead = isWrite(job.request) ? unit.queue.findIndex(({ request }) => !isWrite(request)) : -1;
  if (firstRead < 0) unit.queue.push(job);
  else unit.queue.splice(firstRead, 0, job);
};
