import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { schemaOfTopic } from '../../src/model/message.ts';
import { deliveryOf } from '../../src/model/qos.ts';
import { parseTopic } from '../../src/model/topic.ts';
import { until } from '../support/events.ts';
import { freePorts } from '../support/free-ports.ts';
import { type FlowNode, type NodeRed, readFlow, startNodeRed, withPorts } from '../support/node-red.ts';

const find = (program: string): string => {
  for (const folder of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'])
    try {
      const path = join(folder, program);
      accessSync(path);
      return path;
    } catch {
      // Not in this folder.
    }
  throw new Error(`${program} is missing: apt-get install mosquitto mosquitto-clients`);
};

interface Heard {
  retain: boolean;
  qos: number;
  topic: string;
  payload: string;
}

/** mosquitto_sub -F 'r=%r q=%q %t %p' */
const parseLine = (line: string): Heard | undefined => {
  const match = /^r=([01]) q=([012]) (\S+) (.*)$/.exec(line);
  return match
    ? { retain: match[1] === '1', qos: Number(match[2]), topic: match[3] ?? '', payload: match[4] ?? '' }
    : undefined;
};

describe('flow 02 with mosquitto in place of the local broker', () => {
  let folder: string;
  let mosquitto: ChildProcess;
  let sub: ChildProcess;
  let red: NodeRed;
  const heard: Heard[] = [];

  before(async () => {
    const [broker, subscriber] = [find('mosquitto'), find('mosquitto_sub')];
    folder = mkdtempSync(join(tmpdir(), 'ems-mosquitto-'));
    const shipped = [1502, 1503, 1504, 1883];
    const free = await freePorts(shipped.length);
    const ports = new Map(shipped.map((port, i) => [port, free[i] as number]));
    const port = ports.get(1883) as number;
    writeFileSync(
      join(folder, 'mosquitto.conf'),
      `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n`,
    );
    mosquitto = spawn(broker, ['-c', join(folder, 'mosquitto.conf')]);
    let log = '';
    mosquitto.stderr?.on('data', (chunk) => {
      log += chunk;
    });
    await until(() => log.includes('running'), `mosquitto runs: ${log}`);
    const words = ['-h', '127.0.0.1', '-p', String(port), '-V', 'mqttv5', '-q', '2', '--retain-as-published'];
    sub = spawn(subscriber, [...words, '-F', 'r=%r q=%q %t %p', '-t', '#']);
    let rest = '';
    sub.stdout?.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const parsed = parseLine(line);
        if (parsed) heard.push(parsed);
      }
    });
    const nodes: FlowNode[] = withPorts(readFlow('02 Complete site'), ports);
    red = await startNodeRed(nodes.filter(({ type }) => !/^ems-local-broker$|^ui-|^global-config$/.test(type)));
  });
  after(async () => {
    await red?.remove();
    for (const child of [sub, mosquitto]) {
      if (!child || child.exitCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
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
    for (const topic of wanted) await until(() => heard.some((each) => each.topic === topic), topic, 30_000);
    for (const { topic: text, qos, retain } of heard) {
      const topic = parseTopic(text);
      assert.ok(topic.ok, text);
      const delivery = deliveryOf(topic.value);
      assert.deepEqual([text, qos, retain], [text, delivery.qos, delivery.retain]);
    }
  });

  it('every payload fits the shipped JSON Schema, by a validator that is not ours', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const checked = new Map<string, number>();
    for (const { topic: text, payload } of heard) {
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
