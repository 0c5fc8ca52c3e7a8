import assert from 'node:assert/strict';
import { listen, type Observer } from '../support/mqtt/observer.ts';
import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import { allNodes, collectErrors, collectStatus, helper } from '../support/node-red/test-helper.ts';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.ts';
import { until } from '../support/until.ts';

describe('ems-broker changed by a redeploy', () => {
  let broker: TestBroker;
  let way: TcpRelay;
  let listener: Observer;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(async () => {
    broker = await startBroker();
    listener = await listen(broker.port);
    way = await startTcpRelay(() => broker.port);
  });
  afterEach(async () => {
    await helper.unload();
    await listener.close();
    await way.close();
    await broker.close();
  });

  const flow = (more: object) => [
    { id: 'tab', type: 'tab' },
    { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${way.port}`], ...more },
    { id: 'publish', z: 'tab', type: 'ems-publish', broker: 'broker', wires: [] },
  ];
  const publish = (name: string): void =>
    helper.getNode('publish').receive({
      payload: {
        topic: `devices/m1/event/${name}`,
        schema: 'event/1',
        id: name,
        name,
        severity: 'info',
        ts: new Date().toISOString(),
      },
    });
  const turns = (fill: 'green' | 'red'): Promise<void> => {
    const statuses = collectStatus('publish');
    return until(() => statuses.at(-1)?.fill === fill, `the status is ${fill}`);
  };
  const heard = (): string[] => listener.heard.map(({ topic }) => topic);

  it('takes the new size of its queue, and what waited waits on', async () => {
    await helper.load(allNodes, flow({ queue: 1 }));
    await turns('green');
    const offline = turns('red');
    await way.close();
    await offline;
    publish('first');
    const errors = collectErrors('publish');
    publish('second');
    await until(() => errors.length === 1, 'the overflow');
    await helper.setFlows(flow({ queue: 3 }));
    const later = collectErrors('publish');
    for (const name of ['third', 'fourth', 'fifth']) publish(name);
    await until(() => later.length === 1, 'the overflow of the new size');
    assert.match(later[0] ?? '', /fifth: 3 messages are waiting/);
    way = await startTcpRelay(() => broker.port, way.port);
    await until(
      () => ['first', 'third', 'fourth'].every((name) => heard().includes(`devices/m1/event/${name}`)),
      'what waited',
    );
    assert.ok(!heard().includes('devices/m1/event/second'));
  });

  it('refuses a prefix that is none, in words', async () => {
    await helper.load(allNodes, flow({ prefix: 'ems/+' }));
    assert.ok(helper.logged().some((text) => text.includes('"ems/+" is not a prefix like "ems"')));
  });

  it('moves to the new prefix, and leaves nothing retained under the old one', async () => {
    await helper.load(allNodes, flow({ prefix: 'old' }));
    await turns('green');
    await helper.setFlows(flow({ prefix: 'new' }));
    await turns('green');
    publish('here');
    await until(() => heard().includes('new/devices/m1/event/here'), 'what is published under the new prefix');
    const late = await listen(broker.port);
    await until(() => late.heard.some(({ topic }) => topic.startsWith('new/system/status/')), 'the status');
    assert.ok(!late.heard.some(({ topic }) => topic.startsWith('old/')));
    await late.close();
  });
});
