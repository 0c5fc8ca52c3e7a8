import assert from 'node:assert/strict';
import mqtt, { type MqttClient } from 'mqtt';
import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import {
  type CountedSubscriber,
  countedTopic,
  disturbances,
  type EventPublisher,
  startCountedSubscriber,
} from '../support/node-red/counted-subscriber.ts';

/** The long form, with mosquitto, is in test/peers. */
describe('a subscriber loses nothing that the broker was told to deliver', () => {
  let broker: TestBroker;
  let client: MqttClient;
  let street: CountedSubscriber;

  before(async () => {
    broker = await startBroker();
    client = await mqtt.connectAsync({ host: '127.0.0.1', port: broker.port, protocolVersion: 4 });
    const speaker = (qos: 1 | 2): EventPublisher => ({
      qos,
      say: async (lines) => {
        await Promise.all(lines.map((line) => client.publishAsync(countedTopic(qos), line, { qos })));
      },
    });
    street = await startCountedSubscriber(broker.port, [speaker(1), speaker(2)], () =>
      broker.events.some(({ kind, client: id }) => kind === 'subscribed' && id === 'ems-tested-broker'),
    );
  });
  after(async () => {
    await street?.close();
    await client?.endAsync(true);
    await broker?.close();
  });

  for (const [name, { disturb, mayRepeat }] of Object.entries(disturbances))
    it(`through ${name}`, async () => {
      await street.during(() => disturb(street));
      const twice = await street.nothingIsLost();
      if (!mayRepeat) assert.deepEqual(twice, { 1: 0, 2: 0 }, 'what came twice');
    });
});
