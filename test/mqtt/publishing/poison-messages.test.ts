import assert from 'node:assert/strict';
import type { Clock } from '../../../src/model/time.ts';
import { BrokerClient } from '../../../src/mqtt/client.ts';
import type { ClientEvent } from '../../../src/mqtt/client-events.ts';
import type { ClientOptions } from '../../../src/mqtt/client-options.ts';
import type { Publication } from '../../../src/mqtt/publishing/publication.ts';
import { Session } from '../../../src/mqtt/session/session.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { type StrictBroker, type StrictOptions, startStrictBroker } from '../../support/mqtt/strict-broker.ts';
import { until } from '../../support/until.ts';

/** Pauses between attempts are not what is tested here. */
const hasty: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 20, run) };

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

describe('messages over which a broker ends the connection', () => {
  let broker: StrictBroker;
  let session: Session;
  let events: ClientEvent[];
  const clients: BrokerClient[] = [];

  beforeEach(() => {
    session = new Session(1000);
    events = [];
  });
  afterEach(async () => {
    for (const each of clients.splice(0)) await each.close(true);
    await broker.close();
  });

  const hates = (topic: string, more: StrictOptions = {}): StrictOptions => ({
    version: 4,
    hatesPublish: (packet) => packet.topic === topic,
    ...more,
  });
  const open = (options: Partial<ClientOptions> = {}, hasBirth = true): BrokerClient => {
    const servers = [{ protocol: 'mqtt' as const, host: '127.0.0.1', port: broker.port }];
    const birth = () => ({ topic: 'system/status/me', payload: 'here', qos: 1 as const, retain: false });
    const client = new BrokerClient(
      { servers, clientId: 'tested', ...(hasBirth && { birth }), ...options },
      session,
      hasty,
    );
    clients.push(client);
    client.onEvent((event) => events.push(event));
    client.subscribe(['in'], 1, () => {});
    client.open();
    return client;
  };
  const publish = (client: BrokerClient, given: Partial<Publication> & { topic: string }): Promise<void> =>
    new Promise((resolve, reject) =>
      client.publish({ payload: 'x', qos: 1, retain: false, ...given }, (error) => (error ? reject(error) : resolve())),
    );
  const outcomes = async (sent: Promise<void>[]): Promise<string[]> =>
    (await Promise.allSettled(sent)).map((each) => (each.status === 'rejected' ? String(each.reason) : 'taken'));
  const takenOn = (topic: string): string[] =>
    broker.taken.filter((packet) => packet.topic === topic).map(({ payload }) => String(payload));
  const setAside = (): ClientEvent[] => events.filter(({ name }) => name === 'message_set_aside');
  /** So many connections ended by the broker as are needed to be sure, and not one more. */
  const mostCuts = 3;

  for (const [name, more] of [
    ['MQTT 3.1.1', {}],
    ['MQTT 5', { version: 5 }],
    ['MQTT 5 that says why', { version: 5, hatesPublish: ({ topic }) => topic === 'hated' && 0x95 }],
  ] as [string, StrictOptions][])
    it(`go back to their sender, and all others arrive in order: ${name}`, async () => {
      broker = await startStrictBroker(hates('hated', more));
      const client = open();
      const pauses: number[] = [];
      client.onState(() => {
        const state = client.state;
        if (state.kind === 'waiting') pauses.push(state.retryMs);
      });
      const sent = numbers(60).map((n) =>
        publish(client, { topic: n === '20' ? 'hated' : 'liked', payload: n === '20' ? 'x'.repeat(500) : n }),
      );
      const told = await outcomes(sent);
      assert.deepEqual(
        told.filter((each) => each !== 'taken'),
        [told[20]],
      );
      assert.match(told[20] ?? '', /hated: the broker ends the connection over this message \(\d+ bytes\)/);
      // QoS 1 may come twice over a cut; what counts is that none is missing, and the order of the first copies.
      assert.deepEqual(
        [...new Set(takenOn('liked'))],
        numbers(60).filter((n) => n !== '20'),
      );
      assert.ok(broker.ended.length <= mostCuts, `${broker.ended.length} connections ended`);
      // The server is well: nobody has to wait for it.
      assert.ok(Math.max(...pauses) <= 250, pauses.join());
      const [event] = setAside();
      assert.equal(setAside().length, 1);
      const server = `mqtt://127.0.0.1:${broker.port}`;
      const params = { topic: 'hated', bytes: 500, qos: 1, server };
      assert.deepEqual(event?.phrase, { key: 'notice.setAside', params });
    });

  it('are found beside a birth that is acknowledged slowly', async () => {
    broker = await startStrictBroker(
      hates('hated', { delayMs: ({ topic }) => (topic === 'system/status/me' ? 30 : 0) }),
    );
    const client = open();
    await assert.rejects(publish(client, { topic: 'hated' }), /ends the connection/);
    await publish(client, { topic: 'liked' });
  });

  it('are known on their topic afterwards: the next is not even tried, a smaller one is', async () => {
    broker = await startStrictBroker({
      version: 4,
      hatesPublish: ({ topic, payload }) => topic === 'status' && payload.length > 100,
    });
    const client = open();
    await assert.rejects(publish(client, { topic: 'status', payload: 'x'.repeat(200) }), /ends the connection/);
    const cuts = broker.ended.length;
    await assert.rejects(publish(client, { topic: 'status', payload: 'y'.repeat(200) }), /the next is tried in 10 min/);
    await publish(client, { topic: 'status', payload: 'small' });
    assert.equal(broker.ended.length, cuts);
    assert.deepEqual(takenOn('status'), ['small']);
  });

  it('that are retained are not due again at the next connection', async () => {
    broker = await startStrictBroker(hates('hated'));
    const client = open();
    await publish(client, { topic: 'liked', retain: true });
    await assert.rejects(publish(client, { topic: 'hated', retain: true }), /ends the connection/);
    const tries = () => broker.received.filter((packet) => packet.cmd === 'publish' && packet.topic === 'hated').length;
    const before = tries();
    for (let connection = 0; connection < 2; connection++) {
      await until(() => client.state.kind === 'online', 'online again');
      // By the second one, everything that is due has been sent.
      for (const payload of ['one', 'two', 'three']) await publish(client, { topic: 'liked', payload });
      broker.cut(0x98);
      await until(() => client.state.kind !== 'online', 'cut');
    }
    assert.equal(tries(), before);
  });

  it('that were in flight when the node was deployed anew stop nothing either', async () => {
    broker = await startStrictBroker(hates('hated', { isDeaf: () => true }));
    const first = open();
    const told = outcomes([
      publish(first, { topic: 'hated', qos: 2 }),
      ...numbers(50).map((n) => publish(first, { topic: 'liked', payload: n })),
    ]);
    await until(() => broker.ended.length > 0, 'the first connection has ended over it');
    await first.close(false);
    broker.options.isDeaf = () => false;
    const second = open();
    await publish(second, { topic: 'liked', payload: 'after' });
    assert.deepEqual((await told).filter((each) => each === 'taken').length, 50);
    assert.match((await told)[0] ?? '', /hated: the broker ends the connection/);
    assert.deepEqual([...new Set(takenOn('liked'))], [...numbers(50), 'after']);
    assert.equal(setAside().length, 1);
  });

  it('are found among telemetry too, which nothing acknowledges', async () => {
    broker = await startStrictBroker(hates('hated'));
    const client = open();
    await publish(client, { topic: 'liked', payload: 'first' });
    const errors: string[] = [];
    const telling = setInterval(() => {
      client.publish(
        { topic: 'hated', payload: 'x', qos: 0, retain: false },
        (error) => error && errors.push(String(error)),
      );
      client.publish({ topic: 'told', payload: 'x', qos: 0, retain: false });
    }, 20);
    await until(() => errors.some((each) => /ends the connection/.test(each)), 'the broker is known to hate it');
    const cuts = broker.ended.length;
    await publish(client, { topic: 'liked', payload: 'second' });
    const before = takenOn('told').length;
    await until(() => takenOn('told').length > before + 5, 'telemetry goes on');
    await until(() => broker.taken.findLast(({ topic }) => topic === 'told')?.qos === 0, 'with QoS 0, as it was');
    clearInterval(telling);
    assert.equal(broker.ended.length, cuts);
    assert.ok(cuts <= 5, `${cuts} connections ended`);
    assert.match(errors.at(-1) ?? '', /the next is tried in/);
  });

  it('are not those that chance hit: a way that breaks often loses nothing', async () => {
    broker = await startStrictBroker({ version: 4 });
    const client = open();
    const sent = numbers(300).map((n) =>
      publish(client, { topic: `n/${Number(n) % 7}`, payload: n, qos: Number(n) % 2 ? 1 : 2 }),
    );
    for (let cut = 1; cut <= 6; cut++) {
      await until(() => broker.taken.length > cut * 20, 'some of them arrive');
      broker.cut();
    }
    assert.deepEqual(new Set(await outcomes(sent)), new Set(['taken']));
    const taken = broker.taken.filter(({ topic }) => topic.startsWith('n/'));
    assert.equal(new Set(taken.map(({ payload }) => String(payload))).size, 300);
    assert.deepEqual(setAside(), []);
    assert.ok(broker.taken.filter(({ qos }) => qos === 2).length === 150, 'QoS 2 came twice, or as less');
  });

  it('are on trial alone: telemetry does not come under suspicion with them', async () => {
    broker = await startStrictBroker({ version: 4, isDeaf: () => true });
    const client = open({}, false);
    const sent = [publish(client, { topic: 'a' }), publish(client, { topic: 'b' })];
    await until(() => broker.received.filter(({ cmd }) => cmd === 'publish').length === 2, 'both are in the air');
    client.publish({ topic: 'telemetry', payload: 'x', qos: 0, retain: false });
    await until(() => broker.taken.length === 1, 'telemetry goes out beside them');
    broker.cut();
    await until(() => broker.received.filter(({ cmd }) => cmd === 'publish').length === 4, 'one of them again');
    client.publish({ topic: 'telemetry', payload: 'x', qos: 0, retain: false });
    assert.equal(client.depth.dropped, 1);
    broker.options.isDeaf = () => false;
    broker.cut(0x98);
    await Promise.all(sent);
  });

  it('do not take QoS 2 away from a broker that has shown that it takes it', async () => {
    broker = await startStrictBroker(hates('hated'));
    const client = open();
    await publish(client, { topic: 'billed', qos: 2 });
    await assert.rejects(publish(client, { topic: 'hated', qos: 2 }), /ends the connection/);
    await publish(client, { topic: 'billed', qos: 2 });
    assert.deepEqual(
      broker.taken.filter(({ topic }) => topic === 'billed').map(({ qos }) => qos),
      [2, 2],
    );
  });

  for (const isKnown of [true, false])
    it(`are released where the broker has them${isKnown ? '' : ', and sent again where it has lost its sessions'}`, async () => {
      broker = await startStrictBroker({ version: 5, isDeafToRelease: () => true });
      const client = open();
      const sent = publish(client, { topic: 'n', qos: 2 });
      await until(() => broker.received.some(({ cmd }) => cmd === 'pubrel'), 'it was received');
      broker.options.isDeafToRelease = () => false;
      if (!isKnown) broker.sessions.clear();
      broker.cut();
      await sent;
      assert.deepEqual(takenOn('n'), ['x']);
      const publishes = broker.received.filter((packet) => packet.cmd === 'publish' && packet.topic === 'n');
      assert.equal(publishes.length, isKnown ? 1 : 2);
    });

  it('are sent again as copies, with the packet id they had', async () => {
    broker = await startStrictBroker({ version: 5, isDeaf: () => true });
    const client = open();
    const sent = publish(client, { topic: 'n', qos: 2 });
    const publishes = () =>
      broker.received.flatMap((packet) => (packet.cmd === 'publish' && packet.topic === 'n' ? [packet] : []));
    await until(() => publishes().length === 1, 'it was sent');
    broker.options.isDeaf = () => false;
    broker.cut();
    await sent;
    assert.deepEqual(
      publishes().map(({ dup, messageId }) => [dup, messageId]),
      [
        [false, publishes()[0]?.messageId],
        [true, publishes()[0]?.messageId],
      ],
    );
    assert.deepEqual(takenOn('n'), ['x']);
  });
});
