/**
 * The embedded broker under attack: with a password, limits and virtual time, two well-behaved clients that must always
 * be served (honest-pair.ts), and raw clients that do what a test says.
 */
import assert from 'node:assert/strict';
import type { BrokerEvent, BrokerLimits } from '../../../src/mqtt/embedded-broker/embedded-broker.ts';
import { until } from '../until.ts';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts';
import { type HonestPair, openHonestPair } from './honest-pair.ts';
import { connectRaw, openRaw, type RawClient } from './raw-client.ts';
import { startBroker, type TestBroker } from './test-broker.ts';

type Limited = Extract<BrokerEvent, { kind: 'limited' }>;

export interface GuardedBroker {
  broker: TestBroker;
  clock: VirtualClock;
  honest: HonestPair;
  /** A connection that has said nothing yet. */
  dial(): Promise<RawClient>;
  dialMany(count: number): Promise<RawClient[]>;
  /** Logs in with the right password. */
  enter(clientId: string, more?: object): Promise<RawClient>;
  told(limit: keyof BrokerLimits): Limited[];
  /** The honest clients are still served, and when all are gone nothing is left over of anybody. */
  finish(): Promise<void>;
}

export const closed = (clients: RawClient[]): number => clients.filter((client) => client.isClosed()).length;

export const startGuardedBroker = async (limits: Partial<BrokerLimits> = {}): Promise<GuardedBroker> => {
  const clock = createVirtualClock();
  const broker = await startBroker({ username: 'site', password: 'right', limits }, clock);
  const login = { username: 'site', password: Buffer.from('right') };
  const honest = await openHonestPair(broker.port, login);
  const raw: RawClient[] = [];
  const keep = (client: RawClient): RawClient => {
    raw.push(client);
    return client;
  };
  const dial = async (): Promise<RawClient> => keep(await openRaw(broker.port));
  return {
    broker,
    clock,
    honest,
    dial,
    dialMany: (count) => Promise.all(Array.from({ length: count }, dial)),
    enter: async (clientId, more = {}) => keep(await connectRaw(broker.port, clientId, { ...login, ...more })),
    told: (limit) =>
      broker.events.filter((event): event is Limited => event.kind === 'limited' && event.limit === limit),
    async finish() {
      await honest.check();
      for (const each of raw) each.destroy();
      honest.close();
      await until(() => broker.usage().connections === 0 && broker.clients() === 0, 'the last connection ends');
      const { queuedBytes, outgoingBytes } = broker.usage();
      assert.deepEqual({ queuedBytes, outgoingBytes }, { queuedBytes: 0, outgoingBytes: 0 });
      await broker.close();
    },
  };
};
