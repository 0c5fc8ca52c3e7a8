import assert from 'node:assert/strict';
import type { BrokerEvent, BrokerLimits } from '../../../src/mqtt/embedded-broker/embedded-broker.ts';
import { connectRaw, publication, type RawClient, subscribeRaw } from '../../support/mqtt/raw-client.ts';
import { startBroker, type TestBroker } from '../../support/mqtt/test-broker.ts';
import { until } from '../../support/until.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

type Limited = Extract<BrokerEvent, { kind: 'limited' }>;

const numbers = (count: number, from = 1): number[] => Array.from({ length: count }, (_, i) => from + i);
const hourMs = 3_600_000;

describe('the limits of the embedded broker', () => {
  let broker: TestBroker;
  let clock: VirtualClock;
  const raw: RawClient[] = [];

  const start = async (limits: Partial<BrokerLimits> = {}): Promise<void> => {
    clock = createVirtualClock();
    broker = await startBroker({ limits }, clock);
  };
  afterEach(async () => {
    for (const each of raw.splice(0)) each.destroy();
    await broker.close();
  });

  const enter = async (clientId: string, more: object = {}): Promise<RawClient> => {
    const client = await connectRaw(broker.port, clientId, more);
    raw.push(client);
    return client;
  };
  /** Leaves a session with these filters behind. */
  const leave = async (clientId: string, filters: Record<string, 0 | 1 | 2>): Promise<void> => {
    const client = await enter(clientId, { clean: false });
    await subscribeRaw(client, filters);
    const left = broker.clients();
    client.destroy();
    await until(() => broker.clients() === left - 1, `${clientId} is away`);
  };
  const comeBack = async (clientId: string): Promise<RawClient> => {
    const client = await enter(clientId, { clean: false });
    client.acknowledge();
    return client;
  };
  const payloads = (client: RawClient): string[] => client.of('publish').map(({ payload }) => String(payload));
  const told = (limit: keyof BrokerLimits): Limited[] =>
    broker.events.filter((event): event is Limited => event.kind === 'limited' && event.limit === limit);
  /** Publishes and waits until the broker has taken all of it. */
  const publish = async (publisher: RawClient, packets: ReturnType<typeof publication>[]): Promise<void> => {
    const answers = (): number => publisher.of('puback').length + publisher.of('pubcomp').length;
    const before = answers();
    publisher.send(...packets);
    await until(() => answers() === before + packets.length, 'the publisher is answered');
  };
  const openPublisher = async (): Promise<RawClient> => {
    const publisher = await enter('publisher');
    publisher.acknowledge();
    return publisher;
  };

  it('a full queue drops its oldest message of QoS 1, and keeps every QoS 2 it has', async () => {
    await start({ queuedMessages: 10 });
    await leave('absent', { '#': 2 });
    const publisher = await openPublisher();
    await publish(publisher, [
      ...numbers(5).map((n) => publication('state', `state ${n}`, 1, n)),
      ...numbers(8).map((n) => publication('billing', `billing ${n}`, 2, 10 + n)),
    ]);
    await publish(
      publisher,
      numbers(4, 9).map((n) => publication('billing', `billing ${n}`, 2, 10 + n)),
    );
    await publish(publisher, [publication('state', 'state 6', 1, 30)]);
    clock.advance(10_000);
    const losses = told('queuedMessages').map(({ client, reason, count = 1 }) => [
      client,
      reason.split(': ')[1],
      count,
    ]);
    assert.deepEqual(losses, [
      ['absent', 'its oldest message of QoS 1 was dropped', 1],
      ['absent', 'a new message of QoS 2 found no room and is lost to it', 1],
      ['absent', 'its oldest message of QoS 1 was dropped', 5],
      ['absent', 'a new message of QoS 2 found no room and is lost to it', 1],
    ]);
    const absent = await comeBack('absent');
    await until(() => absent.of('pubrel').length === 10, 'what was kept');
    assert.deepEqual(
      payloads(absent),
      numbers(10).map((n) => `billing ${n}`),
    );
  });

  it('the queue of a session has a limit in bytes, and one of all sessions together that leaves each a fair share', async () => {
    await start({ queuedBytes: 50_000, queuedBytesTotal: 80_000 });
    for (const clientId of ['greedy 1', 'greedy 2']) await leave(clientId, { 'flood/#': 1 });
    await leave('modest', { billing: 2 });
    const publisher = await openPublisher();
    for (const n of numbers(200)) await publish(publisher, [publication('flood', Buffer.alloc(1000, n), 1, n)]);
    assert.ok(broker.usage().queuedBytes <= 80_000, `${broker.usage().queuedBytes} bytes`);
    await publish(
      publisher,
      numbers(15).map((n) => publication('billing', String(n).padEnd(1000), 2, n)),
    );
    assert.ok(broker.usage().queuedBytes <= 110_000, `${broker.usage().queuedBytes} bytes`);
    const modest = await comeBack('modest');
    await until(() => modest.of('pubrel').length === 15, 'all that waited for it');
    assert.equal(
      told('queuedBytesTotal').some(({ client }) => client === 'modest'),
      false,
    );
    assert.ok([...told('queuedBytes'), ...told('queuedBytesTotal')].length > 0);
    const greedy = await comeBack('greedy 1');
    await until(() => payloads(greedy).length > 0 && greedy.of('publish').at(-1)?.payload.at(0) === 200, 'its newest');
    // What was acknowledged, what was dropped and what is gone counts no more.
    for (const clientId of ['greedy 1', 'greedy 2', 'modest']) (await enter(clientId, { clean: true })).destroy();
    await until(() => broker.usage().queuedBytes === 0, 'nothing waits');
  });

  it('a message larger than the queue finds no room, and costs no other its place', async () => {
    await start({ queuedBytes: 5000 });
    await leave('absent', { '#': 1 });
    const publisher = await openPublisher();
    await publish(publisher, [publication('t', 'small', 1, 1), publication('t', Buffer.alloc(6000), 1, 2)]);
    const absent = await comeBack('absent');
    await publish(publisher, [publication('t', 'last', 1, 3)]);
    await until(() => payloads(absent).includes('last'), 'the last one');
    assert.deepEqual(payloads(absent), ['small', 'last']);
  });

  it('the session of a client that is away for too long ends, and is told', async () => {
    await start({ sessionExpiryS: 48 * 3600 });
    await leave('forgotten', { '#': 1 });
    await leave('visitor', { '#': 1 });
    const publisher = await openPublisher();
    await publish(publisher, [publication('t', 'x', 1, 1)]);
    clock.advance(47 * hourMs);
    const visitor = await enter('visitor', { clean: false });
    assert.equal(visitor.of('connack')[0]?.sessionPresent, true);
    clock.advance(2 * hourMs);
    assert.deepEqual(
      told('sessionExpiryS').map(({ client, reason }) => [client, reason]),
      [['forgotten', 'this client has been away for 48 h: its session ended, with the messages that waited in it']],
    );
    assert.equal(broker.usage().persistentSessions, 1);
    const forgotten = await enter('forgotten', { clean: false });
    assert.equal(forgotten.of('connack')[0]?.sessionPresent, false);
  });

  it('there are so many persistent sessions; those that exist and clean ones still get in', async () => {
    await start({ sessions: 3 });
    for (const n of numbers(3)) await leave(`own ${n}`, { t: 1 });
    const late = await enter('late', { clean: false });
    // MQTT 3.1.1 §3.2.2.3: server unavailable
    assert.equal(late.of('connack')[0]?.returnCode, 3);
    await until(() => late.isClosed(), 'its end');
    assert.deepEqual(
      told('sessions').map(({ client, reason }) => [client, reason]),
      [['late', '3 persistent sessions exist, no more are allowed: its login was refused']],
    );
    assert.equal((await enter('own 2', { clean: false })).of('connack')[0]?.sessionPresent, true);
    assert.equal((await enter('passing', { clean: true })).of('connack')[0]?.returnCode, 0);
  });

  it('a session that holds nothing takes no place after its connection', async () => {
    await start({ sessions: 1 });
    for (const n of numbers(5)) {
      const client = await enter(`publisher ${n}`, { clean: false });
      client.acknowledge();
      await publish(client, [publication('t', 'x', 2, 1)]);
      client.destroy();
      await until(() => broker.usage().persistentSessions === 0, 'its session ends');
    }
    assert.equal(told('sessions').length, 0);
  });

  it('so many messages are retained; a topic never keeps what is out of date', async () => {
    await start({ retainedMessages: 3, retainedBytes: 10_000 });
    const publisher = await openPublisher();
    const retain = (topic: string, payload: string | Buffer) => ({
      ...publication(topic, payload, 1, 1),
      retain: true,
    });
    for (const topic of ['a', 'b', 'c', 'd']) await publish(publisher, [retain(topic, 'old')]);
    assert.equal(broker.usage().retainedMessages, 3);
    assert.equal(told('retainedMessages').length, 1);
    await publish(publisher, [retain('a', 'new')]);
    await publish(publisher, [retain('b', Buffer.alloc(20_000))]);
    assert.equal(told('retainedBytes').length, 1);
    await publish(publisher, [retain('d', 'room now')]);
    await publish(publisher, [retain('c', '')]);
    const reader = await enter('reader');
    await subscribeRaw(reader, { '#': 0 });
    await publish(publisher, [publication('fence', '', 1, 1)]);
    await until(() => reader.of('publish').some(({ topic }) => topic === 'fence'), 'the fence');
    await until(() => reader.of('publish').length >= 3, 'what is retained');
    const kept = reader.of('publish').filter(({ retain }) => retain);
    assert.deepEqual(kept.map(({ topic, payload }) => [topic, String(payload)]).sort(), [
      ['a', 'new'],
      ['d', 'room now'],
    ]);
  });

  it('a client has so many subscriptions; more are refused to it in SUBACK', async () => {
    await start({ subscriptions: 5 });
    const client = await enter('eager');
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: numbers(7).map((n) => ({ topic: `t/${n}`, qos: 1 })),
    });
    await until(() => client.of('suback').length === 1, 'SUBACK');
    // MQTT-3.9.3-1, and 0x80 for failure
    assert.deepEqual(client.of('suback')[0]?.granted, [1, 1, 1, 1, 1, 128, 128]);
    assert.equal(told('subscriptions')[0]?.client, 'eager');
    client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['t/1'] });
    await until(() => client.of('unsuback').length === 1, 'UNSUBACK');
    await subscribeRaw(client, { 't/6': 2, 't/2': 0 });
    assert.deepEqual(client.of('suback')[1]?.granted, [2, 0]);
  });

  it('a filter that is malformed or longer than any topic is refused', async () => {
    await start();
    const client = await enter('odd');
    await subscribeRaw(client, { 'a+': 0, ['x'.repeat(1025)]: 0, ['x'.repeat(1024)]: 0 });
    assert.deepEqual(client.of('suback')[0]?.granted, [128, 128, 0]);
  });

  it('a shared subscription is refused, which would never bring anything', async () => {
    await start();
    const client = await enter('odd');
    await subscribeRaw(client, { '$share/group/devices/#': 1, $share: 1 });
    assert.deepEqual(client.of('suback')[0]?.granted, [128, 1]);
  });

  it('20,000 retained messages reach a subscriber at every QoS, and a second one is not kept waiting for the first', async () => {
    // Fewer than are retained may wait in a queue.
    await start({ queuedMessages: 5000 });
    const publisher = await openPublisher();
    for (const part of numbers(20, 0))
      await publish(
        publisher,
        numbers(1000, part * 1000).map((n) => ({
          ...publication(`r/${n % 100}/${n}`, String(n), 1, (n % 1000) + 1),
          retain: true,
        })),
      );
    const readers = await Promise.all(([0, 1, 2] as const).map((qos) => enter(`reader ${qos}`, { clean: qos !== 1 })));
    for (const [at, reader] of readers.entries()) {
      reader.acknowledge();
      await subscribeRaw(reader, { 'r/#': at as 0 | 1 | 2 });
    }
    await until(() => readers.every((reader) => reader.of('publish').length >= 20_000), 'all of them');
    for (const reader of readers) assert.equal(new Set(payloads(reader)).size, 20_000);
    const retained = readers.map((reader) => reader.of('publish').every(({ retain }) => retain));
    assert.deepEqual(retained, [true, true, true]);
    assert.deepEqual(told('queuedMessages'), []);
  });
});
