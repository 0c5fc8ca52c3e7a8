/** Presets of stations: files in profiles/ocpp, read once. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Preset, presetSchema } from './quirks.ts';

/** Absolute path. */
export const presetFolder = fileURLToPath(new URL('../../../profiles/ocpp', import.meta.url));

/** The files do not change while the package runs. */
let presets: Preset[] | undefined;

/** @throws Error that names the file and the field, where one is not as it should be */
export const readPreset = (file: string): Preset => {
  const parsed = presetSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${file}: ${issue?.path.join('.')}: ${issue?.message}`);
};

/** All presets, by their file names. */
export const listPresets = (): Preset[] => {
  presets ??= readdirSync(presetFolder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => readPreset(join(presetFolder, name)));
  return presets;
};

/** @returns undefined where there is none with this id */
export const presetOf = (id: string): Preset | undefined => listPresets().find((preset) => preset.id === id);
