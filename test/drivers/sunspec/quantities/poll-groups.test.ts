/** Which points of a device are polled together. */
import assert from 'node:assert/strict';
import { profilePointOf } from '../../../../src/drivers/sunspec/codec/profile-points.ts';
import { completePoints, type PlacedProfilePoint } from '../../../../src/drivers/sunspec/quantities/poll-groups.ts';
import { numberModels } from '../../../../src/drivers/sunspec/quantities/read-model.ts';
import { placeModel } from '../../../support/sunspec/placed-models.ts';

const place = (id: number, length: number, counts: Record<string, number> = {}) => {
  const layout = placeModel(id, { length, counts });
  const [model] = numberModels([{ layout, refused: new Set<number>(), toldLength: length, values: new Map() }]);
  assert.ok(model);
  return (path: string, group: PlacedProfilePoint['group'] = 'fast'): PlacedProfilePoint => {
    const point = layout.points.get(path);
    assert.ok(point, path);
    return { model, point, profilePoint: profilePointOf(point, model.nameOf), group };
  };
};

describe('SunSpec: points that are polled together', () => {
  it('are all of a model that has a fast one, with its header and the factors', () => {
    const of103 = place(103, 50);
    const { points, guards } = completePoints([of103('WH', 'slow'), of103('W'), of103('St', 'once')]);
    assert.deepEqual(points.map(({ name, group }) => [name, group]).sort(), [
      ['m103.id', 'fast'],
      ['m103.l', 'fast'],
      ['m103.st', 'fast'],
      ['m103.w', 'fast'],
      ['m103.w_sf', 'fast'],
      ['m103.wh', 'fast'],
      ['m103.wh_sf', 'fast'],
    ]);
    assert.deepEqual(guards, [
      { point: 'm103.id', is: [103] },
      { point: 'm103.l', is: [50] },
    ]);
  });
});
