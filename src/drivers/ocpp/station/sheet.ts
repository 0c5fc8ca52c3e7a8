/** What is known of a station, for its form: what it says of itself, and what was found out. */
import { purposes2, purposes16 } from '../codec/profile.ts';
import type { Preset, Quirks } from '../quirks.ts';
import type { Version } from '../words.ts';
import type { Facts } from './memory.ts';
import type { Refused } from './refused.ts';

/** Why a station falls back by itself, or does not. */
export interface FallbackSheet {
  /** form: said there. preset: proven. off: said there. unproven: nobody knows that it can. watched: not limited here. */
  why: 'form' | 'preset' | 'off' | 'unproven' | 'watched';
  afterS?: number;
}

export interface StationSheet {
  identity: string;
  isConnected: boolean;
  /** It has come with a password that was changed here since. */
  isPasswordOld: boolean;
  version?: Version;
  boot?: NonNullable<Facts['boot']>;
  evses: number[];
  preset?: string;
  /** Of the preset and the form. */
  quirks: Quirks;
  /** What it said of itself. */
  settings: Pick<
    Facts,
    | 'units'
    | 'maxStackLevel'
    | 'switchesPhases'
    | 'supportsDynamic'
    | 'supplyPhases'
    | 'features'
    | 'beginsWith'
    | 'endsWith'
  >;
  measurands?: string;
  /** How it takes limits; absent: found out with the first. */
  limit?: { purpose: string; kind: string; stackLevel: number; unit: string; saysPhases: boolean };
  fallback: FallbackSheet;
  /** Profiles of others, in words. */
  others: string[];
  refused: Refused[];
}

export interface SheetParts {
  identity: string;
  isConnected: boolean;
  isPasswordOld: boolean;
  version: Version | undefined;
  facts: Facts;
  evses: number[];
  preset: Preset | undefined;
  quirks: Quirks;
  fallback: FallbackSheet;
  others: string[];
  refused: Refused[];
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

export const sheetOf = ({ version, facts, preset, ...rest }: SheetParts): StationSheet => {
  const { boot, units, maxStackLevel, switchesPhases, supportsDynamic, supplyPhases, features, beginsWith, endsWith } =
    facts;
  const { measurands, limitForm, refusedDynamic } = facts;
  const purposes = version === '1.6' ? purposes16 : purposes2;
  const isDynamic = version === '2.1' && supportsDynamic === true && refusedDynamic !== (boot?.firmware ?? '');
  return {
    ...rest,
    ...(version && { version }),
    ...(boot && { boot }),
    ...(preset && { preset: preset.title }),
    settings: { units, maxStackLevel, switchesPhases, supportsDynamic, supplyPhases, features, beginsWith, endsWith },
    ...(measurands && { measurands: measurands.taken }),
    ...(limitForm && {
      limit: {
        ...limitForm,
        purpose: purposes[limitForm.purpose],
        kind: isDynamic ? 'Dynamic' : capital(limitForm.kind),
      },
    }),
  };
};
