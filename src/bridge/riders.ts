/** Commands on their way to a device, each of which ends with exactly one answer. */
import type { Decision, EndReason, Lease, LeaseBook } from '../control/leases.ts';
import type { Applied, CommandFailure } from '../drivers/driver.ts';
import type { Code, Outcome, Params, Proof } from '../model/command.ts';
import type { Clock } from '../model/time.ts';

/** What became of a command. */
export interface Answer {
  status: Outcome;
  code?: Code;
  message?: string;
  applied?: Params;
  clamped?: boolean;
  verified?: boolean;
  by?: Proof;
  reason?: string;
  /** Wall clock, ms. */
  leaseUntil?: number;
}

export interface Request {
  id: string;
  /** Monotonic time after which it is not begun any more. */
  startBy: number;
  isClamped: boolean;
  /** A restart has cut it off: it waits for its device for as long as its lease lasts. */
  isResumed?: boolean;
  settle(answer: Answer): void;
}

interface Rider extends Request {
  /** Absent: a release. */
  lease: Lease | undefined;
}

export interface Riders {
  add(request: Request, lease: Lease | undefined): void;
  isWaiting(): boolean;
  /** Someone waits for an answer that a device which is away has to have as well. */
  isHurried(): boolean;
  /** Monotonic time by which the first of those that wait must have begun. */
  nextStartBy(): number;
  /** Those that wait are with the device from now on. @returns by when it must have begun */
  board(): number;
  /** Whoever has lost before the write is told at once. */
  settleOvertaken(): void;
  settleLate(): void;
  settleEnded(lease: Lease, reason: EndReason): void;
  /** @param inForce what the device does for this lease */
  complete(applied: Applied, inForce: (lease: Lease | undefined) => Params): void;
  fail(failure: CommandFailure): void;
}

const isSame = (a: Params, b: Params): boolean => JSON.stringify(a) === JSON.stringify(b);

const isInForce = ({ lease }: Rider, { setpoint }: Decision, all: Lease[]): boolean =>
  lease === undefined || (lease.kind === 'setpoint' ? setpoint === lease : all.includes(lease));

/** @param book where the lease of a command that fails is undone */
export const createRiders = (book: LeaseBook, clock: Clock): Riders => {
  let waiting: Rider[] = [];
  let aboard: Rider[] = [];

  const takeOut = (fits: (rider: Rider) => boolean): Rider[] => {
    const out = waiting.filter(fits);
    waiting = waiting.filter((rider) => !out.includes(rider));
    return out;
  };

  return {
    add: (request, lease) => void waiting.push({ ...request, lease }),
    isWaiting: () => waiting.length > 0,
    isHurried: () => waiting.some(({ isResumed }) => !isResumed),
    nextStartBy: () => Math.min(...waiting.map(({ startBy }) => startBy)),
    board() {
      aboard = waiting.splice(0);
      return Math.min(...aboard.map(({ startBy }) => startBy));
    },
    settleOvertaken() {
      const decision = book.decide();
      const all = book.all();
      const { setpoint: winner } = decision;
      for (const { lease, settle } of takeOut((rider) => !isInForce(rider, decision, all))) {
        if (lease && all.includes(lease) && winner) {
          settle({
            status: 'superseded',
            code: 'PRIORITY_LOWER',
            message: `${winner.owner} holds it with priority ${winner.priority}; this waits behind it`,
            leaseUntil: lease.untilWall,
          });
          continue;
        }
        // It was told that it lost: it does not come back when the winner fails.
        if (lease) book.undo(lease);
        settle({ status: 'superseded', message: 'a newer command took its place before it was written' });
      }
    },
    settleLate() {
      const now = clock.monotonic();
      for (const { lease, settle } of takeOut(({ startBy }) => startBy <= now)) {
        if (lease) book.undo(lease);
        settle({ status: 'expired', code: 'EXPIRED', message: 'its time was over before the device could be told' });
      }
    },
    settleEnded(ended, reason) {
      for (const { settle } of takeOut(({ lease }) => lease === ended))
        settle(
          reason === 'expired'
            ? { status: 'expired', code: 'EXPIRED', message: 'the lease was over before the device could be told' }
            : { status: 'superseded', message: `${reason} before it was written` },
        );
    },
    complete({ values: _, ...proof }, inForce) {
      for (const { lease, isClamped, settle } of aboard.splice(0)) {
        const applied = inForce(lease);
        settle({
          status: 'completed',
          applied,
          clamped: isClamped || (lease !== undefined && !isSame(lease.params, applied)),
          ...proof,
          ...(lease === undefined ? {} : { leaseUntil: lease.untilWall }),
        });
      }
    },
    fail({ code, message }) {
      for (const rider of aboard.splice(0)) {
        const { lease, isResumed, settle } = rider;
        if (isResumed && code === 'DEVICE_OFFLINE') {
          waiting.push(rider);
          continue;
        }
        if (lease) book.undo(lease);
        settle({ status: code === 'EXPIRED' ? 'expired' : 'failed', code, message });
      }
    },
  };
};
