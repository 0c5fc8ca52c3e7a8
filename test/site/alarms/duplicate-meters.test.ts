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
  const sources: Record<string, Source> = Object.fromEntries([...'abcdefghij'].map((name) => [name, sourceOf(name)]));

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

  it('is found where four of five changes are the same', () => {
    for (const [different, isFound] of [
      [3, true],
      [4, false],
    ] as const) {
      meters = new DuplicateMeters(() => false);
      change(1, true, 4286);
      change(different, false, 4286);
      change(14 - different, true, 4286);
      assert.equal(meters.found().length, isFound ? 1 : 0, `${different} of 15 differ`);
    }
  });

  it('is not found where the values come more than 5 s apart', () => {
    for (const [apartMs, isFound] of [
      [5000, true],
      [5001, false],
    ] as const) {
      meters = new DuplicateMeters(() => false);
      for (let n = 0; n < 12; n++) {
        at += 10_000;
        take('a', nextW + n);
        at += apartMs;
        take('b', nextW + n);
      }
      assert.equal(meters.found().length, isFound ? 1 : 0, `${apartMs} ms`);
    }
  });

  it('is compared anew after eight other meters have met the first one since', () => {
    for (const [others, isFound] of [
      ['cdefghi', true],
      ['cdefghij', false],
    ] as const) {
      meters = new DuplicateMeters(() => false);
      change(58, true, 1000);
      for (const [i, other] of [...others].entries()) for (const topic of ['a', other]) take(topic, 100 + 10 * i);
      change(3, true, 1000);
      assert.equal(meters.found().length, isFound ? 1 : 0, others);
    }
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
