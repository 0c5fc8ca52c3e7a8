/**
 * A Node-RED process that subscribes to numbered events and writes down the id of each as soon as the node behind
 * ems-subscribe has it, while an independent publisher goes on. The way out: counted-publisher.ts.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../until.ts';
import { type NodeRed, startNodeRed } from './node-red.ts';

/** Somebody who publishes numbered events with one QoS. */
export interface EventPublisher {
  qos: 1 | 2;
  /** Resolves once they are on their way. */
  say(lines: string[]): Promise<void>;
}

export interface CountedSubscriber {
  red: NodeRed;
  /** Lets the publishers speak while this goes on, and until it is over. */
  during(disturb: () => Promise<void>): Promise<void>;
  /** Lets the publishers speak until each has said so many since it was last asked what came. */
  sayUpTo(counts: Record<1 | 2, number>): Promise<void>;
  /** Deploys everything anew. */
  deploy(): Promise<void>;
  /** Deploys one node with another setting, and what depends on it. */
  change(id: string, settings: object): Promise<void>;
  /** Waits for every number since it was last asked. @returns how many came twice, by QoS */
  nothingIsLost(): Promise<Record<1 | 2, number>>;
  close(): Promise<void>;
}

export const countedTopic = (qos: 1 | 2): string => `devices/counted/event/level_${qos}`;

/** So many a turn of QoS 1, and half as many of QoS 2: a broker with its ordinary window keeps up with that. */
const linesAtOnce = 60;
/** Most turns during one disturbance, however slow the machine is: the queue of an absent client has an end. */
const mostTurns = 100;

export const startCountedSubscriber = async (
  brokerPort: number,
  publishers: EventPublisher[],
  isSubscribed: () => boolean,
): Promise<CountedSubscriber> => {
  const folder = mkdtempSync(join(tmpdir(), 'ems-counted-'));
  const file = join(folder, 'ids.txt');
  writeFileSync(file, '');
  const func = `fs.appendFileSync(${JSON.stringify(file)}, [msg.payload].flat().map(({ id }) => id + '\\n').join(''));`;
  const node = { z: 'tab', broker: 'broker' };
  const red = await startNodeRed([
    { id: 'tab', type: 'tab', label: 'counted' },
    { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${brokerPort}`] },
    { ...node, id: 'subscribe', type: 'ems-subscribe', what: 'events', directory: false, wires: [['write'], []] },
    { id: 'write', type: 'function', z: 'tab', outputs: 1, func, libs: [{ var: 'fs', module: 'fs' }], wires: [[]] },
  ]);
  await until(isSubscribed, 'the subscription');
  const said = { 1: 0, 2: 0 };
  /** Those before are known to have come. */
  const checked = { 1: 0, 2: 0 };

  const lineOf = (qos: 1 | 2): string => {
    const id = `${qos}-${said[qos]++}`;
    const ts = new Date().toISOString();
    return JSON.stringify({ schema: 'event/1', id, name: `level_${qos}`, severity: 'info', ts });
  };
  const speak = async (count: number, { qos, say }: EventPublisher): Promise<void> =>
    say(Array.from({ length: count }, () => lineOf(qos)));

  return {
    red,
    async during(disturb) {
      let isOver = false;
      const disturbing = disturb().finally(() => {
        isOver = true;
      });
      for (let turn = 0; !isOver && turn < mostTurns; turn++) {
        await Promise.all(publishers.map((each) => speak(linesAtOnce / each.qos, each)));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await disturbing;
    },
    async sayUpTo(counts) {
      for (const each of publishers)
        while (said[each.qos] - checked[each.qos] < counts[each.qos])
          await speak(Math.min(linesAtOnce, counts[each.qos] + checked[each.qos] - said[each.qos]), each);
    },
    deploy: async () => red.deploy(await red.flows(), 'full'),
    async change(id, settings) {
      const flows = await red.flows();
      await red.deploy(
        flows.map((node) => (node.id === id ? { ...node, ...settings } : node)),
        'nodes',
      );
    },
    async nothingIsLost() {
      const ids = (): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);
      const missing = (): string[] => {
        const heard = new Set(ids());
        return publishers
          .flatMap(({ qos }) =>
            Array.from({ length: said[qos] - checked[qos] }, (_, i) => `${qos}-${checked[qos] + i}`),
          )
          .filter((id) => !heard.has(id));
      };
      await until(() => missing().length === 0, 'everything arrives').catch(() => {});
      assert.deepEqual(missing(), []);
      const heard = ids();
      const twiceOf = (qos: 1 | 2): number => {
        const own = heard.filter((id) => id.startsWith(`${qos}-`));
        return own.length - new Set(own).size;
      };
      const twice = { 1: twiceOf(1), 2: twiceOf(2) };
      Object.assign(checked, said);
      writeFileSync(file, '');
      return twice;
    },
    async close() {
      await red.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** Disturbances of a subscriber; after a kill some events may come twice, since nobody knows which came last. */
export const disturbances: Record<string, { disturb(street: CountedSubscriber): Promise<void>; mayRepeat?: true }> = {
  'a full deploy': { disturb: (street) => street.deploy() },
  'another one': { disturb: (street) => street.deploy() },
  'another setting of the broker node': { disturb: (street) => street.change('broker', { keepalive: 20 }) },
  'another setting of the subscriber': { disturb: (street) => street.change('subscribe', { batch: 50 }) },
  'an orderly stop': {
    async disturb({ red }) {
      await red.stop();
      await red.start();
    },
  },
  'a kill': {
    mayRepeat: true,
    async disturb({ red }) {
      await red.stop('SIGKILL');
      await red.start();
    },
  },
};
