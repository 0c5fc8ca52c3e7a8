import assert from 'node:assert/strict';
import { createMqttLink, type MqttLink } from '../../src/mqtt/link.ts';
import type { LinkOptions } from '../../src/mqtt/options.ts';
import { createSession, type Session } from '../../src/mqtt/session.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { type Listener, listen, startBroker, type TestBroker } from '../support/broker.ts';
import { until } from '../support/events.ts';
import { type Relay, startRelay } from '../support/relay.ts';

describe('what brokers retain for us', () => {
  let preferred: TestBroker;
  let standby: TestBroker;
  /** The way to the preferred broker, which keeps its sessions while the way is closed. */
  let way: Relay;
  let session: Session;
  const links: MqttLink[] = [];
  const listeners: Listener[] = [];

  beforeEach(async () => {
    preferred = await startBroker();
    standby = await startBroker();
    way = await startRelay(() => preferred.port);
    session = createSession(100);
  });
  afterEach(async () => {
    for (const each of listeners.splice(0)) await each.close();
    for (const each of links.splice(0)) await each.close(true);
    await way.close();
    await preferred.close();
    await standby.close();
  });

  const at = (port: number) => ({ protocol: 'mqtt' as const, host: '127.0.0.1', port });
  const open = (options: Partial<LinkOptions> = {}): MqttLink => {
    const servers = [at(way.port), at(standby.port)];
    const link = createMqttLink({ servers, clientId: 'tested', returnCheckMs: 50, ...options }, session, systemClock);
    links.push(link);
    // Aedes says that it has a session only where there is a subscription.
    link.subscribe(['in'], 1, () => {});
    link.open();
    return link;
  };
  const connected = (link: MqttLink, isPreferred: boolean): Promise<void> =>
    until(
      () => {
        const state = link.state();
        return state.kind === 'online' && state.isPreferred === isPreferred;
      },
      `online at the ${isPreferred ? 'preferred' : 'standby'} server`,
    );
  const failOver = async (link: MqttLink): Promise<void> => {
    await way.close();
    await connected(link, false);
  };
  const comeBack = async (link: MqttLink): Promise<void> => {
    way = await startRelay(() => preferred.port, way.port);
    await connected(link, true);
  };
  const retain = (link: MqttLink, topic: string, payload: string, qos: 0 | 1 | 2 = 1): Promise<void> =>
    new Promise((resolve, reject) =>
      link.publish({ topic, payload, qos, retain: true }, (error) => (error ? reject(error) : resolve())),
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
    const link = open();
    await connected(link, true);
    await retain(link, 'soc', '1');
    await failOver(link);
    await shows(await look(standby), { soc: '1' });
    await retain(link, 'soc', '2');
    await comeBack(link);
    await shows(await look(preferred), { soc: '2' });
    await retain(link, 'soc', '3');
    await failOver(link);
    await shows(await look(standby), { soc: '3' });
  });

  it('is taken away where it was taken away elsewhere', async () => {
    const link = open();
    await connected(link, true);
    await retain(link, 'gone', '1');
    await retain(link, 'kept', '1', 2);
    await failOver(link);
    await retain(link, 'gone', '');
    await comeBack(link);
    await shows(await look(preferred), { kept: '1' });
  });

  it('is told again where QoS 0 was dropped on the way', async () => {
    const link = open({ servers: [at(way.port)] });
    await connected(link, true);
    await retain(link, 'plain/soc', '1', 0);
    await way.close();
    await until(() => link.state().kind !== 'online', 'offline');
    await retain(link, 'plain/soc', '2', 0);
    await comeBack(link);
    await shows(await look(preferred), { 'plain/soc': '2' });
  });

  it('ends with the newest, where the queue was full', async () => {
    session = createSession(1);
    const link = open({ servers: [at(way.port)] });
    await connected(link, true);
    await way.close();
    await until(() => link.state().kind !== 'online', 'offline');
    const first = retain(link, 'soc', '1');
    await assert.rejects(retain(link, 'soc', '2'), /are waiting for the broker already/);
    await comeBack(link);
    await first;
    await shows(await look(preferred), { soc: '2' });
  });

  it('is told in full, where the telling is cut in the middle', async () => {
    const topics = Array.from({ length: 300 }, (_, n) => `topic/${n}`);
    session = createSession(1000);
    const link = open({ window: 5 });
    await connected(link, true);
    await failOver(link);
    await Promise.all(topics.map((topic) => retain(link, topic, '1')));
    const words = await look(preferred);
    let told = 0;
    listeners.at(-1)?.client.on('message', () => {
      if (words.size !== 20) return;
      told = words.size;
      way.cut();
    });
    await comeBack(link);
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
    await until(() => old.state().kind !== 'online', 'offline');
    const waiting = new Promise<void>((resolve) =>
      old.publish({ topic: 'command', payload: 'go', qos: 1, retain: false }, () => resolve()),
    );
    await old.close(false);
    way = await startRelay(() => preferred.port, way.port);
    const words = await look(preferred);
    const link = open({ servers, prefix: 'new' });
    link.subscribe(['#'], 1, ({ topic }) => heard.push(topic));
    await connected(link, true);
    await waiting;
    await shows(words, { 'new/soc': '1', 'new/command': 'go' });
    await until(() => preferred.events.some(({ kind }) => kind === 'unsubscribed'), 'the old filter is taken back');
    assert.ok(heard.every((topic) => !topic.startsWith('old')));
  });
});
