/** Where profiles are found: those of this package, and an integrator's own. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from '../../model/time.ts';
import { type Profile, readProfile } from './profile.ts';

const shipped = fileURLToPath(new URL('../../../profiles/', import.meta.url));

const readFolder = (folder: string): Map<string, Result<Profile>> => {
  const found = new Map<string, Result<Profile>>();
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    // An integrator without profiles of their own has no such folder.
    return found;
  }
  for (const name of names.sort()) {
    const id = name.slice(0, -'.json'.length);
    try {
      const result = readProfile(JSON.parse(readFileSync(join(folder, name), 'utf8')));
      found.set(id, result.ok ? result : { ok: false, reason: `${name}: ${result.reason}` });
    } catch (error) {
      found.set(id, { ok: false, reason: `${name}: ${(error as Error).message}` });
    }
  }
  return found;
};

/**
 * All profiles by id; one of the integrator's takes the place of a shipped one.
 * @param own folder with the integrator's profiles, read anew each time
 */
export const listProfiles = (own?: string): Map<string, Result<Profile>> =>
  new Map([...readFolder(shipped), ...(own === undefined ? [] : readFolder(own))]);

/** @returns the profile, or in words why there is none */
export const findProfile = (id: string, own?: string): Result<Profile> =>
  listProfiles(own).get(id) ?? { ok: false, reason: `there is no profile "${id}"` };
