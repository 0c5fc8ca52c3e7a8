import assert from 'node:assert/strict';
import { BackOff } from '../../src/common/back-off.ts';

describe('exponential back-off', () => {
  it('doubles its bound up to the longest pause, and takes between half of the bound and all of it', () => {
    const shortest = new BackOff(100, 1000, () => 0);
    const longest = new BackOff(100, 1000, () => 1);
    const rounds = [1, 2, 3, 4, 5, 6];
    assert.deepEqual(
      rounds.map(() => shortest.next()),
      [50, 100, 200, 400, 500, 500],
    );
    assert.deepEqual(
      rounds.map(() => longest.next()),
      [100, 200, 400, 800, 1000, 1000],
    );
  });

  it('begins again after a success', () => {
    const backOff = new BackOff(100, 1000, () => 1);
    for (let round = 0; round < 100; round++) backOff.next();
    assert.equal(backOff.next(), 1000);
    backOff.reset();
    assert.equal(backOff.next(), 100);
  });
});
