/**
 * One actuator at work: whoever holds it by the lease book is what the device is told, and when nobody is left it is
 * brought into its safe state, again and again until that is confirmed. The timers of the leases run here, next to
 * the device.
 */
import { type Claim, createLeaseBook, type Decision, type EndReason, type Lease } from '../control/leases.ts';
import { type Actuator, type Applied, CommandFailure, type Order } from '../drivers/driver.ts';
import type { Code, Outcome, Params } from '../model/command.ts';
import type { Clock, Timer } from '../model/time.ts';
import type { HeldState } from './ledger.ts';
import { boundByLimits } from './ranges.ts';
import { createWear, wornOut } from './wear.ts';

/** What became of a command. */
export interface Answer {
  status: Outcome;
  code?: Code;
  message?: string;
  applied?: Params;
  clamped?: boolean;
  verified?: boolean;
  reason?: string;
  /** Wall clock, ms. */
  leaseUntil?: number;
}

/** A setpoint as the device has it. */
export interface Shown {
  verb: string;
  lease: Lease | undefined;
  applied: Params;
}

export interface SteeringSink {
  apply(order: Order, signal: AbortSignal): Promise<Applied>;
  /**
   * Before the first write of all, and after every change: what a restart has to know.
   * @returns false where it could not be written down
   */
  save(state: HeldState, isUrgent: boolean): boolean;
  /** Setpoints in force; verbs that are shown no more. */
  show(shown: Shown[], ended: string[]): void;
  ended(lease: Lease, reason: EndReason): void;
  displaced(lease: Lease, by: Lease): void;
  /** The safe state was to be reached and could not be confirmed; undefined: it is now. */
  unsafe(problem: string | undefined): void;
  /** The device is in its safe state because a lease ended without being renewed. */
  failsafe(): void;
}

export interface Request {
  id: string;
  /** Monotonic time after which it is not begun any more. */
  startBy: number;
  isClamped: boolean;
  settle(answer: Answer): void;
}

export interface Steering {
  claim(claim: Claim, request: Request): void;
  release(owner: string, verb: string | undefined, request: Request): void;
  /** Ends every lease that fits: its owner is gone, its goal is reached. */
  endWhere(fits: (lease: Lease) => boolean, reason: EndReason): void;
  /** The device holds something else than it was told. */
  drifted(): void;
  /** The device answers again: what it holds is not known. */
  returned(): void;
  /** Takes up what was in force before a restart. */
  start(pending: Request[]): void;
  close(): void;
  /**
   * Nobody will be here to end the leases: they end now. Resolves in the safe state, rejects where the first attempt
   * at it fails.
   */
  letGo(): Promise<void>;
  /** The setpoint that holds it, if any. */
  holder(): Lease | undefined;
}

interface Rider extends Request {
  lease: Lease | undefined;
}

/** Why nothing is done that a restart would not know of. */
export const unwritten = 'it could not be written down, so a restart would not know of it';

const firstRetryMs = 250;
const longestRetryMs = 30_000;
/** The same again waits no longer than this, ms: a storm of renewals must not fill the bus, nor one renewal expire. */
const longestRenewalMs = 1000;
/** Where only the way to the device is missing; asking costs nothing then. */
const offlineRetryMs = 500;

const isHeld = ({ verb, limits }: Order): boolean => verb !== undefined || Object.keys(limits).length > 0;

const signatureOf = ({ verb, params, limits }: Order): string =>
  JSON.stringify([verb ?? null, params, Object.entries(limits).sort()]);

const isSame = (a: Params, b: Params): boolean => JSON.stringify(a) === JSON.stringify(b);

const toFailure = (error: unknown): CommandFailure =>
  error instanceof CommandFailure ? error : new CommandFailure('INTERNAL', String(error));

/**
 * @param describe the actuator as the driver offers it now
 * @param saved from before a restart
 */
export const createSteering = (
  describe: () => Actuator | undefined,
  key: string,
  saved: HeldState | undefined,
  clock: Clock,
  sink: SteeringSink,
): Steering => {
  const book = createLeaseBook(clock, saved);
  const wear = createWear(clock);
  let isOurs = saved?.isOurs ?? false;
  let shown = new Set(saved?.shown ?? []);
  /** A lease ran out while nobody was here: safe first, then whatever else is wanted. */
  let mustReset = isOurs && book.all().length < (saved?.leases.length ?? 0);
  let riders: Rider[] = [];
  let aboard: Rider[] = [];
  /** What the device is known to hold, and until when it was told to; undefined: not known. */
  let current: { signature: string; until: number } | undefined;
  let isCurrentHeld = false;
  let attempt: { signature: string; controller: AbortController } | undefined;
  let changedAt = Number.NEGATIVE_INFINITY;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let retryAt = Number.NEGATIVE_INFINITY;
  let problem: string | undefined;
  let isFailsafeDue = false;
  let wake: Timer | undefined;
  let expiry: Timer | undefined;
  let isWorking = false;
  let isClosed = false;
  /** Waits for the safe state, once. */
  let leaving: { resolve(): void; reject(failure: Error): void } | undefined;

  const limitsOf = ({ limits }: Decision): Record<string, number> =>
    Object.fromEntries([...limits].map(([verb, { value = 0 }]) => [verb, value]));

  const orderOf = (decision: Decision): Order => {
    const limits = limitsOf(decision);
    const { setpoint } = decision;
    const startBy = Number.POSITIVE_INFINITY;
    if (!setpoint) {
      const ends = [...decision.limits.values()].map(({ until }) => until);
      return { actuator: key, params: {}, limits, startBy, notAfter: Math.min(...ends) };
    }
    const description = describe()?.verbs[setpoint.verb];
    const params = description ? boundByLimits(setpoint.params, description, limits) : setpoint.params;
    return { actuator: key, verb: setpoint.verb, params, limits, startBy, notAfter: setpoint.until };
  };

  const save = (isUrgent = false): boolean =>
    sink.save({ isOurs, leases: book.save(), shown: [...shown], at: clock.now() }, isUrgent);

  const isNew = (order: Order): boolean => signatureOf(order) !== current?.signature;
  /** Also for the same lease: whoever keeps it alive there has to know for how long. */
  const isDone = (order: Order): boolean => !isNew(order) && current?.until === order.notAfter;

  const isInForce = ({ lease }: Rider, { setpoint }: Decision, all: Lease[]): boolean =>
    lease === undefined || (lease.kind === 'setpoint' ? setpoint === lease : all.includes(lease));

  /** Whoever has lost before the write is told at once. */
  const settleOvertaken = (): void => {
    const decision = book.decide();
    const all = book.all();
    const overtaken = riders.filter((rider) => !isInForce(rider, decision, all));
    riders = riders.filter((rider) => !overtaken.includes(rider));
    for (const { lease, settle } of overtaken) {
      const winner = decision.setpoint;
      const isWaiting = lease !== undefined && all.includes(lease);
      // It was told that it lost: it does not come back when the winner fails.
      if (lease && !isWaiting) book.undo(lease);
      settle({
        status: 'superseded',
        ...(isWaiting && winner
          ? {
              code: 'PRIORITY_LOWER',
              message: `${winner.owner} holds it with priority ${winner.priority}; this waits behind it`,
              leaseUntil: lease.untilWall,
            }
          : { message: 'a newer command took its place before it was written' }),
      });
    }
  };

  const settleLate = (): void => {
    const now = clock.monotonic();
    const late = riders.filter(({ startBy }) => startBy <= now);
    riders = riders.filter((rider) => !late.includes(rider));
    for (const rider of late) {
      if (rider.lease) book.undo(rider.lease);
      rider.settle({
        status: 'expired',
        code: 'EXPIRED',
        message: 'its time was over before the device could be told',
      });
    }
  };

  const tellEnds = (leases: Lease[], reason: EndReason): void => {
    for (const lease of leases) {
      const own = riders.filter((rider) => rider.lease === lease);
      riders = riders.filter((rider) => rider.lease !== lease);
      for (const { settle } of own)
        settle(
          reason === 'expired'
            ? { status: 'expired', code: 'EXPIRED', message: 'the lease was over before the device could be told' }
            : { status: 'superseded', message: `${reason} before it was written` },
        );
      sink.ended(lease, reason);
      isFailsafeDue ||= reason === 'expired' || reason === 'owner_offline';
    }
  };

  const armExpiry = (): void => {
    expiry?.cancel();
    const next = Math.min(book.nextExpiry() ?? Number.POSITIVE_INFINITY, ...riders.map(({ startBy }) => startBy));
    if (next === Number.POSITIVE_INFINITY) return;
    expiry = clock.after(Math.max(0, next - clock.monotonic()), () => {
      tellEnds(book.expire(), 'expired');
      settleLate();
      changed();
    });
  };

  /** After every change of who holds it. */
  const changed = (): void => {
    if (isClosed) return;
    settleOvertaken();
    armExpiry();
    if (isOurs || riders.length > 0) save();
    if (attempt && attempt.signature !== signatureOf(orderOf(book.decide()))) attempt.controller.abort();
    if (!isWorking) void work();
  };

  const showSetpoints = (decision: Decision, order: Order): void => {
    const { fallback } = describe() ?? {};
    const list: Shown[] = [...decision.limits].map(([verb, lease]) => ({
      verb,
      lease,
      applied: { ...lease.params },
    }));
    const { setpoint } = decision;
    if (setpoint) list.push({ verb: setpoint.verb, lease: setpoint, applied: order.params });
    else if (fallback?.verb !== undefined && isOurs)
      list.push({ verb: fallback.verb, lease: undefined, applied: fallback.means });
    const verbs = new Set(list.map(({ verb }) => verb));
    const ended = [...shown].filter((verb) => !verbs.has(verb));
    shown = verbs;
    if (list.length > 0 || ended.length > 0) sink.show(list, ended);
  };

  /** What is in force for whoever holds this lease: the lowest limit of all, the setpoint within the limits. */
  const appliedTo = (lease: Lease | undefined, order: Order, { limits }: Decision): Params => {
    if (lease?.kind === 'limit') return limits.get(lease.verb)?.params ?? lease.params;
    return order.verb === undefined ? (describe()?.fallback?.means ?? {}) : order.params;
  };

  const succeed = (order: Order, decision: Decision, applied: Applied): void => {
    if (isNew(order)) changedAt = clock.monotonic();
    current = { signature: signatureOf(order), until: order.notAfter };
    failures = 0;
    retryAt = Number.NEGATIVE_INFINITY;
    if (problem !== undefined) sink.unsafe(undefined);
    problem = undefined;
    if (!isHeld(order) && isFailsafeDue) sink.failsafe();
    isFailsafeDue = false;
    isCurrentHeld = isHeld(order);
    showSetpoints(decision, order);
    isOurs &&= isCurrentHeld || book.all().length > 0;
    save();
    if (!isOurs) leaving?.resolve();
    for (const { lease, isClamped, settle } of aboard.splice(0)) {
      const inForce = appliedTo(lease, order, decision);
      settle({
        status: 'completed',
        applied: inForce,
        clamped: isClamped || (lease !== undefined && !isSame(lease.params, inForce)),
        verified: applied.verified,
        ...(applied.reason === undefined ? {} : { reason: applied.reason }),
        ...(lease === undefined ? {} : { leaseUntil: lease.untilWall }),
      });
    }
  };

  const fail = (order: Order, failure: CommandFailure): void => {
    current = undefined;
    failures++;
    const isOffline = failure.code === 'DEVICE_OFFLINE' || failure.code === 'TIMEOUT';
    const delayMs = isOffline ? offlineRetryMs : Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures, 16));
    retryAt = clock.monotonic() + delayMs;
    for (const { lease, settle } of aboard.splice(0)) {
      if (lease) book.undo(lease);
      const isExpired = failure.code === 'EXPIRED';
      settle({ status: isExpired ? 'expired' : 'failed', code: failure.code, message: failure.message });
    }
    if (!isHeld(order) && problem !== failure.message) {
      problem = failure.message;
      sink.unsafe(problem);
    }
    if (!isHeld(order)) leaving?.reject(failure);
    settleOvertaken();
    armExpiry();
    save();
  };

  const carryOut = async (): Promise<void> => {
    const decision: Decision = mustReset ? { setpoint: undefined, limits: new Map() } : book.decide();
    const order = orderOf(decision);
    aboard = mustReset ? [] : riders.splice(0);
    order.startBy = Math.min(order.startBy, ...aboard.map(({ startBy }) => startBy));
    if (isHeld(order) && !isOurs) {
      isOurs = true;
      if (!save(true)) {
        isOurs = false;
        fail(order, new CommandFailure('INTERNAL', unwritten));
        return;
      }
    }
    if (isHeld(order)) writtenAt = clock.monotonic();
    if (isNew(order)) wear.note();
    const controller = new AbortController();
    attempt = { signature: signatureOf(order), controller };
    try {
      const applied = await sink.apply(order, controller.signal);
      if (isClosed) return;
      mustReset = false;
      succeed(order, decision, applied);
    } catch (error) {
      if (!isClosed) fail(order, toFailure(error));
    } finally {
      attempt = undefined;
    }
  };

  /** Milliseconds until the device may be written to; undefined: there is nothing to write. */
  const dueIn = (): number | undefined => {
    const now = clock.monotonic();
    if (riders.length === 0) {
      if (!isOurs) return undefined;
      if (!mustReset && isDone(orderOf(book.decide()))) return undefined;
    }
    if ((mustReset || riders.length === 0) && retryAt > now) return retryAt - now;
    const order = orderOf(book.decide());
    const { minWriteIntervalMs = 0 } = describe() ?? {};
    // Nothing keeps a device from its safe state.
    if (mustReset || !isHeld(order)) return 0;
    const changeAt = isNew(order) ? changedAt + minWriteIntervalMs : now;
    return Math.max(0, changeAt - now, writtenAt + Math.min(minWriteIntervalMs, longestRenewalMs) - now);
  };

  const work = async (): Promise<void> => {
    isWorking = true;
    wake?.cancel();
    for (;;) {
      const waitMs = isClosed ? undefined : dueIn();
      if (waitMs === undefined) break;
      if (waitMs > 0) {
        wake = clock.after(waitMs, () => {
          if (!isWorking) void work();
        });
        break;
      }
      await carryOut();
    }
    isWorking = false;
  };

  const endWhere = (fits: (lease: Lease) => boolean, reason: EndReason): void => {
    const ending = book.all().filter(fits);
    for (const lease of ending) book.end(lease);
    tellEnds(ending, reason);
    if (ending.length > 0) changed();
  };

  return {
    claim(claim, request) {
      const claimed = book.claim(claim);
      if (!claimed) {
        request.settle({ status: 'rejected', code: 'INTERLOCK', message: 'too many owners hold this already' });
        return;
      }
      if (describe()?.isPersistent && wear.isOver() && isNew(orderOf(book.decide()))) {
        book.undo(claimed.lease);
        request.settle(wornOut);
        return;
      }
      riders.push({ ...request, lease: claimed.lease });
      if (claimed.displaced) sink.displaced(claimed.displaced, claimed.lease);
      changed();
    },
    release(owner, verb, request) {
      const released = book.release(owner, verb);
      if (released.length === 0) {
        request.settle({ status: 'completed', applied: {}, clamped: false, verified: false, reason: 'nothing_held' });
        return;
      }
      riders.push({ ...request, lease: undefined });
      tellEnds(released, 'released');
      changed();
    },
    endWhere,
    drifted() {
      current = undefined;
      changed();
    },
    returned() {
      if (!isOurs) return;
      current = undefined;
      retryAt = Number.NEGATIVE_INFINITY;
      changed();
    },
    start(pending) {
      for (const request of pending) {
        const lease = book.all().find(({ id }) => id === request.id);
        if (lease) riders.push({ ...request, lease });
        else
          request.settle({
            status: 'failed',
            code: 'INTERNAL',
            message: 'the runtime restarted before it was carried out; the device is in its safe state',
          });
      }
      changed();
    },
    close() {
      isClosed = true;
      for (const timer of [wake, expiry]) timer?.cancel();
      attempt?.controller.abort();
    },
    async letGo() {
      endWhere(() => true, 'released');
      if (!isOurs) return;
      await new Promise<void>((resolve, reject) => {
        leaving = { resolve, reject };
        retryAt = Number.NEGATIVE_INFINITY;
        changed();
      });
    },
    holder: () => book.decide().setpoint,
  };
};
