/**
 * From a command on the broker to the write on the wire of the device, and to the answer that it is verified; beside
 * it a bare script of mqtt.js and modbus-serial that does the same write and nothing else. Broker, device and
 * controller are outside of the measured process.
 */
import type { Socket } from 'node:net';
import { connectAsync, type MqttClient } from 'mqtt';
import { startModbusServer } from '../src/drivers/modbus/server/modbus-server.ts';
import { RegisterImage } from '../src/drivers/modbus/server/register-image.ts';
import { startForkedProcess } from '../test/support/forked-process.ts';
import { startNodeRed } from '../test/support/node-red/node-red.ts';
import { percentile, printRatio, printTable } from './parts/measure.ts';
import { startBroker } from './parts/peers.ts';

const register = 1;
const device = 'b1';
const base = `devices/${device}/battery`;

/** A battery with one register to write. */
const profile = {
  schema: 'profile/1',
  id: 'bench-battery',
  title: 'A battery',
  class: 'battery',
  points: [
    { name: 'soc', quantity: 'battery/soc', addr: 0, type: 'uint16', unit: '%' },
    { name: 'power', addr: register, type: 'uint16', access: 'rw', unit: 'W' },
  ],
  actuators: [
    {
      component: 'battery',
      setpoints: {
        charge: { params: { power_w: { max: 60_000 } }, steps: [{ point: 'power', value: '$power_w' }] },
      },
      fallback: { means: { mode: 'auto' }, steps: [{ point: 'power', value: 0 }] },
      minWriteIntervalMs: 1,
    },
  ],
};

const flow = (brokerPort: number, devicePort: number) => {
  const node = { z: 'bench', x: 100, y: 100 };
  return [
    { id: 'bench', type: 'tab', label: 'bench' },
    { id: 'site', type: 'ems-site', site: 'bench' },
    { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${brokerPort}`] },
    { id: 'client', type: 'ems-modbus-client', transport: 'tcp', host: '127.0.0.1', port: devicePort },
    { id: 'commands', type: 'ems-subscribe', ...node, broker: 'broker', what: 'commands', wires: [['battery'], []] },
    {
      id: 'battery',
      type: 'ems-modbus',
      ...node,
      client: 'client',
      site: 'site',
      device,
      unit: 1,
      interval: 1,
      inline: JSON.stringify(profile),
      wires: [['publish'], ['publish']],
    },
    { id: 'publish', type: 'ems-publish', ...node, broker: 'broker', wires: [] },
  ];
};

interface Latency {
  written: number[];
  answered: number[];
}

/** Commands one after the other, each with another power. ms. */
const measure = async (
  client: MqttClient,
  count: number,
  onWrite: (listener: (word: number) => void) => void,
): Promise<Latency> => {
  const latency: Latency = { written: [], answered: [] };
  for (let n = 0; n < count; n++) {
    const id = crypto.randomUUID();
    const power = 1 + (n % 50_000);
    const answered = new Promise<void>((resolve, reject) => {
      const take = (_: string, payload: Buffer): void => {
        const { id: answeredId, status } = JSON.parse(payload.toString());
        if (answeredId !== id || status === 'accepted') return;
        client.off('message', take);
        if (status === 'completed') resolve();
        else reject(new Error(payload.toString()));
      };
      client.on('message', take);
    });
    const startedAt = performance.now();
    const written = new Promise<void>((resolve) =>
      onWrite((word) => {
        if (word !== power) return;
        latency.written.push(performance.now() - startedAt);
        resolve();
      }),
    );
    const command = {
      schema: 'command/1',
      id,
      ts: new Date().toISOString(),
      params: { power_w: power },
      ttl_s: 10,
      lease_s: 60,
      requester: 'bench/controller',
    };
    client.publish(`${base}/command/charge`, JSON.stringify(command), { qos: 1 });
    await Promise.all([written, answered]);
    latency.answered.push(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return latency;
};

const rowOf = (name: string, { written, answered }: Latency): (string | number)[] => [
  name,
  percentile(written, 0.5),
  percentile(written, 0.99),
  percentile(answered, 0.5),
  percentile(answered, 0.99),
];

export const benchCommand = async (isShort: boolean): Promise<void> => {
  const [warmUp, count] = isShort ? [100, 200] : [300, 2000];
  const image = new RegisterImage();
  let heard = (_: number): void => {};
  for (const address of [0, register]) image.set(address, 0);
  image.allowWrite(register);
  const images = { holding: image, onWritten: () => heard(image.peek(register)) };
  const server = await startModbusServer({ host: '127.0.0.1', port: 0 }, new Map([[1, images]]));
  const broker = await startBroker();
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5 });
  // The controller must not add the 40 ms of a delayed acknowledgement to what is measured.
  if ('setNoDelay' in client.stream) (client.stream as Socket).setNoDelay(true);
  await client.subscribeAsync([`${base}/response/+`, `devices/${device}/availability`], { qos: 1 });
  const onWrite = (listener: (word: number) => void): void => {
    heard = listener;
  };
  const run = async (): Promise<Latency> => {
    await measure(client, warmUp, onWrite);
    return measure(client, count, onWrite);
  };
  try {
    const bare = await startForkedProcess(new URL('parts/bare-commander.ts', import.meta.url), [
      String(broker.port),
      String(server.port),
    ]);
    const reference = await run();
    await bare.close();

    const online = new Promise<void>((resolve) => {
      client.on('message', (topic, payload) => {
        if (topic.endsWith('/availability') && payload.includes('online')) resolve();
      });
    });
    const red = await startNodeRed(flow(broker.port, server.port));
    await online;
    const own = await run();
    await red.remove();

    printTable(
      `command to write, over ${broker.name}, ${count} commands one after the other`,
      ['', 'written p50 ms', 'written p99 ms', 'answered p50 ms', 'answered p99 ms'],
      [rowOf('mqtt.js and modbus-serial, bare', reference), rowOf('ems nodes, verified', own)],
    );
    printRatio('command to write, p50', percentile(own.written, 0.5) / percentile(reference.written, 0.5), {
      atMost: 1.5,
    });
  } finally {
    await client.endAsync();
    await broker.close();
    await server.close();
  }
};
