/**
 * Peculiarities of families of stations, as data: one file per family in profiles/ocpp/. A form goes before its
 * preset; what neither of them says is found out.
 */
import { z } from 'zod';
import { versions } from './messages.ts';

/** A regular expression that is matched without regard to case; an absent one matches all. */
const pattern = z.string().refine(
  (text) => {
    try {
      new RegExp(text, 'i');
      return true;
    } catch {
      return false;
    }
  },
  { error: 'a regular expression' },
);

/** Quirks of a preset or of a form; an absent one is found out. */
export const quirksSchema = z.strictObject({
  /** The version that works best: no other is taken, where this family was chosen. */
  version: z.enum(versions).optional(),
  /** The version that is meant where the station connects without naming one. */
  assumedVersion: z.enum(versions).optional(),
  /** The station must not be asked anything before its BootNotification was answered. */
  needsBoot: z.boolean().optional(),
  /** Between an answer of the station and the next call at least, ms. */
  paceMs: z.int().min(0).max(60_000).optional(),
  /** The settings of the station are left as they are. */
  keepsSettings: z.boolean().optional(),
  /** Measurands that the station is asked for, without trying others: that harms it. */
  measurands: z.array(z.string()).min(1).optional(),
  /** The station may be asked for meter values. */
  triggersMeterValues: z.boolean().optional(),
  purpose: z.enum(['tx_default', 'tx', 'station_max']).optional(),
  kind: z.enum(['absolute', 'relative']).optional(),
  stackLevel: z.int().min(0).max(99).optional(),
  unit: z.enum(['A', 'W']).optional(),
  /** Limits say for how many phases they are. */
  saysPhases: z.boolean().optional(),
  /** The station can change between one phase and three while a car is plugged in. */
  switchesPhases: z.boolean().optional(),
  /** Without current, before and after a change of phases, s. */
  phasePauseS: z.number().min(0).max(600).optional(),
  /** Between two different limits at least, s. */
  limitIntervalS: z.number().min(1).max(600).optional(),
  /** The station is proven to go on to the next period of its profile by itself when the gateway is gone. */
  keepsFallback: z.boolean().optional(),
  /** The station ends the transaction when it is paused: resuming starts a new one. */
  restartsAfterPause: z.boolean().optional(),
  /** Charging has to be started from here: a car that waits is started. */
  needsRemoteStart: z.boolean().optional(),
  /** false: ChangeAvailability upsets the station. */
  takesAvailability: z.boolean().optional(),
  /** The clock of the station is worth nothing. */
  ignoresTime: z.boolean().optional(),
  /** Its meter values are multiplied by these. */
  factors: z
    .strictObject({
      power: z.number().positive().optional(),
      energy: z.number().positive().optional(),
      current: z.number().positive().optional(),
    })
    .optional(),
  /** After a lost connection the station comes back this late, s. */
  reconnectS: z.number().positive().max(7200).optional(),
});
export type Quirks = z.infer<typeof quirksSchema>;

/** One file of profiles/ocpp. */
export const presetSchema = z.strictObject({
  $schema: z.string().optional(),
  schema: z.literal('charger/1'),
  id: z.string().regex(/^[a-z0-9-]+$/, 'an id is lower case with hyphens'),
  title: z.string().min(1),
  /** Sources of these facts. */
  sources: z.array(z.string().min(1)).min(1),
  /** Notes for the integrator: settings in the station, and what to expect. */
  notes: z.array(z.string()).optional(),
  /** A station that fits one of these has the preset; absent: it is chosen by hand only. */
  matches: z
    .array(z.strictObject({ vendor: pattern.optional(), model: pattern.optional(), firmware: pattern.optional() }))
    .optional(),
  quirks: quirksSchema,
});
export type Preset = z.infer<typeof presetSchema>;

/** The station as its BootNotification names it. */
export interface StationModel {
  vendor: string;
  model: string;
  firmware?: string | undefined;
}

const fits = (text: string | undefined, expected: string | undefined): boolean =>
  expected === undefined || (text !== undefined && new RegExp(expected, 'i').test(text));

/** @returns how many fields of the best match fit; 0 for none */
const fitness = ({ matches = [] }: Preset, { vendor, model, firmware }: StationModel): number =>
  Math.max(
    0,
    ...matches
      .filter((each) => fits(vendor, each.vendor) && fits(model, each.model) && fits(firmware, each.firmware))
      .map((each) => Object.keys(each).length),
  );

/** @returns the preset that fits best, if any does */
export const findPreset = (presets: Preset[], station: StationModel): Preset | undefined => {
  let best: { preset: Preset; fitness: number } | undefined;
  for (const preset of presets) {
    const own = fitness(preset, station);
    if (own > (best?.fitness ?? 0)) best = { preset, fitness: own };
  }
  return best?.preset;
};

/** @param form quirks that the integrator set, which go before the preset */
export const resolveQuirks = (form: Quirks, preset: Preset | undefined): Quirks => ({
  ...preset?.quirks,
  ...form,
});
