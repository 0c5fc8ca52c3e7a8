/**
 * The bus on a link: shared by several units, fair by bus time, writes before reads, and hardly disturbed by a dead
 * unit. A unit that fails several times in a row is taken off; from then on its requests fail at once, and the bus itself
 * probes for its return within a budget.
 */
import { DeadlineTimer } from '../../../../common/deadline-timer.ts';
import { Listeners } from '../../../../common/listeners.ts';
import type { Clock, Timer } from '../../../../model/time.ts';
import { failureOf, ModbusFailure, provesAlive } from '../../failures.ts';
import { isWrite, type ReadRequest, type Request, type WriteRequest } from '../../messages.ts';
import type { LinkNotice, LinkState, ModbusLink } from '../modbus-link.ts';
import { Attachments } from './attachments.ts';
import type { Bus, UnitHealth } from './bus.ts';
import type { BusNotice } from './bus-notices.ts';
import { type BusUnit, enqueue, nextUnit, type UnitLimits } from './bus-unit.ts';
import { disconnected, expired, type Job, unreachable } from './job.ts';
import { mayRetry } from './request-retry.ts';
import { UnitProbes } from './unit-probes.ts';

/** Time in which a good connection that breaks may come back before the requests that wait for it fail, ms. */
const graceMs = 1000;

/** Limits of one request in time, monotonic ms. */
interface RequestTimes {
  notAfter?: number | undefined;
  retryUntil?: number | undefined;
}

class LinkBus implements Bus {
  readonly #link: ModbusLink;
  readonly #clock: Clock;
  readonly #fixed: Partial<UnitLimits>;
  readonly #units = new Map<number, BusUnit>();
  readonly #changes = new Listeners<void>();
  readonly #notices = new Listeners<BusNotice>();
  readonly #attachments: Attachments;
  readonly #probes: UnitProbes;
  readonly #wakeUp: DeadlineTimer;
  #linkState: LinkState;
  /** Requests in flight to all units. */
  #inFlight = 0;
  #grace: Timer | undefined;
  #wasOpen = false;

  constructor(link: ModbusLink, clock: Clock, fixed: Partial<UnitLimits>) {
    this.#link = link;
    this.#linkState = link.state();
    this.#clock = clock;
    this.#fixed = fixed;
    this.#attachments = new Attachments(clock, {
      units: this.#units,
      fixed,
      open: () => link.open(),
      close: () => void link.close(),
      left: (unit) => this.#failQueue(unit),
    });
    this.#probes = new UnitProbes(clock, {
      units: this.#units,
      isFree: () => this.#linkState.kind === 'open' && this.#inFlight < this.#maxInFlight(),
      send: (unit, request, timeoutMs) => this.#probe(unit, request, timeoutMs),
    });
    this.#wakeUp = new DeadlineTimer(clock, () => this.#pump());
    link.onState((state) => this.#onLinkState(state));
    link.onNotice((notice) => this.#onLinkNotice(notice));
  }

  attach(unit: number, limits: UnitLimits): () => void {
    return this.#attachments.attach(unit, limits);
  }

  read(request: ReadRequest, retryUntil?: number): Promise<Buffer> {
    return this.#submit(request, { retryUntil });
  }

  async write(request: WriteRequest, notAfter?: number): Promise<void> {
    await this.#submit(request, { notAfter });
  }

  reconnectSoon(): void {
    this.#link.reconnectSoon();
  }

  health(id: number): UnitHealth {
    const unit = this.#units.get(id);
    if (!unit?.isDead) return { isDead: false, retryMs: 0 };
    return { isDead: true, retryMs: this.#probes.waitMs(), reason: unit.reason };
  }

  linkState(): LinkState {
    return this.#linkState;
  }

  onChange(listener: () => void): () => void {
    return this.#changes.add(listener);
  }

  onNotice(listener: (notice: BusNotice) => void): () => void {
    return this.#notices.add(listener);
  }

  attachedUnit(): number | undefined {
    return [...this.#units.values()].sort((a, b) => b.lastAnswerAt - a.lastAnswerAt)[0]?.id;
  }

  async close(leavingMs = 0): Promise<void> {
    await this.#attachments.empty(leavingMs);
    this.#attachments.cancel();
    this.#probes.cancel();
    this.#wakeUp.cancel();
    this.#grace?.cancel();
    await this.#link.close();
  }

  #maxInFlight(): number {
    let least = this.#link.maxInFlight;
    for (const unit of this.#units.values()) least = Math.min(least, unit.limits.maxInFlight);
    return least;
  }

  #submit(request: Request, { notAfter = Number.POSITIVE_INFINITY, retryUntil = 0 }: RequestTimes): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const unit = this.#units.get(request.unit);
      const job: Job = { request, notAfter, retryUntil, retries: 0, failure: undefined, resolve, reject };
      if (!unit) reject(failureOf('refused', request, 'the unit is not attached to the bus'));
      else if (!this.#mayWait(request)) reject(disconnected(job, this.#linkState));
      else if (unit.isDead) reject(unreachable(job, unit.reason));
      else {
        enqueue(this.#units, unit, job);
        this.#pump();
      }
    });
  }

  /** A write is not kept for a connection that may come back, because its sender decides anew then. */
  #mayWait(request: Request): boolean {
    const { kind } = this.#linkState;
    if (isWrite(request)) return kind === 'open';
    return kind !== 'closed' && (kind !== 'waiting' || this.#grace !== undefined);
  }

  /** Sends as many of the waiting requests as the link and the units allow. */
  #pump(): void {
    if (this.#linkState.kind !== 'open') return;
    const limit = this.#maxInFlight();
    while (this.#inFlight < limit) {
      const now = this.#clock.monotonic();
      const { unit, waitMs } = nextUnit(this.#units, now);
      if (!unit) {
        if (waitMs < Number.POSITIVE_INFINITY) this.#wakeUp.by(now + waitMs);
        return;
      }
      const job = unit.queue.shift();
      if (job && now >= job.notAfter) job.reject(expired(job));
      else if (job) void this.#run(unit, job);
    }
  }

  async #run(unit: BusUnit, job: Job): Promise<void> {
    const outcome = await this.#send(unit, job.request, unit.timeoutMs);
    if (outcome instanceof ModbusFailure) {
      // Other requests go first, so that one that fails does not hold them up.
      this.#pump();
      this.#retry(unit, job, outcome);
      return;
    }
    const { request, failure, resolve } = job;
    if (failure && !isWrite(request)) this.#notices.notify({ kind: 'repeated', request, reason: failure.message });
    resolve(outcome);
    this.#pump();
  }

  async #probe(unit: BusUnit, request: ReadRequest, timeoutMs: number): Promise<void> {
    await this.#send(unit, request, timeoutMs);
    this.#pump();
  }

  #retry(unit: BusUnit, job: Job, failure: ModbusFailure): void {
    const freeAt = Math.max(this.#clock.monotonic(), unit.freeAt);
    const isConnected = this.#grace !== undefined || this.#linkState.kind === 'open';
    // A device that left and came back has a new unit, whose queue this job is not for.
    const isAttached = this.#units.get(unit.id) === unit;
    if (!isAttached || !mayRetry(unit, job, { failure, freeAt, isConnected })) {
      job.reject(failure);
      return;
    }
    job.retries++;
    job.failure = failure;
    unit.queue.unshift(job);
    this.#pump();
  }

  /** Sends one request and books its time on the unit. Never rejects. */
  async #send(unit: BusUnit, request: Request, timeoutMs: number): Promise<Buffer | ModbusFailure> {
    const startedAt = this.#clock.monotonic();
    unit.inFlight++;
    this.#inFlight++;
    if (!isWrite(request)) unit.lastRead = request;
    let outcome: Buffer | ModbusFailure;
    try {
      outcome = await this.#link.send(request, timeoutMs);
      this.#onResponse(unit, startedAt);
    } catch (error) {
      outcome = error instanceof ModbusFailure ? error : failureOf('malformed', request, String(error));
      this.#onFailure(unit, outcome, startedAt);
    }
    const now = this.#clock.monotonic();
    unit.usedMs += now - startedAt;
    unit.freeAt = now + Math.max(unit.pauseMs, this.#link.holdOffMs?.(request) ?? 0);
    unit.inFlight--;
    this.#inFlight--;
    return outcome;
  }

  #onResponse(unit: BusUnit, startedAt: number): void {
    unit.noteBusy(undefined);
    this.#markAlive(unit, this.#clock.monotonic() - startedAt);
  }

  #onFailure(unit: BusUnit, failure: ModbusFailure, startedAt: number): void {
    const now = this.#clock.monotonic();
    unit.noteBusy(failure);
    if (provesAlive(failure)) this.#markAlive(unit, now - startedAt);
    else if (failure.kind !== 'refused' && unit.failed(failure, now)) {
      for (const job of unit.queue.splice(0)) job.reject(unreachable(job, unit.reason));
      this.#changes.notify();
      this.#probes.schedule();
    }
  }

  #markAlive(unit: BusUnit, tookMs: number): void {
    if (unit.answered(tookMs, this.#clock.monotonic())) this.#changes.notify();
  }

  #failQueue(unit: BusUnit): void {
    for (const job of unit.queue.splice(0)) job.reject(disconnected(job, this.#linkState));
  }

  /** Writes that wait fail at once: their senders decide anew when the connection is back. */
  #failWrites(unit: BusUnit): void {
    const writes = unit.queue.filter(({ request }) => isWrite(request));
    unit.queue = unit.queue.filter(({ request }) => !isWrite(request));
    for (const job of writes) job.reject(disconnected(job, this.#linkState));
  }

  #failAll(): void {
    this.#endGrace();
    for (const unit of this.#units.values()) this.#failQueue(unit);
  }

  #endGrace(): void {
    this.#grace?.cancel();
    this.#grace = undefined;
  }

  #onLinkState(state: LinkState): void {
    this.#linkState = state;
    if (state.kind === 'open') {
      this.#wasOpen = true;
      this.#endGrace();
      this.#pump();
      this.#probes.schedule();
    } else if (state.kind === 'waiting' && this.#wasOpen) {
      this.#wasOpen = false;
      for (const unit of this.#units.values()) this.#failWrites(unit);
      this.#grace = this.#clock.after(graceMs, () => this.#failAll());
    } else if (state.kind === 'closed' || (state.kind === 'waiting' && !this.#grace)) this.#failAll();
    this.#changes.notify();
  }

  #onLinkNotice(notice: LinkNotice): void {
    if (notice.kind !== 'late') {
      this.#notices.notify(notice);
      return;
    }
    const unit = this.#units.get(notice.request.unit);
    if (!unit) return;
    const mayLearn = this.#fixed.timeoutMs === undefined && this.#units.size === 1;
    const { isGiven, notice: slow } = unit.answeredLate(notice.tookMs, mayLearn);
    if (isGiven) this.#markAlive(unit, notice.tookMs);
    if (slow) this.#notices.notify(slow);
  }
}

/**
 * Creates a bus.
 * @param link opened by the bus when the first unit attaches, and closed with the bus
 * @param fixed limits that the integrator entered for the whole connection, in place of those of the profiles
 */
export const createBus = (link: ModbusLink, clock: Clock, fixed: Partial<UnitLimits> = {}): Bus =>
  new LinkBus(link, clock, fixed);
