import assert from 'node:assert/strict';
import fc from 'fast-check';
import { firstVendorModel, type PointGroup } from '../../../../src/drivers/sunspec/messages.ts';
import { countingPoints } from '../../../../src/drivers/sunspec/models/counting-points.ts';
import { modelIds } from '../../../../src/drivers/sunspec/models/model-definitions.ts';
import { isPossibleLength, leastLength, modelLengthsOf } from '../../../../src/drivers/sunspec/models/model-lengths.ts';
import { definitionOf, placeModel } from '../../../support/sunspec/placed-models.ts';

const group = (sizes: number[], groups: PointGroup[] = [], count?: number | string): PointGroup => ({
  name: 'group',
  type: 'group',
  points: sizes.map((size) => ({
    name: 'point',
    type: 'string',
    size,
    isMandatory: false,
    isStatic: false,
    isWritable: false,
  })),
  groups,
  ...(count === undefined ? {} : { count }),
});
/** ID and L, with which the group of every model begins. */
const header = [1, 1];

describe('SunSpec: lengths of models', () => {
  it('a model without groups has one length', () => {
    const lengths = modelLengthsOf(group([...header, 16, 16, 8, 8, 16, 1, 1]));
    assert.deepEqual(lengths, { fixed: 66, step: 0 });
    assert.deepEqual(
      [64, 65, 66, 67].map((length) => isPossibleLength(103, lengths, length)),
      [false, false, true, false],
    );
  });

  it('the common model has 66 registers, or 65 without Pad', () => {
    const lengths = { fixed: 66, step: 0 };
    assert.deepEqual(
      [64, 65, 66, 67].map((length) => isPossibleLength(1, lengths, length)),
      [false, true, true, false],
    );
    assert.deepEqual([leastLength(1, lengths), leastLength(103, lengths)], [65, 66]);
  });

  it('groups that are there once belong to the model (704 has four)', () => {
    const power = (): PointGroup => group([1, 1]);
    assert.deepEqual(modelLengthsOf(group([...header, 57], [power(), power(), power(), power()])), {
      fixed: 65,
      step: 0,
    });
  });

  it('a group may be there a number of times', () => {
    assert.deepEqual(modelLengthsOf(group([...header, 4], [group([3], [group([1], [], 2)], 2)])), {
      fixed: 14,
      step: 0,
    });
  });

  it('a group that repeats adds multiples of its size (160, 714)', () => {
    assert.deepEqual(modelLengthsOf(group([...header, 8], [group([20], [], 0)])), { fixed: 8, step: 20 });
    const ports = modelLengthsOf(group([...header, 18], [group([25], [], 'NPrt')]));
    assert.deepEqual(
      [18, 43, 93, 94].map((length) => isPossibleLength(714, ports, length)),
      [true, true, true, false],
    );
  });

  it('models of vendors may be longer, and no model may be shorter', () => {
    const lengths = { fixed: 23, step: 0 };
    assert.ok(isPossibleLength(64_111, lengths, 40) && !isPossibleLength(64_111, lengths, 22));
  });

  it('whatever numbers groups within groups have, the length is a possible one', () => {
    const sizes = fc.record({
      outer: fc.integer({ min: 1, max: 30 }),
      once: fc.nat(9),
      inner: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(sizes, fc.nat(5), fc.nat(5), ({ outer, once, inner }, curves, points) => {
        const points2 = group([inner], [], 'NPt');
        const curve = group([outer], [points2, group([once])], 'NCrv');
        const lengths = modelLengthsOf(group([...header, 13], [curve]));
        assert.ok(isPossibleLength(705, lengths, 13 + curves * (outer + once + points * inner)));
      }),
    );
  });

  it('the layout finds fault with exactly the lengths that are impossible', () => {
    for (const id of modelIds()) {
      const definition = definitionOf(id);
      const lengths = modelLengthsOf(definition.group);
      // The layout asks for the counts as well, and cannot tell whether a longer model of a vendor has more groups.
      const isOpen = id >= firstVendorModel && lengths.step > 0;
      if (isOpen || countingPoints(definition).length > 0) continue;
      for (let length = 0; length < 200; length++) {
        const { lengthFault } = placeModel(definition, { length });
        assert.equal(lengthFault === undefined, isPossibleLength(id, lengths, length), `${id}: ${length}`);
      }
    }
  });
});
