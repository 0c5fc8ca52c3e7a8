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

describe('a broker that takes less than everything', () => {
  let broker: StrictBroker;
  let session: Session;
  let client: BrokerClient;
  let events: ClientEvent[];

  beforeEach(() => {
    session = new Session(1000);
    events = [];
  });
  afterEach(async () => {
    await client.close(true);
    await broker.close();
  });

  const open = (options: Partial<ClientOptions> = {}): BrokerClient => {
    const servers = [{ protocol: 'mqtt' as const, host: '127.0.0.1', port: broker.port }];
    client = new BrokerClient({ servers, clientId: 'tested', ...options }, session, hasty);
    client.onEvent((event) => events.push(event));
    client.open();
    return client;
  };
  const server = (): string => `mqtt://127.0.0.1:${broker.port}`;
  const degraded = (): ClientEvent[] => events.filter(({ name }) => name === 'delivery_degraded');
  const publish = (given: Partial<Publication> & { topic: string }): Promise<void> =>
    new Promise((resolve, reject) =>
      client.publish({ payload: 'x', qos: 1, retain: false, ...given }, (error) => (error ? reject(error) : resolve())),
    );
  /** Five of one kind in front, fifty of a harmless one behind. */
  const publishAll = (special: Partial<Publication>): Promise<void>[] => [
    ...numbers(5).map((n) => publish({ topic: `special/${n}`, ...special })),
    ...numbers(50).map((n) => publish({ topic: `plain/${n}` })),
  ];
  const takenTopics = (): string[] => broker.taken.map(({ topic }) => topic);
  const status = { topic: 'system/status/me', qos: 1, retain: true } as const;
  const withWill = {
    will: { ...status, payload: 'gone' },
    birth: () => ({ ...status, payload: 'here' }),
  };

  const versions: [name: string, options: StrictOptions][] = [
    ['MQTT 5', { version: 5 }],
    ['MQTT 3.1.1', { version: 4 }],
  ];
  for (const [name, version] of versions)
    describe(name, () => {
      it('sends QoS 2 with QoS 1 where that is the most', async () => {
        broker = await startStrictBroker({ ...version, maximumQoS: 1 });
        open(withWill);
        await Promise.all(publishAll({ qos: 2 }));
        assert.equal(new Set(takenTopics()).size, 56);
        assert.ok(broker.ended.length <= 4, `${broker.ended.length} connections ended`);
        assert.ok(broker.taken.every(({ qos }) => qos === 1));
        assert.deepEqual(
          degraded().map(({ phrase }) => phrase),
          [{ key: 'notice.qos', params: { server: server(), qos: 1 } }],
        );
      });

      it('sends everything unretained, the will too, where nothing is retained', async () => {
        broker = await startStrictBroker({ ...version, retainAvailable: false });
        open(withWill);
        await Promise.all(publishAll({ retain: true }));
        assert.equal(new Set(takenTopics()).size, 56);
        assert.ok(broker.taken.every(({ retain }) => !retain));
        assert.deepEqual(broker.connects.at(-1)?.will?.retain, false);
        assert.deepEqual(
          degraded().map(({ phrase }) => phrase.key),
          ['notice.retain'],
        );
      });

      it('gives a message that is too large back to its sender, and sends the others', async () => {
        broker = await startStrictBroker({ ...version, maximumPacketSize: 1000 });
        open(withWill);
        const outcomes = await Promise.allSettled(publishAll({ payload: 'x'.repeat(2000) }));
        assert.deepEqual(
          outcomes.map(({ status }) => status),
          [...numbers(5).map(() => 'rejected'), ...numbers(50).map(() => 'fulfilled')],
        );
        assert.equal(new Set(takenTopics()).size, 51);
      });
    });

  it('knows what was told and learnt at the next connection, and after a deploy', async () => {
    broker = await startStrictBroker({ version: 4, maximumQoS: 1 });
    open(withWill);
    await publish({ topic: 'a', qos: 2 });
    const cuts = broker.ended.length;
    await client.close(false);
    open(withWill);
    await publish({ topic: 'b', qos: 2, retain: true });
    assert.ok(broker.taken.at(-1)?.retain);
    assert.equal(broker.ended.length, cuts);
    assert.equal(degraded().length, 1);
  });

  it('finds out which of two is too much: only that is left out from then on', async () => {
    broker = await startStrictBroker({ version: 4, retainAvailable: false });
    open();
    await publish({ topic: 'a', qos: 2, retain: true });
    await publish({ topic: 'b', qos: 2, retain: true });
    assert.deepEqual(
      broker.taken.map(({ qos, retain }) => [qos, retain]),
      [
        [2, false],
        [2, false],
      ],
    );
  });

  it('lowers the QoS of the will as far as the broker wants it', async () => {
    broker = await startStrictBroker({ version: 5, maximumQoS: 0 });
    open({ will: { ...status, qos: 2, payload: 'gone' } });
    await publish({ topic: 'a', qos: 2 });
    await until(() => broker.taken.length === 1, 'the message');
    assert.deepEqual(
      [...broker.connects.map(({ will }) => will?.qos), ...broker.taken.map(({ qos }) => qos)],
      [2, 1, 0, 0],
    );
  });

  it('names the size and the limit, also for QoS 0, and takes what just fits', async () => {
    broker = await startStrictBroker({ version: 5, maximumPacketSize: 1000 });
    open();
    // 1 + 2 + 2 + topic + packet id 2 + properties: length 1, expiry 5, correlation data 3 + 4, response topic 3 + 5
    const more = { expiryS: 60, correlationData: Buffer.alloc(4), responseTopic: 'r/ä/r'.slice(0, 4) };
    const overhead = 1 + 2 + 2 + 1 + 2 + 1 + 5 + 3 + 4 + 3 + 5;
    await publish({ topic: 't', payload: 'x'.repeat(1000 - overhead), ...more });
    await assert.rejects(
      publish({ topic: 't', payload: 'x'.repeat(1001 - overhead), ...more }),
      /t: it has 1001 bytes, the broker takes 1000 \(its Maximum Packet Size\)/,
    );
    await assert.rejects(publish({ topic: 't', qos: 0, payload: 'x'.repeat(1000) }), /Maximum Packet Size/);
    assert.deepEqual([broker.taken.length, broker.ended.length], [1, 0]);
  });

  it('keeps to Receive Maximum, also with what is sent again', async () => {
    broker = await startStrictBroker({ version: 5, receiveMaximum: 3, isDeaf: () => true });
    open();
    const sent = numbers(30).map((n) => publish({ topic: n, qos: 2 }));
    const publishes = () => broker.received.filter(({ cmd }) => cmd === 'publish').length;
    await until(() => publishes() === 3, 'three of them');
    broker.options.receiveMaximum = 2;
    broker.cut(0x98);
    await until(() => publishes() === 5, 'two of them again');
    broker.options.isDeaf = () => false;
    broker.cut(0x98);
    await Promise.all(sent);
    assert.equal(new Set(takenTopics()).size, 30);
    assert.deepEqual(broker.ended, [0x98, 0x98]);
  });

  it('pings as often as the broker wants it', async () => {
    broker = await startStrictBroker({ version: 5, properties: { serverKeepAlive: 1 } });
    open({ keepaliveS: 3600 });
    await until(() => broker.received.some(({ cmd }) => cmd === 'pingreq'), 'a ping');
  });

  it('comes back under the client id it was given', async () => {
    broker = await startStrictBroker({ version: 5, properties: { assignedClientIdentifier: 'given' } });
    open();
    await publish({ topic: 'a' });
    broker.cut(0x98);
    await until(() => broker.connects.length === 2, 'it comes back');
    assert.deepEqual(
      broker.connects.map(({ clientId }) => clientId),
      ['tested', 'given'],
    );
  });

  it('keeps to a client id that was changed in the form, also where it was given another', async () => {
    broker = await startStrictBroker({ version: 5, properties: { assignedClientIdentifier: 'given' } });
    open();
    await publish({ topic: 'a' });
    await client.close(false);
    open({ clientId: 'changed' });
    await publish({ topic: 'a' });
    assert.deepEqual(
      broker.connects.map(({ clientId }) => clientId),
      ['tested', 'changed'],
    );
  });

  it('takes nothing for a copy where the client id was changed and changed back', async () => {
    broker = await startStrictBroker({ version: 5, isDeaf: () => true });
    open();
    const first = numbers(5).map((n) => publish({ topic: 'a', payload: `first ${n}`, qos: 2 }));
    await until(() => broker.sessions.get('tested')?.unreleased.size === 5, 'the broker holds them');
    await client.close(false);
    broker.options.isDeaf = () => false;
    open({ clientId: 'changed' });
    await Promise.all(first);
    await client.close(false);
    open();
    await Promise.all(numbers(5).map((n) => publish({ topic: 'a', payload: `second ${n}`, qos: 2 })));
    const second = broker.taken.map(({ payload }) => String(payload)).filter((each) => each.startsWith('second'));
    assert.deepEqual(
      second,
      numbers(5).map((n) => `second ${n}`),
    );
  });

  it('says that the session is kept for less', async () => {
    broker = await startStrictBroker({ version: 5, properties: { sessionExpiryInterval: 60 } });
    open();
    await publish({ topic: 'a' });
    broker.cut(0x98);
    await until(() => broker.connects.length === 2 && client.state.kind === 'online', 'it comes back');
    assert.deepEqual(
      events.filter(({ name }) => name === 'session_shortened').map(({ phrase }) => phrase),
      [{ key: 'notice.sessionShortened', params: { server: server(), seconds: 60 } }],
    );
  });

  const unavailable: [string, string, StrictOptions['properties'], string][] = [
    ['wildcards', 'devices/+/soc', { wildcardSubscriptionAvailable: false }, 'notice.wildcardUnavailable'],
    ['shared subscriptions', '$share/a/b', { sharedSubscriptionAvailable: false }, 'notice.sharedUnavailable'],
  ];
  for (const [name, filter, properties, key] of unavailable)
    it(`does not ask for ${name} where there are none, and says so`, async () => {
      broker = await startStrictBroker({ version: 5, ...(properties && { properties }) });
      open();
      client.subscribe(['plain/topic'], 1, () => {});
      client.subscribe([filter], 1, () => {});
      await publish({ topic: 'a' });
      const state = client.state;
      assert.deepEqual(state.kind === 'online' && state.problem, { key, params: { filter } });
      const asked = broker.received.flatMap((packet) => (packet.cmd === 'subscribe' ? packet.subscriptions : []));
      assert.deepEqual(new Set(asked.map(({ topic }) => topic)), new Set(['plain/topic']));
    });
});
