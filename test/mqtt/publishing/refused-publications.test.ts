import assert from 'node:assert/strict';
import type { Clock } from '../../../src/model/time.ts';
import { BrokerClient } from '../../../src/mqtt/client.ts';
import type { ClientEvent } from '../../../src/mqtt/client-events.ts';
import type { Publication } from '../../../src/mqtt/publishing/publication.ts';
import { Session } from '../../../src/mqtt/session/session.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { type Billing, startBilling } from '../../support/mqtt/billing-process.ts';
import { type StrictBroker, type StrictOptions, startStrictBroker } from '../../support/mqtt/strict-broker.ts';
import { until } from '../../support/until.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

describe('what a broker refuses for now, and what for good', () => {
  let broker: StrictBroker;
  let client: BrokerClient;
  let events: ClientEvent[];
  let passedMs: number;
  /** Waits a twentieth of what is asked, and jumps where a test says so. */
  const clock: Clock = {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + passedMs,
    after: (ms, run) => systemClock.after(ms / 20, run),
  };

  const open = async (options: StrictOptions): Promise<void> => {
    passedMs = 0;
    events = [];
    broker = await startStrictBroker({ version: 5, ...options });
    const servers = [{ protocol: 'mqtt' as const, host: '127.0.0.1', port: broker.port }];
    client = new BrokerClient({ servers, clientId: 'tested' }, new Session(1000), clock);
    client.onEvent((event) => events.push(event));
    client.open();
  };
  afterEach(async () => {
    await client.close(true);
    await broker.close();
  });
  const publish = (given: Partial<Publication> & { topic: string }): Promise<void> =>
    new Promise((resolve, reject) =>
      client.publish({ payload: 'x', qos: 2, retain: false, ...given }, (error) => (error ? reject(error) : resolve())),
    );
  const taken = (topic: string): string[] =>
    broker.taken.filter((packet) => packet.topic === topic).map(({ payload }) => String(payload));

  for (const [name, code, qos] of [
    ['PUBREC 0x97', 0x97, 2],
    ['PUBACK 0x97', 0x97, 1],
  ] as [string, number, 1 | 2][])
    it(`${name}: tried again, in the order of its topic, and others do not wait for it`, async () => {
      let isFull = true;
      await open({ judge: ({ topic }) => (isFull && topic === 'full' ? code : 0) });
      const full = numbers(20).map((n) => publish({ topic: 'full', payload: n, qos, retain: true }));
      await publish({ topic: 'other', qos });
      await until(() => client.depth.delayed > 0, 'it is told as delayed');
      assert.deepEqual(
        events.filter(({ name }) => name === 'delivery_delayed').map(({ phrase }) => phrase.key),
        ['notice.delayed'],
      );
      isFull = false;
      await Promise.all(full);
      assert.deepEqual(new Set(taken('full')), new Set(numbers(20)));
      await until(() => taken('full').at(-1) === '19', 'the newest value is the last word');
      await until(() => client.depth.delayed === 0, 'nothing is delayed');
    });

  for (const isInPubrec of [true, false])
    it(`0x93 ${isInPubrec ? 'in PUBREC' : 'in DISCONNECT'}: fewer at a time, and nothing is refused`, async () => {
      await open({ secretMaximum: { most: 8, isInPubrec } });
      await Promise.all(numbers(200).map((n) => publish({ topic: `n/${n}`, payload: n })));
      assert.equal(new Set(broker.taken.map(({ payload }) => String(payload))).size, 200);
      assert.equal(broker.taken.length, 200);
      const { length } = broker.connects;
      await Promise.all(numbers(200).map((n) => publish({ topic: `n/${n}`, payload: n })));
      assert.equal(broker.connects.length, length, 'it is known from then on');
    });

  it('is the error of its sender after an hour of refusals', async () => {
    await open({ judge: () => 0x97 });
    const refused = assert.rejects(
      publish({ topic: 'full' }),
      /full: the broker refused this message for 6\d min: .*0x97/,
    );
    await until(() => client.depth.delayed > 0, 'it was refused several times');
    passedMs = 61 * 60_000;
    await refused;
    assert.deepEqual([client.depth.waiting, client.depth.inFlight], [0, 0]);
  });

  for (const [code, words] of [
    [0x80, /no reason \(0x80\)/],
    [0x83, /rules of the broker \(0x83\)/],
    [0x87, /not authorised to publish there \(0x87\)/],
    [0x90, /does not accept this topic \(0x90\)/],
    [0x99, /another format \(0x99\)/],
  ] as [number, RegExp][])
    for (const qos of [1, 2] as const)
      it(`0x${code.toString(16)} for QoS ${qos} is the error of its sender at once, and not due again`, async () => {
        await open({ judge: ({ topic }) => (topic === 'refused' ? code : 0) });
        await assert.rejects(publish({ topic: 'refused', qos, retain: true }), words);
        broker.cut(0x98);
        await until(() => broker.connects.length === 2 && client.state.kind === 'online', 'the next connection');
        await publish({ topic: 'other', qos });
        const tries = broker.received.filter((packet) => packet.cmd === 'publish' && packet.topic === 'refused');
        assert.equal(tries.length, 1);
      });

  it('0x10, no matching subscribers, is no refusal', async () => {
    await open({ judge: () => 0x10 });
    await publish({ topic: 'a', qos: 1 });
    await publish({ topic: 'a', qos: 2 });
  });

  it('0x91: the message goes with another packet id', async () => {
    let used: number | undefined;
    await open({
      judge({ messageId }) {
        used ??= messageId;
        return messageId === used ? 0x91 : 0;
      },
    });
    await Promise.all(numbers(10).map((n) => publish({ topic: 'a', payload: n })));
    assert.deepEqual(new Set(taken('a')), new Set(numbers(10)));
  });
});

describe('a gateway that is killed in the middle of handshakes of QoS 2', () => {
  let broker: StrictBroker;
  const gateways: Billing[] = [];
  const start = (words: string, count: number): Billing => {
    const started = startBilling(broker.port, words, count);
    gateways.push(started);
    return started;
  };
  afterEach(async () => {
    for (const each of gateways.splice(0)) await each.kill();
    await broker.close();
  });
  const taken = (): string[] => broker.taken.map(({ payload }) => String(payload));

  for (const version of [4, 5] as const)
    it(`leaves no packet id blocked, and what the broker had received arrives, MQTT ${version}`, async () => {
      broker = await startStrictBroker({ version, receiveMaximum: 20, isDeaf: () => true });
      const killed = start('before', 100);
      const held = () => broker.sessions.get('billing')?.unreleased.size;
      await until(() => held() === 20, 'all places of the broker are taken');
      await killed.kill();
      broker.options.isDeaf = () => false;
      const next = start('after', 100);
      await until(() => next.done.length + next.errors.length === 100, 'all are done');
      assert.deepEqual(next.errors, []);
      const wanted = [...numbers(20).map((n) => `before ${n}`), ...numbers(100).map((n) => `after ${n}`)];
      assert.deepEqual(taken(), wanted);
      // A clean start would have lost what the broker had kept for us.
      assert.ok(broker.connects.every(({ clean }) => !clean));
    });

  it('leaves no packet id blocked where there was a redeploy before the first connection', async () => {
    broker = await startStrictBroker({ version: 4, isDeaf: () => true });
    const killed = start('before', 5);
    const held = () => broker.sessions.get('billing')?.unreleased.size;
    await until(() => held() === 5, 'the broker holds them');
    await killed.kill();
    broker.options.isDeaf = () => false;
    broker.options.admit = () => 3;
    const session = new Session(1000);
    const servers = [{ protocol: 'mqtt' as const, host: '127.0.0.1', port: broker.port }];
    const open = (): BrokerClient => {
      const opened = new BrokerClient({ servers, clientId: 'billing' }, session, systemClock);
      opened.open();
      return opened;
    };
    const away = open();
    await until(() => away.state.kind === 'waiting', 'the broker is not to be had');
    await away.close(false);
    broker.options.admit = () => 0;
    const client = open();
    const done = numbers(5).map(
      (n) =>
        new Promise<void>((resolve, reject) => {
          const publication: Publication = { topic: 'billing', payload: `after ${n}`, qos: 2, retain: false };
          client.publish(publication, (error) => (error ? reject(error) : resolve()));
        }),
    );
    await Promise.all(done);
    await client.close(true);
    assert.deepEqual(taken(), [...numbers(5).map((n) => `before ${n}`), ...numbers(5).map((n) => `after ${n}`)]);
  });

  it('leaves no packet id blocked where the first connection breaks before the broker has released them', async () => {
    broker = await startStrictBroker({ version: 5, receiveMaximum: 20, isDeaf: () => true });
    const killed = start('before', 20);
    const held = () => broker.sessions.get('billing')?.unreleased.size;
    await until(() => held() === 20, 'all places of the broker are taken');
    await killed.kill();
    broker.options.isDeaf = () => false;
    broker.options.isDeafToRelease = () => true;
    const next = start('after', 20);
    await until(() => broker.received.some(({ cmd }) => cmd === 'pubrel'), 'the first PUBREL');
    broker.options.isDeafToRelease = () => false;
    broker.cut();
    await until(() => next.done.length + next.errors.length === 20, 'all are done');
    assert.deepEqual(next.errors, []);
    assert.deepEqual(taken(), [...numbers(20).map((n) => `before ${n}`), ...numbers(20).map((n) => `after ${n}`)]);
  });

  it('goes on with other packet ids where the broker does not answer a PUBREL it does not know', async () => {
    broker = await startStrictBroker({ version: 4, isDeaf: () => true, ignoresUnknownRelease: true });
    const killed = start('before', 5);
    await until(() => broker.sessions.get('billing')?.unreleased.size === 5, 'the broker holds them');
    await killed.kill();
    broker.options.isDeaf = () => false;
    const next = start('after', 100);
    await until(() => next.done.length + next.errors.length === 100, 'all are done');
    assert.deepEqual(next.errors, []);
    assert.equal(new Set(taken()).size, 105);
  });

  it('goes on where the broker hangs up on a PUBREL it does not know', async () => {
    broker = await startStrictBroker({ version: 4, isDeaf: () => true, hangsUpOnUnknownRelease: true });
    const killed = start('before', 5);
    await until(() => broker.sessions.get('billing')?.unreleased.size === 5, 'the broker holds them');
    await killed.kill();
    broker.options.isDeaf = () => false;
    const next = start('after', 100);
    await until(() => next.done.length + next.errors.length === 100, 'all are done');
    assert.deepEqual(next.errors, []);
    assert.equal(new Set(taken().filter((each) => each.startsWith('after'))).size, 100);
  });
});
