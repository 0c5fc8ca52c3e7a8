/** The wallboxes of the house: real charge points that dial a central system, with cars of different manners. */
import type { Clock } from '../model/time.ts';
import type { CarOptions } from './charging/car.ts';
import { type ChargePoint, createChargePoint } from './charging/charge-point.ts';
import type { OutletStatus } from './charging/outlet.ts';

export interface GarageOptions {
  /** Of the central system: ws://127.0.0.1:8887 */
  url: string;
  /** Wallboxes, 0 to 3. */
  count: number;
}

/** What stands in front of a wallbox; null: nothing. */
export interface CarWish {
  phases?: 1 | 3 | undefined;
  soc?: number | undefined;
  capacity_wh?: number | undefined;
  stops_at_soc?: number | undefined;
}

export interface WallboxState {
  identity: string;
  connected: boolean;
  status: OutletStatus;
  offered_a: number;
  power_w: number;
  soc: number | null;
}

export interface Garage {
  chargingW(): [number, number, number];
  state(): WallboxState[];
  setSpeed(speed: number): void;
  /** @param nth counted from 1 */
  park(nth: number, car: CarWish | null): void;
  close(): Promise<void>;
}

const arrivalMs = 1000;

const wallboxes = [
  { version: '1.6', car: { phases: 3, soc: 35, capacityWh: 64_000 }, canSwitchPhases: true, gridPhase: 0 },
  { version: '2.0.1', car: { phases: 1, soc: 72, capacityWh: 42_000, stopsAtSoc: 80 }, gridPhase: 1 },
  { version: '1.6', car: undefined, gridPhase: 2 },
] as const;

const carOf = ({ phases, soc, capacity_wh: capacityWh, stops_at_soc: stopsAtSoc }: CarWish): CarOptions => ({
  ...(phases === undefined ? {} : { phases }),
  ...(soc === undefined ? {} : { soc }),
  ...(capacityWh === undefined ? {} : { capacityWh }),
  ...(stopsAtSoc === undefined ? {} : { stopsAtSoc }),
});

export const createGarage = ({ url, count }: GarageOptions, clock: Clock): Garage => {
  const chosen = wallboxes.slice(0, count);
  const points: ChargePoint[] = chosen.map(({ version, car: _, ...outlet }, i) => {
    const point = createChargePoint(
      {
        url,
        identity: `WALLBOX-${i + 1}`,
        version,
        access: 'plug',
        outlets: [{ ...outlet, registerWh: 1_234_567 + i * 500_000 }],
        nameplate: { vendor: 'emsflow', model: version === '1.6' ? 'Simulated 11' : 'Simulated 11 Pro' },
      },
      clock,
    );
    point.powerOn();
    return point;
  });
  /** Cars come when there is somebody to charge them: a house without a central system is one without cars. */
  const arriving = new Map<ChargePoint, CarOptions>();
  for (const [i, point] of points.entries()) {
    const car = chosen[i]?.car;
    if (car) arriving.set(point, car);
  }
  const arrivals = clock.every(arrivalMs, () => {
    for (const [point, car] of arriving)
      if (point.state().isConnected) {
        arriving.delete(point);
        point.plug(1, car);
      }
  });

  return {
    chargingW() {
      const all = points.map((point) => point.chargingW());
      const phase = (n: 0 | 1 | 2): number => all.reduce((sum, each) => sum + each[n], 0);
      return [phase(0), phase(1), phase(2)];
    },
    state: () =>
      points.map((point) => {
        const { isConnected, outlets } = point.state();
        const [outlet] = outlets;
        return {
          identity: point.identity,
          connected: isConnected,
          status: outlet?.status ?? 'available',
          offered_a: outlet?.offeredA ?? 0,
          power_w: Math.round(outlet?.powerW ?? 0),
          soc: outlet?.soc === undefined ? null : Number(outlet.soc.toFixed(1)),
        };
      }),
    setSpeed(speed) {
      for (const point of points) point.setSpeed(speed);
    },
    park(nth, car) {
      const point = points[nth - 1];
      if (!point) throw new Error(`there are ${points.length} wallboxes, none is number ${nth}`);
      arriving.delete(point);
      point.unplug(1);
      if (car) point.plug(1, carOf(car));
    },
    async close() {
      arrivals.cancel();
      await Promise.all(points.map((point) => point.close()));
    },
  };
};
