import assert from 'node:assert/strict';
import { freePorts } from '../support/free-ports.ts';
import { createSchemaCheck } from '../support/model/shipped-schemas.ts';
import { type Mosquitto, startMosquitto, subscribe, subscribeLate } from '../support/mqtt/mosquitto.ts';
import { topicsToRetain, wantedDelivery } from '../support/mqtt/topic-deliveries.ts';
import { type NodeRed, readFlow, startNodeRed, withPorts } from '../support/node-red/node-red.ts';
import { until } from '../support/until.ts';

/** Counters of the grid meter, which its node is told to bill. */
const billed = ['energy_import', 'energy_export'].flatMap((counter) =>
  ['', '/l1', '/l2', '/l3'].map((part) => `devices/grid-meter/meter/${counter}${part}`),
);
billed.push('devices/grid-meter/meter/energy_reactive_import', 'devices/grid-meter/meter/energy_reactive_export');

describe('flow 02 with mosquitto in place of the local broker', () => {
  let mosquitto: Mosquitto;
  let subscriber: ReturnType<typeof subscribe>;
  let red: NodeRed;

  before(async () => {
    mosquitto = await startMosquitto();
    subscriber = subscribe(mosquitto.port);
    const shipped = [1502, 1503, 1504];
    const free = await freePorts(shipped.length);
    const ports = new Map([
      [1883, mosquitto.port],
      ...shipped.map((port, i): [number, number] => [port, free[i] ?? 0]),
    ]);
    const nodes = withPorts(readFlow('02 Complete site'), ports)
      .filter(({ type }) => !/^ems-local-broker$|^ui-|^global-config$/.test(type))
      .map((node) => (node.device === 'grid-meter' ? { ...node, billing: true } : node));
    red = await startNodeRed(nodes);
  });
  after(async () => {
    await red?.remove();
    await subscriber?.close();
    await mosquitto?.close();
  });

  it('speaks MQTT 5, and everything arrives with the QoS and retain flag of its class', async () => {
    const wanted = [
      'devices/grid-meter/meter/power',
      'devices/grid-meter/event/bridge_online',
      'devices/hybrid/battery/soc',
      'devices/storage/meta',
      'devices/storage/availability',
      'sites/home/power',
      'sites/home/energy',
      'sites/home/status',
      'system/heartbeat/tested',
      'system/status/tested',
      ...billed,
    ];
    for (const topic of wanted) await until(() => subscriber.received.some((each) => each.topic === topic), topic);
    for (const { topic, qos, retain } of subscriber.received)
      assert.deepEqual({ topic, qos, retain }, { topic, ...wantedDelivery(topic, billed) });
  });

  it('a counter that is billed comes with QoS 2, and its meta says why', () => {
    const deliveries = subscriber.received.filter(({ topic }) => topic === billed[0]);
    assert.ok(deliveries.length > 0 && deliveries.every(({ qos }) => qos === 2));
    const meta = subscriber.received.findLast(({ topic }) => topic === 'devices/grid-meter/meta');
    assert.match(meta?.payload ?? '', /"energy_import":\{[^}]*"billing":true/);
  });

  it('every payload fits the shipped JSON Schema, by a validator that is not ours', () => {
    const check = createSchemaCheck();
    const checked = new Map<string, number>();
    for (const each of subscriber.received) {
      const schema = check(each);
      checked.set(schema, (checked.get(schema) ?? 0) + 1);
    }
    assert.ok((checked.get('reading-1') ?? 0) > 300);
    assert.ok(checked.size >= 8, [...checked.keys()].join());
  });

  it('the validator refuses what is no time', () => {
    const check = createSchemaCheck();
    const { topic, payload } = subscriber.received.find((each) => each.topic.endsWith('/meter/power')) ?? {
      topic: '',
      payload: '{}',
    };
    for (const ts of ['2026-11-23 10:15:30Z', '2026-13-01T00:00:00Z', 'now', 1_763_892_930])
      assert.throws(() => check({ topic, payload: JSON.stringify({ ...JSON.parse(payload), ts }) }), /ts/);
  });

  it('who comes later finds every retained value, and nothing else', async () => {
    const wanted = topicsToRetain(subscriber.received);
    const late = subscribeLate(mosquitto.port);
    const retained = () => late.received.filter(({ retain }) => retain);
    const found = (): string[] => [...new Set(retained().map(({ topic }) => topic))].sort();
    await until(() => found().length >= wanted.length, 'what is retained').catch(() => {});
    assert.deepEqual(found(), wanted);
    for (const { topic, qos, retain } of retained())
      assert.deepEqual({ topic, qos, retain }, { topic, ...wantedDelivery(topic, billed) });
    const soc = retained().find(({ topic }) => topic === 'devices/hybrid/battery/soc');
    assert.equal(JSON.parse(soc?.payload ?? '{}').quality, 'good');
    await late.close();
  });
});
