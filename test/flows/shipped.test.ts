import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createSchemaCheck } from '../support/model/shipped-schemas.ts';
import { listen, type Observer } from '../support/mqtt/observer.ts';
import { wantedDelivery } from '../support/mqtt/topic-deliveries.ts';
import { complaintsIn, type NodeRed } from '../support/node-red/node-red.ts';
import { startShipped } from '../support/node-red/shipped-flows.ts';
import { until } from '../support/until.ts';

const names = readdirSync(new URL('../../flows/', import.meta.url)).map((name) => name.replace(/\.json$/, ''));

describe('shipped flows on a real Node-RED', () => {
  let red: NodeRed;
  let portOf: (shipped: number) => number;
  const listeners: Observer[] = [];

  const hear = async (shippedPort: number): Promise<Observer> => {
    const listener = await listen(portOf(shippedPort));
    listeners.push(listener);
    return listener;
  };

  before(async () => {
    ({ red, portOf } = await startShipped(names));
  });
  after(async () => {
    for (const listener of listeners) await listener.close();
    await red.remove();
  });

  it('01: a reading of the meter reaches its site topic', async () => {
    const listener = await hear(1884);
    await until(() => listener.last('sites/first/power')?.quality === 'good', 'the power of the site');
    const { grid_w } = listener.last('sites/first/power') as { grid_w: number };
    const meter = listener.last('devices/first-meter/meter/power') as { value: number };
    assert.ok(Number.isFinite(grid_w) && Math.abs(grid_w - meter.value) < 3000);
  });

  it('02: the house is summed up, and the sum is true', async () => {
    const listener = await hear(1883);
    await until(() => listener.last('sites/home/power')?.quality === 'good', 'the power of the site');
    const power = listener.last('sites/home/power') as Record<string, number>;
    const { grid_w = 0, solar_w = 0, battery_w = 0, consumption_w = 0 } = power;
    // Two cars charge besides what the house needs.
    assert.ok(consumption_w > 100 && consumption_w < 24_000, String(consumption_w));
    // The loss of the hybrid inverter lies between its DC side and the consumption.
    assert.ok(Math.abs(grid_w + solar_w + battery_w - consumption_w) < 400);
    await until(() => listener.last('sites/home/energy') !== undefined, 'the energy of the site');
    assert.equal(listener.last('sites/home/status')?.quality, 'good');
  });

  it('05: devices that explain themselves are summed up, and the sum is true', async () => {
    const listener = await hear(1885);
    await until(() => listener.last('sites/sunspec/power')?.quality === 'good', 'the power of the site');
    const power = listener.last('sites/sunspec/power') as Record<string, number>;
    const { grid_w = 0, solar_w = 0, battery_w = 0, consumption_w = 0 } = power;
    assert.ok(consumption_w > 100 && consumption_w < 24_000, String(consumption_w));
    // The losses of the hybrid inverter, and of that of the battery, lie between the DC sides and the consumption.
    assert.ok(Math.abs(grid_w + solar_w + battery_w - consumption_w) < 600, JSON.stringify(power));
    const facts = ['sun-meter', 'sun-hybrid', 'sun-battery'].map((device) => {
      const meta = listener.last(`devices/${device}/meta`) as { facts?: { models: number[]; notes?: string[] } };
      return meta.facts;
    });
    assert.deepEqual(
      facts.map((each) => each?.models),
      [
        [1, 203],
        [1, 103, 120, 121, 122, 123, 124, 160],
        [1, 802],
      ],
    );
    assert.match(facts[1]?.notes?.[0] ?? '', /^models 701 to 715 are not offered/, 'in the language of the runtime');
  });

  it('every message has the QoS of its class and fits the shipped JSON Schema', async () => {
    const listener = listeners[1] as Observer;
    await until(() => listener.last('system/heartbeat/tested') !== undefined, 'a heartbeat');
    const check = createSchemaCheck();
    const seen = new Set<string>();
    for (const each of listener.heard) {
      seen.add(check(each));
      assert.equal(each.qos, wantedDelivery(each.topic)?.qos, each.topic);
    }
    for (const schema of ['reading-1', 'meta-1', 'availability-1', 'heartbeat-1', 'site-power-1', 'site-energy-1'])
      assert.ok(seen.has(schema), `nothing of ${schema}`);
  });

  it('every value of the simulated devices is good', async () => {
    const devices = (await red.flows()).filter(({ type }) => ['ems-modbus', 'ems-sunspec'].includes(type));
    for (const { id, type, device } of devices) {
      const kind = type === 'ems-modbus' ? 'modbus' : 'sunspec';
      const told = async (): Promise<{ topic: string; quality: string; reason?: string }[]> => {
        const response = await fetch(`http://127.0.0.1:${red.port}/ems/${kind}/live/${id}`);
        return (await response.json()).readings;
      };
      let bad: string[] | undefined;
      // A poll may come too late on a busy machine; the next one is good.
      const isGood = async (): Promise<boolean> => {
        const readings = await told();
        const others = readings.filter(({ quality }) => quality !== 'good');
        bad = readings.length === 0 ? undefined : others.map(({ topic, reason }) => `${topic}: ${reason}`);
        return bad?.length === 0;
      };
      await until(isGood, `good values of ${device}`).catch(() => {});
      assert.deepEqual(bad, []);
    }
  });

  it('no value carries the noise of its binary form', async () => {
    const noisy: string[] = [];
    let count = 0;
    const look = (topic: string, value: unknown): void => {
      if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) look(topic, each);
      if (typeof value !== 'number') return;
      count++;
      const digits = String(Math.abs(value))
        .replace(/e.*|\D/g, '')
        .replace(/^0+/, '');
      // 16 and more are what a double has, and nothing that was measured.
      if (digits.length > 12) noisy.push(`${topic} ${value}`);
    };
    for (const { heard } of listeners)
      for (const { topic, payload } of heard)
        if (/^(devices|sites)\//.test(topic) && payload !== '') look(topic, JSON.parse(payload));
    assert.ok(count > 1000, String(count));
    assert.deepEqual([...new Set(noisy)].slice(0, 20), []);
  });

  it('what is status is there for whoever comes later, telemetry is not', async () => {
    const late = await hear(1883);
    const isRetained = (topic: string) => () => late.heard.some((each) => each.topic === topic && each.retain);
    for (const topic of [
      'devices/grid-meter/meta',
      'devices/hybrid/availability',
      'devices/hybrid/battery/soc',
      'devices/grid-meter/meter/energy_import',
      'sites/home/energy',
      'sites/home/status',
      'system/status/tested',
    ])
      await until(isRetained(topic), `${topic} is retained`);
    assert.equal(late.heard.filter(({ topic, retain }) => retain && topic.endsWith('/power')).length, 0);
  });

  it('there was no error and no warning of ours', () => assert.deepEqual(complaintsIn(red.log()), []));

  it('a full deploy is no reason to complain: the local broker goes and comes with everybody else', async () => {
    await red.deploy(await red.flows(), 'full');
    const listener = await hear(1883);
    await until(() => listener.last('sites/home/power')?.quality === 'good', 'the power of the site');
    assert.deepEqual(complaintsIn(red.log()), []);
  });

  it('a device that is deleted leaves nothing behind on the broker', async () => {
    const listener = await hear(1883);
    const flows = await red.flows();
    const storage = flows.find(({ device }) => device === 'storage');
    const left = flows
      .filter((node) => node !== storage)
      .map((node) =>
        Array.isArray(node.nodes) ? { ...node, nodes: node.nodes.filter((id) => id !== storage?.id) } : node,
      );
    await red.deploy(left, 'nodes');
    await until(() => {
      const heard = listener.heard.findLast(({ topic }) => topic === 'devices/storage/meta');
      return heard?.payload === '';
    }, 'the meta is taken away');
    const late = await hear(1883);
    await until(() => late.heard.some(({ topic }) => topic === 'devices/hybrid/meta'), 'what is retained');
    assert.deepEqual(
      late.heard.filter(({ topic, retain }) => retain && topic.startsWith('devices/storage/')),
      [],
    );
  });
});
