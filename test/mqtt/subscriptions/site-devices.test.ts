import assert from 'node:assert/strict';
import type { Message } from '../../../src/model/message.ts';
import { parseTopic, type Topic } from '../../../src/model/topic.ts';
import { SiteDevices } from '../../../src/mqtt/subscriptions/site-devices.ts';
import { selectTopics } from '../../../src/mqtt/subscriptions/topic-selection.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const topicOf = (text: string): Topic => {
  const topic = parseTopic(text);
  assert.ok(topic.ok, text);
  return topic.value;
};
const availability = (device: string): Message => ({
  topic: `devices/${device}/availability`,
  schema: 'availability/1',
  state: 'online',
});

describe('the devices of a chosen site', () => {
  let clock: VirtualClock;
  let sites: Map<string, string>;
  let devices: SiteDevices;
  let filters: string[];

  const admits = (text: string): boolean => devices.admits(topicOf(text), false);

  beforeEach(() => {
    clock = createVirtualClock();
    sites = new Map();
    filters = [];
    const choice = { what: 'readings', device: '', type: '', quantity: '', site: 'home', patterns: [] } as const;
    const factsOf = (device: string) => ({ meta: { device, site: sites.get(device) } });
    devices = new SiteDevices({
      site: 'home',
      selection: selectTopics({ ...choice, patterns: [], withDirectory: true }),
      known: {
        devices: () => [...sites.keys()].map(factsOf),
        device: (id) => (sites.has(id) ? factsOf(id) : undefined),
      },
      withDirectory: true,
      clock,
    });
    devices.subscribe((more) => {
      filters.push(...more);
      return { remove: () => {} };
    });
  });

  it('are subscribed to once their meta names the site, and their readings are wanted', () => {
    sites.set('meter', 'home').set('neighbour', 'other');
    devices.changed();
    clock.advance(1000);
    assert.deepEqual(filters, ['devices/meter/+/#']);
    assert.deepEqual([admits('devices/meter/meter/power'), admits('devices/neighbour/meter/power')], [true, false]);
  });

  it('may be any at first, when retained readings come before the meta of their devices', () => {
    assert.equal(admits('devices/meter/meter/energy_import'), true);
    assert.equal(devices.isMissing('meter'), false);
    clock.advance(5001);
    assert.equal(admits('devices/meter/meter/energy_import'), false);
    assert.equal(devices.isMissing('meter'), true);
  });

  it('are the only ones whose availability and meta is passed on', () => {
    sites.set('meter', 'home').set('neighbour', 'other');
    devices.changed();
    clock.advance(1000);
    const wanted = ['meter', 'neighbour', 'unknown'].map((device) => devices.isWanted(availability(device)));
    assert.deepEqual(wanted, [true, false, true]);
    const meta = (device: string, site: string) => ({ schema: 'meta/1', device, site }) as Message;
    assert.equal(devices.isWanted(meta('neighbour', 'other')), false);
    assert.equal(devices.isWanted(meta('meter', 'other')), true, 'that a device has left the site is told');
  });
});
