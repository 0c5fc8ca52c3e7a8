import assert from 'node:assert/strict';
import { type ForkedProcess, startForkedProcess } from '../support/forked-process.ts';
import { freePorts } from '../support/free-ports.ts';
import { listen, type Observer } from '../support/mqtt/observer.ts';
import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import { type CountedPublisher, deployCases, startCountedPublisher } from '../support/node-red/counted-publisher.ts';
import { siteFlow, startLocalBroker } from '../support/node-red/killable-site.ts';
import { type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.ts';
import { until } from '../support/until.ts';

describe('a full deploy loses nothing that QoS promises', () => {
  let broker: ForkedProcess;
  let street: CountedPublisher;

  before(async () => {
    broker = await startLocalBroker();
    street = await startCountedPublisher(broker.port);
  });
  after(async () => {
    await street?.close();
    await broker?.close();
  });

  for (const [name, disturb] of Object.entries(deployCases))
    it(name, async () => {
      await disturb(street);
      await street.nothingIsLost();
    });
});

describe('a partial deploy of an unrelated node', () => {
  let house: ForkedProcess;
  let broker: TestBroker;
  let relays: TcpRelay[];
  let observer: Observer;
  let red: NodeRed;

  before(async () => {
    const free = await freePorts(3);
    house = await startForkedProcess(new URL('../support/processes/house.ts', import.meta.url), free.map(String));
    broker = await startBroker();
    observer = await listen(broker.port);
    relays = await Promise.all([...free, broker.port].map((port) => startTcpRelay(() => port)));
    const ports = new Map([1502, 1503, 1504, 1883].map((port, i) => [port, relays[i]?.port ?? 0]));
    red = await startNodeRed(siteFlow(ports));
    await until(() => observer.last('sites/home/power')?.quality === 'good', 'live data');
  });
  after(async () => {
    await observer?.close();
    await red?.remove();
    await Promise.all(relays?.map((relay) => relay.close()) ?? []);
    await broker?.close();
    await house?.close();
  });

  /** TCP connections to each device and to the broker, and MQTT CONNECTs. */
  const connections = (): number[] => [
    ...relays.map((relay) => relay.accepted()),
    broker.events.filter(({ kind }) => kind === 'connected').length,
  ];

  it('drops no connection and no message', async () => {
    const before = connections();
    assert.ok(
      before.every((count) => count > 0),
      before.join(),
    );
    const from = observer.heard.length;
    const flows = await red.flows();
    for (let round = 0; round < 3; round++) {
      const changed = flows.map((node) => (node.type === 'function' ? { ...node, name: `changed ${round}` } : node));
      await red.deploy(changed, 'nodes');
      const count = observer.heard.length;
      await until(() => observer.heard.length > count + 150, 'messages go on');
    }
    assert.deepEqual(connections(), before);
    const heard = observer.heard.slice(from);
    assert.ok(!heard.some(({ topic }) => topic.startsWith('system/status/')));

    const numbers = new Map<string, number[]>();
    for (const { topic, payload } of heard) {
      const { seq } = JSON.parse(payload);
      if (typeof seq === 'number') numbers.set(topic, [...(numbers.get(topic) ?? []), seq]);
    }
    assert.ok(numbers.size > 50, `${numbers.size} topics`);
    for (const [topic, [first = 0, ...others]] of numbers)
      assert.deepEqual(
        others,
        others.map((_, i) => first + i + 1),
        topic,
      );
  });
});
