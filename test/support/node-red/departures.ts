/**
 * Devices and flows that are removed for good, on a Node-RED process with flow 02 and a broker that stays: nothing must
 * be left of them, neither on the broker nor in the site.
 */
import assert from 'node:assert/strict';
import type { Meta } from '../../../src/model/meta.ts';
import { type ForkedProcess, startForkedProcess } from '../forked-process.ts';
import { freePorts } from '../free-ports.ts';
import { listen, type Observer } from '../mqtt/observer.ts';
import { until } from '../until.ts';
import { siteFlow } from './killable-site.ts';
import { type FlowNode, type NodeRed, startNodeRed } from './node-red.ts';

export interface Departures {
  red: NodeRed;
  observer: Observer;
  /** Retained payloads of the broker, by topic. */
  retained(): Promise<Map<string, string>>;
  /** Gives the grid meter a new id with a deploy of this type. @returns the id it had */
  rename(type: 'full' | 'flows' | 'nodes'): Promise<string>;
  /** Waits for a sum made of the devices there are, and checks that nobody else is spoken of any more. */
  isClean(gone: string[]): Promise<void>;
  close(): Promise<void>;
}

const deviceOf = (flow: FlowNode[], name: string): string =>
  String(flow.find((node) => node.type === 'ems-modbus' && node.name === name)?.device);

/** A value that the meta of its device knows nothing of. */
const isUndeclared =
  (retained: Map<string, string>) =>
  (topic: string): boolean => {
    const [root, device, type, quantity] = topic.split('/');
    if (root !== 'devices' || quantity === undefined || quantity === 'setpoint') return false;
    const meta = JSON.parse(retained.get(`devices/${device}/meta`) ?? '{}') as Partial<Meta>;
    const known = meta.components?.filter((each) => each.type === type).flatMap((each) => Object.keys(each.quantities));
    return known?.some((each) => topic.endsWith(`/${each}`)) !== true;
  };

export const retainedOn = async (port: number): Promise<Map<string, string>> => {
  const listener = await listen(port);
  const mark = `marks/${Math.random()}`;
  await listener.client.publishAsync(mark, 'all that is retained has been told before', { qos: 2 });
  await until(() => listener.heard.some(({ topic }) => topic === mark), 'the mark');
  await listener.close();
  return new Map(listener.heard.filter(({ retain }) => retain).map(({ topic, payload }) => [topic, payload]));
};

/** @param arrange puts the nodes of the flow into another order: the runtime makes them in the order of the file */
export const openDepartures = async (
  brokerPort: number,
  arrange: (flow: FlowNode[]) => FlowNode[] = (flow) => flow,
): Promise<Departures> => {
  const free = await freePorts(3);
  const house: ForkedProcess = await startForkedProcess(
    new URL('../processes/house.ts', import.meta.url),
    free.map(String),
  );
  const ports = new Map([
    ...[1502, 1503, 1504].map((port, i): [number, number] => [port, free[i] ?? 0]),
    [1883, brokerPort],
  ]);
  const observer = await listen(brokerPort);
  const red = await startNodeRed(arrange(siteFlow(ports)));
  let names = 0;

  const isSummedUp = (since: number): boolean => {
    const { quality, ts } = observer.last('sites/home/power') ?? {};
    return quality === 'good' && Date.parse(String(ts)) > since;
  };
  await until(() => isSummedUp(0), 'the site is summed up');

  return {
    red,
    observer,
    retained: () => retainedOn(brokerPort),
    async rename(type) {
      const flow = await red.flows();
      const before = deviceOf(flow, 'grid meter');
      const device = `renamed-${++names}`;
      await red.deploy(
        flow.map((node) => (node.device === before ? { ...node, device } : node)),
        type,
      );
      await until(() => observer.last(`devices/${device}/meter/power`) !== undefined, `the meter as ${device}`);
      return before;
    },
    async isClean(gone) {
      const since = Date.now();
      await until(() => isSummedUp(since), 'the site is summed up').catch((error) => {
        throw new Error(`${error.message}: ${JSON.stringify(observer.last('sites/home/status'))}`);
      });
      const retained = await retainedOn(brokerPort);
      const left = [...retained.keys()];
      assert.deepEqual(left.filter(isUndeclared(retained)), []);
      assert.deepEqual(
        left.filter((topic) => gone.some((device) => topic.startsWith(`devices/${device}/`))),
        [],
      );
    },
    async close() {
      await observer.close();
      await red.remove();
      await house.close();
    },
  };
};

/** The site before its devices. */
export const siteFirst = (flow: FlowNode[]): FlowNode[] => {
  const isOfSite = ({ type }: FlowNode): boolean => type === 'ems-aggregate' || type === 'ems-subscribe';
  return [
    ...flow.filter((node) => !isOfSite(node) && node.type === 'tab'),
    ...flow.filter(isOfSite),
    ...flow.filter((node) => !isOfSite(node) && node.type !== 'tab'),
  ];
};

const withoutDevice = (flow: FlowNode[], name: string): FlowNode[] =>
  flow.filter((node) => !(node.type === 'ems-modbus' && node.name === name));

/** Each as a test of its own, in this order; the last one leaves nothing. */
export const departureCases: Record<string, (street: Departures) => Promise<void>> = {
  async 'a device that is renamed'(street) {
    for (const type of ['flows', 'full', 'nodes', 'flows'] as const) {
      const before = await street.rename(type);
      await street.isClean([before]);
    }
  },
  async 'a device that has other values than before: two exchange their ids'(street) {
    const flow = await street.red.flows();
    const [meter, storage] = ['grid meter', 'storage'].map((name) => deviceOf(flow, name)) as [string, string];
    const others = new Map([
      [meter, storage],
      [storage, meter],
    ]);
    const exchanged = flow.map((node) => {
      const device = others.get(String(node.device));
      return device === undefined ? node : { ...node, device };
    });
    await street.red.deploy(exchanged, 'full');
    await until(() => street.observer.last(`devices/${storage}/meter/power`) !== undefined, 'the meter as the storage');
    await street.isClean([]);
    await street.red.deploy(flow, 'full');
    await until(
      () =>
        street.observer.heard.findLast(({ topic }) => topic === `devices/${storage}/meter/energy_import`)?.payload ===
        '',
      'what the storage never had goes again',
    );
  },
  async 'a device that is deleted with a full deploy, and what an earlier run had retained of it'(street) {
    const forgotten = 'devices/storage/battery/soh';
    const reading = { schema: 'reading/1', value: 97, unit: '%', ts: '2026-01-01T00:00:00.000Z', quality: 'good' };
    await street.observer.retain(forgotten, JSON.stringify(reading));
    await street.red.deploy(withoutDevice(await street.red.flows(), 'storage'), 'full');
    await until(
      () => street.observer.heard.some(({ topic, payload }) => topic === forgotten && payload === ''),
      'the leftover goes',
    );
    await street.isClean(['storage']);
  },
  async 'a device that another gateway has taken over stays'(street) {
    const topic = 'devices/hybrid/meta';
    const meta = JSON.parse((await street.retained()).get(topic) ?? '');
    const taken = { ...meta, gateway: 'another', site: 'elsewhere', ts: new Date().toISOString() };
    await street.observer.retain(topic, JSON.stringify(taken));
    const known = async (): Promise<boolean> =>
      JSON.stringify(await street.red.get('/ems/directory')).includes('"another"');
    while (!(await known()));
    await street.red.deploy(withoutDevice(await street.red.flows(), 'hybrid inverter'), 'full');
    await street.isClean([]);
    assert.deepEqual(JSON.parse((await street.retained()).get(topic) ?? 'null'), taken);
    await street.observer.retain(topic, '');
  },
  async 'a site that is renamed'(street) {
    const flow = await street.red.flows();
    const renamed = flow.map((node) => (node.site === 'home' ? { ...node, site: 'house' } : node));
    await street.red.deploy(renamed, 'full');
    await until(() => street.observer.last('sites/house/power')?.quality === 'good', 'the site as house');
    const left = [...(await street.retained()).keys()];
    assert.deepEqual(
      left.filter((topic) => topic.startsWith('sites/home/')),
      [],
    );
  },
  async 'flows that are deleted whole, with their broker'(street) {
    await street.red.deploy([], 'full');
    const left = [...(await street.retained()).keys()];
    assert.deepEqual(
      left.filter((topic) => !topic.startsWith('devices/hybrid/')),
      ['system/status/tested'],
    );
    assert.equal(street.observer.last('system/status/tested')?.state, 'offline');
  },
};
