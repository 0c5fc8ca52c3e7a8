import assert from 'node:assert/strict';
import { Readings } from '../../../src/bridge/readings/readings.ts';
import type { Channel, Sample } from '../../../src/drivers/driver.ts';
import type { Message } from '../../../src/model/message.ts';
import type { Reading } from '../../../src/model/reading.ts';

const channel = (quantity: string, more: Partial<Channel> = {}): Channel => ({
  type: 'battery',
  quantity,
  unit: 'W',
  kind: 'gauge',
  intervalS: 1,
  maxAgeS: 10,
  signed: false,
  ...more,
});

describe('the readings of a device', () => {
  const placement = { device: 'x', site: 'home', gateway: 'gw' };
  let readings: Readings;
  const open = (channels: Channel[]): void => {
    readings = new Readings(placement, 'test/x');
    readings.addChannels({ protocol: 'test', source: 'test/x', channels, components: {} });
  };
  const sample = (...samples: Sample[]): Message[] => {
    const to: Message[] = [];
    readings.sample({ samples, durationMs: 0, errors: [] }, to);
    return to;
  };

  beforeEach(() => open([channel('soc'), channel('temperature', { maxAgeS: 20 })]));

  it('become stale after their own time, whichever was measured first', () => {
    sample({ channel: 0, value: 1, ts: 1000 }, { channel: 1, value: 2, ts: 500 });
    assert.equal(readings.staleFrom, 11_000);
    assert.deepEqual(readings.expire(11_000), []);
    assert.deepEqual(
      readings.expire(11_001).map(({ topic, quality }) => [topic, quality]),
      [['devices/x/battery/soc', 'stale']],
    );
    assert.equal(readings.staleFrom, 20_500);
    assert.equal(readings.expire(20_501).length, 1);
    assert.equal(readings.staleFrom, Number.POSITIVE_INFINITY);
    assert.deepEqual(readings.expire(1e9), [], 'once');
  });

  it('know when the oldest of the stale ones was measured, until a cycle comes', () => {
    sample({ channel: 1, value: 2, ts: 500 }, { channel: 0, value: 1, ts: 1000 });
    readings.expire(30_000);
    assert.equal(readings.staleSince, 500);
    sample({ channel: 0, value: 1, ts: 31_000 }, { channel: 1, value: 2, ts: 32_000 });
    readings.expire(60_000);
    assert.equal(readings.staleSince, 31_000);
    sample();
    assert.equal(readings.staleSince, undefined);
  });

  it('become stale also if they were concluded, and not if they are not there', () => {
    sample(
      { channel: 0, value: 1, ts: 1000, isEstimated: true },
      { channel: 1, value: null, ts: 1000, reason: 'sentinel' },
    );
    assert.deepEqual(
      readings.expire(1e6).map(({ topic }) => topic),
      ['devices/x/battery/soc'],
    );
  });

  it('of a device that is away are told if there was a value before', () => {
    const away: Sample = { channel: 0, value: null, ts: 0, reason: 'device_offline' };
    assert.deepEqual(sample(away), []);
    const reasonsOf = (messages: Message[]): unknown[] =>
      messages.map((each) => each.schema === 'reading/1' && [each.quality, each.reason]);
    assert.deepEqual(reasonsOf(sample({ ...away, channel: 1, reason: 'sentinel' })), [['invalid', 'sentinel']]);
    sample({ channel: 0, value: 1, ts: 1000 });
    assert.deepEqual(reasonsOf(sample({ ...away, ts: 2000 })), [['invalid', 'device_offline']]);
  });

  it('are counted while they are good', () => {
    sample({ channel: 0, value: 1, ts: 0 }, { channel: 1, value: 2, ts: 5000 });
    assert.equal(readings.good, 2);
    sample({ channel: 0, value: 1, ts: 1000, isEstimated: true });
    assert.equal(readings.good, 1);
    sample({ channel: 0, value: 1, ts: 2000 });
    sample({ channel: 1, value: null, ts: 2000, reason: 'sentinel' });
    assert.equal(readings.good, 1);
    readings.expire(12_001);
    assert.equal(readings.good, 0);
  });

  it('tell the last number of a channel only while it is good', () => {
    assert.equal(readings.lastGood(0), undefined);
    sample({ channel: 0, value: 7, ts: 1000 });
    assert.deepEqual(readings.lastGood(0), { value: 7, ts: 1000 });
    sample({ channel: 1, value: 'auto', ts: 1000 });
    assert.equal(readings.lastGood(1), undefined, 'no number');
    sample({ channel: 0, value: 8, ts: 2000, isEstimated: true });
    assert.equal(readings.lastGood(0), undefined);
    assert.equal(readings.lastGood(9), undefined);
  });

  it('tell the last number of a channel behind those that have derived quantities', () => {
    open([channel('power', { signed: true })]);
    const channels = [channel('power', { signed: true }), channel('soc')];
    readings.addChannels({ protocol: 'test', source: 'test/x', channels, components: {} });
    sample({ channel: 0, value: -5, ts: 1000 }, { channel: 1, value: 50, ts: 1000 });
    assert.deepEqual([readings.lastGood(0)?.value, readings.lastGood(1)?.value], [-5, 50]);
    assert.deepEqual(
      readings.last().map(({ value }) => value),
      [-5, 0, 5, 50],
    );
  });

  it('go on for channels that were there before the first that has derived quantities', () => {
    const channels = [channel('soc'), channel('temperature', { maxAgeS: 20 }), channel('power', { signed: true })];
    sample({ channel: 1, value: 20, ts: 0 });
    readings.addChannels({ protocol: 'test', source: 'test/x', channels, components: {} });
    const told = sample(...[50, 21, -5].map((value, nth): Sample => ({ channel: nth, value, ts: 1000 })));
    assert.deepEqual(
      told.map((each) => each.schema === 'reading/1' && [each.topic, each.value, each.seq]),
      [
        ['devices/x/battery/soc', 50, 1],
        ['devices/x/battery/temperature', 21, 2],
        ['devices/x/battery/power', -5, 1],
        ['devices/x/battery/discharge_power', 0, 1],
        ['devices/x/battery/charge_power', 5, 1],
      ],
    );
  });

  it('take over another age of a known channel, and no other change', () => {
    sample({ channel: 0, value: 1, ts: 0 });
    const channels = [channel('soc', { maxAgeS: 50 }), channel('temperature', { maxAgeS: 20, quantity: 'other' })];
    readings.addChannels({ protocol: 'test', source: 'test/x', channels, components: {} });
    assert.deepEqual(
      readings.channels.map(({ quantity, maxAgeS }) => [quantity, maxAgeS]),
      [
        ['soc', 50],
        ['temperature', 20],
      ],
    );
    assert.deepEqual(readings.expire(50_000), []);
    assert.equal(readings.expire(50_001).length, 1);
  });

  it('have a unit, a reason and the word of the device only if there are any', () => {
    const { unit: _, ...mode } = channel('mode');
    open([channel('soc', { unit: '%' }), mode]);
    const facts = (nth: number) => {
      const [reading] = sample({ channel: nth, value: nth, ts: 0 });
      const { boot: __, ...rest } = reading as Reading;
      return rest;
    };
    const common = { schema: 'reading/1', ts: '1970-01-01T00:00:00.000Z', quality: 'good', seq: 1, source: 'test/x' };
    assert.deepEqual(facts(0), { ...common, topic: 'devices/x/battery/soc', value: 0, unit: '%' });
    assert.deepEqual(facts(1), { ...common, topic: 'devices/x/battery/mode', value: 1 });
  });

  it('carry the word of the device and its reason, for as long as it says them', () => {
    const [first] = sample({ channel: 0, value: 1, ts: 0, raw: '0x1', reason: 'sentinel' });
    const [second] = sample({ channel: 0, value: 1, ts: 1000 });
    const [third] = sample({ channel: 0, value: 1, ts: 2000, raw: '0x1' });
    const [fourth] = sample({ channel: 0, value: 1, ts: 3000, reason: 'sentinel' });
    assert.deepEqual(
      [first, second, third, fourth].map((each) => each?.schema === 'reading/1' && [each.raw, each.reason, each.seq]),
      [
        ['0x1', 'sentinel', 1],
        [undefined, undefined, 2],
        ['0x1', undefined, 3],
        [undefined, 'sentinel', 4],
      ],
    );
  });
});
