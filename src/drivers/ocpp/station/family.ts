/** Which family a station is of, and what is particular about it: by what it says it is, or by what was chosen. */
import { findPreset, type Preset, type Quirks, resolveQuirks } from '../quirks.ts';
import type { Facts, Memory } from './memory.ts';

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

/** @returns the family as of now; stations say who they are with each boot */
export const createFamily = ({ presets, quirks, preset: id }: FamilyOptions, memory: Memory): (() => Family) => {
  const chosen = presets.find((each) => each.id === id);
  let known: { boot: Facts['boot']; family: Family } | undefined;
  return () => {
    const { boot } = memory.facts();
    if (known && known.boot === boot) return known.family;
    const preset = chosen ?? (boot && findPreset(presets, boot));
    known = { boot, family: { preset, quirks: resolveQuirks(quirks, preset) } };
    return known.family;
  };
};
