import assert from 'node:assert/strict';
import { type GuardedBroker, startGuardedBroker } from '../../support/mqtt/guarded-broker.ts';
import { publication, subscribeRaw } from '../../support/mqtt/raw-client.ts';
import { until } from '../../support/until.ts';

describe('the embedded broker and those who do not read', () => {
  let guarded: GuardedBroker;

  const start = async (limits: Parameters<typeof startGuardedBroker>[0] = {}): Promise<GuardedBroker> => {
    guarded = await startGuardedBroker(limits);
    return guarded;
  };
  afterEach(() => guarded.finish());

  it('a client that never reads holds nobody up, and is let go when too much waits for it', async () => {
    const outgoingBytes = 3_000_000;
    const { broker, clock, honest, enter, told } = await start({ outgoingBytes, packetBytes: 100_000 });
    const deaf = await enter('deaf');
    await subscribeRaw(deaf, { '#': 0 });
    deaf.socket.pause();
    let most = 0;
    while (broker.clients() === 3) {
      honest.publisher.send(publication('honest/flood', Buffer.alloc(50_000)));
      const heard = honest.subscriber.of('publish').length;
      // Publishers wait a quarter of a second for it, once.
      await until(() => {
        clock.advance(1);
        return honest.subscriber.of('publish').length > heard;
      }, 'the healthy subscriber hears it');
      most = Math.max(most, broker.usage().outgoingBytes);
    }
    assert.ok(most < outgoingBytes + 200_000, `${most} bytes waited`);
    const [event, ...others] = told('outgoingBytes');
    assert.deepEqual([event?.client, others.length], ['deaf', 0]);
    assert.match(event?.reason ?? '', /more than 3000000 bytes waited to be read by this client/);
    assert.equal(broker.events.filter(({ kind }) => kind === 'failed').length, 0, 'told once');
  });

  it('publishers wait for a client that does not read, but a quarter of a second only', async () => {
    const { broker, clock, honest, enter } = await start();
    const deaf = await enter('deaf');
    await subscribeRaw(deaf, { 'honest/#': 0 });
    deaf.socket.pause();
    const flood = (): void => {
      for (let i = 0; i < 20; i++) honest.publisher.send(publication('honest/flood', Buffer.alloc(20_000)));
    };
    // Until the buffers of both systems are full.
    let sent = 0;
    const heard = (): number => honest.subscriber.of('publish').length;
    while (broker.usage().outgoingBytes < 200_000) {
      flood();
      sent += 20;
      await until(() => heard() === sent || broker.usage().outgoingBytes > 200_000, 'a portion');
    }
    clock.advance(250);
    await until(() => heard() === sent, 'what was held up');
    for (let i = 0; i < 5; i++) {
      flood();
      sent += 20;
      await until(() => heard() === sent, 'all of it, without waiting');
    }
  });

  it('a client that reads nothing for half a minute is let go, though little waits for it', async () => {
    const { broker, clock, honest, enter, told } = await start({ readS: 30 });
    const deaf = await enter('deaf', { clean: false });
    await subscribeRaw(deaf, { 'honest/#': 1 });
    deaf.socket.pause();
    let sent = 0;
    while (broker.usage().outgoingBytes < 66_000) {
      honest.publisher.send(publication('honest/flood', Buffer.alloc(50_000), 1, (sent++ % 1000) + 100));
      await until(() => {
        clock.advance(1);
        return honest.publisher.of('puback').length >= sent;
      }, 'the publisher is answered');
    }
    clock.advance(30_000);
    await until(() => deaf.isClosed() || broker.clients() === 2, 'the end');
    assert.deepEqual(
      told('readS').map(({ client, reason }) => [client, reason]),
      [['deaf', 'this client has not read what is sent to it for 30 s, and was disconnected']],
    );
    // What was acknowledged is not lost with the connection.
    const again = await enter('deaf', { clean: false });
    again.acknowledge();
    const whole = (): number => again.of('publish').filter(({ topic }) => topic === 'honest/flood').length;
    await until(() => whole() === sent, 'all messages');
  });

  it('a client that reads again in time stays, and gets everything, large messages too', async () => {
    const { broker, clock, honest, enter, told } = await start({
      readS: 30,
      outgoingBytes: 10_000,
      packetBytes: 2_000_000,
    });
    const late = await enter('late');
    await subscribeRaw(late, { 'honest/flood': 1 });
    late.acknowledge();
    late.socket.pause();
    let sent = 0;
    while (broker.usage().outgoingBytes < 66_000) {
      honest.publisher.send(publication('honest/flood', Buffer.alloc(1_500_000), 1, ++sent + 100));
      await until(() => {
        clock.advance(1);
        return honest.publisher.of('puback').some(({ messageId }) => messageId === sent + 100);
      }, 'the publisher is answered');
    }
    clock.advance(25_000);
    late.socket.resume();
    await until(() => late.of('publish').length === sent, 'all of it');
    await until(() => broker.usage().outgoingBytes === 0, 'nothing waits');
    clock.advance(60_000);
    await honest.check();
    assert.ok(!late.isClosed());
    assert.deepEqual([told('readS'), told('outgoingBytes')], [[], []]);
  });

  it('a client that reads and never acknowledges has a bounded queue, and the others go on', async () => {
    const { broker, clock, honest, enter, told } = await start({ queuedMessages: 3000 });
    const idle = await enter('idle', { clean: false });
    await subscribeRaw(idle, { 'honest/#': 2 });
    for (let sent = 0; sent < 5000; sent += 500) {
      const before = honest.publisher.of('puback').length;
      honest.publisher.send(
        ...Array.from({ length: 500 }, (_, i) => publication('honest/flood', String(sent + i), 1, i + 100)),
      );
      await until(() => {
        clock.advance(50);
        return honest.publisher.of('puback').length === before + 500;
      }, 'a portion');
    }
    await honest.check();
    assert.equal(told('queuedMessages')[0]?.client, 'idle');
    assert.ok(broker.usage().queuedBytes < 3000 * 300, `${broker.usage().queuedBytes} bytes`);
    const clean = await enter('idle', { clean: true });
    assert.equal(clean.of('connack')[0]?.returnCode, 0);
  });

  it('publishers wait for a client that acknowledges slowly, and it loses nothing', async () => {
    const { clock, honest, enter, told } = await start({ queuedMessages: 6000 });
    const slow = await enter('slow', { clean: false });
    await subscribeRaw(slow, { 'honest/#': 1 });
    const unanswered: number[] = [];
    const heard: number[] = [];
    slow.onPacket = (packet) => {
      if (packet.cmd !== 'publish') return;
      heard.push(Number(String(packet.payload)));
      unanswered.push(packet.messageId as number);
    };
    const flood = Array.from({ length: 20_000 }, (_, i) => Buffer.alloc(100, `${i + 10_000}`.padEnd(100)));
    // All of it at once: the operating system keeps what the broker does not read yet.
    honest.publisher.send(...flood.map((payload, i) => publication('honest/flood', payload, 1, (i % 60_000) + 1)));
    const isComplete = (): boolean => heard.length === flood.length;
    while (!isComplete() || unanswered.length > 0) {
      await until(() => unanswered.length >= 100 || isComplete(), 'some of it');
      const before = heard.length;
      slow.send(...unanswered.splice(0, 100).map((messageId) => ({ cmd: 'puback' as const, messageId })));
      await until(() => heard.length >= before + 100 || isComplete(), 'as much again');
      // Slow, but moving: within the patience of the publishers.
      clock.advance(200);
    }
    assert.deepEqual(
      heard,
      flood.map((_, i) => i + 10_000),
    );
    assert.deepEqual(told('queuedMessages'), []);
    (await enter('slow', { clean: true })).destroy();
  });
});
