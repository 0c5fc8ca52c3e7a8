import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { schemaOfTopic } from '../../src/model/message.ts';
import { deliveryOf } from '../../src/model/qos.ts';
import { parseTopic } from '../../src/model/topic.ts';
import { until } from '../support/events.ts';
import { freePorts } from '../support/free-ports.ts';
import { type Mosquitto, startMosquitto, subscribe } from '../support/mosquitto.ts';
import { type FlowNode, type NodeRed, readFlow, startNodeRed, withPorts } from '../support/node-red.ts';

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
    const nodes: FlowNode[] = withPorts(readFlow('02 Complete site'), ports);
    red = await startNodeRed(nodes.filter(({ type }) => !/^ems-local-broker$|^ui-|^global-config$/.test(type)));
  });
  after(async () => {
    await red?.remove();
    await subscriber?.close();
    await mosquitto?.close();
  });

  it('speaks MQTT 5, and everything arrives with the QoS and retain flag of its class', async () => {
    const wanted = [
      'devices/grid-meter/meter/power',
      'devices/hybrid/battery/soc',
      'devices/storage/meta',
      'devices/storage/availability',
      'sites/home/power',
      'sites/home/energy',
      'sites/home/status',
      'system/heartbeat/tested',
      'system/status/tested',
    ];
    for (const topic of wanted)
      await until(() => subscriber.received.some((each) => each.topic === topic), topic, 30_000);
    for (const { topic: text, qos, retain } of subscriber.received) {
      const topic = parseTopic(text);
      assert.ok(topic.ok, text);
      const delivery = deliveryOf(topic.value);
      assert.deepEqual([text, qos, retain], [text, delivery.qos, delivery.retain]);
    }
  });

  it('every payload fits the shipped JSON Schema, by a validator that is not ours', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const checked = new Map<string, number>();
    for (const { topic: text, payload } of subscriber.received) {
      const topic = parseTopic(text);
      const schema = topic.ok ? schemaOfTopic(topic.value) : undefined;
      assert.ok(schema, text);
      const file = new URL(`../../schemas/${schema.replace('/', '-')}.json`, import.meta.url);
      const validate =
        ajv.getSchema(file.href) ?? ajv.compile({ ...JSON.parse(readFileSync(file, 'utf8')), $id: file.href });
      assert.ok(validate(JSON.parse(payload)), `${text}: ${JSON.stringify(validate.errors)}`);
      checked.set(schema, (checked.get(schema) ?? 0) + 1);
    }
    assert.ok((checked.get('reading/1') ?? 0) > 300);
    assert.ok(checked.size >= 7, [...checked.keys()].join());
  });
});
