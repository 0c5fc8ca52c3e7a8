import assert from 'node:assert/strict';
import { parseTopic } from '../../../src/model/topic.ts';
import { TopicFilterTrie } from '../../../src/mqtt/subscriptions/topic-filter-trie.ts';
import { selectTopics, type TopicSelectionOptions } from '../../../src/mqtt/subscriptions/topic-selection.ts';

const any: TopicSelectionOptions = {
  what: 'readings',
  device: '',
  type: '',
  quantity: '',
  site: '',
  patterns: [],
  withDirectory: false,
};

const topics = [
  'devices/101/battery/soc',
  'devices/101/meter/power/l1',
  'devices/102/ev_charger/1/status',
  'devices/101/meta',
  'devices/101/availability',
  'devices/101/battery/command/charge',
  'devices/101/battery/response/charge',
  'devices/101/battery/setpoint/charge',
  'devices/101/event/bridge_online',
  'sites/3/energy',
  'sites/4/power',
  'sites/3/command/limit_power',
  'sites/3/event/counter_reset',
  'system/heartbeat/server1',
  'system/status/server1',
];

/** What arrives: it must match a filter, and be admitted. */
const arrives = (wish: Partial<TopicSelectionOptions>, isRetained = false): string[] => {
  const selection = selectTopics({ ...any, ...wish });
  const trie = new TopicFilterTrie<boolean>();
  for (const filter of selection.filters) trie.add(filter, true);
  return topics.filter((text) => {
    const topic = parseTopic(text);
    assert.ok(topic.ok, text);
    return [...trie.match(text)].length > 0 && selection.admits(topic.value, isRetained);
  });
};

describe('what a subscriber wants', () => {
  const cases: [name: string, wish: Partial<TopicSelectionOptions>, expected: string[]][] = [
    ['readings', {}, ['devices/101/battery/soc', 'devices/101/meter/power/l1', 'devices/102/ev_charger/1/status']],
    ['readings of a device', { device: '102' }, ['devices/102/ev_charger/1/status']],
    ['readings of a type', { type: 'battery' }, ['devices/101/battery/soc']],
    ['a quantity of any device', { quantity: 'power' }, ['devices/101/meter/power/l1']],
    [
      'readings with what is known of the devices',
      { device: '101', quantity: 'soc', withDirectory: true },
      ['devices/101/battery/soc', 'devices/101/meta', 'devices/101/availability', 'system/status/server1'],
    ],
    ['readings of a site, whose devices nobody knows yet', { site: '3' }, ['devices/101/meta']],
    [
      'readings of a site, with what is known of its devices',
      { site: '3', withDirectory: true },
      ['devices/101/meta', 'devices/101/availability', 'system/status/server1'],
    ],
    ['a site', { what: 'site', site: '3' }, ['sites/3/energy']],
    ['all sites', { what: 'site' }, ['sites/3/energy', 'sites/4/power']],
    ['commands', { what: 'commands' }, ['devices/101/battery/command/charge', 'sites/3/command/limit_power']],
    ['commands of a device', { what: 'commands', device: '101', site: '9' }, ['devices/101/battery/command/charge']],
    [
      'responses and setpoints',
      { what: 'responses' },
      ['devices/101/battery/response/charge', 'devices/101/battery/setpoint/charge'],
    ],
    ['events', { what: 'events' }, ['devices/101/event/bridge_online', 'sites/3/event/counter_reset']],
    ['events of a device: not those of sites', { what: 'events', device: '101' }, ['devices/101/event/bridge_online']],
    ['the system', { what: 'system' }, ['system/heartbeat/server1', 'system/status/server1']],
    [
      'a pattern',
      { what: 'pattern', patterns: ['sites/+/power', 'devices/101/meta'] },
      ['devices/101/meta', 'sites/4/power'],
    ],
    ['everything', { what: 'everything', withDirectory: true }, topics],
  ];
  for (const [name, wish, expected] of cases) it(name, () => assert.deepEqual(arrives(wish), expected));

  it('readings with what sites have told of their energies before: what is retained of it', () => {
    const energies = (wish: Partial<TopicSelectionOptions>, isRetained: boolean): string[] =>
      arrives(wish, isRetained).filter((topic) => topic.startsWith('sites/'));
    assert.deepEqual(energies({ withDirectory: true }, true), ['sites/3/energy']);
    assert.deepEqual(energies({ withDirectory: true }, false), []);
    assert.deepEqual(energies({ withDirectory: true, site: '4' }, true), []);
    assert.deepEqual(energies({}, true), []);
    assert.deepEqual(energies({ what: 'commands', withDirectory: true }, true), ['sites/3/command/limit_power']);
  });

  it('readings of a site: those of its devices, by type where one is chosen', () => {
    const of = (wish: Partial<TopicSelectionOptions>, device: string) =>
      selectTopics({ ...any, site: '3', ...wish }).filtersOf?.(device);
    assert.deepEqual(of({}, '101'), ['devices/101/+/#']);
    assert.deepEqual(of({ type: 'battery' }, '101'), ['devices/101/battery/#']);
    assert.deepEqual(of({ device: '102' }, '101'), []);
    assert.deepEqual(of({ device: '101' }, '101'), ['devices/101/+/#']);
    assert.equal(of({ site: '' }, '101'), undefined);
    assert.equal(of({ what: 'events' }, '101'), undefined);
  });
});
