/** Everything that is wrong with a profile, for the person who writes it: for the form, the command and the tests. */
import type { ResolvedControls } from './controls.ts';
import { type Mistake, mistakeText } from './mistakes.ts';
import type { Point } from './point.ts';
import { type Profile, readProfile } from './profile.ts';
import { polledPoints, type ResolvedProfile, resolveProfile } from './resolve.ts';
import type { ProfileChoice } from './variants.ts';

export interface Inspection {
  /** Absent where the text has not the shape of one. */
  profile?: Profile;
  /** A profile with one of them is not used. */
  mistakes: string[];
  /** What was probably meant otherwise. */
  hints: string[];
}

/** Every choice an integrator can make in the form: each parameter, first and last instance. */
export const choicesOf = ({ params = {}, instances }: Profile): ProfileChoice[] => {
  const alternatives = Object.entries(params).flatMap(([name, { choices }]) =>
    Object.keys(choices).map((value) => ({ params: { [name]: value } })),
  );
  return [{}, ...alternatives, ...(instances ? [{ instance: instances.max }] : [])];
};

/** Points that commands touch or look at. */
const pointsOfControls = ({ actuators }: ResolvedControls): string[] =>
  actuators.flatMap(({ actions, fallback, setup, watchdog }) => [
    ...[...Object.values(actions), ...(fallback ? [fallback] : []), { steps: setup, requires: [] }].flatMap(
      ({ steps, requires, ...rest }) => [
        ...steps.flatMap((step) => ('point' in step ? [step.point.name] : [])),
        ...requires.map(({ point }) => point),
        ...('effect' in rest && rest.effect
          ? [rest.effect.point, ...(rest.effect.unless ?? []).map(({ point }) => point)]
          : []),
      ],
    ),
    ...watchdog.flatMap(({ point }) => (point === undefined ? [] : [point])),
  ]);

/** Points that are in a profile for nothing: no quantity, no identity, not to be written, and nothing refers to them. */
export const unusedPoints = (resolved: ResolvedProfile): string[] => {
  const used = new Set([...pointsOfControls(resolved.controls), ...polledPoints(resolved).map(({ name }) => name)]);
  return resolved.points
    .filter(({ source }) => (source.access ?? 'r') === 'r')
    .map(({ name }) => name)
    .filter((name) => !used.has(name));
};

const unique = (mistakes: Mistake[]): string[] => [...new Set(mistakes.map(mistakeText))];

const hintOf = ({ points }: Profile, name: string, text: string): Mistake => ({
  path: ['points', points.findIndex((point) => point.name === name)],
  name,
  text,
});

/** Where Modicon's numbers of five digits begin: 4 0001 is the first holding register. */
const modiconBase: Partial<Record<Point['table'], number>> = { discrete: 10_001, input: 30_001, holding: 40_001 };

/**
 * Numbers like 40071 may be addresses (SunSpec, SMA, Huawei), or register 71 as Modicon counts. It is the second where
 * every register of the profile begins with the digit of its table; then a word about it harms nobody.
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
  const text = `${address} is taken as the address on the wire. Where the manual counts as Modicon does, it is register ${wire + 1} of table ${first.table}: write ${wire}, and so for all points`;
  return [hintOf(profile, first.name, text)];
};

const hintsOf = (profile: Profile, resolved: ResolvedProfile): Mistake[] => [
  ...unusedPoints(resolved).map((name) =>
    hintOf(profile, name, 'feeds no quantity and no identity, is not written, and nothing refers to it'),
  ),
  ...resolved.undecoded.map((name) =>
    hintOf(profile, name, 'is of type sunspec, which is not read yet: nothing is told of it'),
  ),
  ...modiconHint(profile, resolved.points),
];

/** A file is found by the id it holds, and by its name. */
export const idFault = ({ id }: Profile, file: string | undefined): Mistake[] =>
  file === undefined || file === id
    ? []
    : [{ path: ['id'], text: `"${id}" is not the name of the file: call the file ${id}.json, or the id "${file}"` }];

/**
 * @param text JSON, as it stands in the file or the form
 * @param file name of the file without .json, where it is one
 */
export const inspectProfile = (text: string, file?: string): Inspection => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { mistakes: [`not JSON: ${(error as Error).message}`], hints: [] };
  }
  const read = readProfile(json);
  if (!read.ok) return { mistakes: read.mistakes.map(mistakeText), hints: [] };
  const profile = read.value;
  const resolved = choicesOf(profile).map((choice) => resolveProfile(profile, choice));
  return {
    profile,
    mistakes: unique([...idFault(profile, file), ...resolved.flatMap((each) => (each.ok ? [] : each.mistakes))]),
    hints: unique(resolved.flatMap((each) => (each.ok ? hintsOf(profile, each.value) : []))),
  };
};
