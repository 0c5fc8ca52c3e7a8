/** A summary of a station for its form: its own words, and what was found out about it. */
import { purposes2, purposes16 } from '../codec/charging-profile.ts';
import type { Version } from '../messages.ts';
import type { Quirks } from '../quirks.ts';
import type { RejectedCall } from './rejected-calls.ts';
import type { Station } from './station.ts';
import type { StationFacts } from './station-facts.ts';

/** Why a station falls back by itself, or does not. */
export interface FallbackSummary {
  /** form: said there. preset: proven. off: said there. unproven: nobody knows that it can. watched: not limited here. */
  why: 'form' | 'preset' | 'off' | 'unproven' | 'watched';
  afterS?: number;
}

export interface StationSummary {
  identity: string;
  isConnected: boolean;
  /** The station has come with a password that was changed here since. */
  isPasswordOld: boolean;
  version?: Version;
  boot?: NonNullable<StationFacts['boot']>;
  evses: number[];
  preset?: string;
  /** Quirks of the preset and the form. */
  quirks: Quirks;
  /** Variables as the station told them. */
  settings: Pick<
    StationFacts,
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
  fallback: FallbackSummary;
  /** Profiles of others, in words. */
  others: string[];
  refused: RejectedCall[];
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** @param limits what is known of the limits in the station */
export const summarise = (station: Station, limits: Pick<StationSummary, 'fallback' | 'others'>): StationSummary => {
  const { identity, link, version, preset } = station;
  const { facts } = station.factStore;
  const { boot, units, maxStackLevel, switchesPhases, supportsDynamic, supplyPhases, features, beginsWith, endsWith } =
    facts;
  const { measurands, limitForm, refusedDynamic } = facts;
  const purposes = version === '1.6' ? purposes16 : purposes2;
  const isDynamic = version === '2.1' && supportsDynamic === true && refusedDynamic !== (boot?.firmware ?? '');
  return {
    identity,
    isConnected: link !== undefined,
    isPasswordOld: link?.peer.isPasswordNewest === false,
    evses: station.evseIds(),
    quirks: station.quirks(),
    ...limits,
    refused: station.rejectedCalls.all(),
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
