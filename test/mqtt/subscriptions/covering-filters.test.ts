import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { QoS } from '../../../src/mqtt/publishing/publication.ts';
import { coveringOf, widestOf } from '../../../src/mqtt/subscriptions/covering-filters.ts';
import { covers } from '../../../src/mqtt/subscriptions/topic-filter.ts';

const level = fc.constantFrom('a', 'b', 'devices', '+');
const filter = fc
  .tuple(fc.array(level, { maxLength: 4 }), fc.boolean())
  .map(([levels, isWide]) => [...levels, ...(isWide || levels.length === 0 ? ['#'] : [])].join('/'));
const qos = fc.constantFrom<QoS>(0, 1, 2);
const asked = fc.array(fc.tuple(filter, qos), { maxLength: 15 }).map((entries) => new Map(entries));

describe('the filters that are held at the broker', () => {
  it('take all that is asked, none lies within another, each with the highest QoS (fast-check)', () => {
    fc.assert(
      fc.property(asked, (given) => {
        const held = widestOf(given);
        for (const one of held.keys())
          for (const other of held.keys()) assert.ok(one === other || !covers(other, one), `${one} in ${other}`);
        for (const [wide, level] of held) {
          const within = [...given].filter(([each]) => covers(wide, each)).map(([, each]) => each);
          assert.equal(level, Math.max(...within), wide);
        }
        for (const each of given.keys())
          assert.ok(
            [...held.keys()].some((wide) => covers(wide, each)),
            each,
          );
      }),
      { numRuns: 3000 },
    );
  });

  it('are found by what lies within them (fast-check)', () => {
    fc.assert(
      fc.property(asked, fc.array(filter, { maxLength: 4 }), (held, wanted) => {
        const expected = [...held].filter(([wide]) => wanted.some((each) => covers(wide, each)));
        assert.deepEqual(coveringOf(held, wanted), expected);
      }),
      { numRuns: 3000 },
    );
  });
});
