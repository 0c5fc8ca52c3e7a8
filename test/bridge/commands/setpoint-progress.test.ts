import assert from 'node:assert/strict';
import type { Actuator } from '../../../src/drivers/driver.ts';
import type { Event } from '../../../src/model/event.ts';
import type { Message } from '../../../src/model/message.ts';
import { isoTime } from '../../../src/model/time.ts';
import {
  type BridgedDevice,
  batteryActuator,
  createBridgedDevice,
  createScriptedDevice,
} from '../../support/bridge/scripted-device.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const leaseS = 3000;

describe('what comes of a setpoint', () => {
  let clock: VirtualClock;
  let rig: BridgedDevice;

  const open = (more: Partial<Actuator> = { latencyS: 2, timeConstantS: 1 }): void => {
    const { latencyS: _, ...rest } = batteryActuator;
    rig = createBridgedDevice(clock, {}, createScriptedDevice(clock, [{ ...rest, ...more }]));
  };
  beforeEach(async () => {
    clock = createVirtualClock();
    open();
    await clock.advanceAsync(0);
  });
  afterEach(() => rig.stop());

  const ask: BridgedDevice['ask'] = (verb, params, more) => rig.ask(verb, params, { lease_s: leaseS, ...more });
  /** Once a second, as it is polled. */
  const measure = async (watts: number, seconds = 1): Promise<void> => {
    for (let passed = 0; passed < seconds; passed++) {
      await clock.advanceAsync(1000);
      rig.device.measurePower(watts);
    }
  };
  const setpoint = (verb: string): Message<'setpoint/1'> | undefined =>
    rig.events.findLast(({ topic }) => topic === `devices/b/battery/setpoint/${verb}`) as
      | Message<'setpoint/1'>
      | undefined;
  const reached = (verb: string): unknown[] => {
    const shown = setpoint(verb);
    return shown && !shown.ended ? [shown.reached, shown.reached_at, shown.reason] : [];
  };
  const missed = (): Event[] =>
    rig.events.filter((each) => 'name' in each && each.name === 'setpoint_not_reached') as Event[];

  it('is told where the registers say yes and the battery does something else', async () => {
    await measure(5000, 3);
    const id = await ask('charge', { power_w: 1000 });
    const { verified, by } = rig.outcome(id) ?? {};
    assert.deepEqual([verified, by], [true, 'register']);
    assert.deepEqual(reached('charge'), [undefined, undefined, undefined]);
    await measure(5000, 4);
    assert.deepEqual([reached('charge')[0], missed().length], [undefined, 0]);
    await measure(5000, 3);
    assert.equal(reached('charge')[0], false);
    const [event] = missed();
    assert.deepEqual(
      [missed().length, event?.severity, event?.data],
      [1, 'warning', { command: 'charge', power_w: 1000 }],
    );
    assert.match(event?.message ?? '', /power is 5000 W instead of -1000 W/);
    await measure(-990);
    assert.deepEqual(reached('charge'), [true, isoTime(clock.now()), undefined]);
    assert.equal(missed().length, 1);
  });

  it('is told as soon as it shows, with its time', async () => {
    await measure(5000);
    await ask('charge', { power_w: 1000 });
    await measure(-400);
    assert.equal(reached('charge')[0], undefined);
    await measure(-900);
    const at = isoTime(clock.now());
    const { length } = rig.events;
    await measure(-1000, 10);
    assert.deepEqual(reached('charge'), [true, at, undefined]);
    assert.equal(rig.events.length, length, 'once');
  });

  it('is not told before its time where it was like that already', async () => {
    await measure(-500, 2);
    await ask('charge', { power_w: 600 });
    await measure(-500, 4);
    assert.equal(reached('charge')[0], undefined);
    await measure(-500, 3);
    assert.equal(reached('charge')[0], true);
  });

  it('goes on over renewals, and begins anew with another value', async () => {
    await measure(0);
    await ask('discharge', { power_w: 2000 });
    await measure(2000);
    const [, at] = reached('discharge');
    await ask('discharge', { power_w: 2000 });
    assert.deepEqual(reached('discharge').slice(0, 2), [true, at]);
    await ask('discharge', { power_w: 3000 });
    assert.equal(reached('discharge')[0], undefined);
    await measure(2000, 8);
    assert.deepEqual([reached('discharge')[0], missed().length], [false, 1]);
  });

  it('is lost again where the battery stops, and one dip is no loss', async () => {
    await measure(0);
    await ask('discharge', { power_w: 2000 });
    await measure(2000, 3);
    await measure(0, 4);
    await measure(2000);
    assert.deepEqual([reached('discharge')[0], missed().length], [true, 0]);
    await measure(0, 7);
    assert.deepEqual([reached('discharge')[0], missed().length], [false, 1]);
  });

  it('is told of a safe state that is a command as well', async () => {
    await rig.stop();
    open({ latencyS: 2, timeConstantS: 1, fallback: { means: {}, verb: 'hold' } });
    await measure(0);
    await ask('charge', { power_w: 1000 });
    await measure(-1000);
    await ask('release', {});
    assert.equal(reached('hold')[0], undefined);
    await measure(0);
    assert.equal(reached('hold')[0], true);
  });

  it('of a safe state stays shown, where a command that came meanwhile is taken back', async () => {
    await rig.stop();
    open({ latencyS: 2, fallback: { means: {}, verb: 'hold' } });
    await ask('charge', { power_w: 1000 }, { lease_s: 10 });
    await clock.advanceAsync(9860);
    rig.send('discharge', { power_w: 500 }, { requester: 'pv' });
    rig.send('release', {}, { requester: 'pv' });
    await clock.advanceAsync(1000);
    assert.deepEqual(
      rig.device.writes.map(({ order }) => order.verb),
      ['charge', undefined, undefined],
    );
    const shown = setpoint('hold');
    assert.equal(shown && !shown.ended && shown.source, 'device_fallback');
  });

  it('is no fault of a battery that is full, or empty', async () => {
    rig.device.measureSoc(96);
    await ask('charge', { power_w: 2000 });
    rig.device.measureSoc(97);
    await measure(0, 8);
    assert.deepEqual([reached('charge')[0], reached('charge')[2], missed().length], [undefined, 'full', 0]);
    rig.device.measureSoc(9);
    await ask('discharge', { power_w: 2000 });
    rig.device.measureSoc(8);
    await measure(0, 8);
    assert.deepEqual([reached('discharge')[0], reached('discharge')[2], missed().length], [undefined, 'empty', 0]);
  });

  it('is no fault of a battery from 95 % on, and down to 10 %', async () => {
    await measure(0);
    for (const [soc, verb, reason] of [
      [95, 'charge', 'full'],
      [94.9, 'charge', undefined],
      [10, 'discharge', 'empty'],
      [10.1, 'discharge', undefined],
    ] as const) {
      rig.device.measureSoc(soc);
      await ask(verb, { power_w: 2000 });
      await measure(0, 8);
      assert.equal(reached(verb)[2], reason, `${soc} %`);
      await ask('release', {});
    }
  });

  it('of a limit is that it binds, or that more flowed before', async () => {
    await measure(-500);
    await ask('limit_charge', { power_w: 1500 });
    await measure(-500, 8);
    assert.equal(reached('limit_charge')[0], undefined);
    await measure(-1500);
    assert.equal(reached('limit_charge')[0], true);
    await ask('limit_charge', { power_w: 1000 });
    await measure(-1500, 8);
    assert.deepEqual(
      [reached('limit_charge')[0], missed()[0]?.data],
      [false, { command: 'limit_charge', power_w: 1000 }],
    );
    await measure(-200);
    assert.equal(reached('limit_charge')[0], true);
  });

  it('of two at once is told of each', async () => {
    await measure(0);
    await ask('limit_charge', { power_w: 1500 });
    await ask('charge', { power_w: 3000 });
    await measure(-1500);
    assert.deepEqual([reached('charge')[0], reached('limit_charge')[0]], [true, undefined]);
    await measure(-1500, 6);
    assert.deepEqual([reached('charge')[0], reached('limit_charge')[0]], [true, true]);
  });

  it('is what the driver has seen, where it has looked', async () => {
    rig.device.setProof({ verified: true, by: 'effect' });
    await ask('hold', {});
    assert.equal(reached('hold')[0], true);
    rig.device.setProof({ verified: false, reason: 'no_effect' });
    await ask('charge', { power_w: 1000 });
    assert.deepEqual([reached('charge')[0], missed().length], [false, 1]);
    rig.device.setProof({ verified: false, reason: 'within_tolerance' });
    await ask('charge', { power_w: 1200 });
    assert.equal(reached('charge')[0], undefined);
  });

  it('is what the driver tells of it, where the driver does', async () => {
    await rig.stop();
    open({ tellsProgress: true });
    await ask('charge', { power_w: 1000 });
    const at = clock.now();
    const inForce = { power_w: 600 };
    rig.device.sink().progressed('battery', { isReached: true, at, inForce, reason: 'station_limit' });
    assert.deepEqual(reached('charge'), [true, isoTime(at), 'station_limit']);
    const shown = setpoint('charge');
    assert.deepEqual(shown && !shown.ended && [shown.params, shown.applied], [{ power_w: 1000 }, inForce]);
  });

  it('waits 20 s where nobody knows how fast the device is', async () => {
    await rig.stop();
    open({});
    await measure(0);
    await ask('charge', { power_w: 1000 });
    await measure(0, 20);
    assert.equal(reached('charge')[0], undefined);
    await measure(0, 2);
    assert.equal(reached('charge')[0], false);
  });

  it('does not depend on the clock of the wall', async () => {
    await measure(0);
    await ask('charge', { power_w: 1000 });
    clock.jump(3_600_000);
    await measure(0, 4);
    assert.equal(reached('charge')[0], undefined);
    clock.jump(-7_200_000);
    await measure(0, 3);
    assert.equal(reached('charge')[0], false);
  });

  it('counts from when the device took it: what was measured before says nothing', async () => {
    rig.device.measurePower(-1000);
    await ask('charge', { power_w: 1000 });
    await clock.advanceAsync(20_000);
    assert.equal(reached('charge')[0], undefined);
  });
});
