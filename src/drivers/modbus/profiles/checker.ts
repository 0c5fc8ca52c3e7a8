/** The checker of profiles: every mistake and every hint for the person who writes one, in the form and on the command line. */
import { errorText } from '../../../common/error-text.ts';
import { pointsOfControls } from './controls.ts';
import { type Mistake, mistakeText } from './mistakes.ts';
import type { Point } from './point.ts';
import { type Profile, readProfile } from './profile-schema.ts';
import { polledPoints, type ResolvedProfile, resolveProfile } from './resolve-profile.ts';
import type { ProfileChoice } from './variants.ts';

/** The outcome of a check of one profile. */
export interface Inspection {
  /** Absent if the text does not have the shape of a profile. */
  profile?: Profile;
  /** A profile with a mistake is not used. */
  mistakes: string[];
  /** Entries that were probably meant otherwise; the profile is used all the same. */
  hints: string[];
}

/** @returns the choices that an integrator can make in the form: every value of each param, first and last instance */
export const choicesOf = ({ params = {}, instances }: Profile): ProfileChoice[] => {
  const alternatives = Object.entries(params).flatMap(([name, { choices }]) =>
    Object.keys(choices).map((value) => ({ params: { [name]: value } })),
  );
  return [{}, ...alternatives, ...(instances ? [{ instance: instances.max }] : [])];
};

/** @returns names of points without a purpose: no quantity, no identity, not written, and nothing refers to them */
export const unusedPoints = (resolved: ResolvedProfile): string[] => {
  const used = new Set([...pointsOfControls(resolved.controls), ...polledPoints(resolved).map(({ name }) => name)]);
  return resolved.points
    .filter(({ source }) => (source.access ?? 'r') === 'r')
    .map(({ name }) => name)
    .filter((name) => !used.has(name));
};

const uniqueTexts = (mistakes: Mistake[]): string[] => [...new Set(mistakes.map(mistakeText))];

const hintOf = ({ points }: Profile, name: string, text: string): Mistake => ({
  path: ['points', points.findIndex((point) => point.name === name)],
  name,
  text,
});

/** Modicon's numbers of five digits begin here: 4 0001 is the first holding register. */
const modiconBase: Partial<Record<Point['table'], number>> = { discrete: 10_001, input: 30_001, holding: 40_001 };

/**
 * Numbers like 40071 may be addresses (SunSpec, SMA, Huawei), or register 71 as Modicon counts. The second is likely if
 * every register of the profile begins with the digit of its table; the hint harms nobody if it is wrong.
 */
const modiconHint = (profile: Profile, points: Point[]): Mistake[] => {
  const numbered = points.filter(({ table }) => table !== 'coil');
  const looksModicon = ({ table, words }: Point): boolean => {
    const base = modiconBase[table] ?? Number.POSITIVE_INFINITY;
    return words.every((word) => word >= base && word < base + 9999);
  };
  const [first] = numbered;
  if (!first || !numbered.every(looksModicon)) return [];
  const address = Math.min(...first.words);
  const wire = address - (modiconBase[first.table] ?? 0);
  const text = `${address} is taken as the address on the wire. If the manual counts as Modicon does, it is register ${wire + 1} of table ${first.table}: write ${wire}, and so for all points`;
  return [hintOf(profile, first.name, text)];
};

const hintsOf = (profile: Profile, resolved: ResolvedProfile): Mistake[] => [
  ...unusedPoints(resolved).map((name) =>
    hintOf(profile, name, 'feeds no quantity and no identity, is not written, and nothing refers to it'),
  ),
  ...resolved.undecoded.map((name) =>
    hintOf(profile, name, 'is of type sunspec, which is not supported yet: it gives no readings'),
  ),
  ...modiconHint(profile, resolved.points),
];

/** A profile is found by its id, which therefore has to be the name of its file. */
export const idFault = ({ id }: Profile, file: string | undefined): Mistake[] =>
  file === undefined || file === id
    ? []
    : [{ path: ['id'], text: `"${id}" is not the name of the file: call the file ${id}.json, or the id "${file}"` }];

/**
 * Checks a profile with every choice that it offers.
 * @param text JSON, as it stands in the file or the form
 * @param file name of the file without .json, if the profile is in one
 */
export const inspectProfile = (text: string, file?: string): Inspection => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { mistakes: [`not JSON: ${errorText(error)}`], hints: [] };
  }
  const read = readProfile(json);
  if (!read.ok) return { mistakes: read.mistakes.map(mistakeText), hints: [] };
  const profile = read.value;
  const resolved = choicesOf(profile).map((choice) => resolveProfile(profile, choice));
  return {
    profile,
    mistakes: uniqueTexts([...idFault(profile, file), ...resolved.flatMap((each) => (each.ok ? [] : each.mistakes))]),
    hints: uniqueTexts(resolved.flatMap((each) => (each.ok ? hintsOf(profile, each.value) : []))),
  };
};
