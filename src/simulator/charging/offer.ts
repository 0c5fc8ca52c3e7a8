/** What an outlet offers its car: the ceilings of its profiles, as far as its hardware and its quirks follow them. */
import { leastA, nominalV } from './car.ts';
import type { Quirks } from './quirks.ts';
import type { Ceiling, Ceilings } from './schedule.ts';

export interface Wiring {
  /** Phases at the outlet. */
  phases: 1 | 3;
  maxA: number;
  /** Can supply one phase only of its three. */
  canSwitchPhases: boolean;
}

export interface Offer {
  /** Per phase: 0, or from 6 on. */
  amps: number;
  phases: 1 | 3;
}

export interface OfferPolicy {
  /** A transaction begins. */
  begin(): void;
  /** A profile came, at a monotonic time. */
  profiled(at: number): void;
  /** @param sharers outlets that share the ceiling of the station @param at monotonic ms */
  offer(ceilings: Ceilings, sharers: number, at: number): Offer;
  /** It was told 0 in this transaction. */
  wasPaused(): boolean;
}

export const createOfferPolicy = (wiring: Wiring, quirks: Quirks): OfferPolicy => {
  let paused = false;
  let isStale = false;
  let spikeUntil = Number.NEGATIVE_INFINITY;

  const phasesFor = ({ tx, station }: Ceilings): 1 | 3 => {
    const told = tx ?? station;
    if (!told || !wiring.canSwitchPhases) return wiring.phases;
    if (quirks.choosesPhasesByPower && told.unit === 'W')
      return told.limit >= leastA * nominalV * wiring.phases ? wiring.phases : 1;
    if (quirks.ignoresNumberPhases) return wiring.phases;
    return (told.phases ?? 3) === 1 ? 1 : wiring.phases;
  };

  const ampsOf = (ceiling: Ceiling | undefined, phases: number): number => {
    if (!ceiling) return Number.POSITIVE_INFINITY;
    return ceiling.unit === 'A' ? ceiling.limit : ceiling.limit / (nominalV * phases);
  };

  return {
    begin() {
      [paused, isStale] = [false, false];
    },
    profiled(at) {
      isStale = false;
      spikeUntil = at + quirks.spikesAfterProfileS * 1000;
    },
    offer(ceilings, sharers, at) {
      const phases = phasesFor(ceilings);
      const full = { amps: wiring.maxA, phases };
      if (quirks.ignoresProfiles || at < spikeUntil) return full;
      const told = Math.min(ampsOf(ceilings.tx, phases), ampsOf(ceilings.station, phases) / sharers, wiring.maxA);
      const amps = told >= leastA ? told : 0;
      if (amps === 0) {
        paused = true;
        isStale = false;
        return { amps, phases };
      }
      if (paused && quirks.neverResumes) return { amps: 0, phases };
      if (paused && quirks.resumesUnlimited) {
        // The profile that ends the pause is lost; the next one counts.
        paused = false;
        isStale = true;
      }
      return isStale ? full : { amps, phases };
    },
    wasPaused: () => paused,
  };
};
