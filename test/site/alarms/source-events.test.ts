import assert from 'node:assert/strict';
import type { Message } from '../../../src/model/message.ts';
import { SiteEvents } from '../../../src/site/alarms/site-events.ts';
import { SourceEvents } from '../../../src/site/alarms/source-events.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

describe('events of powers', () => {
  it('tell of dropped samples once in ten minutes, with those since the last time', () => {
    const sent: Message<'event/1'>[] = [];
    const send = (messages: Message[]): void => void sent.push(...(messages as Message<'event/1'>[]));
    const events = new SourceEvents(new SiteEvents({ site: 'home', boot: 'test', clock: createVirtualClock(), send }));
    const dropped = { samples: 2, w: 90_000, limitW: 30_000.4, grounds: 'history' } as const;
    for (const at of [0, 1, 599_999, 600_000]) events.samplesDropped('a', dropped, at);
    const data = { topic: 'a', power_w: 90_000, limit_w: 30_000, by: 'history' };
    assert.deepEqual(
      sent.map((each) => [each.name, each.severity, each.data]),
      [2, 6].map((samples) => ['power_doubted', 'warning', { ...data, samples }]),
    );
    assert.notEqual(sent[0]?.id, sent[1]?.id);
  });
});

describe('events of counters', () => {
  it('tell energies to a thousandth of a Wh, and ratios to a millionth', () => {
    const sent: Message<'event/1'>[] = [];
    const send = (messages: Message[]): void => void sent.push(...(messages as Message<'event/1'>[]));
    const events = new SourceEvents(new SiteEvents({ site: 'home', boot: 'test', clock: createVirtualClock(), send }));
    events.counterEvent('a', { name: 'counter_reset', beforeWh: 10, afterWh: 1, bookedWh: 1.23456 });
    events.counterTrust('a', { isDoubted: true, reason: 'ratio', ratio: 0.12345678, correctedWh: 2.34567 });
    events.counterTrust('a', { isDoubted: false, correctedWh: -0.00012 });
    assert.deepEqual(
      sent.map(({ name, severity, state, data }) => [name, severity, state, data]),
      [
        ['counter_reset', 'warning', undefined, { topic: 'a', before_wh: 10, after_wh: 1, booked_wh: 1.235 }],
        [
          'counter_power_mismatch',
          'warning',
          'active',
          { topic: 'a', reason: 'ratio', ratio: 0.123457, corrected_wh: 2.346 },
        ],
        ['counter_power_mismatch', 'info', 'cleared', { topic: 'a', corrected_wh: -0 }],
      ],
    );
  });
});
