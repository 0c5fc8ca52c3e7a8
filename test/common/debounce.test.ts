import assert from 'node:assert/strict';
import { Debounce } from '../../src/common/debounce.ts';

describe('a debounced condition', () => {
  it('changes once the contrary has held for its time, in both directions', () => {
    const debounce = new Debounce(1000);
    assert.equal(debounce.update(true, 0), false);
    assert.equal(debounce.update(true, 999), false);
    assert.equal(debounce.update(true, 1000), true);
    assert.equal(debounce.update(false, 2000), true);
    assert.equal(debounce.update(false, 3000), false);
  });

  it('forgets a contrary that did not last', () => {
    const debounce = new Debounce(1000);
    debounce.update(true, 0);
    debounce.update(false, 900);
    assert.equal(debounce.update(true, 1000), false);
    assert.equal(debounce.update(true, 1999), false);
    assert.equal(debounce.update(true, 2000), true);
  });
});
