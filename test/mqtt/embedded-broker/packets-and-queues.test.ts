import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { OpenConnections } from '../../../src/mqtt/embedded-broker/access/open-connections.ts';
import { defaultLimits } from '../../../src/mqtt/embedded-broker/embedded-broker.ts';
import { FixedHeaderReader } from '../../../src/mqtt/embedded-broker/fixed-header.ts';
import { OutgoingStream } from '../../../src/mqtt/embedded-broker/outgoing-stream.ts';
import { encodePublish, encodePubrel } from '../../../src/mqtt/embedded-broker/packets.ts';
import { QueuedBytes, SessionQueue } from '../../../src/mqtt/embedded-broker/session-queue.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const require = createRequire(createRequire(import.meta.url).resolve('mqtt'));
const { generate, parser } = require('mqtt-packet') as typeof import('mqtt-packet');

const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);

describe('packets of the embedded broker', () => {
  it('are what another codec makes of the same message (fast-check)', () => {
    const lengths = fc.oneof(fc.nat(300), fc.constantFrom(4096, 4097, 16_383, 16_384, 2_097_150, 2_097_152));
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
        lengths,
        qos,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 65_535 }),
        (topic, length, qos, retain, dup, messageId) => {
          const payload = Buffer.alloc(length, 7);
          const delivery = { qos, retain, dup: dup && qos > 0, messageId };
          const own = Buffer.concat(encodePublish({ topic, payload, qos }, delivery));
          assert.ok(own.equals(generate({ cmd: 'publish', topic, payload, ...delivery })));
        },
      ),
      { numRuns: 300 },
    );
    for (const messageId of [1, 255, 256, 65_535])
      assert.deepEqual(Buffer.concat(encodePubrel(messageId)), generate({ cmd: 'pubrel', messageId }));
  });

  it('are told apart by their fixed headers, however they are cut (fast-check)', () => {
    const limits = { connectBytes: 50, packetBytes: 200 };
    const connect = generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: 'x', clean: true });
    fc.assert(
      fc.property(
        fc.array(fc.nat(190), { maxLength: 20 }),
        fc.option(fc.integer({ min: 200, max: 3_000_000 })),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 50 }),
        (lengths, tooLong, cuts) => {
          const packets = lengths.map((length) =>
            generate({ cmd: 'publish', topic: 't', payload: Buffer.alloc(length), qos: 0, dup: false, retain: false }),
          );
          const last = generate({
            cmd: 'publish',
            topic: 't',
            payload: Buffer.alloc(tooLong ?? 0),
            qos: 0,
            dup: false,
            retain: false,
          });
          // Of the last packet the header is enough.
          const bytes = Buffer.concat([connect, ...packets, last.subarray(0, 5)]);
          const headers = new FixedHeaderReader(limits);
          const faults: string[] = [];
          for (let at = 0, i = 0; at < bytes.length && faults.length === 0; i++) {
            const end = at + (cuts[i % cuts.length] as number);
            const fault = headers.findFault(bytes.subarray(at, end));
            if (fault) faults.push(fault.reason);
            at = end;
          }
          const expected = tooLong === null ? [] : [`a packet of ${tooLong + 3} bytes; 200 are allowed`];
          assert.deepEqual(faults, expected);
        },
      ),
    );
  });

  it('a CONNECT has a limit of its own, unless that of packets is lower', () => {
    for (const [packetBytes, allowed] of [
      [1000, 50],
      [20, 20],
    ] as const) {
      const fault = new FixedHeaderReader({ connectBytes: 50, packetBytes }).findFault(Buffer.from([0x10, 60]));
      assert.deepEqual(fault, { reason: `CONNECT of 60 bytes; ${allowed} are allowed`, isTooLong: true });
    }
  });
});

describe('the queue of a session', () => {
  type Step = { do: 'push'; qos: 1 | 2; size: number } | { do: 'send' | 'ack' | 'rec' | 'reconnect' };
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('push' as const),
        qos: fc.constantFrom(1 as const, 2 as const),
        size: fc.nat(400),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('ack' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('rec' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const) }) },
  );

  it('loses only what it says, keeps its order, its bounds and its bytes (fast-check)', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const total = new QueuedBytes(1_000_000, () => 1);
        let dropped = 0;
        const queue = new SessionQueue({ messages: 20, bytes: 6000, total }, () => dropped++);
        const reading = parser({ protocolVersion: 4 });
        const firsts: Record<1 | 2, number[]> = { 1: [], 2: [] };
        const underWay = new Map<number, number>();
        const released = new Set<number>();
        let pushed = 0;
        let received = 0;
        reading.on('packet', (packet) => {
          if (packet.cmd === 'pubrel') {
            assert.ok(released.has(packet.messageId as number), 'a release of what was received');
            return;
          }
          assert.equal(packet.cmd, 'publish');
          if (packet.cmd !== 'publish') return;
          const [id, n] = [packet.messageId as number, Number(packet.topic)];
          assert.ok(!released.has(id), 'nothing that was received comes again');
          assert.equal(packet.dup, underWay.get(id) === n, 'a copy is marked as one');
          assert.ok(!underWay.has(id) || underWay.get(id) === n, 'no id has two messages');
          if (!underWay.has(id)) {
            received++;
            firsts[packet.qos as 1 | 2].push(n);
          }
          underWay.set(id, n);
        });
        const run = (given: Step): void => {
          const [oldest] = underWay.keys();
          if (given.do === 'push')
            queue.push(
              { topic: String(++pushed), payload: Buffer.alloc(given.size), qos: given.qos },
              given.qos,
              false,
            );
          if (given.do === 'send') for (const part of queue.next() ?? []) reading.parse(part);
          if (given.do === 'reconnect') queue.restart();
          if (oldest === undefined) return;
          if (given.do === 'rec') {
            queue.onPubrec(oldest);
            if (firsts[2].includes(underWay.get(oldest) as number)) released.add(oldest);
          }
          if (given.do === 'ack') {
            queue.onAcknowledged(oldest);
            underWay.delete(oldest);
            released.delete(oldest);
          }
          assert.ok(queue.size <= 20, 'its bound');
          assert.ok(total.used <= 6000, 'its bytes');
        };
        for (const each of steps) run(each);
        for (let i = 0; i < 100; i++) {
          run({ do: 'send' });
          run({ do: 'ack' });
        }
        for (const order of [firsts[1], firsts[2]])
          assert.deepEqual(
            order,
            [...order].sort((a, b) => a - b),
          );
        assert.equal(received + dropped, pushed, 'what was neither sent nor told as lost');
        assert.deepEqual([queue.size, total.used], [0, 0]);
      }),
    );
  });
});

describe('the order of a queue', () => {
  it('is that of the messages, whatever their QoS', () => {
    const bounds = { messages: 100, bytes: 100_000, total: new QueuedBytes(100_000, () => 1) };
    const queue = new SessionQueue(bounds, () => {});
    const given = [2, 1, 1, 2, 2, 1, 2] as const;
    const heard: number[] = [];
    const reading = parser({ protocolVersion: 4 });
    reading.on('packet', (packet) => packet.cmd === 'publish' && heard.push(packet.qos));
    for (const qos of given) queue.push({ topic: 't', payload: Buffer.alloc(0), qos }, qos, false);
    for (let frame = queue.next(); frame; frame = queue.next()) for (const part of frame) reading.parse(part);
    assert.deepEqual(heard, given);
  });
});

describe('the way out to a client', () => {
  it('holds publishers up for a quarter of a second after its client last moved', () => {
    const clock = createVirtualClock();
    const outlet = new OutgoingStream(
      new PassThrough(),
      { bytes: 1000, readMs: 1000 },
      clock,
      () => {},
      () => {},
    );
    let released = 0;
    const hold = (): void => outlet.hold(() => released++);
    hold();
    hold();
    clock.advance(200);
    outlet.progress();
    clock.advance(200);
    assert.deepEqual([released, outlet.isStalled], [0, false]);
    clock.advance(50);
    assert.deepEqual([released, outlet.isStalled], [2, true]);
    outlet.progress();
    assert.equal(outlet.isStalled, false);
    hold();
    outlet.release();
    assert.deepEqual([released, outlet.isStalled], [3, false]);
    hold();
    outlet.close();
    assert.equal(released, 4);
  });
});

describe('connections', () => {
  it('of one address make room for each other, and for no other address', () => {
    const clock = createVirtualClock();
    const limits = { ...defaultLimits, connections: 4, connectionsPerAddress: 2 };
    const connections = new OpenConnections(limits, clock, () => {});
    let port = 0;
    const from = (remoteAddress: string): Socket => {
      port++;
      return Object.defineProperties(new Socket(), {
        remoteAddress: { value: remoteAddress },
        remotePort: { value: port },
      });
    };
    const [first, second, third, fourth] = [from('a'), from('b'), from('b'), from('b')];
    for (const socket of [first, second, third, fourth]) assert.ok(connections.accept(socket));
    assert.deepEqual(
      [first, second, third, fourth].map(({ destroyed }) => destroyed),
      [false, true, false, false],
    );
    const [fifth, sixth] = [from('c'), from('d')];
    for (const socket of [fifth, sixth]) assert.ok(connections.accept(socket));
    assert.deepEqual(
      [first, third].map(({ destroyed }) => destroyed),
      [true, false],
    );
    assert.equal(connections.count, 4);
    connections.close();
  });
});
