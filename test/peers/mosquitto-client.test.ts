import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerClient } from '../../src/mqtt/client.ts';
import type { ClientOptions } from '../../src/mqtt/client-options.ts';
import { Session } from '../../src/mqtt/session/session.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { certificatePath } from '../support/certificates.ts';
import { findProgram, type Mosquitto, startMosquitto, subscribe } from '../support/mqtt/mosquitto.ts';
import { allNodes, collectStatus, helper } from '../support/node-red/test-helper.ts';
import { startTcpRelay } from '../support/tcp-relay.ts';
import { until } from '../support/until.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

describe('the client with mosquitto, MQTT 5', () => {
  let mosquitto: Mosquitto;
  const clients: BrokerClient[] = [];
  const subscribers: ReturnType<typeof subscribe>[] = [];

  afterEach(async () => {
    for (const each of subscribers.splice(0)) await each.close();
    for (const each of clients.splice(0)) await each.close(true);
    await mosquitto.close();
  });

  const open = async (options: Partial<ClientOptions> = {}): Promise<BrokerClient> => {
    const servers = [{ protocol: 'mqtt' as const, host: '127.0.0.1', port: mosquitto.port }];
    const client = new BrokerClient({ servers, clientId: 'tested', ...options }, new Session(5000), systemClock);
    clients.push(client);
    client.open();
    await until(() => client.state.kind === 'online', 'the client is online');
    return client;
  };
  const hear = async (words?: string[]): Promise<ReturnType<typeof subscribe>> => {
    const subscriber = subscribe(mosquitto.port, words);
    subscribers.push(subscriber);
    const client = await open({ clientId: 'asks' });
    const ask = setInterval(() => client.publish({ topic: 'here', payload: '1', qos: 0, retain: false }), 20);
    await until(() => subscriber.received.length > 0, 'mosquitto_sub listens');
    clearInterval(ask);
    return subscriber;
  };
  const publish = (client: BrokerClient, topic: string, payload: string, qos: 1 | 2, retain = false): Promise<void> =>
    new Promise((resolve, reject) =>
      client.publish({ topic, payload, qos, retain }, (error) => (error ? reject(error) : resolve())),
    );

  it('speaks 5 by itself, and keeps to a Receive Maximum of 3', async () => {
    mosquitto = await startMosquitto(['allow_anonymous true', 'max_inflight_messages 3']);
    // QoS 0 on the way out: with so few in flight this broker sometimes stops in the middle of its queue.
    const subscriber = await hear(['-q', '0']);
    const client = await open();
    const state = client.state;
    assert.equal(state.kind === 'online' && state.version, 5);
    await Promise.all(numbers(300).map((n) => publish(client, 'n', n, 2)));
    const heard = () => subscriber.received.filter(({ topic }) => topic === 'n').map(({ payload }) => payload);
    await until(() => heard().length >= 300, 'all of them');
    assert.deepEqual(heard(), numbers(300));
  });

  it('loses nothing when mosquitto is ended and started again, and retains anew where it came back empty', async () => {
    mosquitto = await startMosquitto();
    const client = await open();
    await publish(client, 'kept', 'still true', 1, true);
    const heard: string[] = [];
    client.subscribe(['n'], 2, ({ payload }) => heard.push(String(payload)));
    await publish(client, 'n', 'before', 2);
    await until(() => heard.length === 1, 'the subscription');
    const { port } = mosquitto;
    await mosquitto.close();
    const sent = numbers(200).map((n) => publish(client, 'n', n, 2));
    mosquitto = await startMosquitto(undefined, port);
    await Promise.all(sent);
    await until(() => heard.length >= 201, 'all of them');
    assert.deepEqual(heard, ['before', ...numbers(200)]);
    const late = await hear();
    await until(() => late.received.some(({ topic }) => topic === 'kept'), 'the retained message');
    const kept = late.received.find(({ topic }) => topic === 'kept');
    assert.deepEqual(kept, { topic: 'kept', payload: 'still true', qos: 1, retain: true });
  });

  it('shares a subscription: each message goes to one of its group, behind a prefix as well', async () => {
    mosquitto = await startMosquitto();
    const heard: string[] = [];
    const members = await Promise.all(['first', 'second'].map((clientId) => open({ clientId, prefix: 'plant' })));
    // Each is asked for its group and, by a topic of its own, whether the server has subscribed it.
    const ready = new Set<string>();
    for (const [i, member] of members.entries()) {
      member.subscribe(['$share/group/n'], 2, ({ payload }) => heard.push(String(payload)));
      member.subscribe([`ready/${i}`], 1, ({ topic }) => ready.add(topic));
      await publish(member, `ready/${i}`, '', 1);
    }
    await until(() => ready.size === 2, 'both subscriptions');
    const publisher = await open({ clientId: 'publisher', prefix: 'plant' });
    await Promise.all(numbers(200).map((n) => publish(publisher, 'n', n, 2)));
    await until(() => heard.length >= 200, 'all of them');
    assert.deepEqual(
      heard.map(Number).sort((a, b) => a - b),
      numbers(200).map(Number),
    );
  });

  it('lets the broker drop what has expired', async () => {
    mosquitto = await startMosquitto();
    const client = await open();
    const wait = { clientId: 'sleeper', sessionExpiryS: 60 };
    const sleeper = await open(wait);
    const filters = ['commands/#'];
    sleeper.subscribe(filters, 1, () => {});
    await publish(sleeper, 'commands/subscribed', '', 1);
    await sleeper.close(false);
    const done = new Promise<void>((resolve) =>
      client.publish({ topic: 'commands/old', payload: '1', qos: 1, retain: false, expiryS: 1 }, () => resolve()),
    );
    await done;
    // QoS 0 carries its expiry as well: a bare value that is retained goes with it.
    client.publish({ topic: 'commands/bare', payload: '1', qos: 0, retain: true, expiryS: 1 });
    await publish(client, 'commands/new', '2', 1);
    // The broker counts whole seconds: what expires is its own time, which nobody here can move.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const awake = new BrokerClient(
      { servers: [{ protocol: 'mqtt', host: '127.0.0.1', port: mosquitto.port }], ...wait },
      new Session(10),
      systemClock,
    );
    clients.push(awake);
    const heard: string[] = [];
    awake.subscribe(filters, 1, ({ topic }) => heard.push(topic));
    awake.open();
    await until(() => heard.includes('commands/new'), 'what did not expire');
    assert.ok(!heard.includes('commands/old') && !heard.includes('commands/bare'), heard.join());
  });

  it('leaves its will when the connection breaks without a word', async () => {
    mosquitto = await startMosquitto();
    const subscriber = await hear();
    const will = { topic: 'system/status/me', payload: 'lost', qos: 1 as const, retain: true };
    const relay = await startTcpRelay(() => mosquitto.port);
    const servers = [{ protocol: 'mqtt' as const, host: '127.0.0.1', port: relay.port }];
    await open({ clientId: 'dies', will, servers });
    relay.cut();
    await until(() => subscriber.received.some(({ payload }) => payload === 'lost'), 'the will');
    await relay.close();
  });
});

describe('ems-broker with mosquitto that asks for TLS, a password and a client certificate', () => {
  const require = createRequire(import.meta.url);
  const tlsConfig = require('@node-red/nodes/core/network/05-tls.js');
  let folder: string;
  let mosquitto: Mosquitto;
  let subscriber: ReturnType<typeof subscribe>;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ems-passwords-'));
    const passwords = join(folder, 'passwords');
    const program = findProgram('mosquitto_passwd');
    assert.ok(program, 'mosquitto_passwd is missing: apt-get install mosquitto');
    assert.equal(spawnSync(program, ['-c', '-b', passwords, 'gateway', 'right']).status, 0);
    await helper.startServer();
    mosquitto = await startMosquitto([
      'allow_anonymous false',
      `password_file ${passwords}`,
      `cafile ${certificatePath('ca.crt')}`,
      `certfile ${certificatePath('server.crt')}`,
      `keyfile ${certificatePath('server.key')}`,
      'require_certificate true',
      'user root',
    ]);
    subscriber = subscribe(mosquitto.port, [
      ...['--cafile', certificatePath('ca.crt')],
      ...['--cert', certificatePath('client.crt'), '--key', certificatePath('client.key')],
      ...['-u', 'gateway', '-P', 'right'],
    ]);
  });
  after(async () => {
    await subscriber.close();
    await mosquitto.close();
    await helper.stopServer();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => helper.unload());

  const load = async (password: string, tls: object): Promise<{ fill: string; text: string }[]> => {
    const flow = [
      { id: 'tls', type: 'tls-config', ca: certificatePath('ca.crt'), verifyservercert: true, ...tls },
      { id: 'broker', type: 'ems-broker', servers: [`mqtts://localhost:${mosquitto.port}`], tls: 'tls' },
      { id: 'heart', type: 'ems-heartbeat', broker: 'broker', period: 1, node: 'secured', wires: [[]] },
    ];
    await helper.load([...allNodes, tlsConfig], flow, { broker: { user: 'gateway', password } });
    return collectStatus('heart');
  };
  const own = { cert: certificatePath('client.crt'), key: certificatePath('client.key') };

  it('gets in with all of them, and is heard', async () => {
    await load('right', own);
    await until(() => subscriber.received.some(({ topic }) => topic === 'system/heartbeat/secured'), 'a heartbeat');
  });

  const refusals: [name: string, password: string, tls: object, words: RegExp][] = [
    ['with a wrong password', 'wrong', own, /not authorised/],
    ['without a certificate', 'right', {}, /did not return a certificate/],
  ];
  for (const [name, password, tls, words] of refusals)
    it(`stays out ${name}, and shows it`, async () => {
      const from = mosquitto.log().length;
      const statuses = await load(password, tls);
      await until(() => words.test(mosquitto.log().slice(from)), 'mosquitto refuses it');
      await until(() => statuses.at(-1)?.fill === 'red', 'a red dot');
    });
});
