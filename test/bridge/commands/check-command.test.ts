import assert from 'node:assert/strict';
import {
  type CommandConditions,
  type CommandTarget,
  checkCommand,
} from '../../../src/bridge/commands/check-command.ts';
import type { Actuator } from '../../../src/drivers/driver.ts';
import { isoTime } from '../../../src/model/time.ts';
import { batteryActuator } from '../../support/bridge/scripted-device.ts';

const now = Date.parse('2026-11-23T10:00:00.000Z');
const settings: Actuator = {
  ...batteryActuator,
  key: 'battery#set_reserve_soc',
  verbs: { set_reserve_soc: { kind: 'config', params: { soc: { unit: '%', min: 0, max: 100 } }, maxLeaseS: 0 } },
};
const conditions: CommandConditions = {
  device: 'b',
  trusted: ['grid/*', 'fuse'],
  actuators: [settings, batteryActuator],
  state: { kind: 'online' },
  now,
};
const battery: CommandTarget = { type: 'battery', verb: 'charge' };

const check = (more: object = {}, target = battery, given: Partial<CommandConditions> = {}) =>
  checkCommand(
    target,
    {
      schema: 'command/1',
      id: 'x',
      ts: isoTime(now),
      params: { power_w: 1000 },
      ttl_s: 10,
      lease_s: 60,
      requester: 'pv',
      ...more,
    },
    { ...conditions, ...given },
  );
/** The code of a refusal and its text, or the actuators that carry the command out. */
const verdict = (...given: Parameters<typeof check>): unknown[] => {
  const checked = check(...given);
  return checked.ok ? checked.actuators.map(({ key }) => key) : [checked.status, checked.code, checked.message];
};

describe('whether a command may be carried out', () => {
  it('it may, by the actuator of its component that knows it', () => {
    assert.deepEqual(verdict(), ['battery']);
    assert.deepEqual(verdict({ params: { soc: 20 } }, { type: 'battery', verb: 'set_reserve_soc' }), [settings.key]);
  });

  it('a release is for all actuators of its component', () => {
    assert.deepEqual(verdict({ params: {} }, { type: 'battery', verb: 'release' }), [settings.key, 'battery']);
  });

  it('a schema that it breaks is named with its field', () => {
    assert.deepEqual(verdict({ ttl_s: 0 }).slice(0, 2), ['rejected', 'SCHEMA']);
    assert.match(String(verdict({ ttl_s: 0 })[2]), /^ttl_s: /);
    assert.match(String(verdict({ ts: '2026-02-30T00:00:00Z' })[2]), /^ts/);
    // More digits than nanoseconds have.
    const unreadable = verdict({ ts: '2026-11-23T10:00:00.1234567890Z' });
    assert.deepEqual(unreadable, ['rejected', 'SCHEMA', 'ts is no time in UTC']);
  });

  it('its time is over from the end of its ttl on', () => {
    const sent = (agoMs: number): unknown[] => verdict({ ts: isoTime(now - agoMs) });
    assert.deepEqual(sent(9999), ['battery']);
    for (const agoMs of [10_000, 12_000]) assert.deepEqual(sent(agoMs).slice(0, 2), ['expired', 'EXPIRED']);
    assert.match(String(sent(12_000)[2]), /its ttl of 10 s was over 2 s ago; the clock here says 2026-11-23T10:00:00/);
  });

  it('its sender may be a minute ahead', () => {
    assert.deepEqual(verdict({ ts: isoTime(now + 60_000) }), ['battery']);
    assert.deepEqual(verdict({ ts: isoTime(now + 60_001) }), [
      'rejected',
      'SCHEMA',
      'ts is 60 s ahead of the clock here',
    ]);
  });

  it('what the type does not know, the device does not do, or another component does', () => {
    assert.equal(verdict({}, { type: 'battery', verb: 'explode' })[1], 'UNKNOWN_COMMAND');
    const pump = { type: 'heat_pump', verb: 'limit_power' };
    assert.deepEqual(verdict({}, pump), ['rejected', 'UNSUPPORTED', 'heat_pump of this device cannot be commanded']);
    const known = { solar: { ...batteryActuator, type: 'solar', verbs: { limit_power: batteryActuator.verbs.hold } } };
    const withSolar = { actuators: [known.solar as Actuator] };
    assert.deepEqual(verdict({}, { type: 'inverter', verb: 'limit_power' }, withSolar), [
      'rejected',
      'UNSUPPORTED',
      'limit_power is a command of solar: devices/b/solar/command/limit_power',
    ]);
    assert.deepEqual(verdict({}, { type: 'battery', verb: 'limit_discharge' }), [
      'rejected',
      'UNSUPPORTED',
      'this device cannot limit_discharge',
    ]);
  });

  it('each component of a type has its own', () => {
    const second = { ...batteryActuator, key: 'second', index: 2 };
    const both = { actuators: [{ ...batteryActuator, key: 'first', index: 1 }, second] };
    assert.deepEqual(verdict({}, { ...battery, index: 2 }, both), ['second']);
    assert.equal(verdict({}, battery, both)[1], 'UNSUPPORTED');
  });

  it('the reserved priorities are for those that are trusted, beginning with 90', () => {
    const of = (requester: string, priority: number): unknown => verdict({ requester, priority })[1];
    assert.deepEqual([of('pv', 89), of('pv', 90), of('pv', 100)], [undefined, 'UNAUTHORIZED', 'UNAUTHORIZED']);
    assert.deepEqual(
      ['grid/limit', 'fuse', 'fuse/2', 'gri'].map((requester) => of(requester, 95)),
      [undefined, undefined, 'UNAUTHORIZED', 'UNAUTHORIZED'],
    );
  });

  it('its lease is from 10 s up to the longest of the device', () => {
    const shortLived = { ...batteryActuator, verbs: { charge: { ...batteryActuator.verbs.charge, maxLeaseS: 100 } } };
    const given = { actuators: [shortLived as Actuator] };
    const codes = [9.9, 10, 100, 100.1].map((lease_s) => verdict({ lease_s }, battery, given)[1]);
    assert.deepEqual(codes, ['OUT_OF_RANGE', undefined, undefined, 'OUT_OF_RANGE']);
    assert.deepEqual(verdict({ lease_s: 5 }, battery, given)[2], 'lease_s 5 is outside 10..100 s');
    assert.deepEqual(verdict({ lease_s: undefined }), [
      'rejected',
      'SCHEMA',
      'lease_s is missing: what changes power is held for a time',
    ]);
    const limit = { type: 'battery', verb: 'limit_charge' };
    assert.equal(verdict({ lease_s: undefined }, limit)[1], 'SCHEMA');
    assert.deepEqual(
      verdict({ lease_s: 5, params: { soc: 5 } }, { type: 'battery', verb: 'set_reserve_soc' }),
      [settings.key],
      'a setting has none',
    );
  });

  it('a value out of range is refused, or brought into range where that is wanted', () => {
    assert.equal(verdict({ params: { power_w: 5001 } })[1], 'OUT_OF_RANGE');
    const clamped = check({ params: { power_w: 5001 }, on_range: 'clamp' });
    assert.deepEqual(clamped.ok && [clamped.params, clamped.isClamped], [{ power_w: 5000 }, true]);
    const inRange = check();
    assert.deepEqual(inRange.ok && [inRange.params, inRange.isClamped], [{ power_w: 1000 }, false]);
  });

  it('a device that is away cannot be told anything; one that answers partly can', () => {
    assert.deepEqual(verdict({}, battery, { state: { kind: 'offline', reason: 'no route' } }), [
      'rejected',
      'DEVICE_OFFLINE',
      'no route',
    ]);
    assert.deepEqual(verdict({}, battery, { state: { kind: 'connecting' } }), [
      'rejected',
      'DEVICE_OFFLINE',
      'not connected yet',
    ]);
    assert.deepEqual(verdict({}, battery, { state: { kind: 'degraded', reason: 'half' } }), ['battery']);
    const away = { state: { kind: 'offline', reason: 'no route' } } as const;
    assert.deepEqual(verdict({ params: {} }, { type: 'battery', verb: 'release' }, away), [settings.key, 'battery']);
  });
});
