import assert from 'node:assert/strict';
import { listen, type Observer } from '../support/mqtt/observer.ts';
import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import { allNodes, collect, helper, objectsOf } from '../support/node-red/test-helper.ts';
import { gridMeter, metaOf, readingOf } from '../support/site/site-messages.ts';
import { until } from '../support/until.ts';

describe('ems-subscribe', () => {
  let broker: TestBroker;
  let speaker: Observer;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(async () => {
    broker = await startBroker();
    speaker = await listen(broker.port, 'nothing');
  });
  afterEach(async () => {
    await helper.unload();
    await speaker.close();
    await broker.close();
  });

  const flow = (more: object): object[] => [
    { id: 'tab', type: 'tab' },
    { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${broker.port}`], clientId: 'tested' },
    {
      ...{ id: 'subscribe', z: 'tab', type: 'ems-subscribe', broker: 'broker', directory: false },
      ...{ wires: [['heard'], ['rejected']], ...more },
    },
    { id: 'heard', z: 'tab', type: 'helper' },
    { id: 'rejected', z: 'tab', type: 'helper' },
  ];
  const subscribed = (filter: string): Promise<void> =>
    until(
      () => broker.events.some((event) => event.kind === 'subscribed' && JSON.stringify(event).includes(filter)),
      filter,
    );
  const publish = async (id: string, payload?: string): Promise<void> => {
    const ts = new Date().toISOString();
    const event = { schema: 'event/1', id, name: 'counted', severity: 'info', ts };
    await speaker.client.publishAsync('devices/1/event/counted', payload ?? JSON.stringify(event), { qos: 1 });
  };

  it('gathers no longer than the broker waits with more', async () => {
    await helper.load(allNodes, flow({ what: 'events', batch: 60_000 }));
    await subscribed('devices/+/event/+');
    const heard = collect('heard');
    for (let n = 0; n < 10; n++) await publish(String(n));
    await until(() => objectsOf(heard).length === 10, 'what was gathered');
  });

  it('leaves out what comes again, and tells what it refuses', async () => {
    await helper.load(allNodes, flow({ what: 'events', batch: 0 }));
    await subscribed('devices/+/event/+');
    const heard = collect('heard');
    const rejected = collect('rejected');
    for (const id of ['a', 'b', 'a', 'c']) await publish(id);
    await publish('', 'no json');
    await until(() => rejected.length === 1, 'the refusal');
    assert.deepEqual(
      objectsOf(heard).map(({ id }) => id),
      ['a', 'b', 'c'],
    );
  });

  it('gets what came in a redeploy for topics that a message asked for, once it asks again', async () => {
    const pattern = { what: 'pattern', pattern: '', batch: 0 };
    const ask = (): void =>
      helper.getNode('subscribe').receive({ action: 'subscribe', topic: 'devices/1/#', payload: '' });
    await helper.load(allNodes, flow(pattern));
    ask();
    await subscribed('devices/1/#');
    await helper.setFlows(flow({ ...pattern, name: 'again' }), 'nodes');
    const heard = collect('heard');
    await publish('meanwhile');
    ask();
    await until(() => objectsOf(heard).some(({ id }) => id === 'meanwhile'), 'what came in the meantime');
  });

  describe('the readings of a site', () => {
    let heard: ReturnType<typeof collect>;
    let sequence = 0;

    const say = (topic: string, message: object): Promise<unknown> =>
      speaker.client.publishAsync(topic, JSON.stringify(message), { qos: 1, retain: true });
    const introduce = (device: string, site: string): Promise<unknown> =>
      say(`devices/${device}/meta`, { ...metaOf(device, gridMeter), site, ts: new Date().toISOString() });
    const measure = async (device: string, value: number): Promise<void> => {
      const { topic, ...reading } = readingOf(`${device}/meter/energy_import`, value, Date.now());
      await say(topic, { ...reading, seq: ++sequence });
    };
    const values = (device: string): unknown[] =>
      objectsOf(heard).flatMap(({ topic, value }) =>
        String(topic).startsWith(`devices/${device}/meter/`) ? [value] : [],
      );
    const told = (device: string, value: number): Promise<void> =>
      until(() => values(device).includes(value), `${value} of ${device}: ${JSON.stringify(objectsOf(heard))}`);
    const topics = (): unknown[] => objectsOf(heard).map(({ topic }) => topic);

    const open = async (more: object = {}): Promise<void> => {
      await helper.load(allNodes, flow({ what: 'readings', site: 'north', batch: 0, ...more }));
      heard = collect('heard');
      await subscribed('devices/+/meta');
    };

    it('are those of its devices, also where their meta comes last, and of nobody else', async () => {
      await measure('n1', 1);
      await measure('s1', 2);
      await introduce('s1', 'south');
      await open();
      await introduce('n1', 'north');
      await told('n1', 1);
      await measure('s1', 3);
      await measure('n1', 4);
      await told('n1', 4);
      assert.deepEqual(values('s1'), []);
      assert.deepEqual(
        topics().filter((topic) => String(topic).endsWith('/meta')),
        [],
      );
      assert.ok(
        !broker.events.some((event) => JSON.stringify(event).includes('devices/s1')),
        'nothing else crosses the wire',
      );
    });

    it('end with its devices: one that moves to another site, one that is taken off the broker', async () => {
      await open({ directory: true });
      for (const device of ['n2', 'n3', 'n4']) {
        await introduce(device, 'north');
        await measure(device, 1);
        await told(device, 1);
      }
      const unsubscribed = (device: string): Promise<void> =>
        until(
          () => broker.events.some((event) => event.kind === 'unsubscribed' && JSON.stringify(event).includes(device)),
          `no more of ${device}`,
        );
      await introduce('n2', 'south');
      await unsubscribed('devices/n2');
      // Whoever sums the site up has to hear that it is gone.
      assert.ok(objectsOf(heard).some(({ device, site }) => device === 'n2' && site === 'south'));
      await speaker.client.publishAsync('devices/n3/meta', '', { qos: 1, retain: true });
      await unsubscribed('devices/n3');
      const gone = { topic: 'devices/n3/availability', schema: 'availability/1', state: 'offline', reason: 'removed' };
      // Once or twice, as the broker delivers where subscriptions overlap.
      const ends = objectsOf(heard).filter(({ reason }) => reason === 'removed');
      assert.ok(ends.length > 0);
      for (const each of ends) assert.deepEqual(each, gone);
      for (const device of ['n2', 'n3', 'n4']) await measure(device, 2);
      await told('n4', 2);
      assert.deepEqual([values('n2'), values('n3')], [[1], [1]]);
    });

    it('of a device whose meta is still on its way: what the broker kept for it comes before', async () => {
      const known = Array.from({ length: 101 }, (_, n) => `w${n}`);
      for (const device of known) await introduce(device, 'west');
      let value = 0;
      // It is waited for in the first seconds of the node: once more, where these went by.
      await until(async () => {
        await helper.unload();
        await open({ site: 'west' });
        await measure('w100', ++value);
        await told('w100', value);
        await measure('late', value);
        await measure('w100', ++value);
        await told('w100', value);
        return values('late').includes(value - 1);
      }, 'the reading before its meta');
    });

    it('of more devices than a client may have filters: all of them, and of nobody else', async () => {
      const all = Array.from({ length: 1200 }, (_, n) => `d${n}`);
      for (const device of all) await measure(device, 1);
      await measure('s1', 2);
      await introduce('s1', 'south');
      for (const device of all.slice(0, 800)) await introduce(device, 'east');
      await open({ site: 'east' });
      await told('d799', 1);
      for (const device of all.slice(800)) await introduce(device, 'east');
      await until(() => new Set(topics()).size === all.length, 'what was retained of each').catch((error) => {
        throw new Error(`${error.message}: ${new Set(topics()).size}`);
      });
      for (const device of [...all, 's1']) await measure(device, 3);
      await told('d1199', 3);
      assert.deepEqual(values('s1'), []);
      for (const device of all) assert.deepEqual(new Set(values(device)), new Set([1, 3]), device);
      assert.deepEqual(
        broker.events.filter(({ kind }) => kind === 'limited'),
        [],
      );
    });

    it('lose nothing in a redeploy', async () => {
      await open();
      await introduce('n5', 'north');
      await measure('n5', 1);
      await told('n5', 1);
      const deploying = helper.setFlows(flow({ what: 'readings', site: 'north', batch: 0, name: 'again' }), 'nodes');
      await measure('n5', 2);
      await deploying;
      heard = collect('heard');
      await measure('n5', 3);
      await told('n5', 3);
      assert.ok(values('n5').includes(2), 'what came in the meantime');
    });
  });
});
