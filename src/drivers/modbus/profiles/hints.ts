/**
 * Hints for the person who writes a profile: points without a purpose, and addresses that look like Modicon numbers.
 */
import { pointsOfControls } from './controls.ts';
import type { Mistake } from './mistakes.ts';
import { companionOf, type Point } from './point.ts';
import type { Profile } from './profile-schema.ts';
import { polledPoints, type ResolvedProfile } from './resolve-profile.ts';

/** @returns names of points without a purpose: no quantity, no identity, not written, and nothing refers to them */
export const unusedPoints = (resolved: ResolvedProfile): string[] => {
  const commanded = new Set(pointsOfControls(resolved.controls));
  const companions = resolved.points.flatMap(({ name, source }) =>
    commanded.has(name) ? [companionOf(source) ?? name] : [],
  );
  const used = new Set([...commanded, ...companions, ...polledPoints(resolved).map(({ name }) => name)]);
  return resolved.points
    .filter(({ source }) => (source.access ?? 'r') === 'r')
    .map(({ name }) => name)
    .filter((name) => !used.has(name));
};

const hintOf = ({ points }: Profile, name: string, text: string): Mistake => ({
  path: ['points', points.findIndex((point) => point.name === name)],
  name,
  text,
});

/** Modicon's numbers of five digits begin here: 4 0001 is the first holding register. */
const modiconBase: Partial<Record<Point['table'], number>> = { discrete: 10_001, input: 30_001, holding: 40_001 };

/**
 * Numbers like 40071 may be addresses (SunSpec, SMA, Huawei), or register 71 as Modicon counts. The second is likely if
 * every register of the profile begins with the digit of its table; the hint harms nobody if it is wrong. A profile that
 * names sources has been compared with programs that read the device.
 */
const modiconHint = (profile: Profile, points: Point[]): Mistake[] => {
  const numbered = points.filter(({ table }) => table !== 'coil');
  const looksModicon = ({ table, words }: Point): boolean => {
    const base = modiconBase[table] ?? Number.POSITIVE_INFINITY;
    return words.every((word) => word >= base && word < base + 9999);
  };
  const [first] = numbered;
  if (!first || profile.sources || !numbered.every(looksModicon)) return [];
  const address = Math.min(...first.words);
  const wire = address - (modiconBase[first.table] ?? 0);
  const text = `${address} is taken as the address on the wire. If the manual counts as Modicon does, it is register ${wire + 1} of table ${first.table}: write ${wire}, and so for all points`;
  return [hintOf(profile, first.name, text)];
};

/** @returns entries of a profile that were probably meant otherwise; the profile is used all the same */
export const hintsOf = (profile: Profile, resolved: ResolvedProfile): Mistake[] => [
  ...unusedPoints(resolved).map((name) =>
    hintOf(profile, name, 'feeds no quantity and no identity, is not written, and nothing refers to it'),
  ),
  ...modiconHint(profile, resolved.points),
];
