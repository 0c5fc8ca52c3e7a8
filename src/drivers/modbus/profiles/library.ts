/** The library of profiles: those of this package, and an integrator's own. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorText } from '../../../common/error-text.ts';
import type { Result } from '../../../model/time.ts';
import { type Inspection, idFault, inspectProfile } from './checker.ts';
import { refuse } from './mistakes.ts';
import { type Profile, readProfile } from './profile-schema.ts';
import { type ResolvedProfile, resolveProfile } from './resolve-profile.ts';
import type { ProfileChoice } from './variants.ts';

const shippedFolder = fileURLToPath(new URL('../../../../profiles/', import.meta.url));

/** A profile of the library, with what is wrong with it. */
interface ListedProfile extends Inspection {
  /** Name of the file without .json. */
  id: string;
}

/** A profile by its id, with the folder of the integrator's own profiles; or as JSON typed into a form. */
type ProfileSource = { id: string; own?: string } | { inline: string };

const readFolder = (folder: string): ListedProfile[] => {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    // An integrator without profiles of their own has no such folder.
    return [];
  }
  return names.sort().map((name) => {
    const id = name.slice(0, -'.json'.length);
    try {
      return { id, ...inspectProfile(readFileSync(join(folder, name), 'utf8'), id) };
    } catch (error) {
      return { id, mistakes: [errorText(error)], hints: [] };
    }
  });
};

/** The shipped profiles, which do not change while the package runs. */
let shipped: ListedProfile[] | undefined;

/**
 * Lists all profiles. An integrator's own takes the place of a shipped one with the same id.
 * @param own folder with the integrator's profiles, read anew with each call
 */
export const listProfiles = (own: string): ListedProfile[] => {
  shipped ??= readFolder(shippedFolder);
  const byId = new Map([...shipped, ...readFolder(own)].map((listed) => [listed.id, listed]));
  return [...byId.values()];
};

const textOf = (id: string, own: string | undefined): string | undefined => {
  // An id is the name of a file and never a path that leads out of the folder.
  if (!/^[a-z0-9][a-z0-9-]*$/.test(id)) return undefined;
  for (const folder of own === undefined ? [shippedFolder] : [own, shippedFolder])
    try {
      return readFileSync(join(folder, `${id}.json`), 'utf8');
    } catch {
      // The file may be in the next folder.
    }
  return undefined;
};

/** @param file name of the file without .json; undefined for a profile that was typed into a form */
const parse = (text: string, file: string | undefined): Result<Profile> => {
  try {
    const read = readProfile(JSON.parse(text));
    const faults = read.ok ? idFault(read.value, file) : [];
    return faults.length > 0 ? refuse(faults) : read;
  } catch (error) {
    return { ok: false, reason: `not JSON: ${errorText(error)}` };
  }
};

const nameOf = (source: ProfileSource): string =>
  'inline' in source ? 'the inline profile' : `the profile "${source.id}"`;

const read = (source: ProfileSource): { text: string; file: string | undefined } | undefined => {
  const text = 'inline' in source ? source.inline : textOf(source.id, source.own);
  return text === undefined ? undefined : { text, file: 'id' in source ? source.id : undefined };
};

const notThere = (source: ProfileSource): { ok: false; reason: string } => ({
  ok: false,
  reason: `there is no profile "${'id' in source ? source.id : ''}"`,
});

/** Whether a profile names points of SunSpec models, so that its registers are known only after a discovery. */
export const namesModels = ({ points }: Profile): boolean => points.some(({ type }) => type === 'sunspec');

/** @returns a profile as it is written; or in words why there is none */
export const findProfile = (source: ProfileSource): Result<Profile> => {
  const found = read(source);
  if (!found) return notThere(source);
  const profile = parse(found.text, found.file);
  return profile.ok ? profile : { ok: false, reason: `${nameOf(source)}: ${profile.reason}` };
};

/** Outcomes by text and choice: a hundred meters of one family share one resolved profile. */
const opened = new Map<string, Result<ResolvedProfile>>();
const maxOpened = 200;

/**
 * Opens a profile for a driver.
 * @returns the resolved profile, the same object for the same text and choice; or in words why there is none
 */
export const openProfile = (source: ProfileSource, choice: ProfileChoice = {}): Result<ResolvedProfile> => {
  const found = read(source);
  if (!found) return notThere(source);
  const { text, file } = found;
  const key = JSON.stringify([text, file, choice]);
  const known = opened.get(key);
  if (known) return known;
  const profile = parse(text, file);
  const resolved = profile.ok ? resolveProfile(profile.value, choice) : profile;
  const outcome: Result<ResolvedProfile> = resolved.ok
    ? resolved
    : { ok: false, reason: `${nameOf(source)}: ${resolved.reason}` };
  if (opened.size >= maxOpened) opened.clear();
  opened.set(key, outcome);
  return outcome;
};
