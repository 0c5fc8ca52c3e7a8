/** What a device says of itself: vendor, model, serial number, firmware, ratings. */
import type { Value } from '../../model/reading.ts';
import { type Conversion, conversion, type Unit } from '../../model/units.ts';
import type { DeviceDescription } from '../driver.ts';
import { isTextPoint } from './decode-text.ts';
import type { Point } from './point.ts';
import type { IdentityField, ProfilePoint } from './profile-point.ts';
import { unitFault } from './target.ts';

const ratings: Partial<Record<IdentityField, { key: 'ratedPowerW' | 'usableEnergyWh'; unit: Unit }>> = {
  rated_power_w: { key: 'ratedPowerW', unit: 'W' },
  usable_energy_wh: { key: 'usableEnergyWh', unit: 'Wh' },
};

const conversionOf = ({ unit }: ProfilePoint, to: Unit): Conversion | undefined => conversion(unit ?? to, to);

/** @returns why the point cannot tell what it stands for, in words */
export const identityFault = (point: Point): string | undefined => {
  const { source, target } = point;
  const rating = source.identity && ratings[source.identity];
  if (!rating) return undefined;
  if (isTextPoint(point) || source.enum || source.bits) return `${source.identity} is a number`;
  if (target || conversionOf(source, rating.unit)) return undefined;
  return unitFault(source.unit ?? '', rating.unit, source.identity ?? '');
};

/** A code that the profile does not know says nothing: the title of the profile tells more. */
const textOf = ({ source }: Point, value: Value): string | undefined =>
  source.enum && !Object.values(source.enum).includes(String(value)) ? undefined : String(value);

/** Vendor, model, serial and ratings, as far as the device has told them. */
export const identityOf = (points: Point[], read: (point: Point) => Value): Partial<DeviceDescription> => {
  const identity: Partial<DeviceDescription> = {};
  for (const point of points) {
    const field = point.source.identity;
    const value = field === undefined ? null : read(point);
    if (field === undefined || value === null) continue;
    if (field === 'rated_power_w' || field === 'usable_energy_wh') {
      const rating = ratings[field];
      if (typeof value !== 'number' || value <= 0 || !rating) continue;
      const factor = point.target ? 1 : (conversionOf(point.source, rating.unit)?.factor ?? 1);
      identity[rating.key] = value * factor;
      continue;
    }
    const text = textOf(point, value);
    if (text !== undefined) identity[field] = text;
  }
  return identity;
};
