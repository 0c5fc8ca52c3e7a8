/** The simulated house in operation: time passes, and three devices tell of it over Modbus TCP. */
import { openProfile } from '../drivers/modbus/library.ts';
import type { ResolvedProfile } from '../drivers/modbus/resolve.ts';
import type { Clock } from '../model/time.ts';
import { type BatteryMode, createGridMeter, createHybrid, createStorage, type SimulatedDevice } from './devices.ts';
import { type CarWish, createGarage, type GarageOptions, type WallboxState } from './garage.ts';
import { createHouse } from './house.ts';
import { type Fault, type ModbusServer, startModbusServer } from './modbus-server.ts';

const deviceNames = ['grid', 'hybrid', 'storage'] as const;
export type DeviceName = (typeof deviceNames)[number];

export interface SimulationOptions {
  host: string;
  ports: Record<DeviceName, number>;
  startHour: number;
  seed: number;
  speed: number;
  /** The storage goes its own way again when nothing was written for so long, s. */
  watchdogS: number;
  /** Wallboxes, and where they dial in. */
  garage?: GarageOptions;
}

export interface Changes {
  speed?: number | undefined;
  /** null: clouds as they come */
  sky?: number | null | undefined;
  extra_load_w?: number | undefined;
  faults?: Partial<Record<DeviceName, Fault | undefined>> | undefined;
  /** Cars at the wallboxes, which are numbered from 1; null: the car is gone. */
  cars?: Partial<Record<string, CarWish | null>> | undefined;
}

/** The truth that the devices measure. W with the signs of the model, SoC in %. */
export interface TrueState {
  hour: number;
  sun_w: number;
  load_w: number;
  grid_w: number;
  hybrid_battery_w: number;
  hybrid_soc: number;
  /** What the inverter of the battery was told by its registers. */
  hybrid_mode: BatteryMode;
  storage_w: number;
  storage_soc: number;
  storage_mode: BatteryMode;
  wallboxes: WallboxState[];
  speed: number;
  faults: Record<DeviceName, Fault['kind']>;
}

export interface Simulation {
  ports: Record<DeviceName, number>;
  state(): TrueState;
  change(changes: Changes): Promise<void>;
  close(): Promise<void>;
}

const stepMs = 250;

interface DeviceKind {
  profile: string;
  create(profile: ResolvedProfile, clock: Clock, watchdogS: number): SimulatedDevice;
}

const kinds: Record<DeviceName, DeviceKind> = {
  grid: { profile: 'eastron-sdm630', create: createGridMeter },
  hybrid: { profile: 'sungrow-sh-rt', create: createHybrid },
  storage: { profile: 'sma-sunny-boy-storage', create: createStorage },
};

/** @throws where a port is taken, with the port in words */
export const startSimulation = async (options: SimulationOptions, clock: Clock): Promise<Simulation> => {
  const { host, ports, startHour, seed, speed, watchdogS } = options;
  const house = createHouse({ seed, startHour });
  house.controls.speed = speed;
  // The batteries find their place before the first reading.
  house.step(30 / speed);
  const devices = deviceNames.map((name) => {
    const profile = openProfile({ id: kinds[name].profile });
    if (!profile.ok) throw new Error(profile.reason);
    return { name, ...kinds[name].create(profile.value, clock, watchdogS) };
  });
  for (const device of devices) device.update(house.state());

  const servers = new Map<DeviceName, ModbusServer>();
  const closeAll = async (): Promise<void> => {
    await Promise.all([...servers.values()].map((server) => server.close()));
  };
  try {
    for (const { name, unit, images } of devices)
      servers.set(name, await startModbusServer({ host, port: ports[name] }, new Map([[unit, images]])));
  } catch (error) {
    await closeAll();
    throw new Error(`the simulated house cannot open its ports: ${(error as Error).message}`);
  }

  const garage = createGarage(options.garage ?? { url: '', count: 0 }, clock);
  garage.setSpeed(speed);
  let before = clock.monotonic();
  const stepping = clock.every(stepMs, () => {
    const now = clock.monotonic();
    for (const device of devices) device.react(house.controls);
    house.controls.chargingW = garage.chargingW();
    house.step((now - before) / 1000);
    before = now;
    for (const device of devices) device.update(house.state());
  });

  const perDevice = <T>(of: (server: ModbusServer, unit: number) => T): Record<DeviceName, T> =>
    Object.fromEntries(devices.map(({ name, unit }) => [name, of(servers.get(name) as ModbusServer, unit)])) as Record<
      DeviceName,
      T
    >;

  const modeOf = (name: DeviceName): BatteryMode => {
    const device = devices.find((each) => each.name === name);
    // What was written a moment ago counts already.
    device?.react(house.controls);
    return device?.mode() ?? 'auto';
  };

  return {
    ports: perDevice((server) => server.port),
    state() {
      const { hour, solarW, loadW, gridW, hybrid, storage } = house.state();
      return {
        hour: Number(hour.toFixed(3)),
        sun_w: Math.round(solarW),
        load_w: Math.round(loadW),
        grid_w: Math.round(gridW),
        hybrid_battery_w: Math.round(hybrid.powerW),
        hybrid_soc: Number(hybrid.soc.toFixed(1)),
        hybrid_mode: modeOf('hybrid'),
        storage_w: Math.round(storage.powerW),
        storage_soc: Number(storage.soc.toFixed(1)),
        storage_mode: modeOf('storage'),
        wallboxes: garage.state(),
        speed: house.controls.speed,
        faults: perDevice((server, unit) => server.fault(unit).kind),
      };
    },
    async change({ speed, sky, extra_load_w, faults = {}, cars = {} }) {
      if (speed !== undefined) {
        house.controls.speed = speed;
        garage.setSpeed(speed);
      }
      if (sky !== undefined) house.controls.sky = sky ?? undefined;
      if (extra_load_w !== undefined) house.controls.extraLoadW = extra_load_w;
      for (const { name, unit } of devices) {
        const fault = faults[name];
        if (fault) await servers.get(name)?.setFault(unit, fault);
      }
      for (const [nth, car] of Object.entries(cars)) garage.park(Number(nth), car ?? null);
    },
    async close() {
      stepping.cancel();
      await garage.close();
      await closeAll();
    },
  };
};
