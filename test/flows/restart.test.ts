import assert from 'node:assert/strict';
import { systemClock } from '../../src/shell/clock.ts';
import { type Simulation, startSimulation } from '../../src/simulator/simulation.ts';
import { type Listener, listen, startBroker, type TestBroker } from '../support/broker.ts';
import { until } from '../support/events.ts';
import { freePorts } from '../support/free-ports.ts';
import { type FlowNode, type NodeRed, readFlow, startNodeRed, withPorts } from '../support/node-red.ts';

/** Flow 02 with its devices and its broker elsewhere, as at a real site, and without the dashboard. */
const siteFlow = (ports: Map<number, number>): FlowNode[] =>
  withPorts(readFlow('02 Complete site'), ports).filter(
    ({ type }) => !/^ui-|^ems-local-broker$|^ems-simulator$|^global-config$|^group$/.test(type),
  );

const withinMs = 15_000;

describe('whatever dies comes back, without a redeploy', function () {
  this.timeout(120_000);
  let red: NodeRed;
  let broker: TestBroker;
  let house: Simulation;
  let ports: Map<number, number>;
  let listener: Listener | undefined;

  const startHouse = async (): Promise<void> => {
    const [grid = 0, hybrid = 0, storage = 0] = [1502, 1503, 1504].map((port) => ports.get(port));
    const options = {
      host: '127.0.0.1',
      ports: { grid, hybrid, storage },
      startHour: 10.5,
      seed: 7,
      speed: 1,
      watchdogS: 60,
    };
    house = await startSimulation(options, systemClock);
  };
  const openBroker = async (): Promise<void> => {
    broker = await startBroker({ port: ports.get(1883) as number });
  };

  const liveTopics = [
    'devices/grid-meter/meter/power',
    'devices/hybrid/inverter/power',
    'devices/storage/battery/power',
    'sites/home/power',
  ];

  /** Live: each device measured, and the site summed up, after this moment. */
  const isLive = async (): Promise<void> => {
    const since = Date.now();
    listener ??= await listen(ports.get(1883) as number);
    const own = listener;
    const isFresh = (wanted: string): boolean =>
      own.heard.some(({ topic, payload }) => {
        if (topic !== wanted) return false;
        const { quality, ts, consumption_w } = JSON.parse(payload);
        return quality === 'good' && consumption_w !== null && Date.parse(ts) > since;
      });
    await until(() => liveTopics.every(isFresh), 'live data of the site', withinMs);
  };
  const stopListening = async (): Promise<void> => {
    await listener?.close();
    listener = undefined;
  };

  before(async () => {
    const free = await freePorts(4);
    ports = new Map([1502, 1503, 1504, 1883].map((port, i) => [port, free[i] as number]));
    await startHouse();
    await openBroker();
    red = await startNodeRed(siteFlow(ports));
    await isLive();
  });
  after(async () => {
    await stopListening();
    await red.remove();
    await house.close();
    await broker.close();
  });

  const stops = {
    house: () => house.close(),
    broker: async () => {
      await stopListening();
      await broker.close();
    },
    'Node-RED': () => red.stop('SIGKILL'),
  };
  const starts = { house: startHouse, broker: openBroker, 'Node-RED': () => red.start() };
  type Part = keyof typeof stops;

  const orders: Part[][] = [
    ['house'],
    ['broker'],
    ['Node-RED'],
    ['house', 'broker', 'Node-RED'],
    ['house', 'Node-RED', 'broker'],
    ['broker', 'house', 'Node-RED'],
    ['broker', 'Node-RED', 'house'],
    ['Node-RED', 'house', 'broker'],
    ['Node-RED', 'broker', 'house'],
  ];
  for (const order of orders)
    it(`killed, and started again in this order: ${order.join(', ')}`, async () => {
      for (const part of order) await stops[part]();
      for (const part of order) await starts[part]();
      await isLive();
    });

  it('says while it lasts that it knows nothing', async () => {
    await isLive();
    await house.close();
    const own = listener as Listener;
    await until(
      () =>
        own.heard.some(({ topic, payload }) => topic === 'devices/hybrid/availability' && payload.includes('offline')),
      'the device is said to be offline',
    );
    await until(() => {
      const power = own.heard.findLast(({ topic }) => topic === 'sites/home/power');
      return JSON.parse(power?.payload ?? '{}').consumption_w === null;
    }, 'the sum is unknown');
    await startHouse();
    await isLive();
  });

  it('a broker that came back empty has the retained values again', async () => {
    await stops.broker();
    await openBroker();
    await isLive();
    const late = await listen(broker.port);
    for (const topic of ['devices/grid-meter/meta', 'devices/storage/availability', 'devices/hybrid/battery/soc'])
      await until(() => late.heard.some((each) => each.topic === topic && each.retain), `${topic} is retained`);
    await late.close();
  });

  it('a full deploy loses nothing that QoS promises', async () => {
    await isLive();
    const own = listener as Listener;
    const before = own.heard.length;
    for (let round = 0; round < 3; round++) {
      await red.deploy(await red.flows(), 'full');
      await isLive();
    }
    const boots = new Map<string, number[]>();
    for (const { topic, payload } of own.heard.slice(before)) {
      if (topic !== 'devices/hybrid/battery/soc') continue;
      const { boot, seq } = JSON.parse(payload);
      boots.set(boot, [...(boots.get(boot) ?? []), seq]);
    }
    assert.ok(boots.size >= 3, 'the bridge began anew with each deploy');
    for (const [boot, given] of [...boots].slice(1)) {
      const seqs = [...new Set(given)];
      assert.deepEqual(
        seqs,
        seqs.map((_, i) => i + 1),
        `boot ${boot}: ${given}`,
      );
    }
  });
});
