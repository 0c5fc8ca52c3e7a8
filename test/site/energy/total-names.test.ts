import assert from 'node:assert/strict';
import { toldWh } from '../../../src/site/energy/total-names.ts';

describe('energies of a site', () => {
  it('are told to a thousandth of a Wh', () => {
    assert.deepEqual([toldWh(1234.5674), toldWh(1234.5676), toldWh(0.0004)], [1234.567, 1234.568, 0]);
  });
});
