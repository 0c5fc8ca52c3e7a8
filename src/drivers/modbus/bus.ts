/**
 * One connection shared by several units: fair by bus time, writes before reads, and a dead unit costs
 * the others next to nothing. A unit that fails several times in a row is taken off; from then on its requests
 * fail at once, and the bus itself probes for its return within a budget.
 */
import type { Clock, Timer } from '../../model/time.ts';
import { createAttachments } from './bus-attachments.ts';
import { disconnected, expired, unreachable } from './bus-failures.ts';
import type { BusNotice } from './bus-notice.ts';
import { createProbes } from './bus-probes.ts';
import { mayRetry } from './bus-retry.ts';
import { busyPause, type Job, provesLife, saysBusy, timeoutOf, type Unit, type UnitLimits } from './bus-unit.ts';
import { enqueue, nextUnit } from './fair-turns.ts';
import { takeLateAnswer, takeTimelyAnswer } from './late-answers.ts';
import type { Link, LinkState } from './link.ts';
import {
  describeRequest,
  isWrite,
  ModbusFailure,
  type ReadRequest,
  type Request,
  type WriteRequest,
} from './request.ts';
import { createWakeUp } from './wake-up.ts';

export interface UnitHealth {
  isDead: boolean;
  /** Milliseconds until the next probe at the earliest, where dead. */
  retryMs: number;
  reason?: string;
}

export interface Bus {
  /** A device registers before its first request; the last to leave closes the connection, a moment later. */
  attach(unit: number, limits: UnitLimits): () => void;
  /** @param againUntil monotonic time until which a second attempt has to be over, where the first one fails */
  read(request: ReadRequest, againUntil?: number): Promise<Buffer>;
  /**
   * Writes before everything that waits to be read, and once: who writes decides what a failure means.
   * @param notAfter monotonic time after which it is not sent any more
   */
  write(request: WriteRequest, notAfter?: number): Promise<void>;
  /** A device has to be made safe: a broken connection is tried more often for a while. */
  hurry(): void;
  health(unit: number): UnitHealth;
  linkState(): LinkState;
  onChange(listener: () => void): () => void;
  onNotice(listener: (notice: BusNotice) => void): () => void;
  /** A unit that somebody has attached, the one that answered last first. */
  attachedUnit(): number | undefined;
  /** @param leavingMs time for its units to leave: one that is taken away makes its device safe first */
  close(leavingMs?: number): Promise<void>;
}

const failuresUntilDead = 3;
/** A connection that was good and breaks may come back this soon before its requests fail. */
const graceMs = 1000;
const noData = Buffer.alloc(0);

/**
 * @param link opened by the bus when the first unit attaches, closed with the bus
 * @param fixed what the integrator entered for the whole connection, in place of what the profiles say
 */
export const createBus = (link: Link, clock: Clock, fixed: Partial<UnitLimits> = {}): Bus => {
  const units = new Map<number, Unit>();
  const listeners = new Set<() => void>();
  const observers = new Set<(notice: BusNotice) => void>();
  let inFlight = 0;
  let grace: Timer | undefined;
  let wasOpen = false;

  const changed = (): void => {
    for (const listener of listeners) listener();
  };

  const tell = (notice: BusNotice): void => {
    for (const observer of observers) observer(notice);
  };

  const maxInFlight = (): number => {
    let least = link.maxInFlight;
    for (const unit of units.values()) least = Math.min(least, unit.limits.maxInFlight);
    return least;
  };

  const failQueue = (unit: Unit, failure: (job: Job) => ModbusFailure): void => {
    for (const job of unit.queue.splice(0)) job.reject(failure(job));
  };

  const noConnection = (job: Job): ModbusFailure => disconnected(job, link.state());

  const markAlive = (unit: Unit, tookMs: number): void => {
    unit.failures = 0;
    unit.usualMs = unit.usualMs === undefined ? tookMs : unit.usualMs * 0.8 + tookMs * 0.2;
    unit.lastAnswerAt = clock.monotonic();
    unit.slowness = undefined;
    takeTimelyAnswer(unit, tookMs);
    if (!unit.isDead) return;
    unit.isDead = false;
    unit.probes = 0;
    changed();
  };

  const markFailed = (unit: Unit, failure: ModbusFailure): void => {
    unit.failures++;
    unit.reason = failure.message;
    if (unit.isDead || unit.failures < failuresUntilDead) return;
    unit.isDead = true;
    unit.lastProbeAt = clock.monotonic();
    failQueue(unit, (job) => unreachable(unit, job));
    changed();
    probes.schedule();
  };

  const attachments = createAttachments(clock, {
    units,
    fixed,
    open: link.open,
    close: () => void link.close(),
    left: (unit) => failQueue(unit, noConnection),
  });

  link.onNotice((notice) => {
    if (notice.kind !== 'late') {
      tell(notice);
      return;
    }
    const unit = units.get(notice.request.unit);
    if (!unit) return;
    const mayLearn = fixed.timeoutMs === undefined && units.size === 1;
    const { isGiven, notice: slow } = takeLateAnswer(unit, notice.tookMs, mayLearn);
    if (isGiven) markAlive(unit, notice.tookMs);
    if (slow) tell(slow);
  });

  const exchange = async (unit: Unit, request: Request, timeoutMs: number): Promise<Buffer> => {
    if (isWrite(request)) {
      await link.write(request, timeoutMs);
      return noData;
    }
    unit.lastRequest = request;
    return link.read(request, timeoutMs);
  };

  /** Sends one request and books its time on the unit. */
  const run = async (unit: Unit, request: Request, timeoutMs: number): Promise<Buffer> => {
    const startedAt = clock.monotonic();
    unit.inFlight++;
    inFlight++;
    try {
      const data = await exchange(unit, request, timeoutMs);
      unit.busy = 0;
      markAlive(unit, clock.monotonic() - startedAt);
      return data;
    } catch (error) {
      const failure =
        error instanceof ModbusFailure
          ? error
          : new ModbusFailure('malformed', `${describeRequest(request)}: ${error}`);
      unit.busy = saysBusy(failure) ? unit.busy + 1 : 0;
      if (provesLife(failure)) markAlive(unit, clock.monotonic() - startedAt);
      else if (failure.kind !== 'refused') markFailed(unit, failure);
      throw failure;
    } finally {
      const now = clock.monotonic();
      unit.used += now - startedAt;
      unit.freeAt = now + Math.max(unit.limits.interRequestMs, busyPause(unit), link.owedMs(request));
      unit.inFlight--;
      inFlight--;
      pump();
    }
  };

  const probes = createProbes(clock, {
    units,
    isFree: () => link.state().kind === 'open' && inFlight < maxInFlight(),
    send: (unit, request, timeoutMs) => run(unit, request, timeoutMs),
  });

  const pump = (): void => {
    if (link.state().kind !== 'open') return;
    const limit = maxInFlight();
    while (inFlight < limit) {
      const { unit, waitMs } = nextUnit(units, clock.monotonic());
      if (!unit) {
        if (waitMs < Number.POSITIVE_INFINITY) wakeUp.by(clock.monotonic() + waitMs);
        return;
      }
      const job = unit.queue.shift();
      if (job && clock.monotonic() >= job.notAfter) job.reject(expired(job));
      else if (job)
        run(unit, job.request, timeoutOf(unit)).then(
          (data) => succeed(job, data),
          (failure) => retry(unit, job, failure),
        );
    }
  };
  const wakeUp = createWakeUp(clock, pump);

  const succeed = ({ request, failure, resolve }: Job, data: Buffer): void => {
    if (failure && !isWrite(request)) tell({ kind: 'repeated', request, reason: failure.message });
    resolve(data);
  };

  const retry = (unit: Unit, job: Job, failure: ModbusFailure): void => {
    const freeAt = Math.max(clock.monotonic(), unit.freeAt);
    const isConnected = grace !== undefined || link.state().kind === 'open';
    // A device that left and came back has a unit of its own now.
    if (units.get(unit.id) !== unit || !mayRetry(unit, job, failure, { freeAt, isConnected })) {
      job.reject(failure);
      return;
    }
    job.retries++;
    job.failure = failure;
    unit.queue.unshift(job);
    pump();
  };

  /** What was to be written is decided anew when the connection is back. */
  const failWrites = (unit: Unit): void => {
    for (const job of unit.queue.filter(({ request }) => isWrite(request))) job.reject(noConnection(job));
    unit.queue = unit.queue.filter(({ request }) => !isWrite(request));
  };

  const failAll = (): void => {
    grace?.cancel();
    grace = undefined;
    for (const unit of units.values()) failQueue(unit, noConnection);
  };

  link.onState((state) => {
    if (state.kind === 'open') {
      wasOpen = true;
      grace?.cancel();
      grace = undefined;
      pump();
      probes.schedule();
    } else if (state.kind === 'waiting' && wasOpen) {
      wasOpen = false;
      for (const unit of units.values()) failWrites(unit);
      grace = clock.after(graceMs, failAll);
    } else if (state.kind === 'closed' || (state.kind === 'waiting' && !grace)) failAll();
    changed();
  });

  const submit = (request: Request, { notAfter = Number.POSITIVE_INFINITY, againUntil = 0 } = {}): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const unit = units.get(request.unit);
      const job: Job = { request, notAfter, againUntil, retries: 0, failure: undefined, resolve, reject };
      if (!unit) return reject(new ModbusFailure('refused', `${describeRequest(request)}: nobody attached this unit`));
      const state = link.state().kind;
      // A write is not kept for a connection that may come back: who writes decides anew then.
      const isUseless = isWrite(request) ? state !== 'open' : state === 'closed' || (state === 'waiting' && !grace);
      if (isUseless) return reject(noConnection(job));
      if (unit.isDead) return reject(unreachable(unit, job));
      enqueue(units, unit, job);
      pump();
    });

  return {
    attach: attachments.attach,
    read: (request, againUntil) => submit(request, againUntil === undefined ? {} : { againUntil }),
    async write(request, notAfter) {
      await submit(request, notAfter === undefined ? {} : { notAfter });
    },
    hurry: link.hurry,
    health(id) {
      const unit = units.get(id);
      if (!unit?.isDead) return { isDead: false, retryMs: 0 };
      return { isDead: true, retryMs: probes.waitMs(), reason: unit.reason };
    },
    linkState: link.state,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onNotice(observer) {
      observers.add(observer);
      return () => observers.delete(observer);
    },
    attachedUnit: () => [...units.values()].sort((a, b) => b.lastAnswerAt - a.lastAnswerAt)[0]?.id,
    async close(leavingMs = 0) {
      await attachments.empty(leavingMs);
      attachments.cancel();
      probes.cancel();
      for (const timer of [wakeUp, grace]) timer?.cancel();
      await link.close();
    },
  };
};
