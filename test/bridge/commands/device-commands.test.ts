import assert from 'node:assert/strict';
import type { Event } from '../../../src/model/event.ts';
import type { Availability } from '../../../src/model/meta.ts';
import { isoTime } from '../../../src/model/time.ts';
import {
  type BridgedDevice,
  batteryActuator,
  createBridgedDevice,
  createScriptedDevice,
  maxPowerW,
} from '../../support/bridge/scripted-device.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

describe('commands at a bridge', () => {
  let clock: VirtualClock;
  let rig: BridgedDevice;

  beforeEach(async () => {
    clock = createVirtualClock();
    rig = createBridgedDevice(clock, { trusted: ['grid/*', 'fuse'] });
    await clock.advanceAsync(0);
  });
  afterEach(() => rig.stop());

  /** Sends, and lets the device work. */
  const ask: BridgedDevice['ask'] = (verb, params, more) => rig.ask(verb, params, more);
  const charge = (power_w: number, more: Record<string, unknown> = {}): Promise<string> =>
    ask('charge', { power_w }, more);
  const statuses = (id: string): string[] => rig.responses.filter((each) => each.id === id).map(({ status }) => status);
  const codeOf = (id: string): unknown[] => {
    const { status, code } = rig.outcome(id) ?? {};
    return [status, code];
  };
  /** Verb and power that the device was told last. */
  const holds = (): unknown[] => {
    const { verb, params } = rig.device.holds() ?? {};
    return [verb, params?.power_w];
  };
  const events = (name: string): Event[] =>
    rig.events.filter((each) => 'name' in each && each.name === name) as Event[];
  const setpoint = (verb: string): Record<string, unknown> | undefined =>
    rig.events.findLast(({ topic }) => topic === `devices/b/battery/setpoint/${verb}`);

  describe('the answer', () => {
    it('is "accepted", then the outcome with what is in force and until when', async () => {
      const id = await charge(2000);
      assert.deepEqual(statuses(id), ['accepted', 'completed']);
      const { topic, applied, clamped, verified, by, lease_until } = rig.responses.at(-1) ?? {};
      assert.deepEqual(
        { topic, applied, clamped, verified, by },
        {
          topic: 'devices/b/battery/response/charge',
          applied: { power_w: 2000 },
          clamped: false,
          verified: true,
          by: 'register',
        },
      );
      assert.equal(lease_until, isoTime(clock.now() - 150 + 60_000));
    });

    it('says that a value was brought into range, where that was asked for', async () => {
      const id = await charge(maxPowerW + 1, { on_range: 'clamp' });
      const { applied, clamped } = rig.outcome(id) ?? {};
      assert.deepEqual([applied, clamped], [{ power_w: maxPowerW }, true]);
    });

    it('goes where the command wants it, with what it wants back', async () => {
      const reply = { responseTopic: 'replies/x', correlationData: 'AP8=' };
      await charge(1000, { reply });
      assert.deepEqual(rig.replies, [reply, reply]);
    });

    const troubles = [
      ['refused', 'DEVICE_REJECTED'],
      ['late', 'TIMEOUT'],
      ['mismatch', 'READBACK_MISMATCH'],
    ] as const;
    for (const [trouble, code] of troubles)
      it(`says what went wrong: ${trouble}`, async () => {
        rig.device.setTrouble(trouble);
        assert.deepEqual(codeOf(await charge(1000)), ['failed', code]);
      });

    it('leaves what was in force before where it came to nothing', async () => {
      await charge(1000);
      rig.device.setTrouble('mismatch');
      assert.deepEqual(codeOf(await charge(2000)), ['failed', 'READBACK_MISMATCH']);
      rig.device.setTrouble('none');
      await clock.advanceAsync(1000);
      assert.deepEqual(holds(), ['charge', 1000]);
      assert.deepEqual(setpoint('charge')?.params, { power_w: 1000 });
    });

    it('refuses at once what a device that is away would have to do', async () => {
      rig.device.setTrouble('offline');
      const id = await charge(1000);
      assert.deepEqual(statuses(id), ['rejected']);
      assert.deepEqual(codeOf(id), ['rejected', 'DEVICE_OFFLINE']);
    });
  });

  it('are for the actuators that the driver describes', () => {
    const offered = rig.bridge().actuators();
    assert.deepEqual(
      offered.map(({ key, verbs }) => [key, Object.keys(verbs)]),
      [['battery', ['charge', 'discharge', 'hold', 'limit_charge']]],
    );
  });

  describe('the same id again', () => {
    const again = (id: string, more: Record<string, unknown> = {}): string => {
      const ts = rig.responses.find((each) => each.id === id)?.ts;
      return rig.send('charge', { power_w: 2000 }, { id, ts, ...more });
    };
    /** With the time it was sent at, which the copy has as well. */
    const first = (): string => rig.send('charge', { power_w: 2000 });

    it('gets the same answer, and nothing is written again', async () => {
      const id = first();
      await clock.advanceAsync(150);
      const answer = rig.outcome(id);
      again(id, { reply: { responseTopic: 'replies/second' } });
      await clock.advanceAsync(1000);
      assert.deepEqual(rig.responses.at(-1), answer);
      assert.deepEqual(rig.replies.at(-1), { responseTopic: 'replies/second' });
      assert.equal(rig.device.writes.length, 1);
    });

    it('while the first is on its way: is told that it was accepted', async () => {
      const id = first();
      again(id);
      await clock.advanceAsync(150);
      assert.deepEqual(statuses(id), ['accepted', 'accepted', 'completed']);
      assert.equal(rig.device.writes.length, 1);
    });

    it('after a restart: the same answer', async () => {
      const id = first();
      await clock.advanceAsync(150);
      const answer = rig.outcome(id);
      await rig.restart(true);
      await clock.advanceAsync(150);
      const writes = rig.device.writes.length;
      again(id);
      await clock.advanceAsync(150);
      assert.deepEqual(rig.responses.at(-1), answer);
      assert.equal(rig.device.writes.length, writes);
    });

    it('with another content: DUPLICATE, whatever became of the first', async () => {
      const id = first();
      await clock.advanceAsync(150);
      again(id, { priority: 60 });
      assert.equal(rig.responses.at(-1)?.code, 'DUPLICATE');
      assert.deepEqual(statuses(id), ['accepted', 'completed', 'rejected']);
      assert.equal(rig.device.writes.length, 1);
    });

    it('gets a refusal again, also when it could be carried out by now', async () => {
      rig.device.setTrouble('offline');
      const id = first();
      rig.device.setTrouble('none');
      again(id);
      await clock.advanceAsync(150);
      assert.deepEqual(statuses(id), ['rejected', 'rejected']);
    });

    it('stored by the broker: an event, and the answer it had', async () => {
      const id = first();
      await clock.advanceAsync(150);
      again(id, { isRetained: true });
      await clock.advanceAsync(150);
      assert.deepEqual(statuses(id), ['accepted', 'completed', 'completed']);
      assert.equal(events('retained_command_rejected').length, 1);
    });
  });

  it('a stored one is refused for good', async () => {
    const ts = isoTime(clock.now());
    for (const isRetained of [true, false]) rig.send('charge', { power_w: 1 }, { id: 'x', ts, isRetained });
    await clock.advanceAsync(150);
    assert.deepEqual(
      rig.responses.map(({ code }) => code),
      ['RETAINED', 'RETAINED'],
    );
    assert.equal(rig.device.writes.length, 0);
  });

  describe('who holds it', () => {
    it('the higher priority; the other waits behind it and is told until when', async () => {
      await charge(1000, { requester: 'person', priority: 70, lease_s: 30 });
      const id = await ask('discharge', { power_w: 500 }, { requester: 'pv', lease_s: 60 });
      assert.deepEqual(codeOf(id), ['superseded', 'PRIORITY_LOWER']);
      assert.equal(typeof rig.outcome(id)?.lease_until, 'string');
      assert.deepEqual(holds(), ['charge', 1000]);
      await clock.advanceAsync(30_000);
      assert.deepEqual(holds(), ['discharge', 500]);
      assert.equal(setpoint('discharge')?.owner, 'pv');
    });

    it('whoever waits behind one that gives way before anything was written', async () => {
      rig.send('charge', { power_w: 100 });
      rig.device.setTrouble('offline');
      await clock.advanceAsync(5);
      rig.device.setTrouble('none');
      // The device was brought into its safe state this moment, and may not be told something else at once.
      await clock.advanceAsync(25);
      const waiting = rig.send('charge', { power_w: 500 }, { requester: 'pv', priority: 50, lease_s: 30 });
      rig.send('charge', { power_w: 900 }, { requester: 'person', priority: 70, lease_s: 60 });
      rig.send('charge', { power_w: 800 }, { requester: 'person', priority: 10, lease_s: 60 });
      await clock.advanceAsync(1000);
      assert.deepEqual(codeOf(waiting), ['superseded', 'PRIORITY_LOWER']);
      assert.deepEqual(holds(), ['charge', 500]);
      await clock.advanceAsync(30_000);
      assert.deepEqual(holds(), ['charge', 800]);
    });

    it('whoever held it before, where a newer command of his fails, and whoever waits is told so', async () => {
      await charge(1000, { requester: 'person', priority: 70 });
      rig.device.setTrouble('mismatch');
      rig.send('charge', { power_w: 2000 }, { requester: 'person', priority: 10 });
      await clock.advanceAsync(10);
      rig.device.setTrouble('none');
      const waiting = rig.send('discharge', { power_w: 500 }, { requester: 'pv', priority: 50 });
      await clock.advanceAsync(1000);
      assert.deepEqual(codeOf(waiting), ['superseded', 'PRIORITY_LOWER']);
      assert.deepEqual(holds(), ['charge', 1000]);
    });

    it('among equals the newest, and the other is told of', async () => {
      await charge(1000, { requester: 'pv' });
      await charge(2000, { requester: 'tariff' });
      assert.deepEqual(holds(), ['charge', 2000]);
      const [{ data } = {}] = events('owner_conflict');
      assert.deepEqual(
        [data?.lost, data?.holds].map((each) => (each as { owner: string }).owner),
        ['pv', 'tariff'],
      );
      assert.equal(setpoint('charge')?.owner, 'tariff');
    });

    it('only the trusted with the highest priorities', async () => {
      for (const [requester, code] of [
        ['pv', 'UNAUTHORIZED'],
        ['fuse/x', 'UNAUTHORIZED'],
        ['fuse', undefined],
        ['grid/limit', undefined],
      ] as const)
        assert.equal(rig.outcome(await charge(1000, { requester, priority: 100 }))?.code, code, requester);
    });

    it('until the time is over: then the device is safe, and everybody is told', async () => {
      const id = await charge(1000, { lease_s: 10 });
      await clock.advanceAsync(10_000);
      assert.deepEqual(holds(), [undefined, undefined]);
      assert.equal(rig.device.writes.at(-1)?.at, 10_005);
      assert.equal(events('lease_expired').length, 1);
      assert.equal(events('failsafe_entered').length, 1);
      assert.equal(setpoint('charge')?.ended, true);
      assert.deepEqual(statuses(id), ['accepted', 'completed'], 'the end of a lease is no answer');
      await clock.advanceAsync(120_000);
      assert.equal(rig.device.writes.length, 2);
    });

    it('longer, where the owner asks again', async () => {
      await charge(1000, { lease_s: 10 });
      await clock.advanceAsync(8000);
      const id = await charge(1000, { lease_s: 10 });
      assert.equal(rig.outcome(id)?.status, 'completed');
      const { length } = rig.journal.records;
      await clock.advanceAsync(9000);
      assert.deepEqual(holds(), ['charge', 1000]);
      assert.equal(rig.journal.records.length, length, 'nothing happens when the first lease would have ended');
      await clock.advanceAsync(1000);
      assert.deepEqual(holds(), [undefined, undefined]);
      assert.equal(events('lease_expired').length, 1);
    });

    it('no longer than before, where a longer lease came to nothing', async () => {
      await charge(1000, { lease_s: 20 });
      rig.device.setTrouble('refused');
      assert.deepEqual(codeOf(await charge(2000, { lease_s: 600, ttl_s: 600 })), ['failed', 'DEVICE_REJECTED']);
      rig.device.setTrouble('none');
      await clock.advanceAsync(10_000);
      assert.deepEqual(holds(), ['charge', 1000]);
      await clock.advanceAsync(10_000);
      assert.deepEqual(holds(), [undefined, undefined]);
      assert.equal(events('lease_expired').length, 1);
    });

    it('another with the same wish after the first: the device is told for whom and until when', async () => {
      await charge(1000, { requester: 'person', priority: 70, lease_s: 20 });
      await charge(1000, { requester: 'pv', lease_s: 300 });
      await clock.advanceAsync(25_000);
      assert.deepEqual(holds(), ['charge', 1000]);
      // A driver keeps nothing alive beyond the lease it was told.
      assert.ok((rig.device.holds()?.notAfter ?? 0) > 300_000);
      assert.equal(setpoint('charge')?.owner, 'pv');
    });

    it('nobody after a release, and whoever waited before', async () => {
      await charge(1000, { requester: 'pv', lease_s: 300 });
      await charge(2000, { requester: 'person', priority: 70, lease_s: 300 });
      const first = await ask('release', {}, { requester: 'person' });
      assert.equal(rig.outcome(first)?.status, 'completed');
      assert.deepEqual(holds(), ['charge', 1000]);
      const second = await ask('release', { command: 'charge' }, { requester: 'pv' });
      assert.deepEqual(rig.outcome(second)?.applied, { mode: 'auto' });
      assert.deepEqual(holds(), [undefined, undefined]);
      assert.equal(events('lease_released').length, 2);
      assert.equal(events('failsafe_entered').length, 0);
    });

    it('a release ends nothing that others hold', async () => {
      await charge(1000, { requester: 'pv' });
      const id = await ask('release', {}, { requester: 'person' });
      assert.deepEqual([rig.outcome(id)?.status, rig.outcome(id)?.reason], ['completed', 'nothing_held']);
      assert.deepEqual(holds(), ['charge', 1000]);
    });

    it('whoever was overtaken before the write is told at once, and written once', async () => {
      const ids = [1, 2, 3, 4].map((power_w) => rig.send('charge', { power_w }));
      await clock.advanceAsync(500);
      // The first is on its way when the others come.
      assert.deepEqual(
        ids.map((id) => rig.outcome(id)?.status),
        ['completed', 'superseded', 'superseded', 'completed'],
      );
      assert.deepEqual(
        rig.device.writes.map(({ order }) => order.params.power_w),
        [1, 4],
      );
      const [first = 0, second = 0] = rig.device.writes.map(({ at }) => at);
      assert.ok(second - first >= 100, 'sooner than the device may be written to');
    });
  });

  describe('limits', () => {
    const limit = (power_w: number, requester: string, more: Record<string, unknown> = {}): Promise<string> =>
      ask('limit_charge', { power_w }, { requester, lease_s: 300, ...more });

    it('intersect, and bound the setpoint of whoever holds it', async () => {
      await limit(3000, 'fuse');
      const second = await limit(1500, 'grid/limit');
      const third = await limit(2000, 'price');
      assert.deepEqual(rig.outcome(second)?.applied, { power_w: 1500 });
      const { applied, clamped } = rig.outcome(third) ?? {};
      assert.deepEqual([applied, clamped], [{ power_w: 1500 }, true]);
      const id = await charge(4000, { priority: 70 });
      assert.deepEqual([rig.outcome(id)?.applied, rig.outcome(id)?.clamped], [{ power_w: 1500 }, true]);
      assert.deepEqual(holds(), ['charge', 1500]);
    });

    it('do not bound the other direction', async () => {
      await limit(100, 'fuse');
      await ask('discharge', { power_w: 4000 });
      assert.deepEqual(holds(), ['discharge', 4000]);
    });

    it('reach a setpoint that is in force already, and let it go again', async () => {
      await charge(4000, { lease_s: 300 });
      await limit(1000, 'fuse', { lease_s: 20 });
      assert.deepEqual(holds(), ['charge', 1000]);
      assert.deepEqual(setpoint('charge')?.applied, { power_w: 1000 });
      assert.deepEqual(setpoint('charge')?.params, { power_w: 4000 });
      await clock.advanceAsync(20_000);
      assert.deepEqual(holds(), ['charge', 4000]);
      assert.equal(setpoint('limit_charge')?.ended, true);
    });

    it('hold for as long as one of those with the same value does', async () => {
      await limit(1000, 'fuse', { lease_s: 20 });
      await limit(1000, 'price', { lease_s: 200 });
      await clock.advanceAsync(30_000);
      assert.deepEqual(rig.device.holds()?.limits, { limit_charge: 1000 });
      assert.ok((rig.device.holds()?.notAfter ?? 0) > 200_000);
      assert.equal(setpoint('limit_charge')?.owner, 'price');
    });

    it('alone are in force as well, and end in the safe state', async () => {
      await limit(1000, 'fuse', { lease_s: 20 });
      assert.deepEqual([rig.device.holds()?.verb, rig.device.holds()?.limits], [undefined, { limit_charge: 1000 }]);
      await clock.advanceAsync(20_000);
      assert.deepEqual(rig.device.holds()?.limits, {});
    });
  });

  describe('until a goal is reached', () => {
    const measured = async (soc: number): Promise<void> => {
      rig.device.measureSoc(soc);
      await clock.advanceAsync(150);
    };

    it('charging up, and discharging down', async () => {
      await charge(1000, { params: { power_w: 1000, until_soc: 80 } });
      await measured(79.9);
      assert.deepEqual(holds(), ['charge', 1000]);
      await measured(80);
      assert.deepEqual(holds(), [undefined, undefined]);
      assert.equal(events('target_reached').length, 1);
      await ask('discharge', { power_w: 500, until_soc: 20 });
      await measured(21);
      assert.deepEqual(holds(), ['discharge', 500]);
      await measured(20);
      assert.deepEqual(holds(), [undefined, undefined]);
      assert.equal(events('failsafe_entered').length, 0);
    });

    it('is a state of charge from 0 % to 100 %', async () => {
      const codes = [];
      for (const until_soc of [-1, 0, 100, 101])
        codes.push(rig.outcome(await ask('discharge', { power_w: 500, until_soc }))?.code);
      assert.deepEqual(codes, ['OUT_OF_RANGE', undefined, undefined, 'OUT_OF_RANGE']);
    });

    it('is in meta, where the device tells how full it is', async () => {
      const paramsOf = (verb: string): string[] => {
        const { components } = rig.bridge().meta();
        const [battery] = components.filter(({ type }) => type === 'battery');
        return Object.keys(battery?.commands?.[verb]?.params ?? {});
      };
      assert.deepEqual(paramsOf('charge'), ['power_w', 'until_soc']);
      assert.deepEqual([paramsOf('hold'), paramsOf('limit_charge')], [[], ['power_w']], 'no goal, nothing to reach');
    });

    it('is refused where the device does not tell how full it is', async () => {
      const device = createScriptedDevice(clock);
      const { createDriver } = device;
      device.createDriver = () => {
        const driver = createDriver();
        const channels = driver.describe().channels.filter(({ quantity }) => quantity !== 'soc');
        return { ...driver, describe: () => ({ ...driver.describe(), channels }) };
      };
      await rig.stop();
      rig = createBridgedDevice(clock, {}, device);
      assert.deepEqual(codeOf(await ask('charge', { power_w: 1000, until_soc: 80 })), ['rejected', 'UNSUPPORTED']);
      assert.deepEqual(codeOf(await ask('charge', { power_w: 1000 })), ['completed', undefined]);
    });

    it('each its own: whoever waits goes on to his', async () => {
      await charge(1000, { requester: 'person', priority: 70, params: { power_w: 1000, until_soc: 50 } });
      await charge(500, { requester: 'pv', params: { power_w: 500, until_soc: 90 } });
      await measured(60);
      assert.deepEqual(holds(), ['charge', 500]);
      await measured(90);
      assert.deepEqual(holds(), [undefined, undefined]);
    });
  });

  describe('for as long as the requester is connected', () => {
    it('ends when it stays away, and not when it is back in a moment', async () => {
      await charge(1000, { requester: 'ctl/pv', bind_to_session: true });
      const bridge = rig.bridge();
      bridge.onPresence('ctl', false);
      await clock.advanceAsync(4000);
      bridge.onPresence('ctl', true);
      await clock.advanceAsync(4000);
      assert.deepEqual(holds(), ['charge', 1000]);
      bridge.onPresence('ctl', false);
      await clock.advanceAsync(5150);
      assert.deepEqual(holds(), [undefined, undefined]);
      assert.equal(events('lease_expired')[0]?.data?.reason, 'owner_offline');
      assert.equal(events('failsafe_entered').length, 1);
    });

    it('concerns neither other requesters nor leases that are not bound', async () => {
      await charge(1000, { requester: 'ctl/pv' });
      await ask('limit_charge', { power_w: 800 }, { requester: 'ctl2/fuse', bind_to_session: true });
      const { length } = rig.journal.records;
      rig.bridge().onPresence('ctl', false);
      await clock.advanceAsync(6000);
      assert.equal(rig.journal.records.length, length, 'nothing is written down');
      await clock.advanceAsync(4000);
      assert.deepEqual(holds(), ['charge', 800]);
    });
  });

  describe('the safe state', () => {
    it('is tried again with growing pauses until it is confirmed; meanwhile an alarm, and degraded', async () => {
      await charge(1000, { lease_s: 10 });
      rig.device.setTrouble('refused');
      const from = clock.monotonic();
      await clock.advanceAsync(30_000);
      rig.device.setTrouble('mismatch');
      await clock.advanceAsync(30_000);
      const alarms = events('failsafe_unconfirmed');
      assert.deepEqual(
        alarms.map(({ severity, state }) => [severity, state]),
        [['alarm', 'active']],
      );
      const availability = (): Record<string, unknown> | undefined =>
        rig.said.findLast(({ schema }) => schema === 'availability/1');
      assert.equal(availability()?.state, 'degraded');
      assert.match(String(availability()?.reason), /safe state.*exception 4/);
      rig.device.setTrouble('none');
      await clock.advanceAsync(35_000);
      assert.deepEqual(holds(), [undefined, undefined]);
      assert.ok(clock.monotonic() - from < 100_000);
      assert.equal(events('failsafe_unconfirmed').at(-1)?.state, 'cleared');
      assert.equal(availability()?.state, 'online');
      const live = { kind: 'live', points: 0, durationS: 0 };
      assert.deepEqual(rig.statuses.at(-1), live, 'no cycle has passed, so that none took a time');
    });

    it('is missing until the last of several actuators has reached it', async () => {
      const each = [1, 2].map((index) => ({ ...batteryActuator, key: `battery/${index}`, index }));
      const device = createScriptedDevice(clock, each);
      const { refusing } = device;
      await rig.stop();
      rig = createBridgedDevice(clock, {}, device);
      for (const { index } of each)
        await charge(1000, { lease_s: 10, topic: `devices/b/battery/${index}/command/charge` });
      for (const { key } of each) refusing.add(key);
      await clock.advanceAsync(20_000);
      refusing.delete('battery/1');
      await clock.advanceAsync(40_000);
      const availability = (): unknown[] => {
        const { state, reason } = rig.said.findLast(({ schema }) => schema === 'availability/1') as Availability;
        return [state, reason];
      };
      assert.deepEqual(availability(), ['degraded', 'the safe state is not confirmed: battery/2 refuses']);
      refusing.clear();
      await clock.advanceAsync(40_000);
      assert.deepEqual(availability(), ['online', undefined]);
    });

    /** @returns pauses between the attempts to reach the safe state, s */
    const pausesAfterLease = async (ms: number): Promise<number[]> => {
      await charge(1000, { lease_s: 10 });
      const { length } = rig.device.writes;
      rig.device.setTrouble('mismatch');
      await clock.advanceAsync(ms);
      const tries = rig.device.writes.slice(length).map(({ at }) => at);
      return tries.slice(1).map((at, i) => Math.round((at - (tries[i] ?? 0)) / 100) / 10);
    };

    it('is tried with pauses that double, up to half a minute', async () => {
      assert.deepEqual(await pausesAfterLease(200_000), [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30]);
    });

    it('is tried with short pauses again once it was confirmed', async () => {
      assert.deepEqual(await pausesAfterLease(20_000), [0.5, 1, 2, 4]);
      rig.device.setTrouble('none');
      await clock.advanceAsync(10_000);
      assert.equal(events('failsafe_unconfirmed').at(-1)?.state, 'cleared');
      assert.deepEqual(await pausesAfterLease(20_000), [0.5, 1, 2, 4]);
    });

    it('comes at once when a device that was away is back, and before anything else', async () => {
      await charge(1000, { lease_s: 10 });
      rig.device.setTrouble('offline');
      await clock.advanceAsync(60_000);
      const before = rig.device.writes.length;
      rig.device.setTrouble('none');
      await clock.advanceAsync(600);
      assert.deepEqual(
        rig.device.writes.slice(before).map(({ order }) => order.verb),
        [undefined],
      );
    });

    it('keeps no new command waiting where an attempt at it has failed just now', async () => {
      await charge(1000, { lease_s: 10 });
      rig.device.setTrouble('refused');
      // The pauses between its attempts, the first of them after 10 s, are 0.5 s, 1 s and 2 s.
      await clock.advanceAsync(13_530 - 150);
      rig.device.setTrouble('none');
      rig.send('charge', { power_w: 2000 });
      await clock.advanceAsync(10);
      assert.deepEqual(holds(), ['charge', 2000]);
    });

    it('comes at once when the lease of a newer command ends, however long the pauses before were', async () => {
      await charge(1000, { lease_s: 10 });
      rig.device.setTrouble('refused');
      // After the attempts of the first minute, the next one is half a minute away.
      await clock.advanceAsync(60_000);
      rig.device.setTrouble('none');
      await charge(2000, { lease_s: 10 });
      const before = rig.device.writes.length;
      await clock.advanceAsync(9860);
      assert.equal(rig.device.writes.length, before + 1);
      assert.deepEqual(holds(), [undefined, undefined]);
    });

    it('comes at once when a device is back, however long the pause after its last refusal is', async () => {
      await charge(1000, { lease_s: 10 });
      rig.device.setTrouble('refused');
      // After the attempts of the first minute, the next one is half a minute away.
      await clock.advanceAsync(60_000);
      const before = rig.device.writes.length;
      rig.device.setTrouble('offline');
      rig.device.setTrouble('none');
      await clock.advanceAsync(100);
      assert.deepEqual(
        rig.device.writes.slice(before).map(({ order }) => order.verb),
        [undefined],
      );
    });

    it('is told again to a device that came back, as long as somebody holds it', async () => {
      await charge(1000, { lease_s: 60 });
      rig.device.setTrouble('offline');
      await clock.advanceAsync(5000);
      rig.device.setTrouble('none');
      await clock.advanceAsync(600);
      assert.deepEqual(holds(), ['charge', 1000]);
      assert.equal(rig.device.writes.length, 2);
      for (const state of [{ kind: 'degraded', reason: 'half of it' }, { kind: 'online' }] as const) {
        rig.device.sink().state(state);
        await clock.advanceAsync(600);
      }
      assert.equal(rig.device.writes.length, 2, 'only if it was away');
    });

    it('a device that lost what it was told is told again', async () => {
      await charge(1000);
      rig.device.sink().drifted('battery', 'power reads 0 instead of 1000');
      await clock.advanceAsync(150);
      assert.equal(rig.device.writes.length, 2);
      assert.equal(events('setpoint_lost').length, 1);
    });
  });

  describe('whatever the wall clock does', () => {
    it('a lease lasts as long as it was promised', async () => {
      await charge(1000, { lease_s: 60 });
      clock.jump(3_600_000);
      await clock.advanceAsync(30_000);
      assert.deepEqual(holds(), ['charge', 1000]);
      clock.jump(-7_200_000);
      await clock.advanceAsync(29_000);
      assert.deepEqual(holds(), ['charge', 1000]);
      await clock.advanceAsync(1000);
      assert.deepEqual(holds(), [undefined, undefined]);
    });

    it('a command from the future is none', async () => {
      assert.deepEqual(codeOf(await charge(1000, { ts: isoTime(clock.now() + 61_000) })), ['rejected', 'SCHEMA']);
      assert.deepEqual(codeOf(await charge(1000, { ts: isoTime(clock.now() + 59_000) })), ['completed', undefined]);
    });

    it('a command of before is late after a step forwards, and says by whose clock', async () => {
      const ts = isoTime(clock.now());
      clock.jump(3_600_000);
      const id = await charge(1000, { ts });
      assert.deepEqual(codeOf(id), ['expired', 'EXPIRED']);
      assert.match(rig.outcome(id)?.message ?? '', /the clock here says/);
    });
  });

  it('a device that may be told something new once a minute: a renewal does not wait so long', async () => {
    await rig.stop();
    rig = createBridgedDevice(
      clock,
      {},
      createScriptedDevice(clock, [{ ...batteryActuator, minWriteIntervalMs: 60_000 }]),
    );
    await charge(1000, { lease_s: 600 });
    const renewal = rig.send('charge', { power_w: 1000 }, { lease_s: 600 });
    await clock.advanceAsync(1000);
    assert.equal(rig.outcome(renewal)?.status, 'completed');
    const other = rig.send('charge', { power_w: 2000 }, { lease_s: 600, ttl_s: 100 });
    await clock.advanceAsync(58_000);
    assert.equal(rig.outcome(other), undefined);
    await clock.advanceAsync(2000);
    assert.equal(rig.outcome(other)?.status, 'completed');
    await ask('release', {});
    assert.deepEqual(holds(), [undefined, undefined], 'nothing keeps it from its safe state');
  });

  it('a command whose time is over before the device may be written to is not written any more', async () => {
    const first = rig.send('charge', { power_w: 1000 });
    await clock.advanceAsync(30);
    const late = rig.send('discharge', { power_w: 500 }, { ttl_s: 0.05 });
    await clock.advanceAsync(1000);
    assert.equal(rig.outcome(first)?.status, 'completed');
    assert.deepEqual(codeOf(late), ['expired', 'EXPIRED']);
    assert.equal(rig.device.writes.length, 1);
  });
});
