/** The true state of a simulated station, whatever it tells its CSMS. */
import type { Phases } from '../per-phase.ts';
import type { ChargingProfile, ChargingProfileStore } from './charging-profile-store.ts';
import type { ChargePointStatus, SimulatedEvse } from './simulated-evse.ts';

/** The truth at one EVSE. */
export interface EvseState {
  id: number;
  status: ChargePointStatus;
  /** Current that the pilot offers on each phase, A. */
  offeredA: number;
  livePhases: 1 | 3;
  currentsA: Phases;
  powerW: number;
  registerWh: number;
  /** Id of the running transaction, once it has one. */
  transaction: string | undefined;
  hasTransaction: boolean;
  /** State of charge of the car, %. */
  soc: number | undefined;
  /** Charging profiles of the EVSE and of the station. */
  profiles: ChargingProfile[];
}

/** The truth of a station. */
export interface StationState {
  isPowered: boolean;
  isConnected: boolean;
  isRegistered: boolean;
  /** Number of messages about transactions that are not sent yet. */
  queuedMessages: number;
  /** ms since 1970 by the clock of the station. */
  stationTime: number;
  evses: EvseState[];
}

/** @param store charging profiles of the station @returns the truth at an EVSE */
export const evseState = (evse: SimulatedEvse, store: ChargingProfileStore): EvseState => {
  const profiles = store.list().filter((each) => each.evse === evse.id || each.evse === 0);
  return {
    id: evse.id,
    status: evse.status(),
    offeredA: evse.offeredA(),
    livePhases: evse.livePhases(),
    currentsA: evse.currents(),
    powerW: evse.powerW(),
    registerWh: evse.registerWh(),
    transaction: evse.transaction?.id,
    hasTransaction: evse.transaction !== undefined,
    soc: evse.car?.soc(),
    profiles: profiles.map(({ profile }) => profile),
  };
};
