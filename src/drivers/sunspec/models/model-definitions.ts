/** The definitions of models by their id: those of the SunSpec Alliance, and those that an integrator has from a vendor. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelDefinition } from '../messages.ts';
import { readCompactModel } from './compact-model.ts';

/** The folder with one file per model. */
export const modelFolder = fileURLToPath(new URL('../../../../profiles/sunspec/models/', import.meta.url));

/** Definitions that were asked for; undefined: there is none. */
const known = new Map<number, ModelDefinition | undefined>();

const readDefinition = (id: number): ModelDefinition | undefined => {
  let text: string;
  try {
    text = readFileSync(join(modelFolder, `${id}.json`), 'utf8');
  } catch {
    // Devices list models that nobody has published.
    return undefined;
  }
  return readCompactModel(text);
};

/**
 * Finds the definition of a model. A file is read when its model is asked for the first time.
 * @param own definitions of vendors that the integrator gave; they go before those of the package
 * @returns undefined for a model that is not known
 */
export const findModelDefinition = (
  id: number,
  own?: ReadonlyMap<number, ModelDefinition>,
): ModelDefinition | undefined => {
  const given = own?.get(id);
  if (given) return given;
  if (!known.has(id) && Number.isInteger(id)) known.set(id, readDefinition(id));
  return known.get(id);
};

/** @returns the ids of all models of the package, ascending */
export const modelIds = (): number[] =>
  readdirSync(modelFolder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => Number(name.slice(0, -'.json'.length)))
    .sort((a, b) => a - b);
