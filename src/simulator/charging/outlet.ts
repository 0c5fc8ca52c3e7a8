/** One outlet (connector of 1.6, EVSE of 2.x): contactor, car, meter and what its transaction does. */
import { type Car, nominalV } from './car.ts';
import type { Offer, Wiring } from './offer.ts';
import type { ChargingProfile } from './schedule.ts';

export interface Token {
  id: string;
  /** 2.x */
  type: string;
}

/** Who may charge, before the transaction begins. */
export interface Permission {
  token: Token;
  isRemote: boolean;
  /** 2.x */
  remoteStartId?: number | undefined;
  /** For the transaction that begins. */
  profile?: ChargingProfile | undefined;
}

export interface Transaction {
  /** 1.6: as the answer to its start says, undefined until then. */
  id: string | undefined;
  token: Token;
  /** By the clock of the station. */
  startedAt: number;
  meterStartWh: number;
  /** 2.x */
  seqNo: number;
  remoteStartId: number | undefined;
}

export type OutletStatus =
  | 'available'
  | 'preparing'
  | 'charging'
  | 'suspended_ev'
  | 'suspended_evse'
  | 'finishing'
  | 'unavailable'
  | 'faulted';

export type PerPhase = [number, number, number];

export interface Outlet {
  readonly id: number;
  readonly wiring: Wiring;
  car: Car | undefined;
  permission: Permission | undefined;
  transaction: Transaction | undefined;
  isOperative: boolean;
  isFaulted: boolean;
  /** A transaction has ended and its car is still here. */
  hasEnded: boolean;
  status(): OutletStatus;
  /** What it offers on each phase, A. */
  offeredA(): number;
  livePhases(): 1 | 3;
  /** At its own terminals, A. */
  currents(): PerPhase;
  powerW(): number;
  /** At the phases of the grid, W. */
  gridW(): PerPhase;
  /** Of its life, Wh. */
  registerWh(): number;
  step(seconds: number, offer: Offer): void;
}

/** From the opened to the closed contactor, s. */
const switchingS = 3;

/** @param gridPhase phase of the grid that is L1 at the outlet */
export const createOutlet = (
  id: number,
  wiring: Wiring,
  gridPhase: 0 | 1 | 2,
  registerWh: number,
  canSwitchUnderLoad: boolean,
): Outlet => {
  let live: 1 | 3 = wiring.phases;
  let deadS = 0;
  let offeredA = 0;
  let wh = registerWh;

  const currents = (): PerPhase => {
    const { car } = outlet;
    const amps = car?.currentA() ?? 0;
    const used = Math.min(car?.phases ?? 0, live);
    return [used > 0 ? amps : 0, used > 1 ? amps : 0, used > 2 ? amps : 0];
  };
  const sum = ([a, b, c]: PerPhase): number => a + b + c;

  /** First the pilot says 0, then the contactor opens: a car must not lose a phase while it draws. */
  const switchTo = (seconds: number, { phases }: Offer): void => {
    if (canSwitchUnderLoad) {
      live = phases;
      return;
    }
    offeredA = 0;
    if (sum(currents()) > 0) return;
    deadS += seconds;
    if (deadS < switchingS) return;
    [live, deadS] = [phases, 0];
  };

  const outlet: Outlet = {
    id,
    wiring,
    car: undefined,
    permission: undefined,
    transaction: undefined,
    isOperative: true,
    isFaulted: false,
    hasEnded: false,
    status() {
      if (outlet.isFaulted) return 'faulted';
      if (!outlet.isOperative && !outlet.transaction) return 'unavailable';
      if (!outlet.car) return outlet.permission ? 'preparing' : 'available';
      if (!outlet.transaction) return outlet.hasEnded ? 'finishing' : 'preparing';
      if (offeredA === 0) return 'suspended_evse';
      return outlet.car.isHungry() ? 'charging' : 'suspended_ev';
    },
    offeredA: () => offeredA,
    livePhases: () => live,
    currents,
    powerW: () => sum(currents()) * nominalV,
    gridW() {
      const watts: PerPhase = [0, 0, 0];
      currents().forEach((amps, i) => {
        watts[((i + gridPhase) % 3) as 0 | 1 | 2] = amps * nominalV;
      });
      return watts;
    },
    registerWh: () => wh,
    step(seconds, offer) {
      const isClosed = outlet.transaction !== undefined && !outlet.isFaulted;
      offeredA = isClosed ? offer.amps : 0;
      if (isClosed && offer.phases !== live) switchTo(seconds, offer);
      outlet.car?.step(seconds, offeredA, isClosed && deadS === 0 ? live : 0);
      wh += (sum(currents()) * nominalV * seconds) / 3600;
    },
  };
  return outlet;
};
