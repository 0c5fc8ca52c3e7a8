/** Models that an integrator has from vendors: JSON files in a folder of their own, and JSON typed into a form. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../../../common/error-text.ts';
import type { Result } from '../../../model/time.ts';
import type { ModelDefinition } from '../messages.ts';
import { readVendorModels } from './sunspec-json.ts';

/** The models by their ids, with what is wrong with files that were left out. */
export interface OwnModels {
  models: ReadonlyMap<number, ModelDefinition>;
  /** In words, with the name of the file. */
  faults: string[];
}

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    // An integrator without models of their own has no such folder.
    return [];
  }
};

const readFile = (path: string): Result<ReadonlyMap<number, ModelDefinition>> => {
  try {
    return readVendorModels(readFileSync(path, 'utf8'));
  } catch (error) {
    return { ok: false, reason: errorText(error) };
  }
};

/**
 * Reads the models of a folder, and those of a form, which go before them.
 * @param typed JSON: a model or a list of models; empty: none
 * @returns the models, or in words what is wrong with the JSON that was typed
 */
export const readOwnModels = (folder: string, typed: string): Result<OwnModels> => {
  const models = new Map<number, ModelDefinition>();
  const faults: string[] = [];
  for (const name of namesIn(folder).sort()) {
    const read = readFile(join(folder, name));
    if (!read.ok) faults.push(`${name}: ${read.reason}`);
    else for (const [id, definition] of read.value) models.set(id, definition);
  }
  if (typed.trim() === '') return { ok: true, value: { models, faults } };
  const read = readVendorModels(typed);
  if (!read.ok) return { ok: false, reason: `the models typed in: ${read.reason}` };
  for (const [id, definition] of read.value) models.set(id, definition);
  return { ok: true, value: { models, faults } };
};
