/**
 * Who holds an actuator, and until when. Limits intersect and nobody overrides them; setpoints compete: the highest
 * priority wins, among equals the newest claim. Time is the injected clock's; a lease is measured monotonically, so
 * a wall clock that jumps neither shortens nor prolongs it.
 */
import type { Params } from '../model/command.ts';
import type { Clock } from '../model/time.ts';

export interface Claim {
  /** Of the command that claims or renews. */
  id: string;
  owner: string;
  verb: string;
  kind: 'setpoint' | 'limit';
  params: Params;
  /** The magnitude of a limit, in the unit of its parameter. */
  value?: number;
  priority: number;
  durationMs: number;
  /** It ends with the session of its owner. */
  isBound: boolean;
}

export interface Lease extends Claim {
  /** Of the claims: the newest wins among equals. A renewal keeps its place. */
  order: number;
  /** Wall clock, ms: since when, and until when as it was promised. */
  from: number;
  untilWall: number;
  /** Monotonic, ms. */
  until: number;
}

/** A lease on its way through a restart. */
export type SavedLease = Omit<Lease, 'until'>;

export interface Decision {
  setpoint: Lease | undefined;
  /** The lowest limit of each verb. */
  limits: Map<string, Lease>;
}

export type EndReason = 'expired' | 'released' | 'owner_offline' | 'target_reached';

export interface LeaseBook {
  /**
   * @returns the lease, and whoever else loses the actuator by it; undefined where too many owners are here already
   */
  claim(claim: Claim): { lease: Lease; displaced: Lease | undefined } | undefined;
  /** A claim that came to nothing: what its owner held before is back, as far as it still lasts. */
  undo(lease: Lease): void;
  /** Ends leases of an owner: all, or those of one verb. */
  release(owner: string, verb?: string): Lease[];
  /** Ends one lease. */
  end(lease: Lease): boolean;
  /** Takes out and returns what is over. */
  expire(): Lease[];
  decide(): Decision;
  /** Monotonic time of the next expiry. */
  nextExpiry(): number | undefined;
  all(): Lease[];
  save(): SavedLease[];
}

/** More owners than this on one actuator are an attack or a mistake. */
export const mostLeases = 64;

const isSame = (a: Params, b: Params): boolean => {
  const names = Object.keys(a);
  // The periods of a schedule come as a new list with each renewal.
  const isEqual = (name: string): boolean => JSON.stringify(a[name]) === JSON.stringify(b[name]);
  return names.length === Object.keys(b).length && names.every(isEqual);
};

const keyOf = ({ kind, owner, verb }: Pick<Claim, 'kind' | 'owner' | 'verb'>): string =>
  JSON.stringify(kind === 'setpoint' ? [owner] : [owner, verb]);

/** Whether a goes before b. */
const isStronger = (a: Lease, b: Lease): boolean =>
  a.priority === b.priority ? a.order > b.order : a.priority > b.priority;

/**
 * @param saved leases from before a restart, and when they were saved (wall clock, ms)
 */
export const createLeaseBook = (clock: Clock, saved?: { leases: SavedLease[]; at: number }): LeaseBook => {
  const leases = new Map<string, Lease>();
  /** What an owner held before, as long as the newer claim may still come to nothing. */
  const earlier = new WeakMap<Lease, Lease>();
  const undone = new WeakSet<Lease>();
  let orders = 0;

  if (saved) {
    const now = clock.now();
    // A clock that stands before the time of saving does not know how long we were away: nothing is believed.
    for (const lease of now < saved.at ? [] : saved.leases) {
      const leftMs = Math.min(lease.untilWall - now, lease.durationMs);
      if (leftMs <= 0) continue;
      leases.set(keyOf(lease), { ...lease, until: clock.monotonic() + leftMs });
      orders = Math.max(orders, lease.order);
    }
  }

  const setpoint = (): Lease | undefined => {
    let best: Lease | undefined;
    for (const lease of leases.values())
      if (lease.kind === 'setpoint' && (!best || isStronger(lease, best))) best = lease;
    return best;
  };

  const takeOut = (which: (lease: Lease) => boolean): Lease[] => {
    const taken = [...leases.values()].filter(which);
    for (const lease of taken) leases.delete(keyOf(lease));
    return taken;
  };

  return {
    claim(claim) {
      const key = keyOf(claim);
      const before = leases.get(key);
      if (!before && leases.size >= mostLeases) return undefined;
      const holder = setpoint();
      const isRenewal =
        before?.verb === claim.verb && before.priority === claim.priority && isSame(before.params, claim.params);
      const lease: Lease = {
        ...claim,
        order: isRenewal ? before.order : ++orders,
        from: isRenewal ? before.from : clock.now(),
        untilWall: clock.now() + claim.durationMs,
        until: clock.monotonic() + claim.durationMs,
      };
      leases.set(key, lease);
      if (before) earlier.set(lease, before);
      const isDisplaced = holder !== undefined && holder.owner !== claim.owner && setpoint() === lease;
      return { lease, displaced: isDisplaced ? holder : undefined };
    },
    undo(lease) {
      const key = keyOf(lease);
      undone.add(lease);
      if (leases.get(key) !== lease) return;
      leases.delete(key);
      let before = earlier.get(lease);
      while (before && undone.has(before)) before = earlier.get(before);
      if (before && before.until > clock.monotonic()) leases.set(key, before);
    },
    release(owner, verb) {
      const isMeant = (lease: Lease): boolean => lease.owner === owner && (verb === undefined || lease.verb === verb);
      const released = takeOut(isMeant);
      // Nor does it come back where what its owner claimed since comes to nothing.
      for (let lease of leases.values())
        for (let before = earlier.get(lease); before; before = earlier.get(lease)) {
          if (isMeant(before) && !undone.has(before)) earlier.delete(lease);
          lease = before;
        }
      return released;
    },
    end: (lease) => leases.get(keyOf(lease)) === lease && leases.delete(keyOf(lease)),
    expire() {
      const now = clock.monotonic();
      return takeOut(({ until }) => until <= now);
    },
    decide() {
      const limits = new Map<string, Lease>();
      for (const lease of leases.values()) {
        if (lease.kind !== 'limit') continue;
        const lowest = limits.get(lease.verb);
        if (!lowest || (lease.value ?? 0) < (lowest.value ?? 0)) limits.set(lease.verb, lease);
      }
      return { setpoint: setpoint(), limits };
    },
    nextExpiry() {
      const ends = [...leases.values()].map(({ until }) => until);
      return ends.length === 0 ? undefined : Math.min(...ends);
    },
    all: () => [...leases.values()],
    save: () => [...leases.values()].map(({ until: _, ...lease }) => lease),
  };
};
