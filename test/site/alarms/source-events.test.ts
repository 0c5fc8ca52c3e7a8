import assert from 'node:assert/strict';
import type { Message } from '../../../src/model/message.ts';
import { SiteEvents } from '../../../src/site/alarms/site-events.ts';
import { SourceEvents } from '../../../src/site/alarms/source-events.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

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
