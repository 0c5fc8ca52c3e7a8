/** A device that was found, as the editor shows it: plain data without registers. */
import type { ProfileFit, ResolvedProfile } from '../../modbus/index.ts';
import type { DiscoveryNote } from '../discovery/discovery-notes.ts';
import { brandOf, type FoundDevice } from './found-device.ts';

/** A profile of the library by its id, with the words that people know it by. */
interface NamedProfile {
  id: string;
  title: string;
}

/** A found device in words. */
export interface DeviceView {
  kind: FoundDevice['kind'];
  unit: number;
  /** Further units under which the same device answers. */
  otherUnits: number[];
  maker?: string;
  model?: string;
  serial?: string;
  version?: string;
  /** SunSpec models in the order of the device's list. */
  models: { id: number; name?: string }[];
  /** The brand whose places the node has to know to find the device again. */
  brand?: string;
  /** Profiles that fit, the likeliest first. */
  profiles: NamedProfile[];
  /** Whether the device names itself; otherwise its numbers are only as the profile has them. */
  isNamed: boolean;
  /** Types of its components: "meter", "solar". */
  components: string[];
  /** Names of the signs that its models leave open. */
  signs: string[];
  notes: DiscoveryNote[];
  /** Why its values cannot be read, in words. */
  reason?: string;
  /** Whether there are values to preview. */
  hasPreview: boolean;
}

const componentsOf = (resolved: ResolvedProfile | undefined): string[] => [
  ...new Set([...(resolved?.points ?? []), ...(resolved?.derived ?? [])].flatMap(({ target }) => target?.type ?? [])),
];

const known = <Name extends string>(facts: Partial<Record<Name, string | undefined>>): Partial<Record<Name, string>> =>
  Object.fromEntries(
    Object.entries<string | undefined>(facts).filter(([, value]) => value !== undefined && value !== ''),
  ) as Partial<Record<Name, string>>;

const fittingView = (unit: number, otherUnits: number[], fits: readonly ProfileFit[]): Omit<DeviceView, 'kind'> => {
  const [best] = fits;
  const { profile } = best?.resolved ?? {};
  const { vendor, model, serial, firmware } = best?.identity ?? {};
  return {
    unit,
    otherUnits,
    ...known({ maker: vendor ?? profile?.vendor, model: model ?? profile?.model, serial, version: firmware }),
    models: [],
    profiles: fits.map(({ resolved }) => ({ id: resolved.profile.id, title: resolved.profile.title })),
    isNamed: best?.isNamed ?? false,
    components: componentsOf(best?.resolved),
    signs: [],
    notes: [],
    hasPreview: best !== undefined,
  };
};

/** @returns what the editor shows of a device */
export const viewOf = (found: FoundDevice): DeviceView => {
  const { kind, unit } = found;
  switch (kind) {
    case 'profile':
      return { kind, ...fittingView(unit, found.otherUnits, [found.fit]) };
    case 'ambiguous':
      return { kind, ...fittingView(unit, found.otherUnits, found.fits) };
    case 'unknown':
      return { kind, ...fittingView(unit, found.otherUnits, []) };
    case 'sunspec': {
      const { device, resolved, reason } = found;
      const { manufacturer: maker, model, serial, version } = device.common;
      return {
        kind,
        unit,
        otherUnits: device.otherUnits,
        ...known({ maker, model, serial, version, brand: brandOf(device), reason }),
        models: device.models.map(({ id, name }) => ({ id, ...(name === undefined ? {} : { name }) })),
        profiles: [],
        isNamed: true,
        components: componentsOf(resolved),
        signs: Object.keys(resolved?.profile.params ?? {}),
        notes: device.notes,
        hasPreview: resolved !== undefined,
      };
    }
  }
};
