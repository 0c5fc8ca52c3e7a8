/** The devices that a scan found, as plain data with the profile by which their values can be read. */
import type { ProfileFit, ResolvedProfile } from '../../modbus/index.ts';
import { type Brand, brandPlaces } from '../discovery/candidate-units.ts';
import type { SunSpecDevice } from '../discovery/discovered-device.ts';

/** A device behind one unit. */
export type FoundDevice =
  /** A device that explains itself. resolved: absent if its models give no profile, for the reason in words. */
  | { kind: 'sunspec'; unit: number; device: SunSpecDevice; resolved?: ResolvedProfile; reason?: string }
  /** The profile that fits it. otherUnits: the same device answers there as well. */
  | { kind: 'profile'; unit: number; fit: ProfileFit; otherUnits: number[] }
  /** Several profiles fit it, the likeliest first. */
  | { kind: 'ambiguous'; unit: number; fits: ProfileFit[]; otherUnits: number[] }
  /** Units that answer, and of which nothing is known; all of them are one finding. */
  | { kind: 'unknown'; unit: number; otherUnits: number[] };

/** @returns the brand whose places the integrator need not know; undefined for a device that is found without one */
export const brandOf = ({ common, unit }: SunSpecDevice): Brand | undefined => {
  const manufacturer = common.manufacturer?.toLowerCase() ?? '';
  const names = Object.keys(brandPlaces) as Brand[];
  return names.find((name) => manufacturer.includes(name) && (unit !== 1 || 'bases' in brandPlaces[name]));
};

/** @returns the profile by which the values of a device can be read; of several, the likeliest */
export const profileOfFound = (found: FoundDevice): ResolvedProfile | undefined => {
  switch (found.kind) {
    case 'sunspec':
      return found.resolved;
    case 'profile':
      return found.fit.resolved;
    case 'ambiguous':
      return found.fits[0]?.resolved;
    case 'unknown':
      return undefined;
  }
};
