import assert from 'node:assert/strict';
import type { IPublishPacket } from 'mqtt-packet';
import { connectRaw, publication, type RawClient, subscribeRaw } from '../../support/mqtt/raw-client.ts';
import { startBroker, type TestBroker } from '../../support/mqtt/test-broker.ts';
import { until } from '../../support/until.ts';

const numbers = (count: number, from = 1): number[] => Array.from({ length: count }, (_, i) => from + i);
const published = (client: RawClient): IPublishPacket[] => client.of('publish');
const payloads = (client: RawClient): string[] => published(client).map(({ payload }) => String(payload));

describe('the embedded broker keeps sessions', () => {
  let broker: TestBroker;
  const raw: RawClient[] = [];

  beforeEach(async () => {
    broker = await startBroker();
  });
  afterEach(async () => {
    for (const each of raw.splice(0)) each.destroy();
    await broker.close();
  });

  const open = async (clientId: string, options: Parameters<typeof connectRaw>[2] = {}): Promise<RawClient> => {
    const client = await connectRaw(broker.port, clientId, options);
    raw.push(client);
    return client;
  };

  it('a retained message that was not acknowledged comes again after a break, marked as a copy', async () => {
    const publisher = await open('publisher');
    publisher.acknowledge();
    publisher.send({ ...publication('kept', 'k', 2, 1), retain: true });
    await until(() => publisher.of('pubcomp').length === 1, 'the retained message');
    const before = await open('subscriber', { clean: false });
    await subscribeRaw(before, { '#': 2 });
    await until(() => published(before).length === 1, 'the retained message');
    before.destroy();
    const after = await open('subscriber', { clean: false });
    after.acknowledge();
    await until(() => after.of('pubrel').length === 1, 'its completion');
    assert.equal(after.of('connack')[0]?.sessionPresent, true);
    const [first] = published(before);
    const [again] = published(after);
    // MQTT-4.4.0-1, MQTT-3.3.1-1
    assert.deepEqual([again?.messageId, again?.dup, String(again?.payload)], [first?.messageId, true, 'k']);
    assert.equal(published(after).length, 1);
  });

  it('a message that is released is not published again after a break, only its PUBREL', async () => {
    const before = await open('subscriber', { clean: false });
    await subscribeRaw(before, { '#': 2 });
    const publisher = await open('publisher');
    publisher.send(...numbers(3).map((n) => publication('t', String(n), 2, n)));
    await until(() => published(before).length === 3, 'the messages');
    const ids = published(before).map(({ messageId }) => messageId as number);
    before.send(...ids.slice(0, 2).map((messageId) => ({ cmd: 'pubrec' as const, messageId })));
    await until(() => before.of('pubrel').length === 2, 'the releases');
    before.destroy();
    const after = await open('subscriber', { clean: false });
    after.acknowledge();
    await until(() => after.of('pubrel').length === 3, 'all releases');
    assert.deepEqual(payloads(after), ['3']);
    after.destroy();
    const last = await open('subscriber', { clean: false });
    await subscribeRaw(last, { x: 0 });
    assert.deepEqual([...last.of('publish'), ...last.of('pubrel')], [], 'everything was complete');
  });

  it('what waited comes before what is new, and nothing comes before CONNACK', async () => {
    const first = await open('subscriber', { clean: false });
    await subscribeRaw(first, { '#': 1, 'qos0/#': 0 });
    first.destroy();
    const publisher = await open('publisher');
    let sent = 0;
    const acknowledged = (): number => publisher.of('puback').length;
    const publishSome = (): void =>
      publisher.send(
        ...numbers(50).flatMap(() => {
          sent++;
          return [publication('t', String(sent), 1, sent), publication('qos0/t', String(sent))];
        }),
      );
    publishSome();
    await until(() => acknowledged() === 50, 'what waits');
    publisher.onPacket = ({ cmd }) => {
      if (cmd === 'puback' && sent < 3000 && acknowledged() % 50 === 0) publishSome();
    };
    publishSome();
    const heard: number[] = [];
    while (!heard.includes(3000)) {
      const again = await open('subscriber', { clean: false });
      again.acknowledge();
      await until(() => published(again).filter(({ qos }) => qos === 1).length >= 200 || sent === 3000, 'some of them');
      if (sent === 3000) await until(() => payloads(again).includes('3000'), 'the last one');
      again.destroy();
      assert.equal(again.received[0]?.cmd, 'connack');
      for (const { qos, payload } of published(again)) if (qos === 1) heard.push(Number(payload));
    }
    // A copy after a break is allowed at QoS 1; a newer message before an older one is not.
    const firsts = [...new Set(heard)];
    assert.deepEqual(firsts, numbers(3000));
  });

  it('a packet id that is under way is given to no second message, however many come after it', async () => {
    const subscriber = await open('subscriber', { clean: false });
    await subscribeRaw(subscriber, { '#': 1 });
    const publisher = await open('publisher');
    publisher.send(...numbers(10).map((n) => publication('t', `held ${n}`, 1, n)));
    await until(() => published(subscriber).length === 10, 'what stays under way');
    const held = new Set(published(subscriber).map(({ messageId }) => messageId));
    let heard = 0;
    let collisions = 0;
    subscriber.onPacket = (packet) => {
      if (packet.cmd !== 'publish') return;
      subscriber.received.length = 0;
      heard++;
      if (held.has(packet.messageId)) collisions++;
      else subscriber.send({ cmd: 'puback', messageId: packet.messageId as number });
    };
    for (let sent = 0; sent < 66_000; sent += 500) {
      publisher.send(...numbers(500).map((n) => publication('t', 'x', 1, n)));
      await until(() => heard >= sent + 500, 'the next 500');
    }
    assert.equal(collisions, 0);
  });

  it('a publisher without subscriptions finds its session again, and nothing new is taken for a copy', async () => {
    const subscriber = await open('subscriber');
    subscriber.acknowledge();
    await subscribeRaw(subscriber, { '#': 2 });
    const before = await open('publisher', { clean: false });
    before.send(publication('t', 'old', 2, 1));
    await until(() => before.of('pubrec').length === 1, 'the old message');
    before.destroy();
    const after = await open('publisher', { clean: false });
    // MQTT-3.2.2-2: the session holds the packet id of a message that is not released.
    assert.equal(after.of('connack')[0]?.sessionPresent, true);
    after.send({ ...publication('t', 'old', 2, 1), dup: true });
    await until(() => after.of('pubrec').length === 1, 'its PUBREC');
    after.send({ cmd: 'pubrel', messageId: 1 });
    await until(() => after.of('pubcomp').length === 1, 'its end');
    after.send(publication('t', 'new', 2, 1));
    await until(() => payloads(subscriber).includes('new'), 'the new message');
    assert.deepEqual(payloads(subscriber), ['old', 'new']);
  });

  it('a clean connection ends the session, its subscriptions and what waited in it', async () => {
    const before = await open('subscriber', { clean: false });
    await subscribeRaw(before, { '#': 1 });
    before.destroy();
    const publisher = await open('publisher');
    publisher.send(publication('t', 'waits', 1, 1));
    await until(() => publisher.of('puback').length === 1, 'what waits');
    // MQTT-3.1.2-6
    const clean = await open('subscriber', { clean: true });
    assert.equal(clean.of('connack')[0]?.sessionPresent, false);
    clean.destroy();
    const after = await open('subscriber', { clean: false });
    assert.equal(after.of('connack')[0]?.sessionPresent, false);
    await subscribeRaw(after, { x: 1 });
    publisher.send(publication('x', 'fence', 1, 2));
    await until(() => published(after).length >= 1, 'the fence');
    assert.deepEqual(payloads(after), ['fence']);
  });

  it('a will of QoS 2 reaches a session that is away, once', async () => {
    const before = await open('subscriber', { clean: false });
    await subscribeRaw(before, { '#': 2 });
    before.destroy();
    const dying = await open('dying', {
      will: { topic: 'status', payload: Buffer.from('lost'), qos: 2, retain: true },
    });
    dying.destroy();
    await until(
      () => broker.events.some((event) => event.kind === 'disconnected' && event.client === 'dying'),
      'the death',
    );
    const after = await open('subscriber', { clean: false });
    after.acknowledge();
    await until(() => after.of('pubrel').length === 1, 'the will');
    assert.deepEqual(payloads(after), ['lost']);
  });

  it('takes over the connection of a client id, and delivers to the new one only', async () => {
    const first = await open('twin', { clean: false });
    first.acknowledge();
    await subscribeRaw(first, { '#': 2 });
    const publisher = await open('publisher');
    publisher.acknowledge();
    const twins = await Promise.all(numbers(5).map(() => open('twin', { clean: false })));
    for (const twin of twins) twin.acknowledge();
    // MQTT-3.1.4-2
    await until(() => [first, ...twins].filter((twin) => !twin.isClosed()).length === 1, 'one of them is left');
    publisher.send(...numbers(20).map((n) => publication('t', String(n), 2, n)));
    const left = twins.find((twin) => !twin.isClosed()) as RawClient;
    await until(() => left.of('pubrel').length === 20, 'all of them');
    assert.deepEqual(payloads(left), numbers(20).map(String));
    assert.equal(broker.clients(), 2);
  });
});
