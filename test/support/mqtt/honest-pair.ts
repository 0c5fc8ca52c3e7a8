/** Two well-behaved clients: a message of one must reach the other, whatever others do to the broker. */
import assert from 'node:assert/strict';
import type { IConnectPacket } from 'mqtt-packet';
import { until } from '../until.ts';
import { connectRaw, publication, type RawClient, subscribeRaw } from './raw-client.ts';

export interface HonestPair {
  publisher: RawClient;
  subscriber: RawClient;
  /** Exchanges one message of each QoS. */
  check(): Promise<void>;
  close(): void;
}

export const openHonestPair = async (port: number, login: Partial<IConnectPacket> = {}): Promise<HonestPair> => {
  const [publisher, subscriber] = [
    await connectRaw(port, 'honest publisher', login),
    await connectRaw(port, 'honest subscriber', login),
  ];
  for (const client of [publisher, subscriber]) client.acknowledge();
  await subscribeRaw(subscriber, { 'honest/#': 2 });
  let count = 0;
  return {
    publisher,
    subscriber,
    async check() {
      const said = ([0, 1, 2] as const).map((qos) => ({ qos, payload: `${qos} ${++count}` }));
      const completed = publisher.of('pubcomp').length;
      publisher.send(...said.map(({ qos, payload }) => publication('honest/word', payload, qos, qos + 1)));
      const heard = (): string[] => subscriber.of('publish').map(({ payload }) => String(payload));
      await until(() => said.every(({ payload }) => heard().includes(payload)), 'the honest subscriber hears all');
      await until(() => publisher.of('pubcomp').length > completed, 'the honest publisher is answered');
      assert.ok(!publisher.isClosed() && !subscriber.isClosed(), 'the honest clients stay connected');
    },
    close() {
      publisher.destroy();
      subscriber.destroy();
    },
  };
};
