import assert from 'node:assert/strict';
import { type ReadingTransform, transformOf } from '../../../src/bridge/readings/reading-transform.ts';
import type { Channel } from '../../../src/drivers/driver.ts';

describe('the transform of a channel', () => {
  const power: Channel = {
    type: 'meter',
    quantity: 'power',
    unit: 'W',
    kind: 'gauge',
    intervalS: 1,
    maxAgeS: 10,
    signed: true,
  };
  const transform = (device: string, more: Partial<Channel> = {}): ReadingTransform =>
    transformOf({ ...power, ...more }, undefined, {
      components: {},
      placement: { device, site: 'home', gateway: 'gw', role: 'grid' },
    });

  it('is one record for all channels that are alike, on whatever device', () => {
    assert.equal(transform('x'), transform('y', { part: 'l1' }));
    assert.notEqual(transform('x'), transform('y', { maxAgeS: 20 }));
  });
});
