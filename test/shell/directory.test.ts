import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import type { Message } from '../../src/model/message.ts';
import { parseTopic, type Topic } from '../../src/model/topic.ts';
import { Directory, directoryOf } from '../../src/shell/directory.ts';
import { availabilityOf, battery, gridMeter, metaOf, readingOf } from '../support/site/site-messages.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

describe('the directory of devices', () => {
  let directory: Directory;
  let forgotten: string[];
  let clock: VirtualClock;

  beforeEach(() => {
    clock = createVirtualClock();
    directory = new Directory(clock, () => 'gw');
    forgotten = [];
    directory.onForget((device) => forgotten.push(device));
  });

  const topic = (text: string): Topic => {
    const parsed = parseTopic(text);
    assert.ok(parsed.ok);
    return parsed.value;
  };

  it('is one for all nodes of a runtime', () => {
    const RED = { events: {} } as unknown as NodeAPI;
    assert.equal(directoryOf(RED), directoryOf(RED));
    assert.notEqual(directoryOf(RED), directoryOf({ events: {} } as unknown as NodeAPI));
  });

  it('knows devices by their meta, and what they declare', () => {
    directory.take(metaOf('m1', gridMeter));
    directory.take(availabilityOf('devices/m1/availability', 'online'));
    assert.deepEqual(
      directory.devices().map(({ meta, availability }) => [meta.device, availability?.state]),
      [['m1', 'online']],
    );
    assert.ok(directory.declares(topic('devices/m1/meter/power')));
    assert.ok(!directory.declares(topic('devices/m1/meter/frequency')));
    assert.equal(directory.declarationOf(topic('devices/m1/meter/power'))?.interval_s, 1);
    assert.ok(!directory.declares(topic('devices/m2/meter/power')));
  });

  it('knows which counters are billed', () => {
    const quantities = { energy_import: { unit: 'Wh' as const, billing: true } };
    directory.take(metaOf('m1', { ...gridMeter, quantities }));
    assert.ok(directory.declarationOf(topic('devices/m1/meter/energy_import'))?.billing);
    directory.take(metaOf('m2', gridMeter));
    assert.ok(!directory.declarationOf(topic('devices/m2/meter/energy_import'))?.billing);
  });

  it('does not believe a retained message that is older than a live one', () => {
    directory.take({ ...metaOf('m1', gridMeter), ts: '2026-11-23T10:00:05.000Z' });
    directory.take({ ...metaOf('m1', battery), ts: '2026-11-23T10:00:00.000Z' });
    assert.equal(directory.device('m1')?.meta.components[0]?.type, 'meter');
  });

  it('believes what is said after the clock was set back', () => {
    const said = (message: Message): Message => ({ ...message, ts: new Date(clock.now()).toISOString() });
    directory.take(said(metaOf('m1', gridMeter)));
    directory.take(said(availabilityOf('devices/m1/availability', 'offline')));
    clock.jump(-3_600_000);
    directory.take(said(metaOf('m1', battery)));
    directory.take(said(availabilityOf('devices/m1/availability', 'online')));
    const { meta, availability } = directory.device('m1') ?? {};
    assert.deepEqual([meta?.components[0]?.type, availability?.state], ['battery', 'online']);
  });

  it('tells who listens, until they leave', () => {
    let changes = 0;
    const listening = directory.onChange(() => {
      changes++;
    });
    directory.take(metaOf('m1', gridMeter));
    listening.remove();
    directory.take(metaOf('m2', gridMeter));
    assert.equal(changes, 1);
  });

  describe('when what somebody spoke for is over', () => {
    let over: string[];
    beforeEach(() => {
      over = [];
      directory.onOver((path) => over.push(path));
    });
    const remove = (node: string): Promise<void> => {
      directory.remove(node, Promise.resolve());
      return directory.settled();
    };

    it('forgets a device when the last node that speaks for it is deleted', async () => {
      directory.take(metaOf('m1', gridMeter));
      directory.register('n1', 'devices/m1');
      directory.register('n2', 'devices/m1');
      await remove('n1');
      assert.deepEqual([forgotten, over], [[], []]);
      await remove('n2');
      assert.deepEqual([forgotten, directory.devices()], [['m1'], []]);
      assert.deepEqual([over, directory.over()], [['devices/m1'], ['devices/m1']]);
      assert.ok(!directory.isSpokenFor('devices/m1'));
    });

    it('waits until the node has come to its end, well or not', async () => {
      directory.register('n1', 'sites/home');
      let fail = (_error: Error): void => {};
      directory.remove(
        'n1',
        new Promise((_, reject) => {
          fail = reject;
        }),
      );
      const settled = directory.settled();
      await Promise.resolve();
      assert.deepEqual(over, []);
      fail(new Error('it could not be brought into its safe state'));
      await settled;
      assert.deepEqual([over, forgotten], [['sites/home'], []]);
    });

    it('forgets the earlier id of a node that was renamed, and keeps it over a redeploy', () => {
      directory.take(metaOf('m1', gridMeter));
      directory.register('n1', 'devices/m1');
      directory.register('n1', 'devices/m1');
      assert.deepEqual(forgotten, []);
      directory.register('n1', 'devices/m2');
      assert.deepEqual([forgotten, over], [['m1'], ['devices/m1']]);
    });

    it('two devices that change their ids are both there', () => {
      directory.register('n1', 'devices/m1');
      directory.register('n2', 'devices/m2');
      directory.register('n1', 'devices/m2');
      directory.register('n2', 'devices/m1');
      assert.deepEqual([over, directory.over()], [['devices/m1'], []]);
    });

    it('leaves a device alone that another runtime speaks for by now', async () => {
      directory.register('n1', 'devices/m1');
      directory.take({ ...metaOf('m1', gridMeter), gateway: 'another' });
      await remove('n1');
      assert.deepEqual([over, forgotten], [[], []]);
      assert.equal(directory.device('m1')?.meta.gateway, 'another');
    });
  });

  it('lets a device leave that is gone from the broker, unless a node here speaks for it', () => {
    directory.take(metaOf('far', gridMeter));
    directory.take(metaOf('near', gridMeter));
    directory.register('n1', 'devices/near');
    directory.leave('far');
    directory.leave('near');
    directory.leave('never-there');
    assert.deepEqual(forgotten, ['far']);
  });

  describe('what was said before a device went', () => {
    const early = { ...metaOf('m1', gridMeter), ts: '2026-11-23T10:00:00.000Z' };
    const last = { ...early, ts: '2026-11-23T10:00:05.000Z' };
    const later = { ...early, ts: '2026-11-23T10:00:09.000Z' };

    beforeEach(() => {
      directory.take(last);
      directory.leave('m1');
    });

    it('does not bring it back', () => {
      for (const meta of [early, last]) {
        assert.ok(directory.isFromBeforeRemoval(meta), meta.ts);
        directory.take(meta);
      }
      assert.deepEqual(directory.devices(), []);
      const power = readingOf('m1/meter/power', 5, clock.now() - 1);
      assert.ok(directory.isFromBeforeRemoval(power));
      assert.ok(!directory.isFromBeforeRemoval({ ...power, topic: 'devices/m2/meter/power' }));
    });

    it('is no longer held against it once it is back', () => {
      assert.ok(!directory.isFromBeforeRemoval(later));
      directory.take(later);
      assert.equal(directory.devices().length, 1);
      assert.ok(!directory.isFromBeforeRemoval(readingOf('m1/meter/power', 5, clock.now() - 1)));
    });

    it('says nothing about the meta of another gateway, whose clock differs', () => {
      const other = { ...early, gateway: 'another' };
      assert.ok(!directory.isFromBeforeRemoval(other));
      directory.take(other);
      assert.equal(directory.device('m1')?.meta.gateway, 'another');
    });

    it('is on its way for a minute at most', () => {
      clock.advance(61_000);
      assert.ok(!directory.isFromBeforeRemoval(last));
      assert.deepEqual(directory.over(), []);
    });
  });
});
