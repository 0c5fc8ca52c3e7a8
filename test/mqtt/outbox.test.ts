import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createDuplicates } from '../../src/mqtt/duplicates.ts';
import { createMemoryOutbox, type Entry } from '../../src/mqtt/outbox.ts';

const entry = (topic: string): Entry => ({ publication: { topic, payload: '', qos: 1, retain: false }, done() {} });

describe('outbox', () => {
  it('keeps order, refuses what is too much, and loses nothing (fast-check)', () => {
    const actions = fc.array(fc.constantFrom('push', 'shift', 'return'), { maxLength: 4000 });
    fc.assert(
      fc.property(actions, fc.integer({ min: 1, max: 50 }), (given, capacity) => {
        const outbox = createMemoryOutbox(capacity);
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
            if (action === 'return' && taken) outbox.unshift(taken);
            else model.shift();
          }
          assert.equal(outbox.depth, model.length);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('the size of an outbox', () => {
  it('can be changed while something waits, which stays', () => {
    const outbox = createMemoryOutbox(2);
    assert.deepEqual(
      ['a', 'b', 'c'].map((topic) => outbox.push(entry(topic))),
      [true, true, false],
    );
    outbox.resize(1);
    assert.deepEqual([outbox.depth, outbox.capacity], [2, 1]);
    assert.equal(outbox.shift()?.publication.topic, 'a');
    assert.equal(outbox.push(entry('d')), false);
    outbox.resize(2);
    assert.equal(outbox.push(entry('e')), true);
  });
});

describe('duplicates', () => {
  it('tells the second copy of each of the last 64 numbers, and only that (fast-check)', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 100 }), { maxLength: 300 }), (given) => {
        const duplicates = createDuplicates();
        const seen = new Set<number>();
        let highest = -1;
        for (const seq of given) {
          const isKnown = seen.has(seq) && highest - seq < 64;
          assert.equal(duplicates.isDuplicate('t', 'boot', seq), isKnown, `${seq} in ${given}`);
          seen.add(seq);
          highest = Math.max(highest, seq);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('begins anew with another boot and on another topic', () => {
    const duplicates = createDuplicates();
    assert.equal(duplicates.isDuplicate('t', 'a', 1), false);
    assert.equal(duplicates.isDuplicate('t', 'a', 1), true);
    assert.equal(duplicates.isDuplicate('t', 'b', 1), false);
    assert.equal(duplicates.isDuplicate('u', 'b', 1), false);
  });
});
