import assert from 'node:assert/strict';
import { LatestValues } from '../../../src/site/inputs/latest-values.ts';
import { readingOf } from '../../support/site/site-messages.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

describe('the latest values of a site', () => {
  const topic = 'devices/a/meter/power';
  const source = { device: 'a', maxAgeMs: 30_000 };
  let clock: VirtualClock;
  let latest: LatestValues;

  beforeEach(() => {
    clock = createVirtualClock();
    latest = new LatestValues(clock, 10_000);
    latest.takeReading(readingOf('a/meter/power', 500, clock.now()), clock.monotonic(), false);
  });

  it('are used for as long as they may be, then for their grace, estimated', () => {
    for (const [ms, value, quality] of [
      [30_000, 500, 'good'],
      [1, 500, 'estimated'],
      [9999, 500, 'estimated'],
      [1, null, 'stale'],
    ] as const) {
      clock.advance(ms);
      assert.deepEqual(latest.current(topic, source), { value, quality, at: 0 });
    }
    assert.deepEqual(latest.last(topic), { value: 500, at: 0 });
  });

  it('are younger where they were measured later than was thought, and older where earlier', () => {
    latest.move(topic, 5000);
    clock.advance(35_000);
    assert.deepEqual(latest.current(topic, source), { value: 500, quality: 'good', at: 5000 });
    assert.deepEqual(latest.last(topic), { value: 500, at: 5000 });
    latest.move(topic, -1);
    assert.equal(latest.current(topic, source).quality, 'estimated');
    latest.move('devices/a/meter/voltage', 5000);
    assert.deepEqual(latest.last(topic), { value: 500, at: 4999 });
  });

  it('are forgotten with their device, and no others', () => {
    latest.takeReading(readingOf('ab/meter/power', 700, clock.now()), clock.monotonic(), false);
    latest.forget('a');
    assert.deepEqual([latest.current(topic, source).value, latest.last(topic)], [null, undefined]);
    assert.equal(latest.last('devices/ab/meter/power')?.value, 700);
  });
});
