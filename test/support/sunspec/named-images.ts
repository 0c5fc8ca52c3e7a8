/** A profile that names every point of the models of a device, so that a driver finds, polls and tells each of them. */
import type { Profile, ProfilePoint } from '../../../src/drivers/modbus/index.ts';
import type { ModelLayout, PlacedPoint } from '../../../src/drivers/sunspec/index.ts';

/** The quantity of a point: its address, which is unique in a device. */
export const quantityOfPoint = ({ address }: PlacedPoint): string => `x_sunspec/x_${address}`;

const pointOf = ({ definition: { id } }: ModelLayout, point: PlacedPoint): ProfilePoint => ({
  name: `p${point.address}`,
  type: 'sunspec',
  addr: `${id}:${point.path}`,
  quantity: quantityOfPoint(point),
  // The number as the model has it: no ms that become s.
  unit: '1',
});

/** @returns the profile, in which each point but the pads has a quantity of its own */
export const profileOfAllPoints = (layouts: readonly ModelLayout[]): Profile => ({
  schema: 'profile/1',
  id: 'sunspec-all-points',
  title: 'Every point of every model',
  class: 'other',
  points: layouts.flatMap((layout) =>
    [...layout.points.values()]
      .filter(({ definition }) => definition.type !== 'pad')
      .map((point) => pointOf(layout, point)),
  ),
});
