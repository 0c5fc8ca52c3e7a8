/** Registers within a model that a device refuses: no request of a poll reads over them. */
import type { Profile } from '../../modbus/index.ts';
import { isRefused, type ReadModel } from './read-model.ts';

type Range = [from: number, to: number];

/** @returns neighbouring addresses as ranges */
const rangesOf = (addresses: Iterable<number>): Range[] => {
  const ranges: Range[] = [];
  for (const address of [...addresses].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last[1] === address - 1) last[1] = address;
    else ranges.push([address, address]);
  }
  return ranges;
};

/** @returns the addresses that the device refuses, without those of points that are polled although it refuses them now */
const refusedIn = (model: ReadModel, polled: ReadonlySet<string>): number[] => {
  const { layout, nameOf, refused } = model;
  const wanted = [...layout.points.values()].filter((point) => polled.has(nameOf(point)) && isRefused(model, point));
  const asked = new Set(
    wanted.flatMap(({ address, definition }) => Array.from({ length: definition.size }, (_, n) => address + n)),
  );
  return [...refused].filter((address) => !asked.has(address));
};

/** @returns the profile with the ranges that no request may touch */
export const withRefusedRanges = (profile: Profile, models: readonly ReadModel[]): Profile => {
  const polled = new Set(profile.points.map(({ name }) => name));
  const ranges = rangesOf(models.flatMap((model) => refusedIn(model, polled)));
  if (ranges.length === 0) return profile;
  const { limits = {} } = profile;
  return { ...profile, limits: { ...limits, forbidden: [...(limits.forbidden ?? []), ...ranges] } };
};
