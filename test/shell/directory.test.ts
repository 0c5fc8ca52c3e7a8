import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import { parseTopic, type Topic } from '../../src/model/topic.ts';
import { type Directory, directoryOf } from '../../src/shell/directory.ts';
import { availabilityOf, battery, gridMeter, metaOf } from '../support/site-messages.ts';

describe('the directory of devices', () => {
  let directory: Directory;
  let forgotten: string[];

  beforeEach(() => {
    directory = directoryOf({ events: {} } as unknown as NodeAPI);
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
    assert.notEqual(directoryOf(RED), directory);
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
    assert.equal(directory.intervalOf(topic('devices/m1/meter/power')), 1);
    assert.ok(!directory.declares(topic('devices/m2/meter/power')));
  });

  it('knows which counters are billed', () => {
    const quantities = { energy_import: { unit: 'Wh' as const, billing: true } };
    directory.take(metaOf('m1', { ...gridMeter, quantities }));
    assert.ok(directory.isBilling(topic('devices/m1/meter/energy_import')));
    directory.take(metaOf('m2', gridMeter));
    assert.ok(!directory.isBilling(topic('devices/m2/meter/energy_import')));
  });

  it('does not believe a retained message that is older than a live one', () => {
    directory.take({ ...metaOf('m1', gridMeter), ts: '2026-11-23T10:00:05.000Z' });
    directory.take({ ...metaOf('m1', battery), ts: '2026-11-23T10:00:00.000Z' });
    assert.equal(directory.device('m1')?.meta.components[0]?.type, 'meter');
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

  it('forgets a device when the last node that speaks for it is deleted', () => {
    directory.take(metaOf('m1', gridMeter));
    const [first, second] = [directory.register('n1', 'm1'), directory.register('n2', 'm1')];
    first.forget();
    assert.deepEqual(forgotten, []);
    second.forget();
    assert.deepEqual([forgotten, directory.devices()], [['m1'], []]);
  });

  it('forgets the earlier id of a node that was renamed, and keeps it over a redeploy', () => {
    directory.take(metaOf('m1', gridMeter));
    directory.register('n1', 'm1');
    directory.register('n1', 'm1');
    assert.deepEqual(forgotten, []);
    directory.register('n1', 'm2');
    assert.deepEqual(forgotten, ['m1']);
  });

  it('lets a device leave that is gone from the broker, unless a node here speaks for it', () => {
    directory.take(metaOf('far', gridMeter));
    directory.take(metaOf('near', gridMeter));
    directory.register('n1', 'near');
    directory.leave('far');
    directory.leave('near');
    directory.leave('never-there');
    assert.deepEqual(forgotten, ['far']);
  });
});
