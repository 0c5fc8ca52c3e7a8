/**
 * A Node-RED process that publishes numbered messages: handed in over HTTP, published with QoS 1 and QoS 2 through a
 * relay that a test can break, and counted by an independent observer. The way in: counted-subscriber.ts.
 */
import assert from 'node:assert/strict';
import { listen, type Observer } from '../mqtt/observer.ts';
import { startTcpRelay, type TcpRelay } from '../tcp-relay.ts';
import { until } from '../until.ts';
import { type NodeRed, startNodeRed } from './node-red.ts';

export interface CountedPublisher {
  red: NodeRed;
  observer: Observer;
  relay(): TcpRelay;
  /**
   * Hands so many new numbers to ems-publish, each once with QoS 1 and once with QoS 2.
   * @param signal ends the waiting for somebody to take them: a node that is being deployed promises nothing
   */
  say(count: number, signal?: AbortSignal): Promise<void>;
  /** The broker cannot be reached until it is called again. */
  setReachable(isReachable: boolean): Promise<void>;
  /** Deploys everything anew. */
  deploy(): Promise<void>;
  /** Waits for every number that was taken, and checks that QoS 2 delivered none of them twice. */
  nothingIsLost(): Promise<void>;
  close(): Promise<void>;
}

const event = 'devices/counted/event/counted';
const energy = 'sites/counted/energy';

/** Two messages for each number: an event, and an energy total, which is billed. */
const makeMessages = `
  const ts = new Date().toISOString();
  const messages = [];
  for (const n of msg.payload.numbers) {
    messages.push({ topic: '${event}', schema: 'event/1', id: String(n), name: 'counted', severity: 'info', ts });
    messages.push({
      topic: '${energy}', schema: 'site-energy/1', ts, since: ts, seq: n, boot: 'counted', coverage: 1, quality: 'good',
      ...Object.fromEntries(['grid_import', 'grid_export', 'solar', 'battery_charged', 'battery_discharged',
        'generator', 'consumption', 'ev', 'heat'].map((name) => [name + '_wh', 0])),
    });
  }
  return [{ payload: messages }, msg];`;

const flowTo = (port: number) => [
  { id: 'tab', type: 'tab', label: 'counted' },
  { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${port}`] },
  { id: 'in', type: 'http in', z: 'tab', url: '/say', method: 'post', wires: [['make']] },
  { id: 'make', type: 'function', z: 'tab', outputs: 2, func: makeMessages, wires: [['publish'], ['answer']] },
  { id: 'publish', type: 'ems-publish', z: 'tab', broker: 'broker', wires: [] },
  { id: 'answer', type: 'http response', z: 'tab', wires: [] },
];

export const startCountedPublisher = async (brokerPort: number): Promise<CountedPublisher> => {
  const observer = await listen(brokerPort);
  let relay = await startTcpRelay(() => brokerPort);
  const { port } = relay;
  const red = await startNodeRed(flowTo(port));
  let next = 0;
  const taken: number[] = [];

  const numbersOn = (topic: string, property: string): number[] =>
    observer.heard.filter((each) => each.topic === topic).map(({ payload }) => Number(JSON.parse(payload)[property]));
  const once = (): number[] => numbersOn(energy, 'seq');
  const atLeastOnce = (): number[] => [...new Set(numbersOn(event, 'id'))];
  const isOnline = (): boolean => observer.last('system/status/tested')?.state === 'online';
  await until(isOnline, 'the link is online');

  return {
    red,
    observer,
    relay: () => relay,
    async say(count, signal) {
      const numbers = Array.from({ length: count }, () => next++);
      const response = await fetch(`http://127.0.0.1:${red.port}/say`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ numbers }),
        ...(signal && { signal }),
      }).catch(() => undefined);
      if (response?.ok) taken.push(...numbers);
    },
    async setReachable(isReachable) {
      if (isReachable) relay = await startTcpRelay(() => brokerPort, port);
      else await relay.close();
    },
    deploy: async () => red.deploy(await red.flows(), 'full'),
    async nothingIsLost() {
      assert.ok(taken.length > 0);
      const missing = (heard: number[]): number[] => taken.filter((n) => !heard.includes(n));
      const isComplete = (): boolean => [once(), atLeastOnce()].every((heard) => missing(heard).length === 0);
      await until(isComplete, 'everything arrives').catch(() => {});
      assert.deepEqual(missing(atLeastOnce()), [], 'QoS 1: each at least once');
      assert.deepEqual(missing(once()), [], 'QoS 2: each');
      for (const heard of [once(), atLeastOnce()])
        assert.deepEqual(
          heard,
          [...new Set(heard)].sort((a, b) => a - b),
          'once, and in order',
        );
    },
    async close() {
      await observer.close();
      await red.remove();
      await relay.close();
    },
  };
};

/** Full deploys at the worst moments; each as a test of its own. */
export const deployCases: Record<string, (street: CountedPublisher) => Promise<void>> = {
  async 'while messages flow'(street) {
    for (let round = 0; round < 3; round++) {
      const deployed = new AbortController();
      const deploying = street.deploy().finally(() => deployed.abort());
      while (!deployed.signal.aborted) await street.say(5, deployed.signal);
      await deploying;
      await street.say(20);
    }
  },
  async 'while messages wait for a broker that is away'(street) {
    await street.setReachable(false);
    await street.say(150);
    await street.deploy();
    await street.say(50);
    await street.deploy();
    await street.setReachable(true);
  },
  async 'while messages are in flight, sent and not acknowledged'(street) {
    street.relay().deafen();
    await street.say(150);
    await street.deploy();
  },
  async 'while messages are in flight that never reach the broker'(street) {
    street.relay().pause();
    await street.say(150);
    await street.deploy();
  },
};
