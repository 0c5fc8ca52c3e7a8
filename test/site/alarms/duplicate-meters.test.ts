import assert from 'node:assert/strict';
import { DuplicateMeters } from '../../../src/site/alarms/duplicate-meters.ts';
import { type Source, sourcesOf } from '../../../src/site/sources/sources.ts';
import { metaOf, solar } from '../../support/site/site-messages.ts';

const sourceOf = (device: string): Source => {
  const [source] = sourcesOf(metaOf(device, solar), 100_000);
  assert.ok(source);
  return source;
};

describe('a meter that was entered twice', () => {
  let meters: DuplicateMeters;
  let at: number;
  let nextW: number;
  const sources: Record<string, Source> = { a: sourceOf('a'), b: sourceOf('b') };

  beforeEach(() => {
    meters = new DuplicateMeters(() => false);
    at = 0;
    nextW = 1000;
  });
  const take = (topic: string, w: number): void => {
    const source = sources[topic];
    assert.ok(source);
    meters.take(source, w, { reading: { topic }, at });
  };
  /** Both show another value than before, every few ms. */
  const change = (count: number, isSame: boolean, everyMs = 6000): void => {
    for (let n = 0; n < count; n++) {
      at += everyMs;
      nextW += 10;
      const order = n % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
      for (const topic of order) take(topic, isSame || topic === 'a' ? nextW : nextW + 5);
    }
  };

  it('is found after twelve changes over a minute that are the same, whichever of the two comes first', () => {
    change(11, true);
    assert.deepEqual(meters.found(), []);
    change(1, true);
    assert.deepEqual(meters.found(), [['a', 'b']]);
  });

  it('is not found by any number of changes within less than a minute', () => {
    change(60, true, 1000);
    assert.deepEqual(meters.found(), []);
    change(1, true, 1000);
    assert.deepEqual(meters.found(), [['a', 'b']]);
  });

  it('is found where both were different before', () => {
    change(1, true);
    change(12, false);
    change(2, true);
    assert.deepEqual(meters.found(), []);
    change(12, true);
    assert.deepEqual(meters.found(), [['a', 'b']]);
  });

  it('is no duplicate any more after twelve changes that differ', () => {
    change(12, true);
    change(11, false);
    assert.deepEqual(meters.found(), [['a', 'b']]);
    change(1, false);
    assert.deepEqual(meters.found(), []);
  });

  it('is forgotten once the site does not use one of the two any more', () => {
    for (const gone of ['a', 'b']) {
      meters = new DuplicateMeters(() => false);
      change(12, true);
      meters.keep((topic) => topic !== gone);
      assert.deepEqual(meters.found(), []);
    }
  });
});
