/**
 * A charge point in the house: a real client of OCPP 1.6J or 2.0.1 with cars at its outlets. What it tells its central
 * system it measures at them; what it is told they feel.
 */
import type { Clock, Timer } from '../../model/time.ts';
import { type CarOptions, createCar } from './car.ts';
import type { Nameplate } from './dialect.ts';
import { createDialect16 } from './dialect-16.ts';
import { createDialect201 } from './dialect-201.ts';
import type { LineOptions } from './line.ts';
import type { Wiring } from './offer.ts';
import { createOutlet, type Outlet, type OutletStatus, type PerPhase, type Token } from './outlet.ts';
import { noQuirks, type Quirks } from './quirks.ts';
import type { ChargingProfile } from './schedule.ts';
import { createStation } from './station.ts';

export interface OutletOptions extends Partial<Wiring> {
  /** Phase of the grid that is L1 at the outlet, from 0. */
  gridPhase?: 0 | 1 | 2;
  registerWh?: number;
}

export interface ChargePointOptions extends Omit<LineOptions, 'protocol'> {
  version: '1.6' | '2.0.1';
  /** Numbered from 1; one with 3 phases of 16 A otherwise. */
  outlets?: OutletOptions[];
  nameplate?: Partial<Nameplate>;
  quirks?: Partial<Quirks>;
  /** rfid: a tag first. plug: a car may charge as soon as it is there. */
  access?: 'rfid' | 'plug';
}

/** The truth at one outlet, whatever is told of it. */
export interface OutletState {
  id: number;
  status: OutletStatus;
  /** A per phase that the pilot says; 0: nothing. */
  offeredA: number;
  livePhases: 1 | 3;
  currentsA: PerPhase;
  powerW: number;
  registerWh: number;
  transaction: string | undefined;
  hasTransaction: boolean;
  soc: number | undefined;
  /** Profiles it holds, those of the station among them. */
  profiles: ChargingProfile[];
}

export interface ChargePointState {
  isPowered: boolean;
  isConnected: boolean;
  isRegistered: boolean;
  /** Messages about transactions that are not told yet. */
  waiting: number;
  /** By its own clock, ms. */
  ownTime: number;
  outlets: OutletState[];
}

export interface ChargePoint {
  readonly identity: string;
  /** Switched on from the start. */
  powerOn(): void;
  /** As if its fuse were taken out: running transactions end with the next start. */
  powerOff(): Promise<void>;
  plug(outlet: number, car?: CarOptions): void;
  unplug(outlet: number): void;
  /** Starts, or stops what the same tag has started. @returns whether the tag was good for it */
  swipe(outlet: number, tag: string): Promise<boolean>;
  setFault(outlet: number, isFaulted: boolean): void;
  /** The connection is gone; it dials again after its time. */
  cut(): void;
  /** Simulated seconds per second. */
  setSpeed(speed: number): void;
  state(): ChargePointState;
  /** What its cars draw, by phase of the grid, W. */
  chargingW(): PerPhase;
  close(): Promise<void>;
}

const stepMs = 250;
/** The current of a car moves within a second. */
const finestS = 0.5;

export const createChargePoint = (options: ChargePointOptions, clock: Clock): ChargePoint => {
  const { version, url, identity, password, tls, access = 'rfid' } = options;
  const quirks = { ...noQuirks, ...options.quirks };
  const outlets = (options.outlets ?? [{}]).map((one, i) => {
    const { phases = 3, maxA = 16, canSwitchPhases = false, gridPhase = 0, registerWh = 1_234_567 } = one;
    return createOutlet(i + 1, { phases, maxA, canSwitchPhases }, gridPhase, registerWh, quirks.switchesUnderLoad);
  });
  const nameplate = {
    vendor: 'emsflow',
    model: 'Simulated',
    serial: identity,
    firmware: '1.0.0',
    ...options.nameplate,
  };
  const station = createStation(
    {
      line: { url, identity, password, tls },
      nameplate,
      quirks,
      outlets,
      isSamePlaceRefused: version !== '1.6',
      createDialect: version === '1.6' ? createDialect16 : createDialect201,
    },
    clock,
  );
  let speed = 1;
  let stepping: Timer | undefined;

  const pass = (seconds: number): void => {
    for (let left = seconds; left > 0; left -= finestS)
      for (const outlet of outlets) outlet.step(Math.min(left, finestS), station.offer(outlet));
    station.watch();
  };

  const outletOf = (id: number): Outlet => {
    const outlet = outlets.find((each) => each.id === id);
    if (!outlet) throw new Error(`charge point ${identity} has no outlet ${id}`);
    return outlet;
  };
  const freeToken = (): Token => ({ id: version === '1.6' ? 'FREE' : '', type: 'NoAuthorization' });

  const stateOf = (outlet: Outlet): OutletState => ({
    id: outlet.id,
    status: outlet.status(),
    offeredA: outlet.offeredA(),
    livePhases: outlet.livePhases(),
    currentsA: outlet.currents(),
    powerW: outlet.powerW(),
    registerWh: outlet.registerWh(),
    transaction: outlet.transaction?.id,
    hasTransaction: outlet.transaction !== undefined,
    soc: outlet.car?.soc(),
    profiles: station.desk.profiles
      .list()
      .filter(({ evse }) => evse === outlet.id || evse === 0)
      .map(({ profile }) => profile),
  });

  const chargePoint: ChargePoint = {
    identity,
    powerOn() {
      if (stepping) return;
      let before = clock.monotonic();
      stepping = clock.every(stepMs, () => {
        const now = clock.monotonic();
        pass(((now - before) / 1000) * speed);
        before = now;
      });
      station.switchOn('PowerUp');
    },
    async powerOff() {
      stepping?.cancel();
      stepping = undefined;
      const off = station.switchOff(false);
      for (const outlet of outlets) {
        outlet.car?.step(0, 0, 0);
        station.sessions.end(outlet, 'power_loss');
      }
      await off;
    },
    plug(id, car) {
      const outlet = outletOf(id);
      outlet.car = createCar(car);
      if (access === 'plug') station.admit(outlet, { token: freeToken(), isRemote: false });
      else station.sessions.begin(outlet, 'plugged');
      station.watch();
    },
    unplug(id) {
      const outlet = outletOf(id);
      station.sessions.end(outlet, 'ev_disconnected');
      Object.assign(outlet, { car: undefined, hasEnded: false });
      station.watch();
    },
    async swipe(id, tag) {
      const outlet = outletOf(id);
      const token = { id: tag, type: 'ISO14443' };
      if (outlet.transaction) {
        const isSame = outlet.transaction.token.id === tag;
        if (isSame) station.sessions.end(outlet, 'local');
        return isSame;
      }
      const isGood = await station.authorize(token);
      if (isGood) station.admit(outlet, { token, isRemote: false });
      return isGood;
    },
    setFault(id, isFaulted) {
      const outlet = outletOf(id);
      outlet.isFaulted = isFaulted;
      if (isFaulted) station.sessions.end(outlet, 'other');
      station.watch();
    },
    cut: station.cut,
    setSpeed(next) {
      speed = next;
    },
    state: () => ({
      isPowered: stepping !== undefined,
      isConnected: station.isOpen(),
      isRegistered: station.isOnline(),
      waiting: station.desk.waiting(),
      ownTime: station.desk.time.now(),
      outlets: outlets.map(stateOf),
    }),
    chargingW: () =>
      outlets.reduce<PerPhase>(
        (sum, outlet) => {
          const watts = outlet.gridW();
          return [sum[0] + watts[0], sum[1] + watts[1], sum[2] + watts[2]];
        },
        [0, 0, 0],
      ),
    async close() {
      stepping?.cancel();
      stepping = undefined;
      await station.switchOff(true);
    },
  };
  chargePoint.powerOn();
  return chargePoint;
};
