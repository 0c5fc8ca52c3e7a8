import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { MemoryOutbox } from '../../../src/mqtt/publishing/outbox.ts';
import type { OutboxEntry } from '../../../src/mqtt/publishing/publication.ts';

const entry = (topic: string): OutboxEntry => ({
  publication: { topic, payload: '', qos: 1, retain: false },
  done() {},
});

describe('outbox', () => {
  it('keeps order, refuses what is too much, and loses nothing (fast-check)', () => {
    const actions = fc.array(fc.constantFrom('push', 'shift', 'return'), { maxLength: 4000 });
    fc.assert(
      fc.property(actions, fc.integer({ min: 1, max: 50 }), (given, capacity) => {
        const outbox = new MemoryOutbox(capacity);
        const model: string[] = [];
        let count = 0;
        for (const action of given) {
          if (action === 'push') {
            const topic = String(count++);
            const isTaken = outbox.push(entry(topic));
            assert.equal(isTaken, model.length < capacity);
            if (isTaken) model.push(topic);
          } else {
            const taken = outbox.shift();
            assert.equal(taken?.publication.topic, model[0]);
            if (action === 'return' && taken) outbox.putBack(taken);
            else model.shift();
          }
          assert.equal(outbox.depth, model.length);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('the memory of an outbox', () => {
  it('keeps nothing of an entry that was taken out', async () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    assert.ok(typeof collect === 'function');
    const outbox = new MemoryOutbox(10);
    const first = new WeakRef(entry('a'));
    const second = new WeakRef(entry('b'));
    for (const each of [first, second]) {
      const pushed = each.deref();
      assert.ok(pushed && outbox.push(pushed));
    }
    assert.equal(outbox.shift()?.publication.topic, 'a');
    // An object that a WeakRef has shown stays alive until the end of the job.
    await pause(1);
    collect();
    assert.equal(first.deref(), undefined);
    assert.ok(second.deref());
    assert.equal(outbox.shift()?.publication.topic, 'b');
  });
});

describe('the size of an outbox', () => {
  it('can be changed while something waits, which stays', () => {
    const outbox = new MemoryOutbox(2);
    assert.deepEqual(
      ['a', 'b', 'c'].map((topic) => outbox.push(entry(topic))),
      [true, true, false],
    );
    outbox.resize(1);
    assert.equal(outbox.depth, 2);
    assert.equal(outbox.shift()?.publication.topic, 'a');
    assert.equal(outbox.push(entry('d')), false);
    outbox.resize(2);
    assert.equal(outbox.push(entry('e')), true);
  });
});

describe('the room of an outbox', () => {
  const of = (qos: 1 | 2, retain: boolean): OutboxEntry => ({
    publication: { topic: 't', payload: '', qos, retain },
    done() {},
  });
  const status = of(1, true);
  const event = of(1, false);
  const billing = of(2, false);
  const fill = (entry: OutboxEntry, outbox = new MemoryOutbox(100)): number => {
    let taken = 0;
    while (outbox.push(entry)) taken++;
    return taken;
  };

  it('is not for status alone: some is kept for events and commands, and the last for billing', () => {
    const outbox = new MemoryOutbox(100);
    assert.deepEqual(
      [status, event, billing].map((entry) => fill(entry, outbox)),
      [75, 15, 10],
    );
    assert.equal(outbox.push(billing), false);
  });

  it('is all for billing, where nothing else waits', () => {
    assert.equal(fill(billing), 100);
  });

  it('is told to whoever finds none', () => {
    const outbox = new MemoryOutbox(100);
    assert.deepEqual(
      [status, event, billing].map(({ publication }) => outbox.roomFor(publication)),
      [75, 90, 100],
    );
  });
});

describe('a held topic of an outbox', () => {
  const topicsOf = (outbox: MemoryOutbox): string[] => {
    const topics: string[] = [];
    for (let next = outbox.shift(); next; next = outbox.shift()) topics.push(String(next.publication.payload));
    return topics;
  };
  const message = (topic: string, payload: string): OutboxEntry => ({
    publication: { topic, payload, qos: 1, retain: false },
    done() {},
  });

  it('lets the others pass, and keeps its order', () => {
    const outbox = new MemoryOutbox(100);
    for (const n of ['1', '2', '3']) for (const topic of ['a', 'b']) outbox.push(message(topic, topic + n));
    const refused = outbox.shift();
    assert.equal(refused?.publication.payload, 'a1');
    outbox.hold('a', refused);
    assert.deepEqual(topicsOf(outbox), ['b1', 'b2', 'b3']);
    assert.equal(outbox.depth, 3);
    outbox.push(message('a', 'a4'));
    outbox.release('a');
    assert.deepEqual(topicsOf(outbox), ['a1', 'a2', 'a3', 'a4']);
    assert.equal(outbox.depth, 0);
  });

  it('takes room like any other', () => {
    const outbox = new MemoryOutbox(2);
    outbox.hold('a', message('a', '1'));
    assert.equal(outbox.push(message('b', '2')), true);
    assert.equal(outbox.push(message('b', '3')), false);
  });

  it('keeps order and loses nothing, whatever is held and released (fast-check)', () => {
    const action = fc.tuple(fc.constantFrom('push', 'shift', 'refuse', 'release'), fc.constantFrom('a', 'b', 'c'));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const outbox = new MemoryOutbox(1000);
        const waiting = new Map<string, string[]>([
          ['a', []],
          ['b', []],
          ['c', []],
        ]);
        let count = 0;
        for (const [kind, topic] of actions) {
          if (kind === 'push') {
            outbox.push(message(topic, String(count)));
            waiting.get(topic)?.push(String(count++));
          } else if (kind === 'release') outbox.release(topic);
          else {
            const next = outbox.shift();
            const own = next && waiting.get(next.publication.topic);
            assert.equal(next?.publication.payload, own?.[0]);
            if (next && kind === 'refuse') outbox.hold(next.publication.topic, next);
            else own?.shift();
          }
          assert.equal(outbox.depth, [...waiting.values()].flat().length);
        }
        outbox.releaseAll();
        const rest = topicsOf(outbox);
        for (const own of waiting.values())
          assert.deepEqual(
            rest.filter((each) => own.includes(each)),
            own,
          );
      }),
      { numRuns: 300 },
    );
  });
});
