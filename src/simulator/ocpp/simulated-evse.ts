/** One EVSE of a simulated station (a connector in OCPP 1.6): contactor, car, meter and its transaction. */
import { type Phases, sumOf } from '../per-phase.ts';
import type { ChargingProfile } from './charging-profile-store.ts';
import { type ElectricCar, nominalV } from './electric-car.ts';
import type { EvseWiring, OfferedCurrent } from './offered-current.ts';

/** IdTokenType of OCPP 2.0.1; idTag of OCPP 1.6 is its id alone. */
export interface IdToken {
  id: string;
  /** IdTokenEnumType, OCPP 2.x only. */
  type: string;
}

/** A token that may charge, before the transaction begins. */
export interface Authorization {
  token: IdToken;
  /** Whether the CSMS asked for it: RemoteStartTransaction, RequestStartTransaction. */
  isRemote: boolean;
  /** OCPP 2.x only. */
  remoteStartId?: number | undefined;
  /** Charging profile for the transaction that begins. */
  profile?: ChargingProfile | undefined;
}

/** An EVSE that is kept free for a token. */
export interface Reservation {
  id: number;
  token: string;
  remainingS: number;
  onExpired?: () => void;
}

/** A running transaction. */
export interface SimulatedTransaction {
  /** OCPP 1.6: undefined until the answer to StartTransaction gives it. */
  id: string | undefined;
  token: IdToken;
  /** ms since 1970 by the clock of the station. */
  startedAt: number;
  meterStartWh: number;
  /** Number of the next TransactionEvent, OCPP 2.x only. */
  seqNo: number;
  remoteStartId: number | undefined;
}

/** ChargePointStatus of OCPP 1.6 §7.7, in the words of the model. */
export type ChargePointStatus =
  | 'available'
  | 'preparing'
  | 'charging'
  | 'suspended_ev'
  | 'suspended_evse'
  | 'finishing'
  | 'reserved'
  | 'unavailable'
  | 'faulted';

interface SimulatedEvseOptions {
  /** Number of the EVSE, from 1. */
  id: number;
  wiring: EvseWiring;
  /** Phase of the grid that is L1 at the EVSE, from 0. */
  gridPhase: 0 | 1 | 2;
  /** Energy that the meter shows at first, Wh. */
  registerWh: number;
  /** Whether the contactor switches phases while current flows. */
  canSwitchUnderLoad: boolean;
}

/** Time from the opened to the closed contactor when phases are switched, s. */
const switchingS = 3;

/** The EVSE, whose time passes step by step. */
export class SimulatedEvse {
  readonly id: number;
  readonly wiring: EvseWiring;
  car: ElectricCar | undefined;
  authorization: Authorization | undefined;
  transaction: SimulatedTransaction | undefined;
  reservation: Reservation | undefined;
  /** False after ChangeAvailability to Inoperative. */
  isOperative = true;
  isFaulted = false;
  /** A transaction has ended, and its car is still plugged in. */
  hasEnded = false;
  readonly #options: SimulatedEvseOptions;
  #live: 1 | 3;
  /** Time for which the contactor has been open in order to switch phases, s. */
  #openS = 0;
  #pilotA = 0;
  #wh: number;

  constructor(options: SimulatedEvseOptions) {
    this.#options = options;
    this.id = options.id;
    this.wiring = options.wiring;
    this.#live = options.wiring.phases;
    this.#wh = options.registerWh;
  }

  status(): ChargePointStatus {
    if (this.isFaulted) return 'faulted';
    if (!this.isOperative && !this.transaction) return 'unavailable';
    if (!this.car && this.reservation) return 'reserved';
    if (!this.car) return this.authorization ? 'preparing' : 'available';
    if (!this.transaction) return this.hasEnded ? 'finishing' : 'preparing';
    if (this.#pilotA === 0) return 'suspended_evse';
    return this.car.wantsToCharge() ? 'charging' : 'suspended_ev';
  }

  /** @returns current that the pilot offers on each phase, A */
  offeredA(): number {
    return this.#pilotA;
  }

  /** @returns phases that the contactor connects */
  livePhases(): 1 | 3 {
    return this.#live;
  }

  /** @returns current on L1, L2 and L3 of the EVSE, A */
  currents(): Phases {
    const amps = this.car?.currentA() ?? 0;
    const used = Math.min(this.car?.phases ?? 0, this.#live);
    return [used > 0 ? amps : 0, used > 1 ? amps : 0, used > 2 ? amps : 0];
  }

  /** @returns whether the EVSE is not kept free for another token */
  isOpenTo(token: string): boolean {
    return this.reservation === undefined || this.reservation.token === token;
  }

  powerW(): number {
    return sumOf(this.currents()) * nominalV;
  }

  /** @returns power on L1, L2 and L3 of the grid, W */
  gridW(): Phases {
    const watts: Phases = [0, 0, 0];
    this.currents().forEach((amps, i) => {
      watts[((i + this.#options.gridPhase) % 3) as 0 | 1 | 2] = amps * nominalV;
    });
    return watts;
  }

  /** @returns energy of the whole life of the meter, Wh */
  registerWh(): number {
    return this.#wh;
  }

  /** Lets time pass. @param offer current that the station offers; nothing flows without a transaction */
  step(seconds: number, offer: OfferedCurrent): void {
    this.#passReservation(seconds);
    const isClosed = this.transaction !== undefined && !this.isFaulted;
    this.#pilotA = isClosed ? offer.amps : 0;
    if (isClosed && offer.phases !== this.#live) this.#switchPhases(seconds, offer);
    this.car?.step(seconds, this.#pilotA, isClosed && this.#openS === 0 ? this.#live : 0);
    this.#wh += (sumOf(this.currents()) * nominalV * seconds) / 3600;
  }

  #passReservation(seconds: number): void {
    const { reservation } = this;
    if (!reservation) return;
    reservation.remainingS -= seconds;
    if (reservation.remainingS > 0) return;
    this.reservation = undefined;
    reservation.onExpired?.();
  }

  /** First the pilot offers 0 A, then the contactor opens: a car must not lose a phase while it draws. */
  #switchPhases(seconds: number, { phases }: OfferedCurrent): void {
    if (this.#options.canSwitchUnderLoad) {
      this.#live = phases;
      return;
    }
    this.#pilotA = 0;
    if (sumOf(this.currents()) > 0) return;
    this.#openS += seconds;
    if (this.#openS < switchingS) return;
    [this.#live, this.#openS] = [phases, 0];
  }
}
