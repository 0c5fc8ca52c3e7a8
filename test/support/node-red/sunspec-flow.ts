/** SunSpec devices on a Modbus TCP server, and a runtime with a node for each of them. */
import type { UnitImages } from '../../../src/drivers/modbus/index.ts';
import { type FaultyServer, startFaultyServer } from '../../../src/simulator/modbus/faulty-server.ts';
import { buildDevice, imagesOf, putDevice, type ValuedModel } from '../sunspec/valued-device.ts';
import { allNodes, collect, collectErrors, collectStatus, helper, objectsOf, type Sent } from './test-helper.ts';

/** Devices behind one address, by their units. */
export class SunSpecServer {
  readonly #images: Map<number, UnitImages & ReturnType<typeof imagesOf>>;
  #server: FaultyServer | undefined;

  constructor(devices: Record<number, readonly ValuedModel[]>) {
    this.#images = new Map(
      Object.entries(devices).map(([unit, models]) => [Number(unit), imagesOf(buildDevice(models))]),
    );
  }

  get server(): FaultyServer {
    if (!this.#server) throw new Error('the server is not started');
    return this.#server;
  }

  async start(): Promise<void> {
    this.#server = await startFaultyServer({ host: '127.0.0.1', port: 0 }, this.#images);
  }

  /** The models that a device has from now on. */
  become(unit: number, models: readonly ValuedModel[]): void {
    const image = this.#images.get(unit)?.holding;
    if (image) putDevice(image, buildDevice(models));
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }
}

/** Node-RED takes a field that holds the id of its own node for a circle. */
const deviceOf = (id: string): string => `${id}-1`;

/** @returns a flow with a connection, a site, and a SunSpec node per device id, each with helpers "<id>.out" and "<id>.events" */
export const sunspecFlow = (port: number, nodes: Record<string, object>): object[] => [
  { id: 'tab', type: 'tab' },
  { id: 'site', type: 'ems-site', site: 'home' },
  { id: 'client', type: 'ems-modbus-client', transport: 'tcp', host: '127.0.0.1', port },
  ...Object.entries(nodes).flatMap(([id, config]) => [
    {
      ...{ id, z: 'tab', type: 'ems-sunspec', client: 'client', site: 'site', device: deviceOf(id), interval: 0.1 },
      ...config,
      wires: [[`${id}.out`], [`${id}.events`]],
    },
    { id: `${id}.out`, z: 'tab', type: 'helper' },
    { id: `${id}.events`, z: 'tab', type: 'helper' },
  ]),
];

/** A node of a running flow, with all that it tells. */
export class WatchedNode {
  readonly #id: string;
  readonly #out: Sent[];
  readonly #events: Sent[];
  readonly statuses: { fill: string; text: string }[];
  readonly errors: string[];

  constructor(id: string) {
    this.#id = id;
    this.#out = collect(`${id}.out`);
    this.#events = collect(`${id}.events`);
    this.statuses = collectStatus(id);
    this.errors = collectErrors(id);
  }

  get out(): Record<string, unknown>[] {
    return objectsOf(this.#out);
  }

  get events(): Record<string, unknown>[] {
    return objectsOf(this.#events);
  }

  /** @param path below the device: "solar/power", "meta" */
  last(path: string): Record<string, unknown> | undefined {
    return this.out.findLast(({ topic }) => topic === `devices/${deviceOf(this.#id)}/${path}`);
  }

  named(name: string): Record<string, unknown>[] {
    return this.events.filter((event) => event.name === name);
  }
}

/** Loads a flow. @returns its SunSpec nodes by their ids */
export const loadSunSpec = async (flow: object[], ids: string[]): Promise<Record<string, WatchedNode>> => {
  await helper.load(allNodes, flow);
  return Object.fromEntries(ids.map((id) => [id, new WatchedNode(id)]));
};
