import assert from 'node:assert/strict';
import { BrokerClient } from '../../../src/mqtt/client.ts';
import type { ClientOptions } from '../../../src/mqtt/client-options.ts';
import { Session } from '../../../src/mqtt/session/session.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { listen, type Observer } from '../../support/mqtt/observer.ts';
import { startBroker, type TestBroker } from '../../support/mqtt/test-broker.ts';
import { startTcpRelay, type TcpRelay } from '../../support/tcp-relay.ts';
import { until } from '../../support/until.ts';

describe('what brokers retain for us', () => {
  let preferred: TestBroker;
  let standby: TestBroker;
  /** The way to the preferred broker, which keeps its sessions while the way is closed. */
  let way: TcpRelay;
  let session: Session;
  const clients: BrokerClient[] = [];
  const listeners: Observer[] = [];

  beforeEach(async () => {
    preferred = await startBroker();
    standby = await startBroker();
    way = await startTcpRelay(() => preferred.port);
    session = new Session(100);
  });
  afterEach(async () => {
    for (const each of listeners.splice(0)) await each.close();
    for (const each of clients.splice(0)) await each.close(true);
    await way.close();
    await preferred.close();
    await standby.close();
  });

  const at = (port: number) => ({ protocol: 'mqtt' as const, host: '127.0.0.1', port });
  const open = (options: Partial<ClientOptions> = {}): BrokerClient => {
    const servers = [at(way.port), at(standby.port)];
    const client = new BrokerClient(
      { servers, clientId: 'tested', returnCheckMs: 50, ...options },
      session,
      systemClock,
    );
    clients.push(client);
    // Aedes says that it has a session only where there is a subscription.
    client.subscribe(['in'], 1, () => {});
    client.open();
    return client;
  };
  const connected = (client: BrokerClient, isPreferred: boolean): Promise<void> =>
    until(
      () => {
        const state = client.state;
        return state.kind === 'online' && state.isPreferred === isPreferred;
      },
      `online at the ${isPreferred ? 'preferred' : 'standby'} server`,
    );
  const failOver = async (client: BrokerClient): Promise<void> => {
    await way.close();
    await connected(client, false);
  };
  const comeBack = async (client: BrokerClient): Promise<void> => {
    way = await startTcpRelay(() => preferred.port, way.port);
    await connected(client, true);
  };
  const retain = (client: BrokerClient, topic: string, payload: string, qos: 0 | 1 | 2 = 1): Promise<void> =>
    new Promise((resolve, reject) =>
      client.publish({ topic, payload, qos, retain: true }, (error) => (error ? reject(error) : resolve())),
    );
  /** The last word of a broker on each topic, as somebody sees it who comes now and stays. */
  const look = async ({ port }: TestBroker): Promise<Map<string, string>> => {
    const listener = await listen(port);
    listeners.push(listener);
    const words = new Map<string, string>();
    const take = (topic: string, payload: string): void =>
      void (payload === '' ? words.delete(topic) : words.set(topic, payload));
    for (const { topic, payload } of listener.heard) take(topic, payload);
    listener.client.on('message', (topic, payload) => take(topic, String(payload)));
    return words;
  };
  const shows = (words: Map<string, string>, expected: Record<string, string>): Promise<void> =>
    until(
      () =>
        words.size === Object.keys(expected).length && [...words].every(([topic, word]) => expected[topic] === word),
      `${JSON.stringify(expected)}`,
    );

  it('is told to every broker we come to, also to one that knew us before', async () => {
    const client = open();
    await connected(client, true);
    await retain(client, 'soc', '1');
    await failOver(client);
    await shows(await look(standby), { soc: '1' });
    await retain(client, 'soc', '2');
    await comeBack(client);
    await shows(await look(preferred), { soc: '2' });
    await retain(client, 'soc', '3');
    await failOver(client);
    await shows(await look(standby), { soc: '3' });
  });

  it('is taken away where it was taken away elsewhere', async () => {
    const client = open();
    await connected(client, true);
    await retain(client, 'gone', '1');
    await retain(client, 'kept', '1', 2);
    await failOver(client);
    await retain(client, 'gone', '');
    await comeBack(client);
    await shows(await look(preferred), { kept: '1' });
  });

  it('is told again where QoS 0 was dropped on the way', async () => {
    const client = open({ servers: [at(way.port)] });
    await connected(client, true);
    await retain(client, 'plain/soc', '1', 0);
    await way.close();
    await until(() => client.state.kind !== 'online', 'offline');
    await retain(client, 'plain/soc', '2', 0);
    await comeBack(client);
    await shows(await look(preferred), { 'plain/soc': '2' });
  });

  it('ends with the newest, where the queue was full', async () => {
    session = new Session(1);
    const client = open({ servers: [at(way.port)] });
    await connected(client, true);
    await way.close();
    await until(() => client.state.kind !== 'online', 'offline');
    const first = retain(client, 'soc', '1');
    await assert.rejects(retain(client, 'soc', '2'), /are waiting for the broker already/);
    await comeBack(client);
    await first;
    await shows(await look(preferred), { soc: '2' });
  });

  it('is told in full, where the telling is cut in the middle', async () => {
    const topics = Array.from({ length: 300 }, (_, n) => `topic/${n}`);
    session = new Session(1000);
    const client = open({ window: 5 });
    await connected(client, true);
    await failOver(client);
    await Promise.all(topics.map((topic) => retain(client, topic, '1')));
    const words = await look(preferred);
    let told = 0;
    listeners.at(-1)?.client.on('message', () => {
      if (words.size !== 20) return;
      told = words.size;
      way.cut();
    });
    await comeBack(client);
    await until(() => told > 0, 'the cut');
    await shows(words, Object.fromEntries(topics.map((topic) => [topic, '1'])));
  });

  it('moves with the prefix, and so does what is subscribed and what waits', async () => {
    const servers = [at(way.port)];
    const heard: string[] = [];
    const old = open({ servers, prefix: 'old' });
    await connected(old, true);
    old.subscribe(['#'], 1, () => {});
    await retain(old, 'soc', '1');
    await way.close();
    await until(() => old.state.kind !== 'online', 'offline');
    const waiting = new Promise<void>((resolve) =>
      old.publish({ topic: 'command', payload: 'go', qos: 1, retain: false }, () => resolve()),
    );
    await old.close(false);
    way = await startTcpRelay(() => preferred.port, way.port);
    const words = await look(preferred);
    const client = open({ servers, prefix: 'new' });
    client.subscribe(['#'], 1, ({ topic }) => heard.push(topic));
    await connected(client, true);
    await waiting;
    await shows(words, { 'new/soc': '1', 'new/command': 'go' });
    await until(() => preferred.events.some(({ kind }) => kind === 'unsubscribed'), 'the old filter is taken back');
    assert.ok(heard.every((topic) => !topic.startsWith('old')));
  });
});
