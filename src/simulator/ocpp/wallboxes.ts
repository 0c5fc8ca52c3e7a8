/** The wallboxes of the house: charging stations that dial a CSMS, with different cars in front of them. */
import type { Clock, Timer } from '../../model/time.ts';
import type { Phases } from '../per-phase.ts';
import type { CarChange } from '../simulation-changes.ts';
import type { CarOptions } from './electric-car.ts';
import type { ChargePointStatus } from './simulated-evse.ts';
import { SimulatedStation } from './simulated-station.ts';

export interface WallboxesOptions {
  /** Address of the CSMS, such as ws://127.0.0.1:8887. */
  url: string;
  /** Number of wallboxes, 0 to 3. */
  count: number;
}

/** The state of a wallbox, as the node tells it. */
export interface WallboxState {
  identity: string;
  connected: boolean;
  status: ChargePointStatus;
  /** Current that the wallbox offers on each phase, A. */
  offered_a: number;
  power_w: number;
  /** State of charge of the car, %; null: no car. */
  soc: number | null;
}

/** Interval at which cars that wait for their wallbox to connect are looked at, ms. */
const arrivalMs = 1000;

const wallboxes = [
  { version: '1.6', car: { phases: 3, soc: 35, capacityWh: 64_000 }, canSwitchPhases: true, gridPhase: 0 },
  { version: '2.0.1', car: { phases: 1, soc: 72, capacityWh: 42_000, stopsAtSoc: 80 }, gridPhase: 1 },
  { version: '1.6', car: undefined, gridPhase: 2 },
] as const;

const carOptions = ({ phases, soc, capacity_wh: capacityWh, stops_at_soc: stopsAtSoc }: CarChange): CarOptions => ({
  ...(phases === undefined ? {} : { phases }),
  ...(soc === undefined ? {} : { soc }),
  ...(capacityWh === undefined ? {} : { capacityWh }),
  ...(stopsAtSoc === undefined ? {} : { stopsAtSoc }),
});

const wallboxState = (station: SimulatedStation): WallboxState => {
  const { isConnected, evses } = station.state();
  const [evse] = evses;
  return {
    identity: station.identity,
    connected: isConnected,
    status: evse?.status ?? 'available',
    offered_a: evse?.offeredA ?? 0,
    power_w: Math.round(evse?.powerW ?? 0),
    soc: evse?.soc === undefined ? null : Number(evse.soc.toFixed(1)),
  };
};

/** The wallboxes of one house. */
export class Wallboxes {
  readonly #stations: readonly SimulatedStation[];
  /** Cars that come once their wallbox is connected: a house without a CSMS is one without cars. */
  readonly #arriving = new Map<SimulatedStation, CarOptions>();
  readonly #arrivals: Timer;

  constructor({ url, count }: WallboxesOptions, clock: Clock) {
    this.#stations = wallboxes.slice(0, count).map(({ version, car, ...evse }, i) => {
      const station = new SimulatedStation(
        {
          url,
          identity: `WALLBOX-${i + 1}`,
          version,
          access: 'plug',
          evses: [{ ...evse, registerWh: 1_234_567 + i * 500_000 }],
          nameplate: { vendor: 'emsflow', model: version === '1.6' ? 'Simulated 11' : 'Simulated 11 Pro' },
        },
        clock,
      );
      if (car) this.#arriving.set(station, car);
      return station;
    });
    this.#arrivals = clock.every(arrivalMs, () => this.#letCarsArrive());
  }

  /** @returns power that the cars draw on each phase of the grid, W */
  chargingW(): Phases {
    const all = this.#stations.map((station) => station.chargingW());
    const phase = (n: 0 | 1 | 2): number => all.reduce((sum, each) => sum + each[n], 0);
    return [phase(0), phase(1), phase(2)];
  }

  state(): WallboxState[] {
    return this.#stations.map(wallboxState);
  }

  /** @param speed simulated seconds per second */
  setSpeed(speed: number): void {
    for (const station of this.#stations) station.setSpeed(speed);
  }

  /**
   * Drives a car away and, unless it is null, another one in front of the wallbox.
   * @param number of the wallbox, counted from 1
   * @throws when there is no such wallbox
   */
  park(number: number, car: CarChange | null): void {
    const station = this.#stations[number - 1];
    if (!station) throw new Error(`there are ${this.#stations.length} wallboxes, none is number ${number}`);
    this.#arriving.delete(station);
    station.unplug(1);
    if (car) station.plug(1, carOptions(car));
  }

  async close(): Promise<void> {
    this.#arrivals.cancel();
    await Promise.all(this.#stations.map((station) => station.close()));
  }

  #letCarsArrive(): void {
    for (const [station, car] of this.#arriving)
      if (station.state().isConnected) {
        this.#arriving.delete(station);
        station.plug(1, car);
      }
  }
}
