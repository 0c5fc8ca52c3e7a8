import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { quantitiesText } from '../../scripts/quantities.ts';
import { reasons } from '../../src/model/common.ts';
import { deviceTypes, quantitiesOf } from '../../src/model/quantities.ts';
import { acceptedUnits } from '../../src/model/units.ts';
import { root } from '../support/house-rules.ts';

const page = readFileSync(join(root, 'docs/quantities.md'), 'utf8');

describe('the page of quantities', () => {
  it('is what the code says; node scripts/quantities.ts writes it', () => assert.equal(page, quantitiesText()));

  it('names every quantity, member, unit and reason', () => {
    const words = deviceTypes.flatMap((type) =>
      Object.entries(quantitiesOf(type)).flatMap(([name, { members = [] }]) => [name, ...members]),
    );
    const missing = [...deviceTypes, ...words, ...acceptedUnits, ...Object.keys(reasons)].filter(
      (word) => !page.includes(`\`${word}\``),
    );
    assert.deepEqual(missing, []);
  });
});
