import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { certificatePath, identityOf } from '../support/certificates.ts';
import { startStrictBroker } from '../support/mqtt/strict-broker.ts';
import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import {
  allNodes,
  collect,
  collectErrors,
  collectStatus,
  helper,
  objectsOf,
  type Sent,
  tlsConfig,
} from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

describe('ems-broker that cannot connect', () => {
  let broker: TestBroker | undefined;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(async () => {
    await helper.unload();
    await broker?.close();
    broker = undefined;
  });

  const load = async (servers: string[], more: object = {}, credentials: object = {}, tls: object = {}) => {
    const flow = [
      { id: 'tab', type: 'tab' },
      {
        id: 'tls',
        type: 'tls-config',
        ca: certificatePath('ca.crt'),
        cert: '',
        key: '',
        verifyservercert: true,
        ...tls,
      },
      { id: 'broker', type: 'ems-broker', servers, tls: 'tls', ...more },
      { id: 'heart', z: 'tab', type: 'ems-heartbeat', broker: 'broker', period: 1, node: 'me', wires: [['events']] },
      { id: 'publish', z: 'tab', type: 'ems-publish', broker: 'broker', wires: [] },
      { id: 'events', z: 'tab', type: 'helper' },
    ];
    await helper.load([...allNodes, tlsConfig], flow, { broker: credentials });
  };
  /** As a user enters it. */
  const fromEnvironment = (name: string): string => ['$', `{${name}}`].join('');
  const eventsOf = (sent: Sent[]): Record<string, unknown>[] =>
    objectsOf(sent).filter(({ schema }) => schema === 'event/1');
  const tellingOf = (key: string): string[] => helper.logged().filter((text) => text.includes(key));

  it('says why at the dot of every node that uses it, once in the log, and as an event of the heartbeat', async () => {
    const gone = await startBroker();
    await gone.close();
    const { port } = gone;
    await load([`mqtts://127.0.0.1:${port}`]);
    const [heart, publish] = [collectStatus('heart'), collectStatus('publish')];
    const sent = collect('events');
    const isSaid = (statuses: { fill: string; text: string }[]) =>
      statuses.some(({ fill, text }) => fill === 'red' && text.endsWith('.status.offline'));
    await until(() => isSaid(heart) && isSaid(publish), 'the dots');
    await until(() => eventsOf(sent).length > 0, 'the event');
    const [event] = eventsOf(sent);
    assert.deepEqual(
      [event?.name, event?.severity, event?.code],
      ['broker_offline', 'warning', 'refusal.connectionRefused'],
    );
    assert.ok(JSON.stringify(event?.data).includes(`"mqtts://127.0.0.1:${port}"`));
    await until(() => heart.filter(({ text }) => text.includes('connecting')).length >= 3, 'it is tried again');
    assert.equal(tellingOf('connectionRefused').length, 1);
    assert.equal(eventsOf(sent).length, 1);
  });

  it('stays yellow where the certificate is not looked at', async () => {
    broker = await startBroker({ tls: identityOf('server') });
    await load([`mqtts://127.0.0.1:${broker.port}`], {}, {}, { verifyservercert: false });
    const statuses = collectStatus('publish');
    await until(
      () => statuses.at(-1)?.fill === 'yellow' && /status\.problem$/.test(statuses.at(-1)?.text ?? ''),
      'a warning',
    );
    assert.equal(tellingOf('notice.unverified').length, 1);
    assert.ok(!statuses.some(({ fill }) => fill === 'green'));
  });

  it('names the environment variable that a password needs', async () => {
    delete process.env.EMS_TEST_ABSENT;
    await load(['mqtt://127.0.0.1:1'], {}, { user: 'ems', password: fromEnvironment('EMS_TEST_ABSENT') });
    assert.ok(
      helper.logged().some((text) => text.includes('password: the environment variable EMS_TEST_ABSENT is not set')),
      helper.logged().join('\n'),
    );
  });

  it('takes a password from the environment', async () => {
    process.env.EMS_TEST_PASSWORD = 'right';
    broker = await startBroker({ username: 'ems', password: 'right' });
    await load(
      [`mqtt://127.0.0.1:${broker.port}`],
      {},
      { user: 'ems', password: fromEnvironment('EMS_TEST_PASSWORD') },
    );
    const statuses = collectStatus('publish');
    await until(() => statuses.at(-1)?.fill === 'green', 'it is in');
    delete process.env.EMS_TEST_PASSWORD;
  });

  describe('with a list of servers with TLS and without', () => {
    let asked = 0;
    const plain = createServer((socket) => {
      asked++;
      socket.destroy();
    });
    let port: number;
    before(async () => {
      await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
      const address = plain.address();
      port = typeof address === 'object' && address ? address.port : 0;
    });
    after(() => plain.close());
    beforeEach(() => {
      asked = 0;
    });
    const refusal = /has no TLS and follows a server that has/;

    for (const kind of ['mqtt', 'ws'])
      it(`does not fall back to ${kind} unless it is asked to, and says so`, async () => {
        await load(['mqtts://127.0.0.1:1', `${kind}://127.0.0.1:${port}`], {}, { user: 'ems', password: 'secret' });
        assert.ok(helper.logged().some((text) => refusal.test(text) && text.includes(`${kind}://127.0.0.1:${port}`)));
        const errors = collectErrors('publish');
        helper.getNode('publish').receive({ payload: {} });
        await until(() => errors.length > 0, 'the error of whoever uses it');
        assert.equal(asked, 0);
      });

    it('falls back where it is asked to', async () => {
      const strict = await startStrictBroker({ version: 5 });
      const servers = ['mqtts://127.0.0.1:1', `mqtt://127.0.0.1:${strict.port}`];
      await load(servers, { plainFallback: true }, { user: 'ems', password: 'secret' });
      await until(() => strict.connects.length === 1, 'it connects');
      assert.ok(!helper.logged().some((text) => refusal.test(text)));
      await helper.unload();
      await strict.close();
    });

    it('has nothing against one with TLS after one without', async () => {
      await load([`mqtt://127.0.0.1:${port}`, 'mqtts://127.0.0.1:1']);
      await until(() => asked > 0, 'it tries the first');
      assert.ok(!helper.logged().some((text) => refusal.test(text)));
    });
  });

  it('tells what was set aside: its sender through Catch, everybody else by an event', async () => {
    const strict = await startStrictBroker({ version: 5, maximumPacketSize: 700 });
    await load([`mqtt://127.0.0.1:${strict.port}`]);
    const statuses = collectStatus('publish');
    await until(() => statuses.at(-1)?.fill === 'green', 'online');
    const errors = collectErrors('publish');
    const event = (name: string, message: string) => ({
      payload: {
        topic: `devices/m1/event/${name}`,
        schema: 'event/1',
        id: name,
        name,
        severity: 'info',
        ts: new Date().toISOString(),
        message,
      },
    });
    helper.getNode('publish').receive(event('large', 'x'.repeat(1000)));
    helper.getNode('publish').receive(event('small', 'x'));
    await until(() => errors.length === 1, 'the error');
    assert.match(errors[0] ?? '', /devices\/m1\/event\/large: it has 1\d\d\d bytes, the broker takes 700/);
    await until(() => strict.taken.some(({ topic }) => topic === 'devices/m1/event/small'), 'the other');
    await helper.unload();
    await strict.close();
  });
});
