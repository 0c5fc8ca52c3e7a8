import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PacketIdSet } from '../../../src/mqtt/embedded-broker/packet-id-set.ts';
import { RetainedMessages, RetainedReplay } from '../../../src/mqtt/embedded-broker/retained-messages.ts';
import { covers } from '../../../src/mqtt/subscriptions/topic-filter.ts';

describe('what the embedded broker remembers', () => {
  it('retained messages take the room of those that they replace, and leave it when they go', () => {
    const retained = new RetainedMessages({ messages: 100, bytes: 5000 });
    const store = (topic: string, bytes: number): boolean =>
      retained.store({ topic, payload: Buffer.alloc(bytes), qos: 1 });
    for (let i = 0; i < 100; i++) assert.ok(store('same', 2000), `replacement ${i}`);
    for (let i = 0; i < 100; i++) {
      assert.ok(store(`other/${i}/x/y`, 1000), `topic ${i}`);
      assert.ok(store(`other/${i}/x/y`, 0));
    }
    assert.equal(store('large', 3000), false);
  });

  it('retained messages are found by exactly the filters that match them, and leave nothing behind (fast-check)', () => {
    const level = fc.constantFrom('a', 'b', '', '$x');
    const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
    const filters = fc
      .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 3 }), fc.boolean())
      .map(([levels, isWide]) => [...levels, ...(isWide || levels.length === 0 ? ['#'] : [])].join('/'));
    fc.assert(
      fc.property(fc.uniqueArray(topics, { maxLength: 12 }), filters, (given, filter) => {
        const retained = new RetainedMessages({ messages: 100, bytes: 100_000 });
        for (const topic of given) retained.store({ topic, payload: Buffer.from('x'), qos: 0 });
        // MQTT-4.7.2-1
        const hidden = (topic: string): boolean => topic.startsWith('$') && /^[+#]/.test(filter);
        const expected = given.filter((topic) => covers(filter, topic) && !hidden(topic));
        assert.deepEqual(retained.match(filter).sort(), expected.sort());
        for (const topic of given) retained.store({ topic, payload: Buffer.alloc(0), qos: 0 });
        assert.deepEqual([retained.count, retained.match('#')], [0, []]);
        const whole = new RetainedMessages({ messages: 1, bytes: 100_000 });
        for (const topic of given.slice(0, 1)) assert.ok(whole.store({ topic, payload: Buffer.from('x'), qos: 0 }));
      }),
    );
  });

  it('the retained messages of a subscription as they are when they are sent, not as they were', () => {
    const retained = new RetainedMessages({ messages: 100, bytes: 100_000 });
    const store = (topic: string, payload: string): boolean =>
      retained.store({ topic, payload: Buffer.from(payload), qos: 1 });
    for (const topic of ['a', 'b', 'c', 'd']) store(topic, 'old');
    const replay = new RetainedReplay(retained);
    const next = (): string | undefined => {
      const found = replay.next();
      return found && `${found.message.topic} ${found.message.payload} ${found.qos}`;
    };
    replay.add('+', 2);
    replay.add('d', 0);
    replay.add('gone', 0);
    replay.remove('gone');
    assert.equal(next(), 'a old 2');
    store('b', 'new');
    store('c', '');
    assert.deepEqual(
      [next(), next(), replay.isPending, next(), replay.isPending],
      ['b new 2', 'd old 2', true, 'd old 0', false],
    );
    assert.equal(next(), undefined);
  });

  it('packet ids, like a set of numbers (fast-check)', () => {
    const id = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 65_535 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), id)), (steps) => {
        const ids = new PacketIdSet();
        const expected = new Set<number>();
        for (const [isAdded, n] of steps) {
          if (isAdded) ids.add(n);
          else ids.delete(n);
          if (isAdded) expected.add(n);
          else expected.delete(n);
          assert.deepEqual([ids.has(n), ids.count], [expected.has(n), expected.size]);
        }
      }),
    );
  });
});
