/**
 * The simulated house in operation: time passes, devices answer over Modbus TCP in registers of their own and in SunSpec,
 * wallboxes dial an OCPP server.
 */
import { openProfile, type ResolvedProfile } from '../drivers/modbus/index.ts';
import type { Clock, Timer } from '../model/time.ts';
import { House } from './house/house.ts';
import { createBatteryInverter } from './modbus/battery-inverter.ts';
import { type Fault, type FaultyServer, startFaultyServer } from './modbus/faulty-server.ts';
import { createGridMeter } from './modbus/grid-meter.ts';
import { createHybridInverter } from './modbus/hybrid-inverter.ts';
import type { BatteryMode, SimulatedDevice } from './modbus/simulated-device.ts';
import { Wallboxes, type WallboxesOptions, type WallboxState } from './ocpp/wallboxes.ts';
import type { SimulationChanges } from './simulation-changes.ts';
import { type SunSpecDevices, type SunSpecName, startSunSpecDevices, sunSpecNames } from './sunspec/sunspec-devices.ts';

const deviceNames = ['grid', 'hybrid', 'storage'] as const;
/** A device of the house. */
type DeviceName = (typeof deviceNames)[number];

export interface SimulationOptions {
  host: string;
  /** TCP ports; 0 takes a free one. */
  ports: Record<DeviceName, number>;
  /** Local hour at which the day begins, 0 to 24. */
  startHour: number;
  seed: number;
  /** Simulated seconds per second. */
  speed: number;
  /** Time without a write after which the storage goes back to its own control, s. */
  watchdogS: number;
  /** Absent: a house without wallboxes. */
  wallboxes?: WallboxesOptions;
  /** TCP port of the SunSpec devices; 0 takes a free one. Undefined: a house without them. */
  sunSpecPort?: number | undefined;
}

/** The truth that the devices measure: W with the signs of the model, SoC in %. */
export interface TrueState {
  /** Local hour of day, 0 to 24. */
  hour: number;
  sun_w: number;
  load_w: number;
  grid_w: number;
  hybrid_battery_w: number;
  hybrid_soc: number;
  /** Order that the registers of the hybrid inverter hold. */
  hybrid_mode: BatteryMode;
  storage_w: number;
  storage_soc: number;
  /** Order that the registers of the storage hold. */
  storage_mode: BatteryMode;
  wallboxes: WallboxState[];
  /** Simulated seconds per second. */
  speed: number;
  faults: Record<DeviceName, Fault['kind']> & Partial<Record<SunSpecName, Fault['kind']>>;
}

const stepMs = 250;
/** SunSpec devices have many more values than the others: they measure once in so many steps. */
const sunSpecSteps = 4;
/** Simulated time for the batteries to find their power before the first reading, s. */
const settlingS = 30;

interface DeviceKind {
  profile: string;
  create(profile: ResolvedProfile, clock: Clock, watchdogS: number): SimulatedDevice;
}

const kinds: Record<DeviceName, DeviceKind> = {
  grid: { profile: 'eastron-sdm630', create: createGridMeter },
  hybrid: { profile: 'sungrow-sh-rt', create: createHybridInverter },
  storage: { profile: 'sma-sunny-boy-storage', create: createBatteryInverter },
};

const createDevice = ({ profile: id, create }: DeviceKind, clock: Clock, watchdogS: number): SimulatedDevice => {
  const profile = openProfile({ id });
  if (!profile.ok) throw new Error(profile.reason);
  return create(profile.value, clock, watchdogS);
};

/** @returns one value for each device */
const perDevice = <T>(ofDevice: (name: DeviceName) => T): Record<DeviceName, T> => ({
  grid: ofDevice('grid'),
  hybrid: ofDevice('hybrid'),
  storage: ofDevice('storage'),
});

interface SimulationParts {
  house: House;
  devices: Record<DeviceName, SimulatedDevice>;
  servers: Record<DeviceName, FaultyServer>;
  wallboxes: Wallboxes;
  sunSpec: SunSpecDevices | undefined;
}

/** The house, its devices and its servers. Create it with `startSimulation`. */
export class Simulation {
  readonly #house: House;
  readonly #devices: Record<DeviceName, SimulatedDevice>;
  readonly #servers: Record<DeviceName, FaultyServer>;
  readonly #wallboxes: Wallboxes;
  readonly #sunSpec: SunSpecDevices | undefined;
  readonly #stepping: Timer;
  #steps = 0;

  constructor({ house, devices, servers, wallboxes, sunSpec }: SimulationParts, clock: Clock) {
    this.#house = house;
    this.#devices = devices;
    this.#servers = servers;
    this.#wallboxes = wallboxes;
    this.#sunSpec = sunSpec;
    let before = clock.monotonic();
    this.#stepping = clock.every(stepMs, () => {
      const now = clock.monotonic();
      this.#step((now - before) / 1000);
      before = now;
    });
  }

  /** The TCP ports that the devices listen on. */
  get ports(): Record<DeviceName, number> {
    return perDevice((name) => this.#servers[name].port);
  }

  /** The TCP port of the SunSpec devices; undefined where the house has none. */
  get sunSpecPort(): number | undefined {
    return this.#sunSpec?.port;
  }

  state(): TrueState {
    const { hour, solarW, loadW, gridW, hybrid, storage } = this.#house.state();
    return {
      hour: Number(hour.toFixed(3)),
      sun_w: Math.round(solarW),
      load_w: Math.round(loadW),
      grid_w: Math.round(gridW),
      hybrid_battery_w: Math.round(hybrid.powerW),
      hybrid_soc: Number(hybrid.soc.toFixed(1)),
      hybrid_mode: this.#modeOf('hybrid'),
      storage_w: Math.round(storage.powerW),
      storage_soc: Number(storage.soc.toFixed(1)),
      storage_mode: this.#modeOf('storage'),
      wallboxes: this.#wallboxes.state(),
      speed: this.#house.controls.speed,
      faults: {
        ...perDevice((name) => this.#servers[name].fault(this.#devices[name].unit).kind),
        ...this.#sunSpec?.faults(),
      },
    };
  }

  /** @throws when a car is meant for a wallbox, or a fault for a device, that does not exist */
  async change({ speed, sky, extra_load_w, faults = {}, cars = {} }: SimulationChanges): Promise<void> {
    const { controls } = this.#house;
    if (speed !== undefined) {
      controls.speed = speed;
      this.#wallboxes.setSpeed(speed);
    }
    if (sky !== undefined) controls.sky = sky ?? undefined;
    if (extra_load_w !== undefined) controls.extraLoadW = extra_load_w;
    for (const name of deviceNames) {
      const fault = faults[name];
      if (fault) await this.#servers[name].setFault(this.#devices[name].unit, fault);
    }
    for (const name of sunSpecNames) {
      const fault = faults[name];
      if (fault && !this.#sunSpec)
        throw new Error(`the simulated house has no ${name}: its SunSpec devices have no port`);
      if (fault) await this.#sunSpec?.setFault(name, fault);
    }
    for (const [number, car] of Object.entries(cars)) this.#wallboxes.park(Number(number), car ?? null);
  }

  async close(): Promise<void> {
    this.#stepping.cancel();
    await this.#wallboxes.close();
    await Promise.all([this.#sunSpec, ...Object.values(this.#servers)].map((server) => server?.close()));
  }

  /** Lets time pass: orders first, then the house, then its measured values. */
  #step(seconds: number): void {
    const house = this.#house;
    const wallboxes = this.#wallboxes;
    for (const device of Object.values(this.#devices)) device.react(house.controls);
    this.#sunSpec?.react(house.controls, house.state());
    house.controls.chargingW = wallboxes.chargingW();
    house.step(seconds);
    for (const device of Object.values(this.#devices)) device.update(house.state());
    this.#steps++;
    if (this.#steps % sunSpecSteps === 0) this.#sunSpec?.update(house.state());
  }

  #modeOf(name: DeviceName): BatteryMode {
    // An order that was written since the last step counts already.
    this.#devices[name].react(this.#house.controls);
    return this.#devices[name].mode();
  }
}

/** A house and its devices before they are reached. */
interface Furnished {
  house: House;
  devices: Record<DeviceName, SimulatedDevice>;
}

/** Opens the servers one after the other. @throws with the port in the message when a port is taken; none stays open */
const openServers = async (
  { host, ports, sunSpecPort, watchdogS }: SimulationOptions,
  { house, devices }: Furnished,
  clock: Clock,
): Promise<Pick<SimulationParts, 'servers' | 'sunSpec'>> => {
  const opened: FaultyServer[] = [];
  const open = async (name: DeviceName): Promise<FaultyServer> => {
    const { unit, images } = devices[name];
    const server = await startFaultyServer({ host, port: ports[name] }, new Map([[unit, images]]));
    opened.push(server);
    return server;
  };
  try {
    const servers = { grid: await open('grid'), hybrid: await open('hybrid'), storage: await open('storage') };
    const sunSpecOptions = { host, port: sunSpecPort ?? 0, heartbeatS: watchdogS };
    const sunSpec =
      sunSpecPort === undefined ? undefined : await startSunSpecDevices(sunSpecOptions, house.state(), clock);
    return { servers, sunSpec };
  } catch (error) {
    await Promise.all(opened.map((server) => server.close()));
    throw new Error(`the simulated house cannot open its ports: ${(error as Error).message}`);
  }
};

/** @throws with the port in the message when a port is taken */
export const startSimulation = async (options: SimulationOptions, clock: Clock): Promise<Simulation> => {
  const { startHour, seed, speed, watchdogS } = options;
  const house = new House({ seed, startHour });
  house.controls.speed = speed;
  house.step(settlingS / speed);
  const devices = perDevice((name) => createDevice(kinds[name], clock, watchdogS));
  for (const device of Object.values(devices)) device.update(house.state());
  const opened = await openServers(options, { house, devices }, clock);
  const wallboxes = new Wallboxes(options.wallboxes ?? { url: '', count: 0 }, clock);
  wallboxes.setSpeed(speed);
  return new Simulation({ house, devices, wallboxes, ...opened }, clock);
};
