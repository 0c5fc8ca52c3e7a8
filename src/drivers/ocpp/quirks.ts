/**
 * What is particular about families of stations, as data: one file per family in profiles/ocpp/. What a form says
 * goes before it; what neither says is found out.
 */
import { z } from 'zod';
import { versions } from './words.ts';

/** Matched without regard to case; absent: all of them. */
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

export const quirksSchema = z.strictObject({
  /** The version that works best with it: no other is taken, where this family was chosen. */
  version: z.enum(versions).optional(),
  /** It connects without naming a version of OCPP: this one is meant. */
  assumedVersion: z.enum(versions).optional(),
  /** It must not be asked anything before its BootNotification was answered. */
  needsBoot: z.boolean().optional(),
  /** Between an answer of it and the next call at least, ms. */
  paceMs: z.int().min(0).max(60_000).optional(),
  /** Settings are left as they are. */
  keepsSettings: z.boolean().optional(),
  /** What it is asked to measure, as it is: trying harms it. */
  measurands: z.array(z.string()).min(1).optional(),
  /** It may be asked for meter values. */
  triggersMeterValues: z.boolean().optional(),
  purpose: z.enum(['tx_default', 'tx', 'station_max']).optional(),
  kind: z.enum(['absolute', 'relative']).optional(),
  stackLevel: z.int().min(0).max(99).optional(),
  unit: z.enum(['A', 'W']).optional(),
  /** Whether limits say for how many phases they are. */
  saysPhases: z.boolean().optional(),
  /** It can change between one phase and three while a car is plugged in. */
  switchesPhases: z.boolean().optional(),
  /** Without current, before and after a change of phases, s. */
  phasePauseS: z.number().min(0).max(600).optional(),
  /** Between two different limits at least, s. */
  limitIntervalS: z.number().min(1).max(600).optional(),
  /** Proven: it goes on to the next period of its profile by itself when we are gone. */
  keepsFallback: z.boolean().optional(),
  /** It ends the transaction when it is paused: resuming starts a new one. */
  restartsAfterPause: z.boolean().optional(),
  /** Charging begins when we say so: a car that waits is started. */
  needsRemoteStart: z.boolean().optional(),
  /** ChangeAvailability upsets it. */
  takesAvailability: z.boolean().optional(),
  /** Its times are worth nothing. */
  ignoresTime: z.boolean().optional(),
  /** What it measures is off by these factors. */
  factors: z
    .strictObject({
      power: z.number().positive().optional(),
      energy: z.number().positive().optional(),
      current: z.number().positive().optional(),
    })
    .optional(),
  /** After a lost connection it comes back this late, s. */
  reconnectS: z.number().positive().max(7200).optional(),
});
export type Quirks = z.infer<typeof quirksSchema>;

export const presetSchema = z.strictObject({
  $schema: z.string().optional(),
  schema: z.literal('charger/1'),
  id: z.string().regex(/^[a-z0-9-]+$/, 'an id is lower case with hyphens'),
  title: z.string().min(1),
  /** Where it is known from. */
  sources: z.array(z.string().min(1)).min(1),
  /** For the integrator: settings in the station, what to expect. */
  notes: z.array(z.string()).optional(),
  /** One of them fits; absent: chosen by hand only. */
  matches: z
    .array(z.strictObject({ vendor: pattern.optional(), model: pattern.optional(), firmware: pattern.optional() }))
    .optional(),
  quirks: quirksSchema,
});
export type Preset = z.infer<typeof presetSchema>;

export interface StationModel {
  vendor: string;
  model: string;
  firmware?: string | undefined;
}

const fits = (text: string | undefined, expected: string | undefined): boolean =>
  expected === undefined || (text !== undefined && new RegExp(expected, 'i').test(text));

/** The more a match says, the better it fits. */
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

/** @param form what the integrator said; goes before the preset */
export const resolveQuirks = (form: Quirks, preset: Preset | undefined): Quirks => ({
  ...preset?.quirks,
  ...form,
});
