import assert from 'node:assert/strict';
import { CommandJournal, type KnownCommand } from '../../../src/bridge/commands/command-journal.ts';
import type { Actuator } from '../../../src/drivers/driver.ts';
import type { Event } from '../../../src/model/event.ts';
import { isoTime } from '../../../src/model/time.ts';
import { incomingCommand } from '../../support/bridge/incoming-command.ts';
import {
  type BridgedDevice,
  batteryActuator,
  createBridgedDevice,
  createScriptedDevice,
} from '../../support/bridge/scripted-device.ts';
import { createMemoryJournal } from '../../support/memory-journal.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const settings: Actuator = {
  key: 'battery#set_reserve_soc',
  type: 'battery',
  verbs: { set_reserve_soc: { kind: 'config', params: { soc: { unit: '%', min: 0, max: 100 } }, maxLeaseS: 0 } },
  minWriteIntervalMs: 100,
  latencyS: 1,
  verifyS: 1,
  verification: 'readback',
  isPersistent: false,
};

describe('what a bridge remembers of commands', () => {
  let clock: VirtualClock;
  let rig: BridgedDevice;

  const open = async (actuators?: Actuator[]): Promise<void> => {
    rig = createBridgedDevice(clock, {}, createScriptedDevice(clock, actuators));
    await clock.advanceAsync(0);
  };
  beforeEach(() => {
    clock = createVirtualClock();
  });
  afterEach(() => rig.stop());

  const ask: BridgedDevice['ask'] = (verb, params, more) => rig.ask(verb, params, more);
  const charge = (power_w: number, more: Record<string, unknown> = {}): Promise<string> =>
    ask('charge', { power_w }, { lease_s: 60, ...more });
  const told = (): unknown[] =>
    rig.device.writes.map(({ order: { verb, params } }) => [verb ?? 'safe', params.power_w ?? params.soc]);

  describe('through a restart', () => {
    beforeEach(() => open());

    it('a lease that lasts goes on, for the rest of its time', async () => {
      const id = await charge(1000);
      await clock.advanceAsync(30_000);
      await rig.restart();
      await clock.advanceAsync(150);
      assert.deepEqual(told(), [
        ['charge', 1000],
        ['charge', 1000],
      ]);
      await clock.advanceAsync(30_000);
      assert.deepEqual(told().at(-1), ['safe', undefined]);
      assert.equal(rig.device.writes.at(-1)?.at, 60_005);
      assert.equal(rig.responses.filter((each) => each.id === id).length, 2);
    });

    it('a lease that ended meanwhile ends in the safe state, before anything else is written', async () => {
      await charge(1000, { lease_s: 20 });
      await ask('limit_charge', { power_w: 500 }, { lease_s: 3600 });
      const before = rig.device.writes.length;
      const old = rig.bridge();
      await old.close();
      await clock.advanceAsync(60_000);
      await rig.restart(true);
      await clock.advanceAsync(500);
      const later = rig.device.writes.slice(before).map(({ order }) => [order.verb, order.limits]);
      assert.deepEqual(later, [
        [undefined, {}],
        [undefined, { limit_charge: 500 }],
      ]);
      const shown = (verb: string): object | undefined =>
        rig.events.findLast(({ topic }) => topic === `devices/b/battery/setpoint/${verb}`);
      assert.ok('ended' in (shown('charge') ?? {}));
      assert.ok(!('ended' in (shown('limit_charge') ?? {})));
    });

    it('a lease that ended before it was written does not come back', async () => {
      await rig.stop();
      await open([{ ...batteryActuator, minWriteIntervalMs: 10_000 }]);
      await charge(1000, { lease_s: 10 });
      // The safe state is being written now, and the next value has to wait.
      await clock.advanceAsync(9860);
      const id = await charge(2000, { requester: 'ctl/pv', bind_to_session: true });
      rig.bridge().onPresence('ctl', false);
      await clock.advanceAsync(5000);
      assert.equal(rig.outcome(id)?.status, 'superseded');
      await rig.restart(true);
      await clock.advanceAsync(20_000);
      assert.deepEqual(told().at(-1), ['safe', undefined]);
    });

    it('with a clock that stands before: nobody knows for how long, so safe', async () => {
      await charge(1000);
      clock.jump(-3_600_000);
      await rig.restart();
      await clock.advanceAsync(150);
      assert.deepEqual(told(), [
        ['charge', 1000],
        ['safe', undefined],
      ]);
    });

    it('a device that nobody held is left alone', async () => {
      await charge(1000);
      await ask('release', {});
      await rig.restart();
      await clock.advanceAsync(60_000);
      assert.deepEqual(told(), [
        ['charge', 1000],
        ['safe', undefined],
      ]);
    });

    it('a lease goes on once the device shows its actuator again', async () => {
      await rig.stop();
      const actuators = [batteryActuator];
      await open(actuators);
      await charge(1000);
      actuators.length = 0;
      await rig.restart();
      await clock.advanceAsync(150);
      assert.equal(told().length, 1);
      actuators.push(batteryActuator);
      rig.device.sink().described();
      await clock.advanceAsync(150);
      assert.deepEqual(told().slice(1), [['charge', 1000]]);
    });

    it('a command that failed has left nothing that comes back', async () => {
      await charge(1000);
      rig.device.setTrouble('mismatch');
      assert.equal(rig.outcome(await charge(2000))?.status, 'failed');
      rig.device.setTrouble('none');
      await rig.restart(true);
      await clock.advanceAsync(150);
      assert.deepEqual(told().at(-1), ['charge', 1000]);
    });

    it('a command that was cut off is carried out again, and answered once', async () => {
      const reply = { responseTopic: 'replies/x', correlationData: 'AP8=' };
      const id = rig.send('charge', { power_w: 1000 }, { reply });
      await clock.advanceAsync(10);
      await rig.restart(true);
      await clock.advanceAsync(150);
      const outcome = rig.outcome(id);
      assert.deepEqual(
        [outcome?.status, outcome?.verified, outcome?.clamped, outcome?.command, outcome?.topic],
        ['completed', true, false, 'charge', 'devices/b/battery/response/charge'],
      );
      assert.deepEqual(rig.replies, [reply, reply]);
    });

    it('a command that was cut off in the middle, and whose lease ended meanwhile, ends in the safe state', async () => {
      const id = rig.send('charge', { power_w: 1000 }, { lease_s: 20 });
      await clock.advanceAsync(10);
      await rig.bridge().close();
      await clock.advanceAsync(60_000);
      await rig.restart(true);
      await clock.advanceAsync(150);
      assert.deepEqual(told(), [
        ['charge', 1000],
        ['safe', undefined],
      ]);
      assert.deepEqual([rig.outcome(id)?.status, rig.outcome(id)?.code], ['failed', 'INTERNAL']);
    });

    it('a command that fails after the end of its bridge is carried out again by the next one', async () => {
      rig.device.setTrouble('late');
      const id = rig.send('charge', { power_w: 1000 });
      await clock.advanceAsync(10);
      await rig.bridge().close();
      await clock.advanceAsync(100);
      assert.equal(rig.outcome(id), undefined);
      rig.device.setTrouble('none');
      await rig.restart(true);
      await clock.advanceAsync(150);
      assert.equal(rig.outcome(id)?.status, 'completed');
    });

    it('a command that was cut off before its lease was written down has not reached the device', async () => {
      const cutOff = {
        id: 'x',
        digest: '',
        topic: 'devices/b/battery/response/charge',
        actuator: 'battery',
        reply: {},
      };
      rig.journal.append({ command: cutOff }, false);
      await rig.restart(true);
      await clock.advanceAsync(150);
      const { status, code, message } = rig.outcome('x') ?? {};
      assert.deepEqual([status, code], ['failed', 'INTERNAL']);
      assert.match(message ?? '', /before it was carried out; the device is in its safe state/);
      assert.deepEqual(told(), []);
    });

    it('a command that was cut off waits for a device that is not back yet', async () => {
      const id = await charge(1000);
      const renewal = rig.send('charge', { power_w: 2000 }, { lease_s: 60 });
      await clock.advanceAsync(10);
      rig.device.setTrouble('offline');
      await rig.restart(true);
      await clock.advanceAsync(5000);
      assert.equal(rig.outcome(renewal), undefined);
      rig.device.setTrouble('none');
      await clock.advanceAsync(1000);
      assert.equal(rig.outcome(renewal)?.status, 'completed');
      assert.deepEqual(told().at(-1), ['charge', 2000]);
      assert.equal(rig.outcome(id)?.status, 'completed');
    });

    it('a command that was cut off ends with its lease where the device never comes back', async () => {
      const id = rig.send('charge', { power_w: 1000 }, { lease_s: 30 });
      await clock.advanceAsync(10);
      rig.device.setTrouble('offline');
      await rig.restart(true);
      await clock.advanceAsync(40_000);
      assert.equal(rig.outcome(id)?.status, 'expired');
      rig.device.setTrouble('none');
      await clock.advanceAsync(1000);
      assert.deepEqual(told().at(-1), ['safe', undefined]);
    });
  });

  it('leaves a lease to the next bridge, whatever the driver still tells after the end of this one', async () => {
    await open();
    await charge(1000, { lease_s: 20 });
    const records = structuredClone(rig.journal.records);
    await rig.bridge().close();
    rig.device.sink().drifted('battery', 'power reads 0');
    await clock.advanceAsync(20_000);
    assert.deepEqual(rig.journal.records, records);
    assert.ok(!rig.events.some((each) => 'name' in each && each.name === 'lease_expired'));
  });

  describe('when its node is deleted', () => {
    beforeEach(() => open());
    /** @returns why it is not known to be safe, if so */
    const remove = async (): Promise<string | undefined> => {
      const removing = rig.stop(true).then(
        () => undefined,
        (error: Error) => error.message,
      );
      await clock.advanceAsync(500);
      return removing;
    };

    it('the device is in its safe state before nobody looks after it any more', async () => {
      const id = await charge(1000, { lease_s: 3600 });
      await ask('limit_charge', { power_w: 500 }, { requester: 'fuse', lease_s: 3600 });
      assert.equal(await remove(), undefined);
      assert.deepEqual(told().at(-1), ['safe', undefined]);
      assert.deepEqual(rig.device.holds()?.limits, {});
      assert.equal(rig.outcome(id)?.status, 'completed');
    });

    it('a command that is on its way is answered', async () => {
      const ids = [1000, 2000].map((power_w) => rig.send('charge', { power_w }));
      await clock.advanceAsync(10);
      assert.equal(await remove(), undefined);
      assert.deepEqual(told().at(-1), ['safe', undefined]);
      assert.deepEqual(
        ids.map((id) => rig.outcome(id)?.status),
        ['completed', 'superseded'],
      );
    });

    it('the safe state is what it waits for, also if a command that is on its way fails', async () => {
      rig.device.setTrouble('late');
      rig.send('charge', { power_w: 1000 });
      await clock.advanceAsync(10);
      rig.device.setTrouble('none');
      const removing = rig.stop(true).then(
        () => 'safe',
        (error: Error) => error.message,
      );
      await clock.advanceAsync(1000);
      assert.equal(await removing, 'safe');
      assert.deepEqual(told().at(-1), ['safe', undefined]);
    });

    for (const [trouble, reason] of [
      ['offline', /no connection/],
      ['refused', /exception 4/],
    ] as const)
      it(`says that the device is not known to be safe, and keeps nobody waiting: ${trouble}`, async () => {
        await charge(1000, { lease_s: 10 });
        rig.device.setTrouble(trouble);
        // By now it has been tried for a while, with long pauses.
        await clock.advanceAsync(60_000);
        assert.match((await remove()) ?? '', reason);
      });

    it('a device that nobody held is left alone', async () => {
      await remove();
      assert.deepEqual(told(), []);
    });

    it('a device that was released before is left in its safe state', async () => {
      await charge(1000);
      await ask('release', {});
      assert.equal(await remove(), undefined);
      assert.deepEqual(told(), [
        ['charge', 1000],
        ['safe', undefined],
      ]);
    });
  });

  describe('with a disk that is full', () => {
    beforeEach(() => open());

    it('refuses what a restart might carry out twice, and writes nothing', async () => {
      rig.journal.isWritable = false;
      const id = await charge(1000);
      const { status, code, message } = rig.outcome(id) ?? {};
      assert.deepEqual([status, code], ['rejected', 'INTERNAL']);
      assert.match(message ?? '', /could not be written down/);
      assert.deepEqual(told(), []);
    });

    it('takes commands again when there is room', async () => {
      rig.journal.isWritable = false;
      await charge(1000);
      rig.journal.isWritable = true;
      assert.equal(rig.outcome(await charge(2000))?.status, 'completed');
    });

    it('writes nothing where only the last piece of it was not written down', async () => {
      const { append } = rig.journal;
      rig.journal.append = (record, isUrgent) => !('actuator' in record) && append(record, isUrgent);
      const id = await charge(1000);
      assert.deepEqual([rig.outcome(id)?.status, rig.outcome(id)?.code], ['failed', 'INTERNAL']);
      assert.deepEqual(told(), []);
      await clock.advanceAsync(120_000);
      assert.deepEqual(told(), []);
    });

    it('still ends a lease in the safe state', async () => {
      await charge(1000, { lease_s: 20 });
      rig.journal.isWritable = false;
      await clock.advanceAsync(20_000);
      assert.deepEqual(told().at(-1), ['safe', undefined]);
    });

    it('and makes it safe again after a restart, because nobody knows that it was', async () => {
      await charge(1000, { lease_s: 20 });
      rig.journal.isWritable = false;
      await clock.advanceAsync(20_000);
      await rig.restart();
      await clock.advanceAsync(150);
      assert.deepEqual(told(), [
        ['charge', 1000],
        ['safe', undefined],
        ['safe', undefined],
      ]);
    });
  });

  describe('of registers that wear out', () => {
    beforeEach(() =>
      open([
        { ...batteryActuator, isPersistent: true },
        { ...settings, isPersistent: true },
      ]),
    );
    const codes = async (count: number, power: (n: number) => number): Promise<Set<unknown>> => {
      const found = new Set<unknown>();
      for (let n = 0; n < count; n++) {
        const id = await charge(power(n), { lease_s: 3600 });
        await clock.advanceAsync(1000);
        found.add(rig.outcome(id)?.code);
      }
      return found;
    };

    it('a controller that renews all day wears nothing out', async () => {
      assert.deepEqual(await codes(1000, () => 1000), new Set([undefined]));
      assert.equal(rig.outcome(await charge(2000))?.status, 'completed');
    });

    it('something new is taken in 200 times a day, then no more; what is in force can be renewed', async () => {
      assert.deepEqual(await codes(200, (n) => n), new Set([undefined]));
      const id = await charge(1000);
      assert.deepEqual([rig.outcome(id)?.status, rig.outcome(id)?.code], ['rejected', 'INTERLOCK']);
      assert.match(rig.outcome(id)?.message ?? '', /wear out/);
      assert.deepEqual(told().at(-1), ['charge', 199]);
      rig.device.sink().drifted('battery', 'power reads 0');
      await clock.advanceAsync(1000);
      assert.deepEqual(told().at(-1), ['charge', 199], 'what was refused is not in force');
      assert.equal(rig.outcome(await charge(199))?.status, 'completed');
      await ask('release', {});
      assert.deepEqual(told().at(-1), ['safe', undefined], 'the safe state is always taken');
      await clock.advanceAsync(86_400_000);
      assert.equal(rig.outcome(await charge(1000))?.status, 'completed');
    });

    it('a setting that is sent again all day wears nothing out', async () => {
      for (let n = 0; n < 300; n++) await ask('set_reserve_soc', { soc: 20 });
      assert.equal(rig.outcome(await ask('set_reserve_soc', { soc: 50 }))?.status, 'completed');
    });

    it('settings as well', async () => {
      for (let n = 0; n < 200; n++) await ask('set_reserve_soc', { soc: n % 2 });
      assert.equal(rig.outcome(await ask('set_reserve_soc', { soc: 50 }))?.code, 'INTERLOCK');
      assert.equal(rig.outcome(await ask('set_reserve_soc', { soc: 1 }))?.status, 'completed');
    });
  });

  describe('of settings that the device keeps', () => {
    beforeEach(() => open([batteryActuator, settings]));

    it('writes them without a lease, and nobody ends them', async () => {
      const id = await ask('set_reserve_soc', { soc: 20 }, { lease_s: undefined });
      const { status, applied, verified, lease_until } = rig.outcome(id) ?? {};
      assert.deepEqual([status, applied, verified, lease_until], ['completed', { soc: 20 }, true, undefined]);
      await ask('release', {});
      await clock.advanceAsync(7_200_000);
      assert.deepEqual(told(), [['set_reserve_soc', 20]]);
    });

    it('one after the other, the newest of those that wait', async () => {
      const ids = [10, 20, 30].map((soc) => rig.send('set_reserve_soc', { soc }));
      await clock.advanceAsync(200);
      assert.deepEqual(
        ids.map((id) => rig.outcome(id)?.status),
        ['completed', 'superseded', 'completed'],
      );
      assert.deepEqual(told(), [
        ['set_reserve_soc', 10],
        ['set_reserve_soc', 30],
      ]);
    });

    it('beside what somebody holds', async () => {
      await charge(1000);
      await ask('set_reserve_soc', { soc: 20 });
      assert.deepEqual(told(), [
        ['charge', 1000],
        ['set_reserve_soc', 20],
      ]);
    });

    it('cut off by a restart: says that nobody knows whether it took effect, and does not do it again', async () => {
      const id = rig.send('set_reserve_soc', { soc: 20 });
      await clock.advanceAsync(10);
      await rig.restart(true);
      await clock.advanceAsync(1000);
      assert.deepEqual([rig.outcome(id)?.status, rig.outcome(id)?.code], ['failed', 'INTERNAL']);
      assert.match(rig.outcome(id)?.message ?? '', /not known/);
      assert.equal(told().length, 1);
    });
  });

  it('is told apart from what was never one: an event for each without an id', async () => {
    await open();
    rig.bridge().onCommand(incomingCommand('devices/b/battery/command/charge', {}));
    assert.equal((rig.events as Event[]).at(-1)?.name, 'command_rejected');
    assert.deepEqual(rig.responses, []);
  });

  it('refuses a command for another device without a word', async () => {
    await open();
    rig.send('charge', { power_w: 1 }, { topic: 'devices/other/battery/command/charge' });
    await clock.advanceAsync(150);
    assert.deepEqual([rig.responses, told()], [[], []]);
  });
});

describe('the journal of commands', () => {
  const command = (n: number, isAnswered = true): KnownCommand => ({
    id: `c${n}`,
    digest: '',
    topic: 'devices/b/battery/response/charge',
    actuator: 'battery',
    reply: {},
    ...(isAnswered && {
      answer: { schema: 'response/1', id: `c${n}`, command: 'charge', status: 'completed', ts: isoTime(0) },
    }),
  });

  it('remembers 20 000 commands, and forgets the oldest first; what is on its way is never forgotten', () => {
    const commands = new CommandJournal(createMemoryJournal());
    commands.saveCommand(command(0, false));
    for (let n = 1; n <= 25_000; n++) commands.saveCommand(command(n));
    const known = Array.from({ length: 25_001 }, (_, n) => n).filter((n) => commands.find({ id: `c${n}`, digest: '' }));
    assert.equal(known.length, 20_000);
    assert.deepEqual([known[0], known[1]], [0, 5002]);
    assert.equal(commands.unanswered().length, 1);
  });

  it('remembers a command from its answer on, however long that took', () => {
    const commands = new CommandJournal(createMemoryJournal());
    for (let n = 0; n < 20_000; n++) commands.saveCommand(command(n, n > 0));
    commands.saveCommand(command(0));
    commands.saveCommand(command(20_000));
    assert.deepEqual(
      [0, 1, 2].map((n) => commands.find({ id: `c${n}`, digest: '' }) !== undefined),
      [true, false, true],
    );
  });

  it('writes its journal anew only where that has become long', () => {
    const journal = createMemoryJournal();
    let rewrites = 0;
    const { rewrite } = journal;
    journal.rewrite = (records) => {
      rewrites++;
      return rewrite(records);
    };
    for (let start = 0; start < 3; start++) new CommandJournal(journal).saveCommand(command(start));
    assert.deepEqual([journal.records.length, rewrites], [3, 0]);
    journal.records = Array.from({ length: 49_999 }, () => ({}));
    const commands = new CommandJournal(journal);
    commands.saveCommand(command(1));
    assert.deepEqual([journal.records.length, rewrites], [50_000, 0]);
    commands.saveCommand(command(2));
    assert.deepEqual([journal.records.length, rewrites], [2, 1]);
    const state = { isOurs: true, leases: [], shown: [], at: 0 };
    commands.saveState('battery', state, false);
    assert.deepEqual([journal.records.length, rewrites], [3, 1]);
    for (let n = 0; n < 49_999; n++) commands.saveState('battery', state, false);
    assert.equal(rewrites, 1);
    commands.saveState('battery', state, false);
    assert.equal(rewrites, 2);
    const loaded = new CommandJournal(journal);
    assert.deepEqual(loaded.stateOf('battery'), state);
    for (const id of ['c1', 'c2']) assert.ok(loaded.find({ id, digest: '' }));
  });

  it('keeps its journal short, over restarts as well', () => {
    const journal = createMemoryJournal();
    let most = 0;
    for (let start = 0; start < 3; start++) {
      const commands = new CommandJournal(journal);
      for (let n = 0; n < 20_000; n++) commands.saveCommand(command(start * 20_000 + n));
      most = Math.max(most, journal.records.length);
    }
    assert.ok(most <= 50_001, `${most} records`);
    const last = new CommandJournal(journal);
    assert.ok(last.find({ id: 'c59999', digest: '' }) && last.find({ id: 'c40001', digest: '' }));
  });

  it('reads over what is no record', () => {
    const journal = createMemoryJournal();
    new CommandJournal(journal).saveCommand(command(1));
    journal.records.unshift({ something: 'else' }, { command: { id: 7 } });
    assert.ok(new CommandJournal(journal).find({ id: 'c1', digest: '' }));
  });
});
