import assert from 'node:assert/strict';
import mqtt, { type MqttClient } from 'mqtt';
import type { IPublishPacket } from 'mqtt-packet';
import { connectRaw, publication, type RawClient, subscribeRaw } from '../../support/mqtt/raw-client.ts';
import { createRawReceiver, type RawReceiver } from '../../support/mqtt/raw-receiver.ts';
import { startBroker, type TestBroker } from '../../support/mqtt/test-broker.ts';
import { until } from '../../support/until.ts';

const numbers = (count: number, from = 1): number[] => Array.from({ length: count }, (_, i) => from + i);
const ascending = (a: number, b: number): number => a - b;
const published = (client: RawClient): IPublishPacket[] => client.of('publish');

describe('the embedded broker delivers what it acknowledged', () => {
  let broker: TestBroker;
  const raw: RawClient[] = [];
  const clients: MqttClient[] = [];
  const receivers: RawReceiver[] = [];

  beforeEach(async () => {
    broker = await startBroker();
  });
  afterEach(async () => {
    for (const each of receivers.splice(0)) each.close();
    for (const each of raw.splice(0)) each.destroy();
    for (const each of clients.splice(0)) await each.endAsync(true);
    await broker.close();
  });

  const open = async (clientId: string, options: Parameters<typeof connectRaw>[2] = {}): Promise<RawClient> => {
    const client = await connectRaw(broker.port, clientId, options);
    raw.push(client);
    return client;
  };
  const receive = async (clientId: string): Promise<RawReceiver> => {
    const receiver = await createRawReceiver(broker.port, clientId, { '#': 2 });
    receivers.push(receiver);
    return receiver;
  };
  const connectLibrary = async (clientId: string): Promise<MqttClient> => {
    const { port } = broker;
    const client = await mqtt.connectAsync({ host: '127.0.0.1', port, clientId, clean: false, protocolVersion: 4 });
    clients.push(client);
    return client;
  };
  /** Publishes QoS 2, many at once, and waits for every PUBCOMP. */
  const publishBurst = async (client: MqttClient, from: number, count: number): Promise<void> => {
    await Promise.all(numbers(count, from).map((n) => client.publishAsync('billing', String(n), { qos: 2 })));
  };

  it('10,000 messages of QoS 2 in bursts: none lost and none twice, at its own publisher as well', async () => {
    const publisher = await connectLibrary('publisher');
    const own: number[] = [];
    publisher.on('message', (_topic, payload) => own.push(Number(payload)));
    await publisher.subscribeAsync('#', { qos: 2 });
    const other = await receive('other');
    for (let i = 0; i < 20; i++) await publishBurst(publisher, 1 + i * 500, 500);
    await until(() => own.length >= 10_000 && other.got.length >= 10_000, 'all of them');
    assert.deepEqual(own.sort(ascending), numbers(10_000));
    assert.deepEqual(other.got, numbers(10_000));
  });

  it('10,000 messages of QoS 2 through 20 broken connections of the subscriber: none lost and none twice', async () => {
    const publisher = await connectLibrary('publisher');
    const other = await receive('other');
    for (let i = 0; i < 20; i++) {
      // In the middle of what is under way: some are received, some released, some complete.
      other.breakAfter(100 + i * 17);
      await publishBurst(publisher, 1 + i * 500, 500);
    }
    await until(() => other.got.length >= 10_000, 'all of them');
    assert.ok(other.connections() >= 20, `only ${other.connections()} connections`);
    assert.deepEqual(other.got, numbers(10_000));
  });

  it('many PUBREC in one segment are answered by as many PUBREL, each with its own packet id', async () => {
    const subscriber = await open('subscriber', { clean: false });
    await subscribeRaw(subscriber, { '#': 2 });
    const publisher = await open('publisher');
    publisher.send(...numbers(50).map((n) => publication('t', String(n), 2, n)));
    await until(() => published(subscriber).length === 50, 'all messages');
    const ids = published(subscriber).map(({ messageId }) => messageId as number);
    subscriber.send(...ids.map((messageId) => ({ cmd: 'pubrec' as const, messageId })));
    await until(() => subscriber.of('pubrel').length === 50, 'all releases');
    assert.deepEqual(
      subscriber.of('pubrel').map(({ messageId }) => messageId),
      ids,
    );
  });

  it('retained and other messages in one segment all arrive, in order', async () => {
    for (const clean of [true, false]) {
      const subscriber = await open(`subscriber ${clean}`, { clean });
      subscriber.acknowledge();
      await subscribeRaw(subscriber, { 't/#': 2 });
      const publisher = await open('publisher');
      publisher.acknowledge();
      const packets = numbers(60).map((n) => ({
        ...publication('t/x', String(n), n % 3 === 0 ? 1 : 2, n),
        retain: n % 2 === 0,
      }));
      publisher.send(...packets);
      // MQTT-4.6.0-6: order is promised for one topic and one QoS.
      const heard = (qos: number) =>
        published(subscriber)
          .filter((packet) => packet.qos === qos && !packet.retain)
          .map(({ payload }) => Number(payload));
      await until(() => heard(1).length + heard(2).length >= 60, `all of them, clean: ${clean}`);
      for (const qos of [1, 2])
        assert.deepEqual(
          heard(qos),
          packets.filter((packet) => packet.qos === qos).map(({ messageId }) => messageId),
        );
    }
  });

  it('what QoS 1 and QoS 0 of other publishers overtake is not taken for a copy', async () => {
    const subscriber = await open('subscriber');
    subscriber.acknowledge();
    await subscribeRaw(subscriber, { '#': 1 });
    const publishers = await Promise.all(numbers(4).map((n) => open(`publisher ${n}`)));
    for (const [at, publisher] of publishers.entries())
      publisher.send(...numbers(100).map((n) => publication(`t/${at}`, String(n), n % 2 === 0 ? 0 : 1, n)));
    await until(() => published(subscriber).length >= 400, 'all of them');
    assert.equal(published(subscriber).length, 400);
  });

  it('overlapping filters give one message, at the highest QoS of them', async () => {
    for (const clean of [true, false]) {
      const subscriber = await open(`subscriber ${clean}`, { clean });
      subscriber.acknowledge();
      await subscribeRaw(subscriber, { 't/x': 0, 't/#': 2, '+/x': 1 });
      const publisher = await open('publisher');
      publisher.acknowledge();
      publisher.send(...numbers(20).map((n) => publication('t/x', String(n), 2, n)), publication('t/last', '', 2, 99));
      await until(() => published(subscriber).some(({ topic }) => topic === 't/last'), 'the last one');
      // MQTT-3.3.5-1
      const heard = published(subscriber).filter(({ topic }) => topic === 't/x');
      assert.deepEqual(
        heard.map(({ payload, qos }) => [Number(payload), qos]),
        numbers(20).map((n) => [n, 2]),
      );
    }
  });

  it('a subscription that is made again has the QoS of its last time', async () => {
    const publisher = await open('publisher');
    publisher.acknowledge();
    const subscriber = await open('subscriber', { clean: false });
    subscriber.acknowledge();
    const qos: number[] = [];
    for (const granted of [0, 2, 1] as const) {
      await subscribeRaw(subscriber, { t: granted });
      publisher.send(publication('t', 'x', 2, 1));
      await until(() => published(subscriber).length === qos.length + 1, 'the message');
      qos.push(published(subscriber).at(-1)?.qos ?? -1);
    }
    // MQTT-3.8.4-3
    assert.deepEqual(qos, [0, 2, 1]);
  });

  it('a wildcard of QoS 1 gets QoS 1, and one of QoS 0 gets retained messages at QoS 0', async () => {
    const publisher = await open('publisher');
    publisher.acknowledge();
    publisher.send({ ...publication('t/kept', 'k', 2, 1), retain: true });
    await until(() => publisher.of('pubcomp').length === 1, 'the retained message');
    const heard = async (qos: 0 | 1, clean: boolean): Promise<unknown[]> => {
      const subscriber = await open(`${qos} ${clean}`, { clean });
      subscriber.acknowledge();
      await subscribeRaw(subscriber, { 't/#': qos });
      await until(() => published(subscriber).length === 1, 'the retained message');
      publisher.send(publication('t/live', 'l', 2, 2));
      await until(() => published(subscriber).length === 2, 'the live message');
      return published(subscriber).map((packet) => [packet.topic, packet.qos, packet.retain]);
    };
    // MQTT-3.8.4-6
    for (const clean of [true, false])
      for (const qos of [0, 1] as const)
        assert.deepEqual(await heard(qos, clean), [
          ['t/kept', qos, true],
          ['t/live', qos, false],
        ]);
  });

  it('a packet id that comes twice in one segment is delivered once', async () => {
    const subscriber = await open('subscriber');
    await subscribeRaw(subscriber, { '#': 0 });
    const publisher = await open('publisher');
    publisher.send(publication('t', 'once', 2, 1), { ...publication('t', 'once', 2, 1), dup: true });
    await until(() => publisher.of('pubrec').length > 0 || publisher.isClosed(), 'an answer');
    const other = await open('other');
    other.send(publication('t', 'fence'));
    await until(() => published(subscriber).some(({ payload }) => String(payload) === 'fence'), 'the fence');
    assert.equal(published(subscriber).length, 2);
  });

  it('a publisher may have thousands of QoS 2 under way before it releases the first', async () => {
    const subscriber = await open('subscriber');
    subscriber.acknowledge();
    await subscribeRaw(subscriber, { '#': 2 });
    const publisher = await open('publisher');
    publisher.send(...numbers(5000).map((n) => publication('t', String(n), 2, n)));
    await until(() => publisher.of('pubrec').length === 5000, 'all PUBREC');
    // MQTT-4.3.3-2: a copy is answered, and not delivered again.
    publisher.send(...numbers(5000).map((n) => ({ ...publication('t', String(n), 2, n), dup: true })));
    await until(() => publisher.of('pubrec').length === 10_000, 'all PUBREC again');
    await until(() => published(subscriber).length >= 5000, 'all messages');
    assert.deepEqual(
      published(subscriber).map(({ payload }) => Number(payload)),
      numbers(5000),
    );
  });
});
