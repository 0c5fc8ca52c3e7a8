import assert from 'node:assert/strict';
import { type Mosquitto, startMosquitto } from '../support/mqtt/mosquitto.ts';
import { listen, type Observer } from '../support/mqtt/observer.ts';
import { type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { gridMeter, metaOf, readingOf } from '../support/site/site-messages.ts';
import { until } from '../support/until.ts';

/** Fewer have a filter each, more have one together. */
for (const count of [3, 150])
  describe(`the subscriber of a site with ${count} devices, at mosquitto`, () => {
    const devices = Array.from({ length: count }, (_, n) => `m${n}`);
    let mosquitto: Mosquitto;
    let red: NodeRed;
    let listener: Observer;
    let sequence = 0;

    const say = (topic: string, message: object): Promise<unknown> =>
      listener.client.publishAsync(topic, JSON.stringify(message), { qos: 1, retain: topic.endsWith('/meta') });
    const measure = (device: string, value: number): Promise<unknown> => {
      const { topic, ...reading } = readingOf(`${device}/meter/energy_import`, value, Date.now());
      return say(topic, { ...reading, seq: ++sequence });
    };
    /** "m0=3", as it came out of the node. */
    const heard = (): Set<string> =>
      new Set(
        listener.heard.flatMap(({ payload }) =>
          [JSON.parse(payload)]
            .flat()
            .flatMap(({ schema, topic, value }) => (schema === 'reading/1' ? [`${topic.split('/')[1]}=${value}`] : [])),
        ),
      );

    before(async () => {
      mosquitto = await startMosquitto();
      listener = await listen(mosquitto.port, 'heard');
      const ts = new Date().toISOString();
      for (const device of devices)
        await say(`devices/${device}/meta`, { ...metaOf(device, gridMeter), site: 'north', ts });
      const subscribe = { what: 'readings', site: 'north', directory: true, batch: 100 };
      red = await startNodeRed([
        { id: 'tab', type: 'tab', label: 'site' },
        { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${mosquitto.port}`] },
        { id: 'subscribe', z: 'tab', type: 'ems-subscribe', broker: 'broker', ...subscribe, wires: [['out'], []] },
        { id: 'core', type: 'mqtt-broker', broker: '127.0.0.1', port: String(mosquitto.port), protocolVersion: '4' },
        { id: 'out', z: 'tab', type: 'mqtt out', broker: 'core', topic: 'heard', qos: '1', wires: [] },
      ]);
    });
    after(async () => {
      await red?.remove();
      await listener?.close();
      await mosquitto?.close();
    });

    it('loses nothing that the broker kept while Node-RED was dead, and that comes before the meta of its device', async () => {
      await until(async () => {
        await measure('m0', 1);
        return heard().has('m0=1');
      }, 'it listens');
      await red.stop('SIGKILL');
      for (const device of devices) for (const value of [2, 3]) await measure(device, value);
      await red.start();
      const wanted = devices.flatMap((device) => [`${device}=2`, `${device}=3`]);
      await until(() => heard().size > wanted.length, 'what was kept').catch(() => {});
      assert.deepEqual(
        wanted.filter((each) => !heard().has(each)),
        [],
      );
    });
  });
