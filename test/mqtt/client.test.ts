import assert from 'node:assert/strict';
import type { Clock } from '../../src/model/time.ts';
import { BrokerClient } from '../../src/mqtt/client.ts';
import type { ClientOptions } from '../../src/mqtt/client-options.ts';
import type { Publication } from '../../src/mqtt/publishing/publication.ts';
import { Session } from '../../src/mqtt/session/session.ts';
import type { IncomingMessage } from '../../src/mqtt/subscriptions/subscriptions.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { listen, type Observer } from '../support/mqtt/observer.ts';
import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import { startTcpRelay } from '../support/tcp-relay.ts';
import { until } from '../support/until.ts';

const publication = (topic: string, payload: string, qos: 0 | 1 | 2 = 1, retain = false) => ({
  topic,
  payload,
  qos,
  retain,
});
const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + i));

/** Waits a twentieth of what is asked: after a refused login the pauses are long. */
const hasty: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 20, run) };

describe('MQTT client', () => {
  const clients: BrokerClient[] = [];
  const listeners: Observer[] = [];
  let broker: TestBroker;
  let session: Session;

  beforeEach(async () => {
    broker = await startBroker();
    session = new Session(100);
  });
  afterEach(async () => {
    for (const each of listeners.splice(0)) await each.close();
    for (const each of clients.splice(0)) await each.close(true);
    await broker.close();
  });

  const at = (port: number) => ({ protocol: 'mqtt' as const, host: '127.0.0.1', port });
  const open = (options: Partial<ClientOptions> = {}, own = session, clock = systemClock): BrokerClient => {
    const client = new BrokerClient({ servers: [at(broker.port)], clientId: 'tested', ...options }, own, clock);
    clients.push(client);
    client.open();
    return client;
  };
  const isOnline = (client: BrokerClient) => () => client.state.kind === 'online';
  const online = (client: BrokerClient): Promise<void> => until(isOnline(client), 'the client is online');
  const hear = async (filter = '#', port = broker.port): Promise<Observer> => {
    const listener = await listen(port, filter);
    listeners.push(listener);
    return listener;
  };
  const publish = (client: BrokerClient, given: Publication): Promise<void> =>
    new Promise((resolve, reject) => client.publish(given, (error) => (error ? reject(error) : resolve())));

  it('falls back to MQTT 3.1.1 where 5 is refused', async () => {
    const client = open();
    await online(client);
    const state = client.state;
    assert.equal(state.kind === 'online' && state.version, 4);
  });

  it('delivers with QoS and retain flag, and is done when the broker has it', async () => {
    const listener = await hear();
    const client = open();
    for (const qos of [0, 1, 2] as const) {
      await online(client);
      await publish(client, publication(`q/${qos}`, 'x', qos));
    }
    await until(() => listener.heard.length === 3, 'three messages');
    assert.deepEqual(
      listener.heard.map(({ topic, qos }) => [topic, qos]),
      [
        ['q/0', 0],
        ['q/1', 1],
        ['q/2', 2],
      ],
    );
    await publish(client, publication('r', 'kept', 1, true));
    const late = await hear('r');
    await until(() => late.heard.length === 1, 'the retained message');
    const { at: _, ...kept } = late.heard[0] ?? { at: 0 };
    assert.deepEqual(kept, { topic: 'r', payload: 'kept', qos: 1, retain: true });
  });

  it('lets QoS 1 and 2 wait for the broker, in order, each once', async () => {
    const { port } = broker;
    await broker.close();
    const client = open({ servers: [at(port)] });
    const sent = Promise.all(numbers(0, 50).map((n) => publish(client, publication('n', n, Number(n) % 2 ? 1 : 2))));
    assert.equal(client.depth.waiting, 50);
    broker = await startBroker({ port });
    const listener = await hear('n');
    await sent;
    await until(() => listener.heard.length >= 50, 'all messages');
    // MQTT orders messages of one QoS only (MQTT-4.6.0-5).
    for (const qos of [1, 2]) {
      const heard = listener.heard.filter((each) => each.qos === qos).map(({ payload }) => payload);
      assert.deepEqual(
        heard,
        numbers(0, 50).filter((n) => (Number(n) % 2 ? 1 : 2) === qos),
      );
    }
  });

  it('drops QoS 0 while it is offline, and counts it', async () => {
    const { port } = broker;
    await broker.close();
    const client = open({ servers: [at(port)] });
    await publish(client, publication('t', 'x', 0));
    assert.deepEqual([client.depth.dropped, client.depth.waiting], [1, 0]);
    broker = await startBroker({ port });
  });

  it('makes an overflow an error to the sender, never silence', async () => {
    const { port } = broker;
    await broker.close();
    const client = open({ servers: [at(port)] }, new Session(3));
    const sent = numbers(0, 5).map((n) => publish(client, publication('n', n)));
    const outcomes = Promise.allSettled(sent);
    broker = await startBroker({ port });
    assert.deepEqual(
      (await outcomes).map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
    );
    await assert.rejects(sent[4] as Promise<void>, /n: 3 messages are waiting for the broker already/);
  });

  it('takes what somebody is billed by, and events, when the queue is full of status', async () => {
    const { port } = broker;
    await broker.close();
    const client = open({ servers: [at(port)] }, new Session(40));
    const status = numbers(0, 100).map((n) => publish(client, publication(`status/${n}`, n, 1, true)));
    const told = Promise.allSettled(status);
    const events = numbers(0, 5).map((n) => publish(client, publication('event', n)));
    const billing = numbers(0, 5).map((n) => publish(client, publication('billing', n, 2)));
    broker = await startBroker({ port });
    const listener = await hear('#');
    await Promise.all([...events, ...billing]);
    const heard = (topic: string) =>
      listener.heard.filter((each) => each.topic === topic).map(({ payload }) => payload);
    await until(() => heard('billing').length === 5 && heard('event').length === 5, 'all of them');
    assert.deepEqual([heard('event'), heard('billing')], [numbers(0, 5), numbers(0, 5)]);
    assert.equal((await told).filter(({ status }) => status === 'fulfilled').length, 30);
    await assert.rejects(status[99] as Promise<void>, /status\/99: 30 messages are waiting/);
  });

  it('gives what waited until it was worth nothing back to its sender', async () => {
    let passedMs = 0;
    const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + passedMs };
    const { port } = broker;
    await broker.close();
    const client = open({ servers: [at(port)] }, session, clock);
    const short = publish(client, { ...publication('lasts/short', 'x'), expiryS: 60 });
    const long = publish(client, { ...publication('lasts/long', 'x'), expiryS: 3600 });
    const refusal = assert.rejects(short, /lasts\/short: it waited for the broker until it was worth nothing/);
    passedMs = 61_000;
    broker = await startBroker({ port });
    const listener = await hear('lasts/#');
    await Promise.all([long, refusal]);
    await until(() => listener.heard.length > 0, 'the other one');
    assert.deepEqual(
      listener.heard.map(({ topic }) => topic),
      ['lasts/long'],
    );
  });

  it('loses nothing that QoS promises when the connection is cut in the middle', async () => {
    const relay = await startTcpRelay(() => broker.port);
    const listener = await hear('n/#');
    const client = open({ servers: [at(relay.port)] }, new Session(2000));
    // Aedes says that it has a session only where there is a subscription.
    client.subscribe(['in'], 1, () => {});
    await online(client);
    await until(() => broker.events.some(({ kind }) => kind === 'subscribed'), 'the subscription');
    const sent: Promise<void>[] = [];
    for (let round = 0; round < 5; round++) {
      for (const n of numbers(round * 100, round * 100 + 100))
        sent.push(publish(client, publication(`n/${Number(n) % 2 ? 1 : 2}`, n, Number(n) % 2 ? 1 : 2)));
      await until(() => listener.heard.length > round * 100 + 20, 'some of them arrive');
      relay.cut();
    }
    await Promise.all(sent);
    await until(() => new Set(listener.heard.map(({ payload }) => payload)).size === 500, 'all of them');
    const exactlyOnce = listener.heard.filter(({ topic }) => topic === 'n/2').map(({ payload }) => payload);
    assert.equal(exactlyOnce.length, new Set(exactlyOnce).size, 'QoS 2 came twice');
    await relay.close();
  });

  it('goes on trying after a refused login, and gets in when it is right', async () => {
    const { port } = broker;
    await broker.close();
    broker = await startBroker({ port, username: 'ems', password: 'secret' });
    const client = open({ servers: [at(port)], username: 'ems', password: 'wrong' }, session, hasty);
    await until(() => broker.events.filter(({ kind }) => kind === 'refused').length >= 2, 'a second attempt');
    await until(() => {
      const state = client.state;
      return state.kind === 'waiting' && state.reason.key === 'refusal.badUserNameOrPassword';
    }, 'the reason');
    await broker.close();
    broker = await startBroker({ port, username: 'ems', password: 'wrong' });
    await online(client);
  });

  it('moves to the next server, and returns to the preferred one', async () => {
    const { port } = broker;
    const second = await startBroker();
    await broker.close();
    const client = open({ servers: [at(port), at(second.port)], returnCheckMs: 100 });
    await online(client);
    assert.equal(client.state.kind === 'online' && (client.state as { isPreferred: boolean }).isPreferred, false);
    broker = await startBroker({ port });
    await until(() => {
      const state = client.state;
      return state.kind === 'online' && state.isPreferred;
    }, 'back at the preferred server');
    await second.close();
  });

  it('announces itself, and leaves a will and a farewell', async () => {
    const listener = await hear('system/#');
    const relay = await startTcpRelay(() => broker.port);
    const will = publication('system/status/me', 'lost', 1, true);
    const options = {
      servers: [at(relay.port)],
      will,
      birth: () => publication('system/status/me', 'here', 1, true),
      farewell: () => publication('system/status/me', 'gone', 1, true),
    };
    const client = open(options);
    const said = (word: string) => () => listener.heard.at(-1)?.payload === word;
    await until(said('here'), 'the birth');
    relay.cut();
    await until(() => listener.heard.some(({ payload }) => payload === 'lost'), 'the will');
    await online(client);
    await client.close(false);
    await until(said('gone'), 'the farewell');
    await relay.close();
  });

  it('stays closed when the broker goes away during the farewell', async () => {
    const waiting = new Set<object>();
    const watched: Clock = {
      ...systemClock,
      after(ms, run) {
        const timer = systemClock.after(ms, () => {
          waiting.delete(timer);
          run();
        });
        waiting.add(timer);
        return {
          cancel() {
            waiting.delete(timer);
            timer.cancel();
          },
        };
      },
    };
    const relay = await startTcpRelay(() => broker.port);
    const farewell = () => publication('system/status/me', 'gone', 1, true);
    const client = open({ servers: [at(relay.port)], farewell }, session, watched);
    await online(client);
    relay.pause();
    const closing = client.close(false);
    relay.cut();
    await closing;
    assert.equal(client.state.kind, 'closed');
    assert.equal(waiting.size, 0);
    await relay.close();
  });

  it('does not connect before an earlier connection of its session has said goodbye', async () => {
    const relay = await startTcpRelay(() => broker.port);
    const farewell = () => publication('system/status/me', 'gone', 1, true);
    const leaving = open({ servers: [at(relay.port)], farewell });
    await online(leaving);
    const listener = await hear('system/status/me');
    relay.deafen();
    const order: string[] = [];
    const closing = leaving.close(false).then(() => order.push('the goodbye'));
    await until(() => listener.heard.length > 0, 'the farewell');
    const client = open();
    const given = open();
    await given.close(false);
    client.onState(() => isOnline(client)() && order.push('the next one'));
    await Promise.all([closing, online(client)]);
    assert.deepEqual(order, ['the goodbye', 'the next one']);
    assert.equal(given.state.kind, 'closed');
    await relay.close();
  });

  it('leaves nothing at the broker when it ends for good, not even a session of MQTT 3.1.1', async () => {
    const client = open({ version: 4 });
    client.subscribe(['in/#', 'other'], 1, () => {});
    await until(() => broker.events.some(({ kind }) => kind === 'subscribed'), 'the subscription');
    await client.close(false);
    await until(() => broker.usage().connections === 0, 'it has gone');
    assert.equal(broker.usage().persistentSessions, 1, 'it will be back');
    const again = open({ version: 4 });
    again.subscribe(['in/#'], 1, () => {});
    await online(again);
    await again.close(true);
    await until(() => broker.usage().connections === 0, 'it has gone');
    assert.equal(broker.usage().persistentSessions, 0, 'for good');
  });

  it('gives what nobody will send any more back to its sender when it ends for good', async () => {
    const { port } = broker;
    await broker.close();
    const client = open({ servers: [at(port)] });
    const sent = publish(client, publication('a/b', '1', 2));
    await client.close(false);
    const again = open({ servers: [at(port)] });
    const other = publish(again, publication('c/d', '1'));
    const refusals = [
      assert.rejects(sent, /^Error: a\/b: .*the connection to the broker was removed/),
      assert.rejects(other, /^Error: c\/d: .*the connection to the broker was removed/),
    ];
    await again.close(true);
    await Promise.all(refusals);
    assert.deepEqual([again.depth.waiting, again.depth.inFlight], [0, 0]);
    await assert.rejects(publish(again, publication('e/f', '1')), /was removed/);
    broker = await startBroker({ port });
  });

  it('gets what was sent while it was away: one session, one client id', async () => {
    const heard: IncomingMessage[] = [];
    const relay = await startTcpRelay(() => broker.port);
    const client = open({ servers: [at(relay.port)] });
    await online(client);
    client.subscribe(['n'], 1, (message) => heard.push(message));
    await until(() => broker.events.some(({ kind }) => kind === 'subscribed'), 'the subscription');
    await relay.close();
    await until(() => client.state.kind !== 'online', 'offline');
    const other = await hear('other');
    for (const n of numbers(0, 10)) await other.client.publishAsync('n', n, { qos: 1 });
    await client.close(false);
    const again = open({ servers: [at(broker.port)] }, session);
    again.subscribe(['n'], 1, (message) => heard.push(message));
    await until(() => heard.length >= 10, 'what was missed');
    assert.deepEqual(
      heard.map(({ payload }) => String(payload)),
      numbers(0, 10),
    );
  });

  it('subscribes and retains anew at a broker that came back empty', async () => {
    const { port } = broker;
    const heard: string[] = [];
    const client = open();
    await online(client);
    client.subscribe(['in/#'], 1, ({ topic }) => heard.push(topic));
    await publish(client, publication('kept', 'still true', 1, true));
    await broker.close();
    await until(() => client.state.kind !== 'online', 'offline');
    broker = await startBroker({ port });
    await online(client);
    const listener = await hear('kept');
    await until(() => listener.heard.length > 0, 'the retained message');
    assert.equal(listener.heard[0]?.payload, 'still true');
    await until(() => broker.events.some(({ kind }) => kind === 'subscribed'), 'the subscription');
    await listener.client.publishAsync('in/x', '1', { qos: 1 });
    await until(() => heard.includes('in/x'), 'a message');
  });

  it('says a message once to each subscriber, however their filters overlap', async () => {
    const counts = [0, 0, 0];
    const client = open();
    await online(client);
    const subscriptions = [['devices/#'], ['devices/+/soc', 'devices/1/#'], ['devices/1/soc']].map((filters, i) =>
      client.subscribe(filters, 1, () => {
        counts[i] = (counts[i] ?? 0) + 1;
      }),
    );
    await until(() => broker.events.some(({ kind }) => kind === 'subscribed'), 'the subscription');
    const other = await hear('none');
    await other.client.publishAsync('devices/1/soc', '1', { qos: 1 });
    await until(() => counts.every((count) => count > 0), 'every subscriber');
    assert.deepEqual(counts, [1, 1, 1]);
    subscriptions[0]?.remove();
    await other.client.publishAsync('devices/1/soc', '1', { qos: 1 });
    await until(() => (counts[2] ?? 0) > 1, 'the others again');
    assert.deepEqual(counts, [1, 2, 2]);
  });

  it('puts a prefix before every topic, and takes it off again', async () => {
    const listener = await hear();
    const heard: string[] = [];
    const client = open({ prefix: 'plant7/' });
    await online(client);
    client.subscribe(['a/#'], 1, ({ topic }) => heard.push(topic));
    await until(
      () => broker.events.some(({ kind, client }) => kind === 'subscribed' && client === 'tested'),
      'subscribed',
    );
    await publish(client, publication('a/b', '1'));
    await until(() => heard.length === 1 && listener.heard.length === 1, 'the message');
    assert.deepEqual([heard[0], listener.heard[0]?.topic], ['a/b', 'plant7/a/b']);
  });

  it('refuses a topic that is none', async () => {
    const client = open();
    await assert.rejects(publish(client, publication('a/+', 'x')), /not a topic to publish to/);
    assert.throws(() => client.subscribe(['a/#/b'], 1, () => {}), /not a topic filter/);
  });
});
