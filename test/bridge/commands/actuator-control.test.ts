import assert from 'node:assert/strict';
import type { Actuator } from '../../../src/drivers/driver.ts';
import type { Response } from '../../../src/model/command.ts';
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

describe('the control of an actuator', () => {
  let clock: VirtualClock;
  let rig: BridgedDevice;

  const open = async (actuators?: Actuator[]): Promise<void> => {
    rig = createBridgedDevice(clock, { trusted: ['fuse'] }, createScriptedDevice(clock, actuators));
    await clock.advanceAsync(0);
  };
  beforeEach(() => {
    clock = createVirtualClock();
  });
  afterEach(() => rig.stop());

  const ask: BridgedDevice['ask'] = (verb, params, more) => rig.ask(verb, params, more);
  const events = (name: string): Event[] =>
    rig.events.filter((each) => 'name' in each && each.name === name) as Event[];
  const setpoint = (verb: string): Message | undefined =>
    rig.events.findLast(({ topic }) => topic === `devices/b/battery/setpoint/${verb}`);

  it('shows whose setpoint is in force, since when and until when', async () => {
    await open();
    const from = isoTime(clock.now());
    const id = await ask('charge', { power_w: 1000 }, { requester: 'pv', priority: 60, lease_s: 20 });
    await clock.advanceAsync(5000);
    const renewal = await ask('charge', { power_w: 1000 }, { requester: 'pv', priority: 60, lease_s: 20 });
    const until = isoTime(clock.now() - 150 + 20_000);
    assert.notEqual(id, renewal);
    assert.deepEqual(setpoint('charge'), {
      topic: 'devices/b/battery/setpoint/charge',
      schema: 'setpoint/1',
      command: 'charge',
      params: { power_w: 1000 },
      applied: { power_w: 1000 },
      owner: 'pv',
      priority: 60,
      id: renewal,
      from,
      until,
      source: 'command',
    });
  });

  it('shows a safe state that holds the device to something, as its own', async () => {
    const fallback = { means: { power_w: 0 }, verb: 'hold' };
    await open([{ ...batteryActuator, fallback }]);
    await ask('charge', { power_w: 1000 }, { lease_s: 20 });
    await clock.advanceAsync(20_000);
    assert.deepEqual(setpoint('charge'), {
      topic: 'devices/b/battery/setpoint/charge',
      schema: 'setpoint/1',
      ended: true,
    });
    const { owner, applied, source, ...rest } = setpoint('hold') as Message<'setpoint/1'> & { owner: string };
    assert.deepEqual([owner, applied, source], ['b', { power_w: 0 }, 'device_fallback']);
    assert.ok(!('until' in rest) && !('priority' in rest));
    assert.deepEqual(events('failsafe_entered')[0]?.data, { power_w: 0 });
  });

  it('tells of each lease that ends whose it was, and why', async () => {
    await open();
    const expired = await ask('charge', { power_w: 1000 }, { requester: 'pv', priority: 60, lease_s: 10 });
    const until = isoTime(clock.now() - 150 + 10_000);
    await clock.advanceAsync(10_000);
    const [end] = events('lease_expired');
    const lease = { command: 'charge', owner: 'pv', priority: 60, id: expired, until };
    assert.deepEqual([end?.severity, end?.data], ['warning', { ...lease, reason: 'expired' }]);
    assert.equal((end as Event & { topic: string }).topic, 'devices/b/battery/event/lease_expired');
    await ask('charge', { power_w: 1000 });
    await ask('release', {});
    const [release] = events('lease_released');
    assert.deepEqual([release?.severity, release?.data?.reason], ['info', 'released']);
    await ask('charge', { power_w: 1000, until_soc: 50 });
    rig.device.measureSoc(50);
    assert.deepEqual(
      [events('target_reached')[0]?.severity, events('target_reached')[0]?.data?.reason],
      ['info', 'target_reached'],
    );
    assert.deepEqual(
      ['lease_expired', 'lease_released', 'target_reached', 'failsafe_entered'].map((name) => events(name).length),
      [1, 1, 1, 1],
    );
  });

  it('says of a conflict who lost and who holds, and only then', async () => {
    await open();
    await ask('charge', { power_w: 1000 }, { requester: 'pv' });
    await ask('charge', { power_w: 2000 }, { requester: 'pv' });
    await ask('discharge', { power_w: 500 }, { requester: 'late', priority: 10 });
    assert.equal(events('owner_conflict').length, 0);
    await ask('hold', {}, { requester: 'person', priority: 70 });
    const [{ severity, data } = { severity: '', data: undefined }] = events('owner_conflict');
    const leases = [data?.lost, data?.holds] as unknown as Record<string, unknown>[];
    assert.deepEqual(
      [severity, ...leases.map(({ command, owner, priority }) => [command, owner, priority])],
      ['warning', ['charge', 'pv', 50], ['hold', 'person', 70]],
    );
  });

  it('a command that loses to its own successor does not wait behind it', async () => {
    await open();
    rig.send('charge', { power_w: 1 });
    const overtaken = rig.send('charge', { power_w: 2 });
    const newest = rig.send('charge', { power_w: 3 });
    await clock.advanceAsync(500);
    const { status, code, message, lease_until } = rig.outcome(overtaken) ?? {};
    assert.deepEqual([status, code, lease_until], ['superseded', undefined, undefined]);
    assert.match(message ?? '', /newer command/);
    assert.equal(rig.outcome(newest)?.status, 'completed');
  });

  it('writes nothing twice at a time, and ends the waiting for an order that nobody wants any more', async () => {
    await open();
    rig.send('charge', { power_w: 1000 });
    await clock.advanceAsync(10);
    rig.send('charge', { power_w: 2000 });
    await clock.advanceAsync(5);
    assert.equal(rig.device.writes.length, 1);
    await clock.advanceAsync(500);
    assert.deepEqual(
      rig.device.writes.map(({ order, signal }) => [order.params.power_w, signal.aborted]),
      [
        [1000, true],
        [2000, false],
      ],
    );
  });

  it('a claim that waits behind a stronger one is answered with that, and one that lost to its own is not', async () => {
    await open();
    rig.send('charge', { power_w: 1 }, { requester: 'person', priority: 70 });
    const behind = rig.send('charge', { power_w: 2 }, { requester: 'pv' });
    const own = rig.send('charge', { power_w: 3 }, { requester: 'person', priority: 70 });
    rig.send('charge', { power_w: 4 }, { requester: 'person', priority: 70 });
    await clock.advanceAsync(500);
    assert.deepEqual(
      [behind, own].map((id) => [
        rig.outcome(id)?.status,
        rig.outcome(id)?.code,
        'lease_until' in (rig.outcome(id) ?? {}),
      ]),
      [
        ['superseded', 'PRIORITY_LOWER', true],
        ['superseded', undefined, false],
      ],
    );
    assert.match(rig.outcome(behind)?.message ?? '', /person holds the actuator with priority 70/);
  });

  it('a burst of renewals reaches the device once in each of its intervals', async () => {
    await open();
    for (let n = 0; n < 50; n++) {
      rig.send('charge', { power_w: 1000 }, { lease_s: 60 });
      await clock.advanceAsync(20);
    }
    assert.ok(rig.device.writes.length >= 8 && rig.device.writes.length <= 11, `${rig.device.writes.length} writes`);
  });

  it('asks a device that is away again twice a second, without growing pauses', async () => {
    await open();
    await ask('charge', { power_w: 1000 }, { lease_s: 600 });
    const { length } = rig.device.writes;
    rig.device.setTrouble('late');
    rig.device.sink().drifted('battery', 'reads something else');
    await clock.advanceAsync(10_000);
    const attempts = rig.device.writes.length - length;
    assert.ok(attempts >= 18 && attempts <= 20, `${attempts} attempts`);
  });

  it('asks a device that is written to rarely, and is away, once a second', async () => {
    await open([{ ...batteryActuator, minWriteIntervalMs: 10_000 }]);
    await ask('charge', { power_w: 1000 }, { lease_s: 600 });
    await clock.advanceAsync(20_000);
    const { length } = rig.device.writes;
    rig.device.setTrouble('late');
    rig.device.sink().drifted('battery', 'reads something else');
    await clock.advanceAsync(10_000);
    const attempts = rig.device.writes.length - length;
    assert.ok(attempts >= 9 && attempts <= 11, `${attempts} attempts`);
  });

  it('a new command does not wait for the pause after a failure', async () => {
    await open();
    await ask('charge', { power_w: 1000 }, { lease_s: 600 });
    rig.device.setTrouble('mismatch');
    rig.device.sink().drifted('battery', 'reads something else');
    await clock.advanceAsync(20_000);
    rig.device.setTrouble('none');
    assert.equal(rig.outcome(await ask('charge', { power_w: 2000 }))?.status, 'completed');
  });

  it('the record that an actuator is ours survives the loss of power, and is there before the first write', async () => {
    await open();
    const urgent: [number, boolean][] = [];
    const { append } = rig.journal;
    rig.journal.append = (record, isUrgent) => {
      if (isUrgent) urgent.push([rig.device.writes.length, 'actuator' in record]);
      return append(record, isUrgent);
    };
    await ask('charge', { power_w: 1000 });
    await ask('charge', { power_w: 2000 });
    assert.deepEqual(urgent, [[0, true]]);
  });

  it('too many owners are refused', async () => {
    await open();
    for (let n = 0; n < 64; n++) rig.send('limit_charge', { power_w: 1000 }, { requester: `owner${n}` });
    await clock.advanceAsync(1000);
    const { status, code } = rig.outcome(await ask('limit_charge', { power_w: 1000 }, { requester: 'more' })) ?? {};
    assert.deepEqual([status, code], ['rejected', 'INTERLOCK']);
  });

  it('a device that lost what nobody told it is left alone, but that is told', async () => {
    await open();
    rig.device.sink().drifted('battery', 'power reads 0');
    rig.device.sink().drifted('unknown', 'power reads 0');
    await clock.advanceAsync(1000);
    assert.deepEqual(
      events('setpoint_lost').map(({ severity, message }) => [severity, message]),
      [['warning', 'power reads 0']],
    );
    assert.equal(rig.device.writes.length, 0);
    assert.deepEqual(rig.journal.records, []);
  });

  it('ends the waiting of its driver when it is closed', async () => {
    await open();
    rig.send('charge', { power_w: 1000 });
    await clock.advanceAsync(10);
    await rig.bridge().close();
    assert.deepEqual(
      rig.device.writes.map(({ signal }) => signal.aborted),
      [true],
    );
  });

  it('has no timer while nobody holds it', async () => {
    await open();
    await ask('charge', { power_w: 1000 });
    await ask('release', {});
    await clock.advanceAsync(60_000);
    assert.equal(clock.timers(), 0);
  });

  it('leaves no timer behind when it is closed', async () => {
    await open([{ ...batteryActuator, minWriteIntervalMs: 10_000 }]);
    rig.device.measureSoc(50);
    const owner = { requester: 'ctl/pv', bind_to_session: true };
    // The second and the third wait until the device takes another value.
    for (const power_w of [1000, 2000, 3000]) await ask('charge', { power_w }, owner);
    rig.bridge().onPresence('ctl', false);
    assert.ok(clock.timers() > 0);
    await rig.bridge().close();
    assert.equal(clock.timers(), 0);
  });

  it('what shows a loss is told as far as an event has room for it', async () => {
    await open();
    rig.device.sink().drifted('battery', 'x'.repeat(1025));
    assert.equal(events('setpoint_lost')[0]?.message, 'x'.repeat(1024));
  });

  it('a component with several actuators answers a release once, for all of them', async () => {
    const second = { ...batteryActuator, key: 'other', verbs: { hold: { ...batteryActuator.verbs.hold } } };
    await open([batteryActuator, second as Actuator]);
    await ask('charge', { power_w: 1000 });
    const released = await ask('release', {});
    const answers = rig.responses.filter(({ id, status }) => id === released && status !== 'accepted');
    assert.deepEqual(
      answers.map(({ status, reason, applied }) => [status, reason, applied]),
      [['completed', undefined, { mode: 'auto' }]],
    );
    const again = rig.outcome(await ask('release', {}));
    assert.deepEqual([again?.status, again?.reason], ['completed', 'nothing_held']);
    await ask('charge', { power_w: 1000 });
    rig.device.setTrouble('refused');
    assert.equal(rig.outcome(await ask('release', {}))?.status, 'failed');
  });

  it('a release of several actuators has failed if one of them has not reached its safe state', async () => {
    const { charge, hold } = batteryActuator.verbs;
    assert.ok(charge && hold);
    await open([
      { ...batteryActuator, verbs: { charge } },
      { ...batteryActuator, key: 'other', verbs: { hold } },
    ]);
    await ask('charge', { power_w: 1000 });
    await ask('hold', {});
    rig.device.refusing.add('other');
    const { status, code } = rig.outcome(await ask('release', {})) ?? {};
    assert.deepEqual([status, code], ['failed', 'DEVICE_REJECTED']);
  });

  it('a component that holds nothing to release says so', async () => {
    const { fallback: _, ...rest } = batteryActuator;
    const settings = { set_reserve_soc: { kind: 'config' as const, params: {}, maxLeaseS: 0 } };
    await open([{ ...rest, verbs: settings }]);
    const nothing = { status: 'completed', applied: {}, clamped: false, verified: false, reason: 'nothing_held' };
    const partOf = ({ status, applied, clamped, verified, reason }: Partial<Response> = {}) => ({
      ...{ status, applied, clamped, verified, reason },
    });
    assert.deepEqual(partOf(rig.outcome(await ask('release', {}))), nothing);
    await rig.stop();
    await open();
    assert.deepEqual(partOf(rig.outcome(await ask('release', {}))), nothing);
  });

  it('a command that lost to its own successor does not come back when that fails', async () => {
    await open();
    for (const power_w of [1, 2, 3]) rig.send('charge', { power_w }, { lease_s: 600 });
    await clock.advanceAsync(50);
    rig.device.setTrouble('mismatch');
    await clock.advanceAsync(200);
    rig.device.setTrouble('none');
    await clock.advanceAsync(2000);
    assert.deepEqual(
      rig.device.writes.map(({ order }) => order.params.power_w),
      [1, 3, 1],
    );
  });
});

describe('what a bridge makes of a command that it cannot answer', () => {
  let clock: VirtualClock;
  let rig: BridgedDevice;
  beforeEach(async () => {
    clock = createVirtualClock();
    rig = createBridgedDevice(clock);
    await clock.advanceAsync(0);
  });
  afterEach(() => rig.stop());

  for (const [id, reason] of [
    [undefined, 'a command without an id'],
    [7, 'the id of a command is a text, not 7'],
    ['', 'the id of a command is empty'],
    ['x'.repeat(65), 'the id has 65 characters, 64 at the most'],
  ] as const)
    it(reason, () => {
      rig.send('charge', { power_w: 1 }, { id });
      assert.deepEqual(
        (rig.events.slice(1) as Event[]).map(({ name, severity, message }) => [name, severity, message]),
        [['command_rejected', 'warning', reason]],
      );
      assert.equal(rig.responses.length, 0);
    });

  it('the longest id is none of these', async () => {
    const id = rig.send('charge', { power_w: 1 }, { id: 'x'.repeat(64) });
    await clock.advanceAsync(150);
    assert.equal(rig.outcome(id)?.status, 'completed');
  });

  it('the same content in another order is the same command', async () => {
    const ts = isoTime(clock.now());
    const id = rig.send('charge', { power_w: 1000, until_soc: 90 }, { ts, id: 'x' });
    await clock.advanceAsync(150);
    rig.send('charge', { until_soc: 90, power_w: 1000 }, { id: 'x', ts });
    assert.equal(rig.responses.at(-1)?.status, 'completed');
    rig.send('discharge', { until_soc: 90, power_w: 1000 }, { id: 'x', ts });
    assert.equal(rig.responses.at(-1)?.code, 'DUPLICATE');
    assert.equal(rig.outcome(id)?.id, 'x');
  });

  it('a bridge that is closed takes none', async () => {
    const bridge = rig.bridge();
    await bridge.close();
    rig.send('charge', { power_w: 1000 });
    await clock.advanceAsync(150);
    assert.deepEqual([rig.responses.length, rig.device.writes.length], [0, 0]);
  });
});
