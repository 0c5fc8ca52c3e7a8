/** The retained status of a gateway while its Node-RED is deployed, stopped and started, as cases for any broker. */
import assert from 'node:assert/strict';
import mqtt from 'mqtt';
import { until } from '../until.ts';
import { type NodeRed, startNodeRed } from './node-red.ts';

const topic = 'system/status/tested';

interface Status {
  state?: string;
  reason?: string;
}

/** The status that a new subscriber finds. */
const retainedAt = async (port: number): Promise<Status> => {
  const client = await mqtt.connectAsync({ host: '127.0.0.1', port, protocolVersion: 4 });
  const found = new Promise<Status>((resolve) =>
    client.on('message', (_, payload) => resolve(JSON.parse(String(payload)))),
  );
  await client.subscribeAsync(topic, { qos: 1 });
  const status = await found;
  await client.endAsync();
  return status;
};

/** Waits for the state; as it is told it may have been told before it is retained. */
const becomes = async (port: number, state: 'online' | 'offline'): Promise<Status> => {
  let last: Status = {};
  const watcher = await mqtt.connectAsync({ host: '127.0.0.1', port, protocolVersion: 4 });
  watcher.on('message', (_, payload) => {
    last = JSON.parse(String(payload));
  });
  await watcher.subscribeAsync(topic, { qos: 1 });
  await until(() => last.state === state, `the state is ${state}`);
  await watcher.endAsync();
  return last;
};

export const statusCases: Record<string, (red: NodeRed, port: number) => Promise<void>> = {
  async 'after an orderly stop'(red, port) {
    await becomes(port, 'online');
    await red.stop();
    const { state, reason } = await retainedAt(port);
    assert.deepEqual({ state, reason }, { state: 'offline', reason: 'closed' });
  },
  async 'after deploys, and an orderly stop'(red, port) {
    await red.start();
    await becomes(port, 'online');
    for (let round = 0; round < 2; round++) {
      await red.deploy(await red.flows(), 'full');
      await becomes(port, 'online');
    }
    await red.stop();
    assert.equal((await retainedAt(port)).state, 'offline');
  },
  async 'after a late will of a connection that was replaced, and an orderly stop'(red, port) {
    await red.start();
    await becomes(port, 'online');
    const other = await mqtt.connectAsync({ host: '127.0.0.1', port, protocolVersion: 4 });
    const will = JSON.stringify({ schema: 'availability/1', state: 'offline', reason: 'lwt' });
    await other.publishAsync(topic, will, { qos: 1, retain: true });
    await becomes(port, 'online');
    await other.publishAsync(topic, will, { qos: 1, retain: true });
    await red.stop();
    assert.equal((await retainedAt(port)).state, 'offline');
    await other.endAsync();
  },
  async 'when it was killed, and online when it is back'(red, port) {
    await red.start();
    await becomes(port, 'online');
    await red.stop('SIGKILL');
    assert.equal((await becomes(port, 'offline')).reason, 'lwt');
    await red.start();
    await becomes(port, 'online');
  },
};

export const startGateway = (brokerPort: number): Promise<NodeRed> =>
  startNodeRed([
    { id: 'tab', type: 'tab', label: 'status' },
    { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${brokerPort}`] },
    { id: 'heart', type: 'ems-heartbeat', z: 'tab', broker: 'broker', wires: [[]] },
  ]);
