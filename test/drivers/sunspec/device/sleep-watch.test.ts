/** Sleep and failure of a device that went silent. */
import assert from 'node:assert/strict';
import type { Channel, Cycle, DeviceState } from '../../../../src/drivers/driver.ts';
import { SleepWatch } from '../../../../src/drivers/sunspec/device/sleep-watch.ts';
import type { Value } from '../../../../src/model/reading.ts';

const channel = (type: string, quantity: string, more: Partial<Channel> = {}): Channel => ({
  ...{ type, quantity, kind: 'gauge', intervalS: 5, maxAgeS: 15, signed: true },
  ...more,
});

const solar = [channel('solar', 'power'), channel('solar', 'status'), channel('solar', 'power', { index: 1 })];
const gone: DeviceState = { kind: 'offline', reason: 'no connection', retryMs: 1000 };
const at = 1_000_000;

const cycle = (values: Record<number, Value>, reason?: 'sentinel' | 'device_offline'): Cycle => ({
  samples: Object.entries(values).map(([n, value]) => ({
    channel: Number(n),
    value,
    ts: at,
    ...(value === null && reason ? { reason } : {}),
  })),
  durationMs: 1,
  errors: [],
});

/** @returns since when a device counts as asleep that goes silent after these polls */
const sleepAfter = (cycles: Cycle[], channels = solar, ratedPowerW?: number): number | undefined => {
  const watch = new SleepWatch();
  for (const each of cycles) watch.take(each, channels);
  const told = watch.explain(gone, () => ({ channels, ratedPowerW }), at);
  return told.kind === 'offline' ? told.asleepSince : undefined;
};

describe('SunSpec: a device that went silent', () => {
  it('sleeps if it gave no power before', () => {
    assert.equal(sleepAfter([cycle({ 0: 3000 }), cycle({ 0: 20 })]), at);
    assert.equal(sleepAfter([cycle({ 0: 0, 1: 'producing' })]), at);
    assert.equal(sleepAfter([cycle({ 0: null, 1: 'standby' }, 'sentinel')]), at);
    assert.equal(sleepAfter([cycle({ 0: null, 1: null }, 'sentinel')]), at);
    assert.equal(sleepAfter([cycle({ 0: 900 })], solar, 100_000), at, 'less than 1 % of its rating');
  });

  it('has failed if it gave power, or nobody knows', () => {
    assert.equal(sleepAfter([]), undefined);
    assert.equal(sleepAfter([cycle({ 0: 20 }), cycle({ 0: 3000 })]), undefined);
    assert.equal(sleepAfter([cycle({ 0: 60 })]), undefined);
    assert.equal(sleepAfter([cycle({ 0: 900 })], solar, 50_000), undefined);
    assert.equal(sleepAfter([cycle({ 2: 0 })]), undefined, 'a single string is not the device');
    assert.equal(sleepAfter([cycle({ 0: null, 1: 'producing' }, 'sentinel')]), undefined);
    assert.equal(sleepAfter([cycle({ 0: 3000 }), cycle({ 0: null, 1: null }, 'device_offline')]), undefined);
  });

  it('has failed if it works at night as well', () => {
    for (const type of ['inverter', 'battery', 'meter', 'grid'])
      assert.equal(sleepAfter([cycle({ 0: 0 })], [...solar, channel(type, 'power')]), undefined, type);
  });

  it('sleeps from the moment on at which it went silent, until it answers', () => {
    const watch = new SleepWatch();
    const device = () => ({ channels: solar });
    watch.take(cycle({ 0: 0 }), solar);
    assert.deepEqual(watch.explain({ kind: 'online' }, device, at), { kind: 'online' });
    watch.explain(gone, device, at);
    const later = watch.explain(gone, device, at + 5000);
    assert.deepEqual(later, {
      kind: 'offline',
      reason: 'taken as asleep, because it gave no power before it went silent; no connection',
      retryMs: 1000,
      asleepSince: at,
    });
    assert.equal(watch.since, at);
    watch.explain({ kind: 'degraded', reason: 'half awake' }, device, at + 6000);
    assert.equal(watch.since, undefined);
    watch.take(cycle({ 0: 2000 }), solar);
    assert.deepEqual(watch.explain(gone, device, at + 7000), gone, 'a failure by day');
  });

  it('sleeps on over a restart', () => {
    const watch = new SleepWatch(at);
    const told = watch.explain(gone, () => ({ channels: [] }), at + 9000);
    assert.equal(told.kind === 'offline' && told.asleepSince, at);
  });
});
