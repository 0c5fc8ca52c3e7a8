import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findProgram } from '../support/mqtt/mosquitto.ts';
import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

describe('the embedded broker with clients of other hands', () => {
  let broker: TestBroker;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    broker = await startBroker();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill();
    await broker.close();
  });

  const paho = async (...words: number[]): Promise<unknown> => {
    const given = [pathOf('paho_billing.py'), broker.port, ...words].map(String);
    const { stdout } = await run(pathOf('.venv/bin/python'), given);
    return JSON.parse(stdout);
  };

  it('paho: 10,000 messages of QoS 2 in bursts, none lost and none twice', async () => {
    assert.deepEqual(await paho(10_000, 500, 0), { got: 10_000, twice: 0, connections: 1 });
  });

  it('paho: the same while its connection breaks five times', async () => {
    assert.deepEqual(await paho(10_000, 500, 5), { got: 10_000, twice: 0, connections: 6 });
  });

  it('mosquitto_pub to mosquitto_sub, which comes back to its session', async () => {
    const sub = findProgram('mosquitto_sub');
    const pub = findProgram('mosquitto_pub');
    assert.ok(sub && pub, 'mosquitto-clients are missing: apt-get install mosquitto-clients');
    const place = ['-h', '127.0.0.1', '-p', String(broker.port), '-V', 'mqttv311', '-q', '2', '-t', 'billing'];
    const heard: string[] = [];
    const subscribe = (): ChildProcess => {
      const child = spawn(sub, [...place, '-c', '-i', 'mosquitto subscriber']);
      children.push(child);
      let rest = '';
      child.stdout.on('data', (chunk) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        heard.push(...lines);
      });
      return child;
    };
    const publish = (payloads: string[]): Promise<unknown> => {
      const child = spawn(pub, [...place, '-l', '-i', 'mosquitto publisher']);
      children.push(child);
      child.stdin.end(`${payloads.join('\n')}\n`);
      return new Promise((resolve) => child.once('exit', resolve));
    };
    const subscribed = (): boolean => broker.events.some(({ kind }) => kind === 'subscribed');
    const first = subscribe();
    await until(subscribed, 'the subscription');
    const all = numbers(4000);
    await publish(all.slice(0, 2000));
    await until(() => heard.length === 2000, 'the first half');
    first.kill();
    await until(() => broker.clients() === 0, 'the subscriber is away');
    await publish(all.slice(2000));
    subscribe();
    await until(() => heard.length >= 4000, 'what waited');
    assert.deepEqual(heard, all);
  });
});
