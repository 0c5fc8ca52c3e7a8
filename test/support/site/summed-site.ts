/** A site behind a real broker: a flow of subscribe, site totals and publish, and an independent publisher. */
import type { ComponentMeta } from '../../../src/model/meta.ts';
import type { SiteEnergy, SitePower } from '../../../src/model/site.ts';
import { listen, type Observer } from '../mqtt/observer.ts';
import type { FlowNode } from '../node-red/node-red.ts';
import { until } from '../until.ts';

export const summedFlow = (brokerPort: number): FlowNode[] => [
  { id: 'tab', type: 'tab' },
  { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${brokerPort}`], clientId: 'summed' },
  { id: 'site', type: 'ems-site', site: 'home', name: 'Home' },
  { id: 'subscribe', z: 'tab', type: 'ems-subscribe', broker: 'broker', what: 'readings', wires: [['sum'], []] },
  { id: 'sum', z: 'tab', type: 'ems-aggregate', site: 'site', power: 1, energy: 10, wires: [['publish'], ['publish']] },
  { id: 'publish', z: 'tab', type: 'ems-publish', broker: 'broker', wires: [] },
];

export interface Publisher {
  listener: Observer;
  meta(device: string, ...components: ComponentMeta[]): Promise<void>;
  /** @param ts of measurement, ms since 1970 */
  reading(path: string, value: number, ts: number, more?: object): Promise<void>;
  energies(): SiteEnergy[];
  powers(): SitePower[];
  /** Waits for the next site energy. */
  nextEnergy(): Promise<SiteEnergy>;
  close(): Promise<void>;
}

export const openPublisher = async (brokerPort: number): Promise<Publisher> => {
  const listener = await listen(brokerPort, 'sites/home/#');
  const { client, heard } = listener;
  let seq = 0;
  const send = (topic: string, payload: object, retain: boolean): Promise<unknown> =>
    client.publishAsync(topic, JSON.stringify(payload), { qos: retain ? 1 : 0, retain });
  const told = <T>(topic: string): T[] =>
    heard.filter((each) => each.topic === topic).map(({ payload }) => JSON.parse(payload) as T);
  const energies = (): SiteEnergy[] => told('sites/home/energy');
  return {
    listener,
    async meta(device, ...components) {
      const meta = { schema: 'meta/1', device, site: 'home', gateway: 'gw', protocol: 'test', components };
      await send(`devices/${device}/meta`, { ...meta, ts: new Date().toISOString() }, true);
    },
    async reading(path, value, ts, more = {}) {
      const unit = path.includes('energy') ? 'Wh' : 'W';
      const reading = { schema: 'reading/1', value, unit, ts: new Date(ts).toISOString(), quality: 'good' };
      await send(`devices/${path}`, { ...reading, seq: ++seq, boot: 'play', ...more }, false);
    },
    energies,
    powers: () => told('sites/home/power'),
    async nextEnergy() {
      const count = energies().length;
      await until(() => energies().length > count, 'energies of the site');
      return energies().at(-1) as SiteEnergy;
    },
    close: () => listener.close(),
  };
};
