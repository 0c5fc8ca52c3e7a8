/** A SunSpec device on a Modbus TCP server of its own, and the driver that polls it. */
import assert from 'node:assert/strict';
import type { Cycle, DeviceState, Driver, DriverEvent, Sample } from '../../../src/drivers/driver.ts';
import { type Bus, createBus, createLink } from '../../../src/drivers/modbus/index.ts';
import { createSunSpecDriver, type SunSpecDriverOptions } from '../../../src/drivers/sunspec/index.ts';
import type { Clock } from '../../../src/model/time.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { type FaultyServer, startFaultyServer } from '../../../src/simulator/modbus/faulty-server.ts';
import { sinkOf } from '../driver-sink.ts';
import { until } from '../until.ts';
import { simulateUnits, type UnitAnswer, unitOf } from './simulated-units.ts';
import { buildDevice, type DevicePlace, imagesOf, putDevice, type ValuedModel, valueIn } from './valued-device.ts';

/** A driver of a SunSpec device, and what it has told. */
export interface ObservedDriver {
  driver: Driver;
  states: DeviceState[];
  events: DriverEvent[];
  notes: string[];
  cycles: Cycle[];
  /** The next whole cycles, begun after this call. */
  poll(count?: number): Promise<void>;
  /** The models that the device has from now on. */
  become(models: readonly ValuedModel[]): void;
  /** The paths of all channels in their order. */
  paths(): string[];
  /** The last sample of a quantity. */
  sample(path: string): Sample | undefined;
  /** The last values of all quantities by their paths. */
  values(): Record<string, unknown>;
  close(): Promise<void>;
}

/** A driver of a device that somebody else serves. */
export type ObservedUnit = Omit<ObservedDriver, 'become'>;

export interface DrivenDevice extends ObservedDriver {
  server: FaultyServer;
  /** The value of a point in the registers of the device. */
  valueAt(model: number, path: string): unknown;
}

const unit = 1;

const pathOf = ({ type, index, quantity, part }: { type: string; index?: number; quantity: string; part?: string }) =>
  [type, index, quantity, part].filter((level) => level !== undefined).join('/');

/** Starts a driver on a bus, and hears what it tells. */
export const observeDriver = (
  options: Partial<SunSpecDriverOptions> & { bus: Bus },
  clock: Clock,
): Omit<ObservedDriver, 'become' | 'close'> => {
  const [states, events, notes, cycles]: [DeviceState[], DriverEvent[], string[], Cycle[]] = [[], [], [], []];
  const driver = createSunSpecDriver(
    { unit, intervalMs: 20, name: 'd1', onMissing: (told) => void notes.push(...told), ...options },
    clock,
  );
  driver.start(
    sinkOf({
      state: (state) => states.push(state),
      event: (event) => events.push(event),
      cycle: (cycle) => cycles.push(cycle),
    }),
  );
  const paths = (): string[] => driver.describe().channels.map(pathOf);
  const samples = (): Map<string, Sample> => {
    const all = paths();
    return new Map(cycles.flatMap((cycle) => cycle.samples).map((each) => [all[each.channel] ?? '', each]));
  };
  return {
    driver,
    states,
    events,
    notes,
    cycles,
    async poll(count = 1) {
      const first = cycles.length + 1;
      await until(() => cycles.length >= first + count, `${count} cycles`);
    },
    paths,
    sample(path) {
      assert.ok(paths().includes(path), `${path} is no channel`);
      return samples().get(path);
    },
    values: () => Object.fromEntries([...samples()].map(([path, { value }]) => [path, value])),
  };
};

/**
 * Drives a device on a Modbus TCP server.
 * @param models of the device at first
 * @param options of its driver; clock: by default that of the system; isOff: nobody listens at first
 */
export const driveDevice = async (
  models: readonly ValuedModel[],
  {
    clock = systemClock,
    isOff = false,
    ...options
  }: Partial<SunSpecDriverOptions> & { clock?: Clock; isOff?: boolean } = {},
): Promise<DrivenDevice> => {
  let built = buildDevice(models);
  const images = imagesOf(built);
  const server = await startFaultyServer({ host: '127.0.0.1', port: 0 }, new Map([[unit, images]]));
  if (isOff) await server.setFault(unit, { kind: 'offline' });
  const bus: Bus = createBus(createLink({ transport: 'tcp', host: '127.0.0.1', port: server.port }, clock), clock);
  const observed = observeDriver({ bus, ...options }, clock);
  return {
    ...observed,
    server,
    become(next) {
      built = buildDevice(next);
      putDevice(images.holding, built);
    },
    valueAt: (model, path) => valueIn(images.holding, built, [model, path]),
    async close() {
      await observed.driver.close();
      await bus.close();
      await server.close();
    },
  };
};

/** Drives a unit of a Modbus TCP server on this machine. */
export const driveUnit = (port: number, at: number): ObservedUnit => {
  const bus: Bus = createBus(createLink({ transport: 'tcp', host: '127.0.0.1', port }, systemClock), systemClock);
  const observed = observeDriver({ bus, unit: at }, systemClock);
  return {
    ...observed,
    async close() {
      await observed.driver.close();
      await bus.close();
    },
  };
};

/** A device without sockets, and the options of its driver. */
interface SimulatedRegisters extends Partial<SunSpecDriverOptions> {
  /** Says how a request is answered in another way; undefined: with the registers. */
  refuse?(address: number, count: number): UnitAnswer | undefined;
}

/** Drives a device without sockets by its registers, on a clock whose time jumps: hours pass in no time. */
export const driveRegisters = (
  words: ReadonlyMap<number, number>,
  { refuse, ...options }: SimulatedRegisters = {},
): ObservedUnit & { clock: Clock } => {
  const { bus, clock } = simulateUnits({ [options.unit ?? unit]: unitOf(words, refuse) }, 10);
  const observed = observeDriver({ bus, intervalMs: 20_000, ...options }, clock);
  return {
    ...observed,
    clock,
    async close() {
      await observed.driver.close();
      await bus.close();
    },
  };
};

/** Drives a device without sockets by its models, on a clock whose time jumps. */
export const driveForHours = (
  models: readonly ValuedModel[],
  { base, end, ...options }: SimulatedRegisters & DevicePlace = {},
): ObservedDriver & { clock: Clock; put(words: ReadonlyMap<number, number>): void } => {
  const place = { ...(base === undefined ? {} : { base }), ...(end === undefined ? {} : { end }) };
  const words = new Map(buildDevice(models, place).words);
  const put = (changed: ReadonlyMap<number, number>): void => {
    for (const [address, word] of changed) words.set(address, word);
  };
  return { ...driveRegisters(words, options), put, become: (next) => put(buildDevice(next, place).words) };
};
