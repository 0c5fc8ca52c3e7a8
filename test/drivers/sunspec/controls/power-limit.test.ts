/** The power limit of devices with the models 123 and 704, over Modbus TCP, with the timers of the device. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inverter7xx, inverter12x } from '../../../support/sunspec/commanded-models.ts';
import { CommandedSite } from '../../../support/sunspec/commanded-site.ts';
import type { ValuedModel } from '../../../support/sunspec/valued-device.ts';

interface Kind {
  title: string;
  models: () => ValuedModel[];
  /** Value, switch and timer. */
  value: string;
  ena: string;
  timer: string;
}

const kinds: readonly Kind[] = [
  {
    title: 'model 123',
    models: inverter12x,
    value: '123:WMaxLimPct',
    ena: '123:WMaxLim_Ena',
    timer: '123:WMaxLimPct_RvrtTms',
  },
  {
    title: 'model 704',
    models: inverter7xx,
    value: '704:WMaxLimPct',
    ena: '704:WMaxLimPctEna',
    timer: '704:WMaxLimPctRvrtTms',
  },
];

for (const { title, models, value, ena, timer } of kinds)
  describe(`SunSpec: a power limit by ${title}`, () => {
    let site: CommandedSite;
    const held = (): number[] => site.device.all(value, ena, timer);
    /** Somebody else limits to 70 %, without a timer. */
    const foreign = { [value]: 70, [ena]: 1, [timer]: 0 };
    const limit = (watts: number, leaseS = 120) => site.ask('solar', 'limit_power', { power_w: watts }, { leaseS });

    beforeEach(async () => {
      site = await CommandedSite.start(models());
    });
    afterEach(() => site.close());

    it('is written in one request, read back, and lifted with its words as they were', async () => {
      const before = held();
      const set = await limit(4000);
      assert.deepEqual(
        [set.status, set.verified, set.by, set.applied],
        ['completed', true, 'register', { power_w: 4000 }],
      );
      assert.deepEqual(held(), [40, 1, 60]);
      assert.equal(site.device.writes.length, 1, site.device.writes.join('; '));
      const released = await site.ask('solar', 'release');
      assert.equal(released.status, 'completed');
      assert.deepEqual(held(), before);
    });

    it('takes shares of the rated power, and writes no timer beyond the lease', async () => {
      await site.ask('solar', 'limit_power', { percent: 55 }, { leaseS: 20 });
      assert.deepEqual(held(), [55, 1, 20]);
    });

    it('is written again at half of its timer, and drops by itself when the controller dies', async () => {
      await limit(4000, 600);
      await site.pass(100_000);
      const writes = site.device.writes.filter((each) => each.includes(value));
      assert.equal(writes.length, 4, 'at 0, 30, 60 and 90 s');
      assert.deepEqual(held(), [40, 1, 60]);
      await site.kill();
      await site.pass(59_000 - 10_000);
      assert.equal(site.device.raw(ena), 1);
      await site.pass(12_000);
      assert.equal(site.device.raw(ena), 0);
    });

    it('never undoes a limit of somebody else: the stricter one applies, and theirs comes back', async () => {
      site.device.write(foreign);
      const looser = await limit(9000);
      assert.deepEqual([looser.status, looser.applied, looser.clamped], ['completed', { power_w: 7000 }, true]);
      assert.equal(site.device.raw(value), 70);
      const stricter = await limit(4000);
      assert.deepEqual(stricter.applied, { power_w: 4000 });
      assert.equal(site.device.raw(value), 40);
      await site.ask('solar', 'release');
      assert.deepEqual(held(), [70, 1, 0]);
      assert.match(site.told('foreign_limit').join('\n'), /somebody else has set limit_power to 7000 W/);
    });

    it('gives a limit of somebody else back when the lease ends', async () => {
      site.device.write(foreign);
      await limit(4000, 20);
      await site.pass(25_000);
      assert.deepEqual(held(), [70, 1, 0]);
    });

    it('keeps a limit of somebody else through a restart in good order', async () => {
      site.device.write(foreign);
      await limit(4000, 600);
      await site.stop();
      await site.pass(5000);
      await site.restart();
      await site.pass(5000);
      assert.equal(site.device.raw(value), 40);
      await site.ask('solar', 'release');
      assert.deepEqual(held(), [70, 1, 0]);
    });

    it('keeps a limit of somebody else when it is killed, and for as long as nobody is there', async () => {
      site.device.write(foreign);
      await limit(4000, 30);
      await site.kill();
      await site.pass(300_000);
      assert.ok(site.device.raw(ena) === 1 && site.device.raw(value) <= 70, `${held()}`);
      await site.restart();
      await site.pass(5000);
      assert.deepEqual(held(), [70, 1, 0]);
    });

    it('finds a limit of somebody else in the file of its bridge, after it was killed', async () => {
      await site.close();
      const userDir = await mkdtemp(join(tmpdir(), 'ems-limit-'));
      site = await CommandedSite.start(models(), { userDir });
      site.device.write(foreign);
      await limit(4000, 600);
      await site.kill();
      await site.restart();
      await limit(3000, 600);
      await site.kill();
      await site.pass(20_000);
      await site.restart();
      await site.ask('solar', 'release');
      assert.deepEqual(held(), [70, 1, 0]);
      await rm(userDir, { recursive: true });
    });

    it('gives a limit of somebody else back when its node is removed', async () => {
      site.device.write(foreign);
      await limit(4000);
      await site.stop(true);
      assert.deepEqual(held(), [70, 1, 0]);
    });

    it('takes over what somebody else writes meanwhile, and stays the stricter one', async () => {
      await limit(4000, 600);
      site.device.write({ [value]: 30, [ena]: 1, [timer]: 0 });
      await site.pass(40_000);
      assert.equal(site.device.raw(value), 30, 'theirs is stricter');
      site.device.write({ [value]: 80, [ena]: 1, [timer]: 0 });
      await site.pass(40_000);
      assert.equal(site.device.raw(value), 40, 'ours is stricter');
      await site.ask('solar', 'release');
      assert.deepEqual(held(), [80, 1, 0]);
    });

    it('lets somebody else lift their limit meanwhile', async () => {
      site.device.write(foreign);
      await limit(4000, 600);
      site.device.write({ [value]: 100, [ena]: 0, [timer]: 0 });
      await site.pass(40_000);
      assert.deepEqual([site.device.raw(value), site.device.raw(ena)], [40, 1]);
      await site.ask('solar', 'release');
      assert.deepEqual(held(), [100, 0, 0]);
    });

    it('tells that somebody else has set a timer, and gives it back', async () => {
      site.device.write({ [value]: 100, [ena]: 0, [timer]: 3600 });
      await limit(4000);
      assert.match(site.told('foreign_timer').join('\n'), /3600 s after each write/);
      await site.ask('solar', 'release');
      assert.deepEqual(held(), [100, 0, 3600]);
    });
  });
