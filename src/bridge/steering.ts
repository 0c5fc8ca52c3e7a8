/**
 * One actuator at work: whoever holds it by the lease book is what the device is told, and when nobody is left it is
 * brought into its safe state, again and again until that is confirmed. The timers of the leases run here, next to
 * the device.
 */
import { type Claim, createLeaseBook, type Decision, type EndReason, type Lease } from '../control/leases.ts';
import { type Actuator, type Applied, CommandFailure, type Order } from '../drivers/driver.ts';
import type { Clock, Timer } from '../model/time.ts';
import { createDisplay, type Display, type DisplaySink } from './display.ts';
import type { HeldState } from './ledger.ts';
import { appliedTo, isHeld, orderOf, signatureOf } from './orders.ts';
import { createRiders, type Request } from './riders.ts';
import { createWear, wornOut } from './wear.ts';

export interface SteeringSink extends DisplaySink {
  apply(order: Order, signal: AbortSignal): Promise<Applied>;
  /**
   * Before the first write of all, and after every change: what a restart has to know.
   * @returns false where it could not be written down
   */
  save(state: HeldState, isUrgent: boolean): boolean;
  ended(lease: Lease, reason: EndReason): void;
  displaced(lease: Lease, by: Lease): void;
  /** The safe state was to be reached and could not be confirmed; undefined: it is now. */
  unsafe(problem: string | undefined): void;
  /** The device is in its safe state because a lease ended without being renewed. */
  failsafe(): void;
}

export interface Steering extends Pick<Display, 'progressed' | 'measured'> {
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

/** Why nothing is done that a restart would not know of. */
export const unwritten = 'it could not be written down, so a restart would not know of it';

const firstRetryMs = 250;
const longestRetryMs = 30_000;
/** The same again waits no longer than this, ms: a storm of renewals must not fill the bus, nor one renewal expire. */
const longestRenewalMs = 1000;
/** Where only the way to the device is missing; asking costs nothing then. */
const offlineRetryMs = 500;

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
  const riders = createRiders(book, clock);
  const wear = createWear(clock);
  let isOurs = saved?.isOurs ?? false;
  const display = createDisplay(describe, saved?.shown ?? [], clock, sink);
  /** A lease ran out while nobody was here: safe first, then whatever else is wanted. */
  let mustReset = isOurs && book.all().length < (saved?.leases.length ?? 0);
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

  const wanted = (decision = book.decide()): Order => orderOf(key, decision, describe());

  const save = (isUrgent = false): boolean =>
    sink.save({ isOurs, leases: book.save(), shown: display.verbs(), at: clock.now() }, isUrgent);

  const isNew = (order: Order): boolean => signatureOf(order) !== current?.signature;
  /** Also for the same lease: whoever keeps it alive there has to know for how long. */
  const isDone = (order: Order): boolean => !isNew(order) && current?.until === order.notAfter;

  const tellEnds = (leases: Lease[], reason: EndReason): void => {
    for (const lease of leases) {
      riders.settleEnded(lease, reason);
      sink.ended(lease, reason);
      isFailsafeDue ||= reason === 'expired' || reason === 'owner_offline';
    }
  };

  const armExpiry = (): void => {
    expiry?.cancel();
    const next = Math.min(book.nextExpiry() ?? Number.POSITIVE_INFINITY, riders.nextStartBy());
    if (next === Number.POSITIVE_INFINITY) return;
    expiry = clock.after(Math.max(0, next - clock.monotonic()), () => {
      tellEnds(book.expire(), 'expired');
      riders.settleLate();
      changed();
    });
  };

  /** After every change of who holds it. */
  const changed = (): void => {
    if (isClosed) return;
    riders.settleOvertaken();
    armExpiry();
    if (isOurs || riders.isWaiting() || book.all().length > 0) save();
    if (attempt && attempt.signature !== signatureOf(wanted())) attempt.controller.abort();
    if (!isWorking) void work();
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
    display.carriedOut(decision, order, isOurs, applied);
    isOurs &&= isCurrentHeld || book.all().length > 0;
    save();
    if (!isOurs) leaving?.resolve();
    riders.complete(applied, (lease) => appliedTo(lease, order, decision, describe(), display.progress()));
  };

  const fail = (order: Order, failure: CommandFailure): void => {
    current = undefined;
    failures++;
    const isOffline = failure.code === 'DEVICE_OFFLINE' || failure.code === 'TIMEOUT';
    const delayMs = isOffline ? offlineRetryMs : Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures, 16));
    retryAt = clock.monotonic() + delayMs;
    riders.fail(failure);
    // One alarm, however many ways it goes wrong until it is over.
    if (!isHeld(order) && problem === undefined) {
      problem = failure.message;
      sink.unsafe(problem);
    }
    if (!isHeld(order)) leaving?.reject(failure);
    riders.settleOvertaken();
    armExpiry();
    save();
  };

  const carryOut = async (): Promise<void> => {
    const decision: Decision = mustReset ? { setpoint: undefined, limits: new Map() } : book.decide();
    const order = wanted(decision);
    if (!mustReset) order.startBy = riders.board();
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
    display.begin(order);
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
    if (!riders.isWaiting()) {
      // Whoever waited behind one that has gone before it was written was told already, and holds it all the same.
      if (!isOurs && book.all().length === 0) return undefined;
      if (!mustReset && isDone(wanted())) return undefined;
    }
    if ((mustReset || !riders.isHurried()) && retryAt > now) return retryAt - now;
    const order = wanted();
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
      if (describe()?.isPersistent && wear.isOver() && isNew(wanted())) {
        book.undo(claimed.lease);
        request.settle(wornOut);
        return;
      }
      riders.add(request, claimed.lease);
      if (claimed.displaced) sink.displaced(claimed.displaced, claimed.lease);
      changed();
    },
    release(owner, verb, request) {
      const released = book.release(owner, verb);
      if (released.length === 0) {
        request.settle({ status: 'completed', applied: {}, clamped: false, verified: false, reason: 'nothing_held' });
        return;
      }
      riders.add(request, undefined);
      tellEnds(released, 'released');
      changed();
    },
    endWhere,
    drifted() {
      current = undefined;
      changed();
    },
    progressed: display.progressed,
    measured: display.measured,
    returned() {
      if (!isOurs) return;
      current = undefined;
      retryAt = Number.NEGATIVE_INFINITY;
      changed();
    },
    start(pending) {
      for (const request of pending) {
        const lease = book.all().find(({ id }) => id === request.id);
        if (lease) riders.add(request, lease);
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
