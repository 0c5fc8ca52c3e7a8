/** Commands that wait for their actuator, or are being carried out; each ends with exactly one answer. */
import { isSame } from '../../common/is-same.ts';
import type { Arbitration, EndReason, Lease, LeaseTable } from '../../control/leases.ts';
import type { Applied, CommandFailure } from '../../drivers/driver.ts';
import type { Code, Outcome, Params, Proof } from '../../model/command.ts';
import type { Clock } from '../../model/time.ts';

/** The outcome of a command. */
export interface CommandAnswer {
  status: Outcome;
  code?: Code;
  message?: string;
  /** Parameters that are in force. */
  applied?: Params;
  /** Whether these are other parameters than the command had. */
  clamped?: boolean;
  verified?: boolean;
  by?: Proof;
  reason?: string;
  /** End of the lease, wall clock, ms. */
  leaseUntil?: number;
}

/** The answer to a release of an owner that has no lease. */
export const nothingHeld: CommandAnswer = {
  status: 'completed',
  applied: {},
  clamped: false,
  verified: false,
  reason: 'nothing_held',
};

/** A command that was accepted. */
export interface CommandRequest {
  id: string;
  /** Monotonic ms after which the command is not begun any more. */
  startBy: number;
  /** Whether the parameters were brought into range. */
  isClamped: boolean;
  /** Whether a restart has cut the command off: it waits for its device for as long as its lease lasts. */
  isResumed?: boolean;
  settle(answer: CommandAnswer): void;
}

/** A request with the lease that it has claimed; a release has none. */
interface PendingRequest extends CommandRequest {
  lease: Lease | undefined;
}

const isBinding = ({ lease }: PendingRequest, { setpoint }: Arbitration, all: Lease[]): boolean =>
  lease === undefined || (lease.kind === 'setpoint' ? setpoint === lease : all.includes(lease));

/** The requests of one actuator. */
export class PendingRequests {
  readonly #leases: LeaseTable;
  readonly #clock: Clock;
  #waiting: PendingRequest[] = [];
  /** Requests whose order is with the driver. */
  #started: PendingRequest[] = [];

  /** @param leases where the lease of a command that fails is taken back */
  constructor(leases: LeaseTable, clock: Clock) {
    this.#leases = leases;
    this.#clock = clock;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether a request waits that is answered soon, even if the device is away; resumed requests wait for the device. */
  get isUrgent(): boolean {
    return this.#waiting.some(({ isResumed }) => !isResumed);
  }

  /** @returns monotonic ms by which the first of the waiting requests must have begun; infinite if none waits */
  nextStartBy(): number {
    return Math.min(...this.#waiting.map(({ startBy }) => startBy));
  }

  add(request: CommandRequest, lease: Lease | undefined): void {
    this.#waiting.push({ ...request, lease });
  }

  /** All waiting requests are with the driver from now on. @returns monotonic ms by which the first must have begun */
  start(): number {
    this.#started = this.#waiting.splice(0);
    return Math.min(...this.#started.map(({ startBy }) => startBy));
  }

  /** Answers waiting requests that have lost their actuator before anything was written. */
  settleSuperseded(): void {
    const arbitration = this.#leases.arbitrate();
    const all = this.#leases.all();
    const { setpoint: winner } = arbitration;
    for (const { lease, settle } of this.#takeOut((request) => !isBinding(request, arbitration, all))) {
      if (lease && all.includes(lease) && winner) {
        settle({
          status: 'superseded',
          code: 'PRIORITY_LOWER',
          message: `${winner.owner} holds the actuator with priority ${winner.priority}; this command waits behind it`,
          leaseUntil: lease.untilWall,
        });
        continue;
      }
      // The owner is told that the lease was lost, so the lease must not come back when the winner fails.
      if (lease) this.#leases.undo(lease);
      settle({ status: 'superseded', message: 'a newer command took its place before it was written' });
    }
  }

  /** Answers waiting requests whose time to begin is over. */
  settleExpired(): void {
    const now = this.#clock.monotonic();
    for (const { lease, settle } of this.#takeOut(({ startBy }) => startBy <= now)) {
      if (lease) this.#leases.undo(lease);
      settle({ status: 'expired', code: 'EXPIRED', message: 'its time was over before the device could be told' });
    }
  }

  /** Answers waiting requests whose lease has ended. */
  settleEnded(ended: Lease, reason: EndReason): void {
    for (const { settle } of this.#takeOut(({ lease }) => lease === ended))
      settle(
        reason === 'expired'
          ? { status: 'expired', code: 'EXPIRED', message: 'the lease was over before the device could be told' }
          : { status: 'superseded', message: `${reason} before it was written` },
      );
  }

  /** @param inForce returns the parameters that are in force for a lease, or for a release */
  complete({ values: _, ...proof }: Applied, inForce: (lease: Lease | undefined) => Params): void {
    for (const { lease, isClamped, settle } of this.#started.splice(0)) {
      const applied = inForce(lease);
      settle({
        status: 'completed',
        applied,
        clamped: isClamped || (lease !== undefined && !isSame(lease.params, applied)),
        ...proof,
        ...(lease === undefined ? {} : { leaseUntil: lease.untilWall }),
      });
    }
  }

  fail({ code, message }: CommandFailure): void {
    for (const request of this.#started.splice(0)) {
      const { lease, isResumed, settle } = request;
      if (isResumed && code === 'DEVICE_OFFLINE') {
        this.#waiting.push(request);
        continue;
      }
      if (lease) this.#leases.undo(lease);
      settle({ status: code === 'EXPIRED' ? 'expired' : 'failed', code, message });
    }
  }

  #takeOut(fits: (request: PendingRequest) => boolean): PendingRequest[] {
    const out = this.#waiting.filter(fits);
    this.#waiting = this.#waiting.filter((request) => !out.includes(request));
    return out;
  }
}
