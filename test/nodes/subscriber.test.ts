import assert from 'node:assert/strict';
import { type Listener, listen, startBroker, type TestBroker } from '../support/broker.ts';
import { until } from '../support/events.ts';
import { allNodes, collect, helper, objectsOf } from '../support/helper.ts';

describe('ems-subscribe', () => {
  let broker: TestBroker;
  let speaker: Listener;

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
});
