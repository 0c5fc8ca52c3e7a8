import assert from 'node:assert/strict';
import { closed, type GuardedBroker, startGuardedBroker } from '../../support/mqtt/guarded-broker.ts';
import { publication, subscribeRaw } from '../../support/mqtt/raw-client.ts';
import { until } from '../../support/until.ts';

describe('the embedded broker and those who mean ill', () => {
  let guarded: GuardedBroker;

  const start = async (limits: Parameters<typeof startGuardedBroker>[0] = {}): Promise<GuardedBroker> => {
    guarded = await startGuardedBroker(limits);
    return guarded;
  };
  afterEach(() => guarded.finish());

  it('who is slow with CONNECT, or says nothing, is let go after some seconds', async () => {
    const { broker, clock, honest, dialMany, told } = await start({ connectS: 7 });
    const slow = await dialMany(30);
    await until(() => broker.usage().connections === 32, 'all of them are there');
    const connect = Buffer.from('101000044d515454040200000004736c6f77', 'hex');
    for (let second = 0; second < 6; second++) {
      for (const client of slow.slice(10)) client.sendBytes([connect[second] as number]);
      await honest.check();
      clock.advance(1000);
    }
    assert.equal(closed(slow), 0);
    clock.advance(1000);

    await until(() => closed(slow) === 30, 'all of them are disconnected');
    assert.equal(broker.usage().connections, 2);
    const [first, ...others] = told('connectS');
    assert.deepEqual([first?.reason, others.length], ['it has not logged in within 7 s, and was disconnected', 0]);
    clock.advance(10_000);
    assert.equal(told('connectS')[1]?.count, 29);
  });

  it('what is no CONNECT ends the connection with its first byte', async () => {
    const { broker, dialMany } = await start();
    const all = await dialMany(21);
    const [garbage, ...more] = all;
    for (const client of more) client.sendBytes([0x30]);
    garbage?.sendBytes(Buffer.alloc(1_000_000, 0xff));
    await until(() => closed(all) === 21, 'all of them are disconnected');
    const reasons = broker.events.map((event) => (event.kind === 'refused' ? event.reason : undefined));
    assert.ok(reasons.includes('what it sends does not begin with CONNECT'));
  });

  it('a CONNECT that announces 200 MB ends the connection before they come', async () => {
    const { dialMany, told } = await start();
    const many = await dialMany(20);
    // The header alone: none of the bytes it announces.
    for (const client of many) client.sendBytes([0x10, 0x80, 0xa0, 0xaf, 0x5f]);
    await until(() => closed(many) === 20, 'all of them are disconnected');
    assert.match(told('packetBytes')[0]?.reason ?? '', /^CONNECT of 200003584 bytes; 65536 are allowed$/);
    const [malformed] = await dialMany(1);
    malformed?.sendBytes([0x10, 0xff, 0xff, 0xff, 0xff]);
    await until(() => malformed?.isClosed() === true, 'a length without an end');
  });

  it('a packet may be as long as the limit, and one that announces more ends the connection', async () => {
    const { enter, told } = await start({ packetBytes: 100_000 });
    const client = await enter('writer');
    client.acknowledge();
    const longest = 100_000 - 2 - 't'.length - 2;
    client.send(publication('t', Buffer.alloc(longest), 1, 1));
    await until(() => client.of('puback').length === 1, 'the longest packet');
    // In the same segment as others, and behind them.
    client.send(publication('t', 'small', 1, 2), publication('t', Buffer.alloc(longest + 1), 1, 3));
    await until(() => client.isClosed(), 'the end');
    assert.deepEqual(
      told('packetBytes').map(({ client, reason }) => [client, reason]),
      [['writer', 'a packet of 100001 bytes; 100000 are allowed']],
    );
    const huge = await enter('huge');
    huge.sendBytes([0x30, 0x80, 0xa0, 0xaf, 0x5f]);
    await until(() => huge.isClosed(), 'the end');
  });

  it('what follows on a CONNECT is no packet: only that connection ends', async () => {
    const { broker, enter } = await start();
    const client = await enter('babbler');
    client.sendBytes(Buffer.alloc(300_000, 0xf7));
    await until(() => client.isClosed(), 'the end');
    await until(
      () => broker.events.some((event) => event.kind === 'failed' && event.client === 'babbler'),
      'the event',
    );
  });

  it('who hangs up in the middle of a login leaves nothing behind', async () => {
    const { broker, dialMany } = await start();
    const hasty = await dialMany(100);
    for (const [i, client] of hasty.entries()) {
      const login = { username: 'site', password: Buffer.from('right'), clean: i % 2 === 0 };
      client.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: `hasty ${i}`, ...login });
      if (i % 3 === 0) client.destroy();
      else setImmediate(() => client.destroy());
    }
    await until(() => broker.usage().connections === 2, 'they are gone');
    await until(() => broker.clients() === 2, 'so are their sessions');
    assert.equal(broker.usage().persistentSessions, 0);
  });

  it('topics that nobody may publish end the connection, and reach nobody: wildcards, NUL, those of the broker', async () => {
    const { broker, honest, enter } = await start();
    const curious = await enter('curious');
    await subscribeRaw(curious, { '#': 0, '$SYS/own/#': 0 });
    for (const topic of ['a\0b', '$SYS/own/x', Array(33).fill('deep').join('/')]) {
      const client = await enter('publisher');
      client.send(publication(topic, 'bad', 1, 1));
      await until(() => client.isClosed(), topic);
    }
    for (const topic of ['will/+', 'will/#', '$SYS/own/will', 'a\0b']) {
      const dying = await enter('dying', { will: { topic, payload: Buffer.from('bad'), qos: 0, retain: true } });
      const before = broker.events.length;
      dying.destroy();
      await until(() => broker.events.slice(before).some(({ kind }) => kind === 'disconnected'), 'its death');
    }
    await honest.check();
    await until(() => curious.of('publish').length >= 3, 'what the honest say');
    assert.ok(curious.of('publish').every(({ topic }) => topic === 'honest/word'));
    assert.equal(broker.usage().retainedMessages, 0);
  });

  it('where all places are taken, whoever has not logged in makes room; who has, keeps its place', async () => {
    const { broker, dial, dialMany, enter, told } = await start({ connectionsPerAddress: 10, connections: 20 });
    const idle = await dialMany(50);
    await until(() => closed(idle) === 42, 'the oldest of them end');
    const devices = await Promise.all(Array.from({ length: 8 }, (_, i) => enter(`device ${i}`)));
    assert.ok(devices.every((device) => device.of('connack')[0]?.returnCode === 0));
    assert.equal(closed(devices), 0);
    assert.equal(closed(idle), 50);
    const late = await dial();
    await until(() => late.isClosed(), 'no place is left');
    assert.equal(broker.usage().connections, 10);
    assert.equal(told('connectionsPerAddress').length, 1);
    for (const each of devices) each.destroy();
  });

  it('there are so many connections in all', async () => {
    const { broker, dialMany, told } = await start({ connectionsPerAddress: 20, connections: 10 });
    const idle = await dialMany(12);
    await until(() => closed(idle) === 4, 'the oldest of them end');
    assert.equal(broker.usage().connections, 10);
    assert.match(told('connections')[0]?.reason ?? '', /^10 connections are open, no more are allowed/);
  });
});
