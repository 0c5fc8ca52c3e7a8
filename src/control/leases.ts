/**
 * The leases of one actuator: who holds it, and until when. Limits intersect, and nobody overrides them. Setpoints
 * compete: the highest priority wins, and among equals the newest claim. The clock is injected; a lease is measured in
 * monotonic time, so that a wall clock that is set neither shortens nor prolongs it.
 */
import { isSame } from '../common/is-same.ts';
import type { Params } from '../model/command.ts';
import type { Clock } from '../model/time.ts';

/** A wish to hold an actuator for a time. */
export interface Claim {
  /** Id of the command that claims or renews. */
  id: string;
  /** Requester of that command. */
  owner: string;
  verb: string;
  kind: 'setpoint' | 'limit';
  params: Params;
  /** Magnitude of a limit, in the unit of its parameter; absent for a setpoint. */
  value?: number;
  /** 0 to 100; the highest wins. */
  priority: number;
  durationMs: number;
  /** Whether the lease ends with the session of its owner at the broker. */
  isBound: boolean;
}

/** A claim that holds. An owner has one setpoint, and one limit for each verb. */
export interface Lease extends Claim {
  /** Position among the claims: the newest has the highest. A renewal keeps its position. */
  order: number;
  /** Wall clock, ms: when the owner began to hold this. */
  from: number;
  /** Wall clock, ms: the end as it was promised to the owner. */
  untilWall: number;
  /** Monotonic ms: the end that counts. */
  until: number;
}

/** A lease as it is kept over a restart, which has a monotonic time of its own. */
export type SavedLease = Omit<Lease, 'until'>;

/** The leases that bind the actuator now. */
export interface Arbitration {
  setpoint: Lease | undefined;
  /** The lowest limit of each verb. */
  limits: Map<string, Lease>;
}

/** Why a lease ended. */
export type EndReason = 'expired' | 'released' | 'owner_offline' | 'target_reached';

/** Leases that one actuator can have; more owners than this are an attack or a mistake. */
const maxLeases = 64;

const keyOf = ({ kind, owner, verb }: Pick<Claim, 'kind' | 'owner' | 'verb'>): string =>
  JSON.stringify(kind === 'setpoint' ? [owner] : [owner, verb]);

const isStronger = (a: Lease, b: Lease): boolean =>
  a.priority === b.priority ? a.order > b.order : a.priority > b.priority;

const isRenewal = (before: Lease, claim: Claim): boolean =>
  before.verb === claim.verb && before.priority === claim.priority && isSame(before.params, claim.params);

/** All leases of one actuator. */
export class LeaseTable {
  readonly #clock: Clock;
  readonly #leases = new Map<string, Lease>();
  /** The lease that an owner had before a newer one, for as long as the newer one may still come to nothing. */
  readonly #previous = new WeakMap<Lease, Lease>();
  readonly #undone = new WeakSet<Lease>();
  #lastOrder = 0;

  /** @param saved leases from before a restart, and the wall clock at which they were saved, ms */
  constructor(clock: Clock, saved?: { leases: SavedLease[]; at: number }) {
    this.#clock = clock;
    if (saved) this.#restore(saved.leases, saved.at);
  }

  /**
   * Gives the owner a lease, in place of the one it has.
   * @returns the lease, and the setpoint of another owner that loses the actuator; undefined if there are too many owners
   */
  claim(claim: Claim): { lease: Lease; displaced: Lease | undefined } | undefined {
    const key = keyOf(claim);
    const before = this.#leases.get(key);
    if (!before && this.#leases.size >= maxLeases) return undefined;
    const holder = this.#setpoint();
    const lease = this.#leaseOf(claim, before);
    this.#leases.set(key, lease);
    if (before) this.#previous.set(lease, before);
    const isDisplaced = holder !== undefined && holder.owner !== claim.owner && this.#setpoint() === lease;
    return { lease, displaced: isDisplaced ? holder : undefined };
  }

  /** Takes back a claim that came to nothing: its owner has the lease from before again, if that still lasts. */
  undo(lease: Lease): void {
    const key = keyOf(lease);
    this.#undone.add(lease);
    if (this.#leases.get(key) !== lease) return;
    this.#leases.delete(key);
    let before = this.#previous.get(lease);
    while (before && this.#undone.has(before)) before = this.#previous.get(before);
    if (before && before.until > this.#clock.monotonic()) this.#leases.set(key, before);
  }

  /** Ends all leases of an owner, or those of one verb. @returns the leases that ended */
  release(owner: string, verb?: string): Lease[] {
    const isMeant = (lease: Lease): boolean => lease.owner === owner && (verb === undefined || lease.verb === verb);
    const released = this.#takeOut(isMeant);
    for (const lease of this.#leases.values()) this.#forgetPrevious(lease, isMeant);
    return released;
  }

  /** Ends one lease. @returns false if it had ended already */
  end(lease: Lease): boolean {
    const key = keyOf(lease);
    return this.#leases.get(key) === lease && this.#leases.delete(key);
  }

  /** Ends the leases whose time is over. @returns the leases that ended */
  expire(): Lease[] {
    const now = this.#clock.monotonic();
    return this.#takeOut(({ until }) => until <= now);
  }

  /** Decides which leases bind the actuator. */
  arbitrate(): Arbitration {
    const limits = new Map<string, Lease>();
    for (const lease of this.#leases.values()) {
      if (lease.kind !== 'limit') continue;
      const lowest = limits.get(lease.verb);
      if (!lowest || (lease.value ?? 0) < (lowest.value ?? 0)) limits.set(lease.verb, lease);
    }
    return { setpoint: this.#setpoint(), limits };
  }

  /** @returns monotonic ms at which the first lease ends; undefined if there is none */
  nextExpiry(): number | undefined {
    const ends = [...this.#leases.values()].map(({ until }) => until);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  all(): Lease[] {
    return [...this.#leases.values()];
  }

  save(): SavedLease[] {
    return this.all().map(({ until: _, ...lease }) => lease);
  }

  #restore(saved: SavedLease[], savedAt: number): void {
    const now = this.#clock.now();
    // A wall clock that is before the time of saving does not tell how long the runtime was away: no lease is believed.
    if (now < savedAt) return;
    for (const lease of saved) {
      const leftMs = Math.min(lease.untilWall - now, lease.durationMs);
      if (leftMs <= 0) continue;
      this.#leases.set(keyOf(lease), { ...lease, until: this.#clock.monotonic() + leftMs });
      this.#lastOrder = Math.max(this.#lastOrder, lease.order);
    }
  }

  #leaseOf(claim: Claim, before: Lease | undefined): Lease {
    const renewed = before && isRenewal(before, claim) ? before : undefined;
    const now = this.#clock.now();
    return {
      ...claim,
      order: renewed?.order ?? ++this.#lastOrder,
      from: renewed?.from ?? now,
      untilWall: now + claim.durationMs,
      until: this.#clock.monotonic() + claim.durationMs,
    };
  }

  #setpoint(): Lease | undefined {
    let best: Lease | undefined;
    for (const lease of this.#leases.values())
      if (lease.kind === 'setpoint' && (!best || isStronger(lease, best))) best = lease;
    return best;
  }

  #takeOut(isMeant: (lease: Lease) => boolean): Lease[] {
    const taken = this.all().filter(isMeant);
    for (const lease of taken) this.#leases.delete(keyOf(lease));
    return taken;
  }

  /** Forgets released leases that would come back if a newer claim of their owner came to nothing. */
  #forgetPrevious(newest: Lease, isReleased: (lease: Lease) => boolean): void {
    let lease = newest;
    for (let before = this.#previous.get(lease); before; before = this.#previous.get(lease)) {
      if (isReleased(before) && !this.#undone.has(before)) this.#previous.delete(lease);
      lease = before;
    }
  }
}
