/** Everything that is wrong with a profile, for the person who writes it: for the form, the command and the tests. */
import { pointsNeeded, type ResolvedControls } from './controls.ts';
import { type Mistake, mistakeText } from './mistakes.ts';
import { type Profile, readProfile } from './profile.ts';
import { type ProfileChoice, type ResolvedProfile, resolveProfile } from './resolve.ts';

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
  const { points, sums, controls } = resolved;
  const used = new Set([
    ...pointsNeeded(resolved),
    ...pointsOfControls(controls),
    ...sums.flatMap(({ terms }) => terms.map(({ name }) => name)),
    ...points.flatMap(({ source }) => (source.scaleFrom === undefined ? [] : [source.scaleFrom])),
  ]);
  return points
    .filter(({ target, source }) => !target && !source.identity && (source.access ?? 'r') === 'r')
    .map(({ name }) => name)
    .filter((name) => !used.has(name));
};

const unique = (mistakes: Mistake[]): string[] => [...new Set(mistakes.map(mistakeText))];

const hintOf = ({ points }: Profile, name: string): Mistake => ({
  path: ['points', points.findIndex((point) => point.name === name)],
  name,
  text: 'feeds no quantity and no identity, is not written, and nothing refers to it',
});

/** @param text JSON, as it stands in the file or the form */
export const inspectProfile = (text: string): Inspection => {
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
    mistakes: unique(resolved.flatMap((each) => (each.ok ? [] : each.mistakes))),
    hints: unique(
      resolved.flatMap((each) => (each.ok ? unusedPoints(each.value).map((name) => hintOf(profile, name)) : [])),
    ),
  };
};
