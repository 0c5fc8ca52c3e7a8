import assert from 'node:assert/strict';
import type { Clock } from '../../src/model/time.ts';
import { BrokerClient } from '../../src/mqtt/client.ts';
import type { ClientEvent } from '../../src/mqtt/client-events.ts';
import type { Publication } from '../../src/mqtt/publishing/publication.ts';
import { Session } from '../../src/mqtt/session/session.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { type Billing, startBilling } from '../support/mqtt/billing-process.ts';
import { type Mosquitto, startMosquitto, subscribe } from '../support/mqtt/mosquitto.ts';
import { startTcpRelay } from '../support/tcp-relay.ts';
import { until } from '../support/until.ts';

/** Pauses between attempts are not what is tested here. */
const hasty: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 10, run) };
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

describe('mosquitto that takes less than everything', () => {
  let mosquitto: Mosquitto;
  let client: BrokerClient;
  let subscriber: ReturnType<typeof subscribe>;
  let events: ClientEvent[];

  afterEach(async () => {
    await subscriber.close();
    await client.close(true);
    await mosquitto.close();
  });

  const status = { topic: 'system/status/me', qos: 1, retain: true } as const;
  const open = async (version: 4 | 5, lines: string[]): Promise<void> => {
    events = [];
    mosquitto = await startMosquitto(['allow_anonymous true', ...lines]);
    subscriber = subscribe(mosquitto.port);
    const servers = [{ protocol: 'mqtt' as const, host: '127.0.0.1', port: mosquitto.port }];
    const will = { ...status, payload: 'gone' };
    const birth = () => ({ ...status, payload: 'here' });
    const options = { servers, clientId: 'tested', version, will, birth };
    client = new BrokerClient(options, new Session(1000), hasty);
    client.onEvent((event) => events.push(event));
    client.subscribe(['in'], 1, () => {});
    client.open();
    await until(() => client.state.kind === 'online', 'online');
    const ask = setInterval(() => client.publish({ topic: 'here', payload: '1', qos: 0, retain: false }), 20);
    await until(() => subscriber.received.length > 0, 'mosquitto_sub listens');
    clearInterval(ask);
  };
  const publish = (given: Partial<Publication> & { topic: string }): Promise<void> =>
    new Promise((resolve, reject) =>
      client.publish({ payload: 'x', qos: 1, retain: false, ...given }, (error) => (error ? reject(error) : resolve())),
    );
  /** Five of one kind in front, fifty of a harmless one behind. @returns what is not delivered */
  const publishAll = async (special: Partial<Publication>): Promise<string[]> => {
    const sent = [
      ...numbers(5).map((n) => publish({ topic: `special/${n}`, ...special })),
      ...numbers(50).map((n) => publish({ topic: `plain/${n}` })),
    ];
    const outcomes = await Promise.allSettled(sent);
    return outcomes.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
  };
  const arrived = (topic: string): number =>
    new Set(subscriber.received.filter((each) => each.topic.startsWith(topic)).map((each) => each.topic)).size;
  const arrive = (special: number): Promise<void> =>
    until(() => arrived('plain') === 50 && arrived('special') === special, `50 and ${special}`);
  const told = (): string[] =>
    events.map(({ phrase }) => phrase.key).filter((key) => key.startsWith('notice.') && key !== 'notice.online');

  for (const version of [4, 5] as const) {
    it(`max_qos 1, MQTT ${version}`, async () => {
      await open(version, ['max_qos 1']);
      assert.deepEqual(await publishAll({ qos: 2 }), []);
      await arrive(5);
      assert.deepEqual(told(), ['notice.qos']);
    });

    it(`retain_available false, MQTT ${version}`, async () => {
      await open(version, ['retain_available false']);
      assert.deepEqual(await publishAll({ retain: true }), []);
      await arrive(5);
      assert.deepEqual(told(), ['notice.retain']);
    });

    it(`max_packet_size 1000, MQTT ${version}`, async () => {
      await open(version, ['max_packet_size 1000']);
      const errors = await publishAll({ payload: 'x'.repeat(2000) });
      assert.equal(errors.length, 5, errors.join('\n'));
      await arrive(0);
    });
  }

  for (const qos of [1, 2] as const)
    it(`message_size_limit 1000, QoS ${qos}: it answers with a reason code that mqtt.js cannot read`, async () => {
      await open(5, ['message_size_limit 1000']);
      const errors = await publishAll({ payload: 'x'.repeat(2000), qos });
      assert.equal(errors.length, 5, errors.join('\n'));
      await arrive(0);
    });
});

describe('a gateway killed in the middle of QoS 2 with mosquitto', () => {
  let mosquitto: Mosquitto;
  let subscriber: ReturnType<typeof subscribe>;
  const gateways: Billing[] = [];

  afterEach(async () => {
    for (const each of gateways.splice(0)) await each.kill();
    await subscriber.close();
    await mosquitto.close();
  });
  const start = (port: number, words: string): Billing => {
    const started = startBilling(port, words, 100);
    gateways.push(started);
    return started;
  };
  const billed = (): string[] =>
    subscriber.received.filter(({ topic }) => topic === 'billing').map(({ payload }) => payload);

  it('leaves nothing blocked; what it had handed over arrives once, and what was queued for it too', async () => {
    mosquitto = await startMosquitto(['allow_anonymous true', 'max_inflight_messages 20', 'max_queued_messages 0']);
    subscriber = subscribe(mosquitto.port);
    const relay = await startTcpRelay(() => mosquitto.port);
    const killed = start(relay.port, 'before');
    await until(() => killed.done.length > 10, 'it bills');
    relay.deafen();
    await until(() => killed.inFlight() === 20, 'its window is full');
    await killed.kill();
    const answered = killed.done.length;
    const servers = [{ protocol: 'mqtt' as const, host: '127.0.0.1', port: mosquitto.port }];
    const controller = new BrokerClient({ servers, clientId: 'controller' }, new Session(100), systemClock);
    controller.open();
    await Promise.all(
      numbers(10).map(
        (n) =>
          new Promise<void>((resolve, reject) =>
            controller.publish({ topic: 'commands', payload: n, qos: 1, retain: false }, (error) =>
              error ? reject(error) : resolve(),
            ),
          ),
      ),
    );
    const next = start(relay.port, 'after');
    await until(() => next.done.length + next.errors.length === 100, 'all are done');
    assert.deepEqual(next.errors, []);
    await until(() => billed().filter((each) => each.startsWith('after')).length >= 100, 'all have arrived');
    assert.equal(billed().length, new Set(billed()).size, 'nothing came twice');
    const earlier = billed().filter((each) => each.startsWith('before')).length;
    assert.ok(earlier > answered, `${earlier} have arrived, ${answered} were told as done`);
    await until(() => next.heard.length === 10, 'what was queued for it');
    assert.deepEqual(next.heard, numbers(10));
    await controller.close(true);
    await relay.close();
  });
});
