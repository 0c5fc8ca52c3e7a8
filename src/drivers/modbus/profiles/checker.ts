/** The checker of profiles: every mistake and every hint for the person who writes one, in the form and on the command line. */
import { errorText } from '../../../common/error-text.ts';
import { hintsOf } from './hints.ts';
import { type Mistake, mistakeText } from './mistakes.ts';
import { type Profile, readProfile } from './profile-schema.ts';
import { resolveProfile } from './resolve-profile.ts';
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

const uniqueTexts = (mistakes: Mistake[]): string[] => [...new Set(mistakes.map(mistakeText))];

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
