/** The limit that a station took last for one EVSE, and what of it is in force now. */
import type { ChargingProfile } from '../messages.ts';
import type { SchedulePeriod } from './set-charging-profile.ts';

/** The limit that the station took last on this connection. */
export interface DeliveredLimit {
  /** Two limits with the same signature need not be set twice. */
  signature: string;
  /** From `at` on, with the fallback of the station. */
  periods: SchedulePeriod[];
  /** For which the periods were made. */
  phases: number;
  profile: ChargingProfile;
  /** Monotonic, ms. */
  at: number;
}

/** The limit that the station has to keep now. */
export interface LimitInForce {
  /** A per phase. */
  currentA: number;
  /** When it was set, monotonic ms. */
  at: number;
}

/** @returns the period that counts so long after the first began; without periods none */
export const periodAt = (periods: SchedulePeriod[], elapsedMs: number): SchedulePeriod | undefined =>
  periods.findLast(({ startS }) => startS * 1000 <= elapsedMs) ?? periods[0];

/** @param now monotonic ms */
export const limitInForce = (delivered: DeliveredLimit | undefined, now: number): LimitInForce | undefined =>
  delivered && { currentA: periodAt(delivered.periods, now - delivered.at)?.currentA ?? 0, at: delivered.at };
