/** The SunSpec devices of the house in operation: several units of one Modbus TCP server. */
import type { Clock } from '../../model/time.ts';
import type { HouseControls } from '../house/house.ts';
import type { HouseState } from '../house/house-state.ts';
import { freeInverter } from '../house/inverter-power.ts';
import { type Fault, type FaultyServer, startFaultyServer } from '../modbus/faulty-server.ts';
import { sunSpecBattery } from './sunspec-battery.ts';
import { sunSpecDer } from './sunspec-der.ts';
import { SunSpecDevice, type SunSpecDeviceKind } from './sunspec-device.ts';
import { sunSpecHybrid } from './sunspec-hybrid.ts';
import { sunSpecMeter } from './sunspec-meter.ts';

/** The devices by the names that faults have for them. */
const kinds = {
  sunspec_hybrid: sunSpecHybrid,
  sunspec_der: sunSpecDer,
  sunspec_battery: sunSpecBattery,
  sunspec_meter: sunSpecMeter,
} as const satisfies Record<string, SunSpecDeviceKind>;

/** A SunSpec device of the house. */
export type SunSpecName = keyof typeof kinds;

/** The names of all SunSpec devices. */
export const sunSpecNames: readonly SunSpecName[] = [
  'sunspec_hybrid',
  'sunspec_der',
  'sunspec_battery',
  'sunspec_meter',
];

/** The devices and their server. Create them with `startSunSpecDevices`. */
export class SunSpecDevices {
  readonly #devices: readonly SunSpecDevice[];
  readonly #server: FaultyServer;

  constructor(devices: readonly SunSpecDevice[], server: FaultyServer) {
    this.#devices = devices;
    this.#server = server;
  }

  /** The TCP port that all units listen on. */
  get port(): number {
    return this.#server.port;
  }

  /** Adds to the orders of the house what clients have written. */
  react(controls: HouseControls, state: HouseState): void {
    controls.inverter = freeInverter();
    for (const device of this.#devices) device.react(controls, state);
  }

  /** Writes into the registers what the devices would measure now. */
  update(state: HouseState): void {
    for (const device of this.#devices) device.update(state);
  }

  /** Gives a device a fault; offline concerns all of them. */
  setFault(name: SunSpecName, fault: Fault): Promise<void> {
    return this.#server.setFault(kinds[name].unit, fault);
  }

  /** @returns the kind of fault that each device has */
  faults(): Record<SunSpecName, Fault['kind']> {
    const faultOf = (name: SunSpecName): Fault['kind'] => this.#server.fault(kinds[name].unit).kind;
    return {
      sunspec_hybrid: faultOf('sunspec_hybrid'),
      sunspec_der: faultOf('sunspec_der'),
      sunspec_battery: faultOf('sunspec_battery'),
      sunspec_meter: faultOf('sunspec_meter'),
    };
  }

  /** @returns number of requests that came in since the start */
  requests(): number {
    return this.#server.requests();
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

/** Where the devices listen, and the time without a heartbeat after which they take back what they were told. */
export interface SunSpecOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  heartbeatS: number;
}

/** @throws when the port cannot be opened */
export const startSunSpecDevices = async (
  { host, port, heartbeatS }: SunSpecOptions,
  state: HouseState,
  clock: Clock,
): Promise<SunSpecDevices> => {
  const devices = Object.values(kinds).map((kind) => new SunSpecDevice(kind, clock, heartbeatS));
  for (const device of devices) device.update(state);
  const units = new Map(devices.map(({ unit, images }) => [unit, images]));
  // A scan that hears of units that are not there needs no time for them.
  const server = await startFaultyServer({ host, port, unknownUnit: 'exception' }, units);
  return new SunSpecDevices(devices, server);
};
