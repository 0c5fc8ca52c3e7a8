/** Where the presets of stations are found. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Preset, presetSchema } from './quirks.ts';

export const presetFolder = fileURLToPath(new URL('../../../profiles/ocpp/', import.meta.url));

/** They do not change while this runs. */
let presets: Preset[] | undefined;

/** @throws Error that names the file, where one is not as it should be */
export const readPreset = (file: string): Preset => {
  const parsed = presetSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${file}: ${issue?.path.join('.')}: ${issue?.message}`);
};

export const listPresets = (): Preset[] => {
  presets ??= readdirSync(presetFolder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => readPreset(join(presetFolder, name)));
  return presets;
};
