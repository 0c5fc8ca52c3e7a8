/**
 * The current that an EVSE offers its car: the limits of its charging profiles, as far as its hardware follows them.
 */
import type { ProfileLimit, ProfileLimits } from './charging-profile-store.ts';
import { leastCurrentA, nominalV } from './electric-car.ts';
import type { StationDeviations } from './station-deviations.ts';

/** The electrical connection of an EVSE. */
export interface EvseWiring {
  /** Phases that are connected. */
  phases: 1 | 3;
  /** Highest current on each phase, A. */
  maxA: number;
  /** Whether a three-phase EVSE can supply one phase only. */
  canSwitchPhases: boolean;
}

/** The offer of an EVSE to its car. */
export interface OfferedCurrent {
  /** Current on each phase, A: 0, or 6 and more. */
  amps: number;
  phases: 1 | 3;
}

const perPhaseA = (limit: ProfileLimit | undefined, phases: number): number => {
  if (!limit) return Number.POSITIVE_INFINITY;
  return limit.unit === 'A' ? limit.limit : limit.limit / (nominalV * phases);
};

/** The offer of one EVSE, with its memory of pauses within a transaction. */
export class OfferPolicy {
  readonly #wiring: EvseWiring;
  readonly #deviations: StationDeviations;
  /** The profiles said 0 in this transaction. */
  #isPaused = false;
  /** The profile that ended a pause was lost, so that none limits until the next one. */
  #isProfileLost = false;
  /** Monotonic ms. */
  #spikeUntil = Number.NEGATIVE_INFINITY;

  constructor(wiring: EvseWiring, deviations: StationDeviations) {
    this.#wiring = wiring;
    this.#deviations = deviations;
  }

  onTransactionStarted(): void {
    [this.#isPaused, this.#isProfileLost] = [false, false];
  }

  /** @param at monotonic ms */
  onProfileSet(at: number): void {
    this.#isProfileLost = false;
    this.#spikeUntil = at + this.#deviations.spikesAfterProfileS * 1000;
  }

  /**
   * @param sharers EVSEs that share the limit of the station
   * @param at monotonic ms
   */
  offer(limits: ProfileLimits, sharers: number, at: number): OfferedCurrent {
    const wiring = this.#wiring;
    const deviations = this.#deviations;
    const phases = this.#choosePhases(limits);
    const full = { amps: wiring.maxA, phases };
    if (deviations.ignoresProfiles || at < this.#spikeUntil) return full;
    const limitA = Math.min(perPhaseA(limits.tx, phases), perPhaseA(limits.station, phases) / sharers, wiring.maxA);
    if (limitA < leastCurrentA) {
      this.#isPaused = true;
      this.#isProfileLost = false;
      return { amps: 0, phases };
    }
    if (this.#isPaused && deviations.neverResumes) return { amps: 0, phases };
    if (this.#isPaused && deviations.resumesUnlimited) {
      this.#isPaused = false;
      this.#isProfileLost = true;
    }
    return this.#isProfileLost ? full : { amps: limitA, phases };
  }

  /** @returns whether the profiles said 0 in this transaction */
  wasPaused(): boolean {
    return this.#isPaused;
  }

  #choosePhases({ tx, station }: ProfileLimits): 1 | 3 {
    const wiring = this.#wiring;
    const deviations = this.#deviations;
    const limit = tx ?? station;
    if (!limit || !wiring.canSwitchPhases) return wiring.phases;
    if (deviations.choosesPhasesByPower && limit.unit === 'W')
      return limit.limit >= leastCurrentA * nominalV * wiring.phases ? wiring.phases : 1;
    if (deviations.ignoresNumberPhases) return wiring.phases;
    // ChargingSchedulePeriodType of OCPP 2.0.1: 3 phases are assumed unless another number is given.
    return (limit.phases ?? 3) === 1 ? 1 : wiring.phases;
  }
}
