/** Points that tell a property of the device itself: vendor, model, serial number, firmware, ratings. */
import { type Conversion, conversion, type Unit } from '../../../model/units.ts';
import type { DeviceDescription } from '../../driver.ts';
import { isTextPoint, type Point } from './point.ts';
import type { IdentityField, ProfilePoint } from './point-schema.ts';
import { unitFault } from './quantity-target.ts';

/** The identity fields that are numbers, with their unit in the description of a device. */
const ratings: Partial<Record<IdentityField, { key: 'ratedPowerW' | 'usableEnergyWh'; unit: Unit }>> = {
  rated_power_w: { key: 'ratedPowerW', unit: 'W' },
  usable_energy_wh: { key: 'usableEnergyWh', unit: 'Wh' },
};

const conversionOf = ({ unit }: ProfilePoint, to: Unit): Conversion | undefined => conversion(unit ?? to, to);

/** @returns in words why the point cannot tell its identity field; undefined if it can */
export const identityFault = (point: Point): string | undefined => {
  const { source, target } = point;
  const rating = source.identity && ratings[source.identity];
  if (!rating) return undefined;
  if (isTextPoint(point) || source.enum || source.bits) return `${source.identity} is a number`;
  if (target || conversionOf(source, rating.unit)) return undefined;
  return unitFault(source.unit ?? '', rating.unit, source.identity ?? '');
};

/** A rating of the device, as far as the point is one; the factor converts its value to W or Wh. */
export const ratingOf = (
  point: Point,
): { key: keyof Pick<DeviceDescription, 'ratedPowerW' | 'usableEnergyWh'>; factor: number } | undefined => {
  const rating = point.source.identity && ratings[point.source.identity];
  if (!rating) return undefined;
  return { key: rating.key, factor: point.target ? 1 : (conversionOf(point.source, rating.unit)?.factor ?? 1) };
};
