/**
 * One connection shared by several units: fair by bus time, writes before reads, and a dead unit costs
 * the others next to nothing. A unit that fails several times in a row is taken off; from then on its requests
 * fail at once, and the bus itself probes for its return within a budget.
 */
import type { Clock, Timer } from '../../model/time.ts';
import { createProbes } from './bus-probes.ts';
import {
  busyPause,
  createUnit,
  type Job,
  provesLife,
  saysBusy,
  setUsers,
  type Unit,
  type UnitLimits,
} from './bus-unit.ts';
import type { Link, LinkState } from './link.ts';
import {
  describeRequest,
  isWrite,
  ModbusFailure,
  type ReadRequest,
  type Request,
  type WriteRequest,
} from './request.ts';

export interface UnitHealth {
  isDead: boolean;
  /** Milliseconds until the next probe at the earliest, where dead. */
  retryMs: number;
  reason?: string;
}

export interface Bus {
  /** A device registers before its first request; the last to leave closes the connection, a moment later. */
  attach(unit: number, limits: UnitLimits): () => void;
  read(request: ReadRequest): Promise<Buffer>;
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
  /** @param leavingMs time for its units to leave: one that is taken away makes its device safe first */
  close(leavingMs?: number): Promise<void>;
}

const failuresUntilDead = 3;
/** A connection that was good and breaks may come back this soon before its requests fail. */
const graceMs = 1000;
/** A redeploy takes devices away and brings them back: the connection outlives that. */
const unusedMs = 2000;

/** A read that finds its unit busy is sent again this often before it fails. */
const busyRetries = 3;

const noData = Buffer.alloc(0);

/**
 * @param link opened by the bus when the first unit attaches, closed with the bus
 */
export const createBus = (link: Link, clock: Clock): Bus => {
  const units = new Map<number, Unit>();
  /** The last unit has left. */
  let left = (): void => {};
  const listeners = new Set<() => void>();
  let inFlight = 0;
  let wake: { at: number; timer: Timer } | undefined;
  let grace: Timer | undefined;
  let unused: Timer | undefined;
  let wasOpen = false;

  const changed = (): void => {
    for (const listener of listeners) listener();
  };

  const maxInFlight = (): number => {
    let least = link.maxInFlight;
    for (const unit of units.values()) least = Math.min(least, unit.limits.maxInFlight);
    return least;
  };

  const failQueue = (unit: Unit, failure: (job: Job) => ModbusFailure): void => {
    for (const job of unit.queue.splice(0)) job.reject(failure(job));
  };

  const unreachable = (unit: Unit, { request }: Job): ModbusFailure =>
    new ModbusFailure('unreachable', `${describeRequest(request)}: the unit is not answering (${unit.reason})`);

  const expired = ({ request }: Job): ModbusFailure =>
    new ModbusFailure('expired', `${describeRequest(request)}: not sent, its time was over`);

  const disconnected = ({ request }: Job): ModbusFailure => {
    const state = link.state();
    const why = state.kind === 'waiting' ? state.reason : state.kind;
    return new ModbusFailure('disconnected', `${describeRequest(request)}: no connection (${why})`);
  };

  const markAlive = (unit: Unit, tookMs: number): void => {
    unit.failures = 0;
    unit.usualMs = unit.usualMs === undefined ? tookMs : unit.usualMs * 0.8 + tookMs * 0.2;
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
      unit.freeAt = now + Math.max(unit.limits.interRequestMs, busyPause(unit));
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

  const hasWrite = ({ queue: [first] }: Unit): boolean => first !== undefined && isWrite(first.request);

  const goesBefore = (a: Unit, b: Unit): boolean => (hasWrite(a) === hasWrite(b) ? a.used < b.used : hasWrite(a));

  /** Whoever has something to write, else whoever has used the bus least; or how long until one may go. */
  const nextUnit = (): { unit?: Unit; waitMs: number } => {
    const now = clock.monotonic();
    let best: Unit | undefined;
    let waitMs = Number.POSITIVE_INFINITY;
    for (const unit of units.values()) {
      if (unit.queue.length === 0 || unit.inFlight >= unit.limits.maxInFlight) continue;
      if (unit.freeAt > now) waitMs = Math.min(waitMs, unit.freeAt - now);
      else if (!best || goesBefore(unit, best)) best = unit;
    }
    return best ? { unit: best, waitMs: 0 } : { waitMs };
  };

  /** One timer for all pauses: it is moved only when an earlier one comes. */
  const wakeAt = (at: number): void => {
    if (wake && wake.at <= at) return;
    wake?.timer.cancel();
    const timer = clock.after(at - clock.monotonic(), () => {
      wake = undefined;
      pump();
    });
    wake = { at, timer };
  };

  const pump = (): void => {
    if (link.state().kind !== 'open') return;
    const limit = maxInFlight();
    while (inFlight < limit) {
      const { unit, waitMs } = nextUnit();
      if (!unit) {
        if (waitMs < Number.POSITIVE_INFINITY) wakeAt(clock.monotonic() + waitMs);
        return;
      }
      const job = unit.queue.shift();
      if (job && clock.monotonic() >= job.notAfter) job.reject(expired(job));
      else if (job)
        run(unit, job.request, unit.limits.timeoutMs).then(job.resolve, (failure) => retry(unit, job, failure));
    }
  };

  /** Reading twice harms nothing: a busy unit is asked again, and once what a broken connection took along. */
  const mayRetry = (unit: Unit, { request, retries }: Job, failure: ModbusFailure): boolean => {
    if (isWrite(request) || unit.isDead || !units.has(unit.id)) return false;
    if (saysBusy(failure)) return retries < busyRetries;
    return failure.kind === 'disconnected' && retries === 0 && (grace !== undefined || link.state().kind === 'open');
  };

  const retry = (unit: Unit, job: Job, failure: ModbusFailure): void => {
    if (!mayRetry(unit, job, failure)) {
      job.reject(failure);
      return;
    }
    job.retries++;
    unit.queue.unshift(job);
    pump();
  };

  /** What was to be written is decided anew when the connection is back. */
  const failWrites = (unit: Unit): void => {
    for (const job of unit.queue.filter(({ request }) => isWrite(request))) job.reject(disconnected(job));
    unit.queue = unit.queue.filter(({ request }) => !isWrite(request));
  };

  const failAll = (): void => {
    grace?.cancel();
    grace = undefined;
    for (const unit of units.values()) failQueue(unit, disconnected);
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

  /** A unit that was idle does not get to catch up on the time it did not use. */
  const joinFairly = (unit: Unit): void => {
    let least = Number.POSITIVE_INFINITY;
    for (const other of units.values())
      if (other !== unit && (other.queue.length > 0 || other.inFlight > 0)) least = Math.min(least, other.used);
    if (least < Number.POSITIVE_INFINITY) unit.used = Math.max(unit.used, least);
  };

  /** Behind the writes that wait already, before the reads. */
  const enqueue = (unit: Unit, job: Job): void => {
    const firstRead = isWrite(job.request) ? unit.queue.findIndex(({ request }) => !isWrite(request)) : -1;
    if (firstRead < 0) unit.queue.push(job);
    else unit.queue.splice(firstRead, 0, job);
  };

  const submit = (request: Request, notAfter = Number.POSITIVE_INFINITY): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const unit = units.get(request.unit);
      const job: Job = { request, notAfter, retries: 0, resolve, reject };
      if (!unit) return reject(new ModbusFailure('refused', `${describeRequest(request)}: nobody attached this unit`));
      const state = link.state().kind;
      // A write is not kept for a connection that may come back: who writes decides anew then.
      const isUseless = isWrite(request) ? state !== 'open' : state === 'closed' || (state === 'waiting' && !grace);
      if (isUseless) return reject(disconnected(job));
      if (unit.isDead) return reject(unreachable(unit, job));
      if (unit.queue.length === 0 && unit.inFlight === 0) joinFairly(unit);
      enqueue(unit, job);
      pump();
    });

  return {
    attach(id, limits) {
      const known = units.get(id);
      if (known) setUsers(known, [...known.users, limits]);
      else units.set(id, createUnit(id, limits));
      link.open();
      return () => {
        const unit = units.get(id);
        if (!unit) return;
        setUsers(
          unit,
          unit.users.filter((user) => user !== limits),
        );
        if (unit.users.length > 0) return;
        units.delete(id);
        failQueue(unit, disconnected);
        if (units.size > 0) return;
        left();
        unused?.cancel();
        unused = clock.after(unusedMs, () => {
          if (units.size === 0) void link.close();
        });
      };
    },
    read: (request) => submit(request),
    async write(request, notAfter) {
      await submit(request, notAfter);
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
    async close(leavingMs = 0) {
      if (units.size > 0 && leavingMs > 0)
        await new Promise<void>((resolve) => {
          const patience = clock.after(leavingMs, resolve);
          left = () => {
            patience.cancel();
            resolve();
          };
        });
      probes.cancel();
      for (const timer of [wake?.timer, grace, unused]) timer?.cancel();
      await link.close();
    },
  };
};
