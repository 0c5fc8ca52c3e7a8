/**
 * A charging station in the house (a charge point in OCPP 1.6): a real client of OCPP 1.6J or 2.0.1 with cars at its
 * EVSEs. It measures what the cars draw, and the cars follow the current that it offers.
 */
import type { Clock, Timer } from '../../model/time.ts';
import type { Phases } from '../per-phase.ts';
import type { CsmsConnectionOptions } from './csms-connection.ts';
import { type CarOptions, ElectricCar } from './electric-car.ts';
import type { EvseWiring } from './offered-current.ts';
import type { Nameplate } from './outgoing-calls.ts';
import { type IdToken, SimulatedEvse } from './simulated-evse.ts';
import { StationController } from './station-controller.ts';
import { noDeviations, type StationDeviations } from './station-deviations.ts';
import { evseState, type StationState } from './station-state.ts';

interface EvseOptions extends Partial<EvseWiring> {
  /** Phase of the grid that is L1 at the EVSE, from 0. */
  gridPhase?: 0 | 1 | 2;
  /** Energy that the meter shows at first, Wh. */
  registerWh?: number;
}

export interface SimulatedStationOptions extends Omit<CsmsConnectionOptions, 'protocol'> {
  version: '1.6' | '2.0.1';
  /** EVSEs in the order of their numbers, which begin with 1; absent: one with 3 phases of 16 A. */
  evses?: EvseOptions[];
  nameplate?: Partial<Nameplate>;
  deviations?: Partial<StationDeviations>;
  /** rfid: a token first. plug: a car may charge as soon as it is plugged in. */
  access?: 'rfid' | 'plug';
}

const stepMs = 250;
/** Longest simulated step, s: the current of a car moves within a second. */
const longestStepS = 0.5;

const createEvse = (options: EvseOptions, index: number, canSwitchUnderLoad: boolean): SimulatedEvse => {
  const { phases = 3, maxA = 16, canSwitchPhases = false, gridPhase = 0, registerWh = 1_234_567 } = options;
  const wiring = { phases, maxA, canSwitchPhases };
  return new SimulatedEvse({ id: index + 1, wiring, gridPhase, registerWh, canSwitchUnderLoad });
};

/** The station. It is switched on when it is created. */
export class SimulatedStation {
  readonly identity: string;
  readonly #options: SimulatedStationOptions;
  readonly #clock: Clock;
  readonly #evses: readonly SimulatedEvse[];
  readonly #controller: StationController;
  /** Simulated seconds per second. */
  #speed = 1;
  #stepping: Timer | undefined;

  constructor(options: SimulatedStationOptions, clock: Clock) {
    const { version, url, identity, password, tls } = options;
    const deviations = { ...noDeviations, ...options.deviations };
    const nameplate = {
      vendor: 'emsflow',
      model: 'Simulated',
      serial: identity,
      firmware: '1.0.0',
      ...options.nameplate,
    };
    this.identity = identity;
    this.#options = options;
    this.#clock = clock;
    this.#evses = (options.evses ?? [{}]).map((evse, i) => createEvse(evse, i, deviations.switchesUnderLoad));
    const connection = { url, identity, password, tls };
    this.#controller = new StationController({ version, connection, nameplate, deviations, evses: this.#evses }, clock);
    this.powerOn();
  }

  powerOn(): void {
    if (this.#stepping) return;
    let before = this.#clock.monotonic();
    this.#stepping = this.#clock.every(stepMs, () => {
      const now = this.#clock.monotonic();
      this.#step(((now - before) / 1000) * this.#speed);
      before = now;
    });
    this.#controller.switchOn('PowerUp');
  }

  /** Takes the fuse out: running transactions end, and are told after the next start. */
  async powerOff(): Promise<void> {
    this.#stopStepping();
    const off = this.#controller.switchOff(false);
    for (const evse of this.#evses) {
      evse.car?.step(0, 0, 0);
      this.#controller.transactions.end(evse, 'power_loss');
    }
    await off;
  }

  /** Plugs a car in. @throws when there is no such EVSE */
  plug(evseId: number, car?: CarOptions): void {
    const evse = this.#evseOf(evseId);
    evse.car = new ElectricCar(car);
    if (this.#options.access === 'plug') this.#controller.letCharge(evse, { token: this.#noToken(), isRemote: false });
    else this.#controller.transactions.begin(evse, 'plugged');
    this.#controller.watch();
  }

  /** Unplugs the car, if there is one. @throws when there is no such EVSE */
  unplug(evseId: number): void {
    const evse = this.#evseOf(evseId);
    this.#controller.transactions.end(evse, 'ev_disconnected');
    evse.car = undefined;
    evse.hasEnded = false;
    this.#controller.watch();
  }

  /**
   * Presents a token at the reader: it starts a transaction, or stops the one that it has started.
   * @returns whether the token was accepted for it
   * @throws when there is no such EVSE
   */
  async presentToken(evseId: number, id: string): Promise<boolean> {
    const evse = this.#evseOf(evseId);
    const token = { id, type: 'ISO14443' };
    if (evse.transaction) {
      const hasStarted = evse.transaction.token.id === id;
      if (hasStarted) this.#controller.transactions.end(evse, 'local');
      return hasStarted;
    }
    if (!evse.isOpenTo(id)) return false;
    const isAccepted = await this.#controller.authorize(token);
    if (isAccepted) this.#controller.letCharge(evse, { token, isRemote: false });
    return isAccepted;
  }

  /** @throws when there is no such EVSE */
  setFault(evseId: number, isFaulted: boolean): void {
    const evse = this.#evseOf(evseId);
    evse.isFaulted = isFaulted;
    if (isFaulted) this.#controller.transactions.end(evse, 'other');
    this.#controller.watch();
  }

  /** Cuts the connection without a close frame; the station dials again after its time. */
  cut(): void {
    this.#controller.cutConnection();
  }

  /** @param speed simulated seconds per second */
  setSpeed(speed: number): void {
    this.#speed = speed;
  }

  state(): StationState {
    const controller = this.#controller;
    return {
      isPowered: this.#stepping !== undefined,
      isConnected: controller.isConnected(),
      isRegistered: controller.isOnline(),
      queuedMessages: controller.queuedMessages(),
      stationTime: controller.stationClock.now(),
      evses: this.#evses.map((evse) => evseState(evse, controller.profiles)),
    };
  }

  /** @returns power that the cars draw on each phase of the grid, W */
  chargingW(): Phases {
    const sum: Phases = [0, 0, 0];
    for (const evse of this.#evses) {
      const watts = evse.gridW();
      for (const phase of [0, 1, 2] as const) sum[phase] += watts[phase];
    }
    return sum;
  }

  async close(): Promise<void> {
    this.#stopStepping();
    await this.#controller.switchOff(true);
  }

  #step(seconds: number): void {
    for (let left = seconds; left > 0; left -= longestStepS)
      for (const evse of this.#evses) evse.step(Math.min(left, longestStepS), this.#controller.offer(evse));
    this.#controller.watch();
  }

  #stopStepping(): void {
    this.#stepping?.cancel();
    this.#stepping = undefined;
  }

  #evseOf(id: number): SimulatedEvse {
    const evse = this.#evses.find((each) => each.id === id);
    if (!evse) throw new Error(`station ${this.identity} has no EVSE ${id}`);
    return evse;
  }

  /** The token of a transaction that needs none. */
  #noToken(): IdToken {
    return { id: this.#options.version === '1.6' ? 'FREE' : '', type: 'NoAuthorization' };
  }
}
