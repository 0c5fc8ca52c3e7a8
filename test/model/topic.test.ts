import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatTopic, maxTopicLength, parseTopic } from '../../src/model/topic.ts';
import { topics } from '../support/model/arbitrary-topics.ts';

describe('topic grammar', () => {
  it('reads the four seed topics', () => {
    const seeds = {
      'devices/101/battery/soc': { kind: 'reading', device: '101', type: 'battery', quantity: 'soc' },
      'devices/102/ev_charger/1/status': {
        kind: 'reading',
        device: '102',
        type: 'ev_charger',
        index: 1,
        quantity: 'status',
      },
      'sites/3/energy': { kind: 'site_value', site: '3', name: 'energy' },
      'system/heartbeat/server1': { kind: 'system', area: 'heartbeat', node: 'server1' },
    };
    for (const [text, expected] of Object.entries(seeds)) {
      assert.deepEqual(parseTopic(text), { ok: true, value: expected });
    }
  });

  it('formats and parses as exact inverses', () => {
    fc.assert(
      fc.property(topics, (topic) => {
        const text = formatTopic(topic);
        if (text.length > maxTopicLength) return;
        assert.deepEqual(parseTopic(text), { ok: true, value: topic });
      }),
      { numRuns: 2000 },
    );
  });

  it('formats back to the text whatever text it accepts', () => {
    const pieces = fc.constantFrom(
      ...['devices', 'sites', 'system', 'a', 'B-1', 'battery', '1', '0', '007', 'soc', 'l1', 't1', 't0', 'command'],
      ...['response', 'setpoint', 'event', 'meta', 'availability', 'heartbeat', 'status', '', ' ', '+', '#', '$SYS'],
      ...['x_y', 'energy', 'interval', '15m', '__proto__', 'Ä', 'a\0b'],
    );
    const heads = fc.constantFrom('devices/a', 'devices/a/battery', 'sites/3', 'system/heartbeat', 'devices', '');
    let accepted = 0;
    fc.assert(
      fc.property(heads, fc.array(pieces, { maxLength: 4 }), (head, levels) => {
        const text = [head, ...levels].join('/');
        const parsed = parseTopic(text);
        if (!parsed.ok) {
          assert.ok(parsed.reason.length > 0);
          return;
        }
        accepted++;
        assert.equal(formatTopic(parsed.value), text);
      }),
      { numRuns: 5000 },
    );
    assert.ok(accepted > 100, `only ${accepted} texts were accepted: this test tells nothing`);
  });

  it('refuses any other text with a reason, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const parsed = parseTopic(text);
        if (parsed.ok) assert.equal(formatTopic(parsed.value), text);
        else assert.match(parsed.reason, /\S/);
      }),
      { numRuns: 2000 },
    );
  });

  for (const [text, reason] of [
    ['devices/101', /nothing after the device id/],
    ['devices/101/battery', /no quantity/],
    ['devices/101/Battery/soc', /not a device type/],
    ['devices/101/battery/0/soc', /not a quantity/],
    ['devices/101/battery/soc/l4', /neither a phase/],
    ['devices/+/battery/soc', /not a device id/],
    ['devices/101/battery/command', /needs a verb/],
    ['devices/101/meta/x', /nothing may follow/],
    ['sites/3/interval/15m/x', /too many levels/],
    ['system/unknown/x', /not one of/],
    ['homeassistant/sensor', /instead of devices/],
    [`devices/${'a'.repeat(300)}/battery/soc`, /longer than/],
  ] as const)
    it(`refuses ${text.slice(0, 40)}`, () => {
      const parsed = parseTopic(text);
      assert.equal(parsed.ok, false);
      assert.match(parsed.ok ? '' : parsed.reason, reason);
    });
});
