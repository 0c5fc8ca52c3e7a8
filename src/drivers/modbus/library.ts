/** Where profiles are found: those of this package, and an integrator's own. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from '../../model/time.ts';
import { type Inspection, idFault, inspectProfile } from './inspect.ts';
import { refuse } from './mistakes.ts';
import { type Profile, readProfile } from './profile.ts';
import { type ResolvedProfile, resolveProfile } from './resolve.ts';
import type { ProfileChoice } from './variants.ts';

const shipped = fileURLToPath(new URL('../../../profiles/', import.meta.url));

export interface Listed extends Inspection {
  /** Name of the file. */
  id: string;
}

const readFolder = (folder: string): Listed[] => {
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
      return { id, mistakes: [(error as Error).message], hints: [] };
    }
  });
};

/** Those of this package do not change while it runs. */
let inspected: Listed[] | undefined;

/**
 * All profiles; one of the integrator's takes the place of a shipped one.
 * @param own folder with the integrator's profiles, read anew each time
 */
export const listProfiles = (own: string): Listed[] => {
  inspected ??= readFolder(shipped);
  const byId = new Map([...inspected, ...readFolder(own)].map((listed) => [listed.id, listed]));
  return [...byId.values()];
};

const textOf = (id: string, own: string | undefined): string | undefined => {
  // An id names a file; it is no path.
  if (!/^[a-z0-9][a-z0-9-]*$/.test(id)) return undefined;
  for (const folder of own === undefined ? [shipped] : [own, shipped])
    try {
      return readFileSync(join(folder, `${id}.json`), 'utf8');
    } catch {
      // Not in this folder.
    }
  return undefined;
};

/** @param file its name without .json, where it is one */
const parse = (text: string, file: string | undefined): Result<Profile> => {
  try {
    const read = readProfile(JSON.parse(text));
    const faults = read.ok ? idFault(read.value, file) : [];
    return faults.length > 0 ? refuse(faults) : read;
  } catch (error) {
    return { ok: false, reason: `not JSON: ${(error as Error).message}` };
  }
};

/** What was made of a text before: a hundred meters of one family share one profile. */
const opened = new Map<string, Result<ResolvedProfile>>();
const openedLimit = 200;

/**
 * A profile ready for a driver.
 * @param named by its id, or as text typed into a form
 * @returns in words why there is none
 */
export const openProfile = (
  named: { id: string; own?: string } | { inline: string },
  choice: ProfileChoice = {},
): Result<ResolvedProfile> => {
  const text = 'inline' in named ? named.inline : textOf(named.id, named.own);
  const name = 'inline' in named ? 'the inline profile' : `the profile "${named.id}"`;
  if (text === undefined) return { ok: false, reason: `there is no profile "${'id' in named ? named.id : ''}"` };
  const file = 'id' in named ? named.id : undefined;
  const key = JSON.stringify([text, file, choice]);
  const known = opened.get(key);
  if (known) return known;
  const profile = parse(text, file);
  const result = profile.ok ? resolveProfile(profile.value, choice) : profile;
  const kept: Result<ResolvedProfile> = result.ok ? result : { ok: false, reason: `${name}: ${result.reason}` };
  if (opened.size >= openedLimit) opened.clear();
  opened.set(key, kept);
  return kept;
};
