/** Which family a station is of, and what is particular about it: by what it says it is, or by what was chosen. */
import { findPreset, type Preset, type Quirks, resolveQuirks } from '../quirks.ts';
import type { StationFacts } from './station-facts.ts';

export interface AppliedPreset {
  preset: Preset | undefined;
  /** Settings of the form go before those of the preset. */
  quirks: Quirks;
}

export interface PresetOptions {
  presets: Preset[];
  quirks: Quirks;
  /** A preset by its id, where the station does not say what it is. */
  preset?: string;
}

/** @param boot what the station says it is, where it did */
export const applyPreset = (
  { presets, quirks, preset: id }: PresetOptions,
  boot: StationFacts['boot'],
): AppliedPreset => {
  const preset = presets.find((each) => each.id === id) ?? (boot && findPreset(presets, boot));
  return { preset, quirks: resolveQuirks(quirks, preset) };
};
