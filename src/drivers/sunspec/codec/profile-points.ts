/** The points of a model in a device as points of a Modbus profile: address, type, absent patterns and scale factor. */
import type { ProfilePoint } from '../../modbus/index.ts';
import type { ModelLayout, PlacedPoint } from '../models/model-layout.ts';
import { encodingOf } from './point-encodings.ts';
import { unitOfPoint } from './point-units.ts';

/** @returns the name that a point has in the profile of its device */
export type NameOfPoint = (point: PlacedPoint) => string;

/**
 * Names the points of a model in the profile of a device, in which all names are in lower case: "m160.module.2.dca".
 * @param nth number of the model among those of its id, counted from 1: devices list a meter model once per meter
 */
export const namesOfModel = (id: number, nth = 1): NameOfPoint => {
  const prefix = nth === 1 ? `m${id}` : `m${id}_${nth}`;
  return ({ path }) => `${prefix}.${path.toLowerCase().replaceAll('-', '_')}`;
};

/** @returns the keys that scale the number of a point: a constant, or the point that tells the power of ten */
const scalingOf = ({ scaleFactor }: PlacedPoint, nameOf: NameOfPoint): Pick<ProfilePoint, 'scale' | 'scaleFrom'> => {
  if (scaleFactor === undefined || scaleFactor === 0) return {};
  return typeof scaleFactor === 'number' ? { scale: 10 ** scaleFactor } : { scaleFrom: nameOf(scaleFactor) };
};

/** @returns the point as a Modbus profile describes it, without a quantity */
export const profilePointOf = (point: PlacedPoint, nameOf: NameOfPoint): ProfilePoint => {
  const { definition, address } = point;
  const unit = unitOfPoint(definition.units);
  return {
    name: nameOf(point),
    table: 'holding',
    addr: address,
    ...encodingOf(definition),
    ...scalingOf(point, nameOf),
    ...(unit === undefined ? {} : { unit }),
    ...(definition.isWritable ? { access: 'rw' } : {}),
  };
};

/** @returns all points of a model but its pads, in the order of their registers */
export const profilePointsOf = ({ points }: ModelLayout, nameOf: NameOfPoint): ProfilePoint[] =>
  [...points.values()]
    .filter(({ definition }) => definition.type !== 'pad')
    .map((point) => profilePointOf(point, nameOf));
