import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  covers,
  isFilter,
  isShared,
  prefixedFilter,
  topicFilterOf,
} from '../../../src/mqtt/subscriptions/topic-filter.ts';
import { TopicFilterTrie } from '../../../src/mqtt/subscriptions/topic-filter-trie.ts';

/** MQTT 3.1.1 §4.7, written down as plainly as it reads. */
const matches = (filter: string, topic: string): boolean => {
  const [f, t] = [filter.split('/'), topic.split('/')];
  if (t[0]?.startsWith('$') && (f[0] === '+' || f[0] === '#')) return false;
  for (let i = 0; i < f.length; i++) {
    if (f[i] === '#') return true;
    if (i >= t.length || (f[i] !== '+' && f[i] !== t[i])) return false;
  }
  return f.length === t.length;
};

const level = fc.constantFrom('a', 'b', 'c', '', '$SYS', 'devices');
const topics = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => levels.join('/'));
const filters = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 4 }), fc.boolean())
  .map(([levels, isWide]) => [...levels, ...(isWide || levels.length === 0 ? ['#'] : [])].join('/'));

describe('topic filters', () => {
  it('a trie finds exactly what the rules say (fast-check)', () => {
    fc.assert(
      fc.property(fc.array(filters, { maxLength: 12 }), topics, (given, topic) => {
        const trie = new TopicFilterTrie<string>();
        for (const filter of given) trie.add(filter, filter);
        assert.deepEqual([...trie.match(topic)].sort(), [...new Set(given)].filter((f) => matches(f, topic)).sort());
      }),
      { numRuns: 3000 },
    );
  });

  it('finds nothing of what was taken out again (fast-check)', () => {
    fc.assert(
      fc.property(fc.uniqueArray(filters, { minLength: 2, maxLength: 8 }), topics, (given, topic) => {
        const trie = new TopicFilterTrie<string>();
        for (const filter of given) trie.add(filter, filter);
        const [removed, ...left] = given;
        trie.remove(removed as string, removed as string);
        assert.deepEqual([...trie.match(topic)].sort(), left.filter((f) => matches(f, topic)).sort());
        for (const filter of given) trie.remove(filter, filter);
        assert.equal(trie.branches, 0, 'nothing is left of filters that are gone');
      }),
    );
  });

  it('a filter covers another where it takes all its topics (fast-check)', () => {
    fc.assert(
      fc.property(filters, filters, topics, (wide, narrow, topic) => {
        if (wide.startsWith('+') || wide.startsWith('#')) return;
        if (covers(wide, narrow) && matches(narrow, topic))
          assert.ok(matches(wide, topic), `${wide} ${narrow} ${topic}`);
      }),
      { numRuns: 3000 },
    );
  });

  for (const [filter, expected] of [
    ['devices/+/battery/#', true],
    ['#', true],
    ['+', true],
    ['/', true],
    ['', false],
    ['devices/#/soc', false],
    ['devices/a+/soc', false],
    ['devices/a#', false],
    ['a\0b', false],
  ] as const)
    it(`"${filter.replace('\0', '\\0')}" is ${expected ? 'a' : 'no'} filter`, () =>
      assert.equal(isFilter(filter), expected));

  const shared: [filter: string, isShared: boolean, topics: string, prefixed: string][] = [
    ['$share/group/devices/+/power', true, 'devices/+/power', '$share/group/p/devices/+/power'],
    ['$share/group//a', true, '/a', '$share/group/p//a'],
    ['$share/group/#', true, '#', '$share/group/p/#'],
    // MQTT 5 §4.8.2: a ShareName of one character at least, without wildcards, and a filter behind it
    ['$share//a', false, '$share//a', 'p/$share//a'],
    ['$share/+/a', false, '$share/+/a', 'p/$share/+/a'],
    ['$share/group/', false, '$share/group/', 'p/$share/group/'],
    ['devices/$share/a', false, 'devices/$share/a', 'p/devices/$share/a'],
  ];
  for (const [filter, is, topic, prefixed] of shared)
    it(`${filter} is ${is ? 'of a shared subscription' : 'a plain filter'}`, () =>
      assert.deepEqual([isShared(filter), topicFilterOf(filter), prefixedFilter('p/', filter)], [is, topic, prefixed]));
});
