/** The SunSpec devices of a simulated house whose time passes as a test says, and a client that reads and writes points. */
import { type Bus, createBus, createLink, encodePoint } from '../../../src/drivers/modbus/index.ts';
import {
  compileModel,
  decodeModel,
  findModelDefinition,
  layOutModel,
  type ModelCodec,
  type ModelLayout,
  type PointValue,
} from '../../../src/drivers/sunspec/index.ts';
import { readCounts, registersUntilCounts } from '../../../src/drivers/sunspec/models/counting-points.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { ownControl } from '../../../src/simulator/house/battery.ts';
import { House } from '../../../src/simulator/house/house.ts';
import { type SunSpecDevices, startSunSpecDevices } from '../../../src/simulator/sunspec/sunspec-devices.ts';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts';

/** Units of the devices. */
export const units = { hybrid: 1, der: 2, battery: 3, meter: 240 } as const;

const [base, markerSize, headerSize, endId] = [40_000, 2, 2, 0xffff];
/** Most registers of one response. */
const most = 125;

/** A client that knows the models of each unit. */
export interface PointClient {
  /** The ids of the models of a unit, in their order. */
  models(unit: number): Promise<number[]>;
  /** The points of a model at their places. */
  layoutOf(unit: number, id: number): Promise<ModelLayout>;
  /** All values of a model. */
  readModel(unit: number, id: number): Promise<Record<string, PointValue>>;
  /** Writes points; neighbouring ones in one request. */
  write(unit: number, id: number, values: Record<string, number>): Promise<void>;
  /** Writes words as they are, at an offset in registers from the point ID. */
  writeWords(unit: number, id: number, at: { offset: number; words: number[] }): Promise<void>;
  close(): Promise<void>;
}

/** @returns a client of a server on this machine */
export const createPointClient = (port: number): PointClient => {
  const bus: Bus = createBus(createLink({ transport: 'tcp', host: '127.0.0.1', port }, systemClock), systemClock);
  const detach = Object.values(units).map((unit) =>
    bus.attach(unit, { timeoutMs: 5000, maxInFlight: 1, interRequestMs: 0 }),
  );
  const codecs = new Map<number, ModelCodec[]>();

  const read = async (unit: number, address: number, count: number): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for (let done = 0; done < count; done += most)
      parts.push(
        await bus.read({ unit, table: 'holding', address: address + done, count: Math.min(most, count - done) }),
      );
    return Buffer.concat(parts);
  };
  const walk = async (unit: number): Promise<ModelCodec[]> => {
    const found: ModelCodec[] = [];
    for (let address = base + markerSize; ; ) {
      const header = await read(unit, address, headerSize);
      const [id, length] = [header.readUInt16BE(0), header.readUInt16BE(2)];
      if (id === endId) return found;
      const definition = findModelDefinition(id);
      if (!definition) throw new Error(`unit ${unit} lists a model ${id}`);
      const counted = registersUntilCounts(definition);
      const counts = counted === 0 ? new Map() : readCounts(definition, await read(unit, address, counted));
      found.push(compileModel(layOutModel({ definition, address, length, counts })));
      address += headerSize + length;
    }
  };
  const codecsOf = async (unit: number): Promise<ModelCodec[]> => {
    const known = codecs.get(unit) ?? (await walk(unit));
    codecs.set(unit, known);
    return known;
  };
  const codecOf = async (unit: number, id: number): Promise<ModelCodec> => {
    const codec = (await codecsOf(unit)).find(({ layout }) => layout.definition.id === id);
    if (!codec) throw new Error(`unit ${unit} has no model ${id}`);
    return codec;
  };
  const valuesOf = async (unit: number, codec: ModelCodec) =>
    decodeModel(codec, await read(unit, codec.layout.address, codec.size));
  const writeWords = (unit: number, address: number, values: number[]) =>
    bus.write({ unit, functionCode: values.length === 1 ? 6 : 16, address, values });

  return {
    models: async (unit) => (await codecsOf(unit)).map(({ layout }) => layout.definition.id),
    layoutOf: async (unit, id) => (await codecOf(unit, id)).layout,
    readModel: async (unit, id) => Object.fromEntries(await valuesOf(unit, await codecOf(unit, id))),
    async write(unit, id, values) {
      const codec = await codecOf(unit, id);
      const known = await valuesOf(unit, codec);
      const words = Object.entries(values).flatMap(([path, value]) => {
        const found = codec.points.find(({ placed }) => placed.path === path);
        if (!found) throw new Error(`model ${id} has no point ${path}`);
        const { scaleFactor } = found.placed;
        const exponent = typeof scaleFactor === 'object' ? Number(known.get(scaleFactor.path)) : 0;
        return encodePoint(found.point, value, exponent);
      });
      words.sort((a, b) => a.address - b.address);
      for (let from = 0; from < words.length; ) {
        let end = from + 1;
        while (words[end]?.address === (words[end - 1]?.address ?? 0) + 1) end++;
        const run = words.slice(from, end);
        await writeWords(
          unit,
          run[0]?.address ?? 0,
          run.map(({ word }) => word),
        );
        from = end;
      }
    },
    async writeWords(unit, id, { offset, words }) {
      await writeWords(unit, (await codecOf(unit, id)).layout.address + offset, words);
    },
    async close() {
      for (const each of detach) each();
      await bus.close();
    },
  };
};

/** A house with SunSpec devices and a client of them. */
export interface HouseDevices {
  house: House;
  clock: VirtualClock;
  devices: SunSpecDevices;
  client: PointClient;
  /** Lets time pass for the house and its devices, second by second. */
  run(seconds: number): void;
  close(): Promise<void>;
}

/**
 * @param startHour local hour at which the day begins
 * @param heartbeatS time without a heartbeat after which a device takes back what it was told
 */
export const startHouseDevices = async (startHour = 12, heartbeatS = 60): Promise<HouseDevices> => {
  const house = new House({ seed: 7, startHour });
  const clock = createVirtualClock();
  house.controls.sky = 1;
  house.step(30);
  const devices = await startSunSpecDevices({ host: '127.0.0.1', port: 0, heartbeatS }, house.state(), clock);
  const client = createPointClient(devices.port);
  return {
    house,
    clock,
    devices,
    client,
    run(seconds) {
      for (let second = 0; second < seconds; second++) {
        clock.advance(1000);
        house.controls.hybrid = ownControl();
        house.controls.storage = ownControl();
        devices.react(house.controls, house.state());
        house.step(1);
      }
      devices.update(house.state());
    },
    async close() {
      await client.close();
      await devices.close();
    },
  };
};
