import assert from 'node:assert/strict';
import { freePorts } from '../support/free-ports.ts';
import { connectRaw, openRaw, publication, type RawClient, subscribeRaw } from '../support/mqtt/raw-client.ts';
import { allNodes, collect, collectStatus, helper, type Sent } from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

interface Told {
  kind: string;
  limit?: string;
  client?: string;
  reason?: string;
}

describe('ems-local-broker', () => {
  let port: number;
  let sent: Sent[];
  const raw: RawClient[] = [];

  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(async () => {
    for (const each of raw.splice(0)) each.destroy();
    await helper.unload();
  });

  const load = async (limits: object, credentials: object = {}): Promise<{ fill: string; text: string }[]> => {
    [port = 0] = await freePorts(1);
    const flow = [
      { id: 'broker', type: 'ems-local-broker', host: '127.0.0.1', port, ...limits, wires: [['told']] },
      { id: 'told', type: 'helper' },
    ];
    await helper.load(allNodes, flow, { broker: credentials });
    sent = collect('told');
    const statuses = collectStatus('broker');
    await until(() => statuses.at(-1)?.fill === 'green', 'the port is open');
    return statuses;
  };
  const told = (): Told[] => sent.map(({ payload }) => payload as Told);
  const enter = async (clientId: string, more: object = {}): Promise<RawClient> => {
    const client = await connectRaw(port, clientId, more);
    raw.push(client);
    return client;
  };

  it('tells a limit that bites at its output, once in the log, and shows it', async () => {
    const statuses = await load({ packetSize: 1 });
    const longest = 1024 - 2 - 't'.length;
    const good = await enter('good');
    await subscribeRaw(good, { t: 0 });
    good.send(publication('t', Buffer.alloc(longest)));
    await until(() => good.of('publish').length === 1, 'a packet of one kB');
    for (let i = 0; i < 3; i++) {
      const bad = await enter('bad');
      bad.send(publication('t', Buffer.alloc(longest + 1)));
      await until(() => bad.isClosed(), 'the end of its connection');
    }
    const event = told().find(({ kind }) => kind === 'limited');
    assert.deepEqual([event?.limit, event?.client], ['packetBytes', 'bad']);
    assert.equal(event?.reason, 'a packet of 1025 bytes; 1024 are allowed');
    const logged = helper.logged().filter((text) => text.includes('1024 are allowed'));
    assert.equal(logged.length, 1, logged.join('\n'));
    assert.match(logged[0] ?? '', /^client "bad" at 127\.0\.0\.1:\d+: a packet of 1025 bytes; 1024 are allowed$/);
    await until(() => statuses.at(-1)?.fill === 'yellow', 'the status');
    assert.ok(!good.isClosed());
  });

  it('takes each limit from its form, in the unit of the form', async () => {
    process.env.TEST_CONNECTIONS = '3';
    await load({ connections: '$' + '{TEST_CONNECTIONS}', subscriptions: '2', retainedMessages: 1, sessions: 1 });
    delete process.env.TEST_CONNECTIONS;
    const first = await enter('first', { clean: false });
    await subscribeRaw(first, { a: 0, b: 0, c: 0 });
    assert.deepEqual(first.of('suback')[0]?.granted, [0, 0, 128]);
    for (const topic of ['x', 'y']) first.send({ ...publication(topic, '1'), retain: true });
    await until(() => told().some(({ limit }) => limit === 'retainedMessages'), 'the limit of retained messages');
    assert.equal((await enter('second', { clean: false })).of('connack')[0]?.returnCode, 3);
    for (let i = 0; i < 5; i++) raw.push(await openRaw(port));
    await until(() => told().some(({ limit }) => limit === 'connections'), 'the limit of connections');
    assert.ok(!first.isClosed());
  });

  it('refuses a limit that is none, in words', async () => {
    const flow = [{ id: 'broker', type: 'ems-local-broker', port: 1883, queuedSize: 'much', wires: [[]] }];
    await helper.load(allNodes, flow);
    assert.ok(helper.logged().some((text) => text.includes('queuedSize')));
  });
});
