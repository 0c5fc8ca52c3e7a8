/** Which family a station is of, and what is particular about it: by what it says it is, or by what was chosen. */
import { findPreset, type Preset, type Quirks, resolveQuirks } from '../quirks.ts';
import type { Facts } from './memory.ts';

export interface Family {
  preset: Preset | undefined;
  /** What the integrator said goes before the preset. */
  quirks: Quirks;
}

export interface FamilyOptions {
  presets: Preset[];
  quirks: Quirks;
  /** A preset by its id, where the station does not say what it is. */
  preset?: string;
}

/** @param boot what the station says it is, where it did */
export const findFamily = ({ presets, quirks, preset: id }: FamilyOptions, boot: Facts['boot']): Family => {
  const preset = presets.find((each) => each.id === id) ?? (boot && findPreset(presets, boot));
  return { preset, quirks: resolveQuirks(quirks, preset) };
};
