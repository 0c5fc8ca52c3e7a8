/** meta/1, availability/1, heartbeat/1: who is there, what it can do, and whether it is alive. */
import { z } from 'zod';
import { finite, id, instant, sequence, shortText, word } from './common.ts';
import { unitCodes } from './units.ts';

/** The role of a component in its site. "none": known, but not part of the balance. */
export const roles = [
  'grid',
  'solar',
  'battery',
  'generator',
  'inverter',
  'load',
  'ev',
  'heat',
  'submeter',
  'none',
] as const;
export type Role = (typeof roles)[number];

/** How one quantity of a component is read; the key is the quantity, with its part where it has one: "power/l1". */
const quantityMeta = z.looseObject({
  unit: z.enum(unitCodes).optional(),
  interval_s: z.number().positive().optional(),
  /** After this long without news a value is stale. */
  max_age_s: z.number().positive().optional(),
  /** periodic (where it is not said): told again after interval_s, changed or not. on_change: the last value holds. */
  report: z.enum(['periodic', 'on_change']).optional(),
  /** Smallest step of the value, in its unit. */
  resolution: z.number().positive().optional(),
  /** The direction of positive values in words: import, production, discharge, consumption. */
  positive: word.optional(),
  signed: z.boolean().optional(),
  /** False where no source proves the sign of this register. */
  sign_verified: z.boolean().optional(),
  billing: z.boolean().optional(),
  class: shortText.optional(),
  /** The counter starts again from 0 here; null: not known. */
  modulus: finite.nullable().optional(),
  derived: z.boolean().optional(),
});
export type QuantityMeta = z.infer<typeof quantityMeta>;

/** The range of a parameter: numbers in the unit of the model, or a choice of words. */
const rangeMeta = z.looseObject({
  unit: shortText.optional(),
  min: finite.optional(),
  max: finite.optional(),
  step: z.number().positive().optional(),
  /** 0 is allowed although it lies below min. */
  zero: z.boolean().optional(),
  choices: z.array(shortText).optional(),
  optional: z.boolean().optional(),
  default: finite.optional(),
  limited_by: word.optional(),
});

const commandMeta = z.looseObject({
  /** setpoint: competes by priority. limit: intersects. config: the device keeps it. action: done once. release: ends one's own
   * leases. */
  kind: z.enum(['setpoint', 'limit', 'config', 'action', 'release']).optional(),
  params: z.record(word, rangeMeta),
  lease: z
    .looseObject({
      required: z.boolean(),
      min_s: z.number().positive().optional(),
      max_s: z.number().positive().optional(),
    })
    .optional(),
  /** The safe state, in words of the model. */
  fallback: z.json().optional(),
  /** Time until the device begins to follow a command; absent: not known. */
  latency_s: z.number().nonnegative().optional(),
  /** Time constant with which the device follows then: after three of them the value is reached. Absent: not known. */
  time_constant_s: z.number().positive().optional(),
  /** Distance from the commanded value that counts as reached, in the unit of the measured quantity: W, A. */
  tolerance: z.number().positive().optional(),
  /** Time for which the effect is looked for before the outcome is told. */
  verify_s: z.number().nonnegative().optional(),
  /** Proof that the device obeys. */
  verification: z.enum(['readback', 'effect', 'none']).optional(),
  /** The device falls back by itself after this long without its bridge. */
  watchdog_s: z.number().positive().optional(),
  /** The registers of the actuator wear out. */
  persistent: z.boolean().optional(),
});
export type CommandMeta = z.infer<typeof commandMeta>;

const componentMeta = z.looseObject({
  type: word,
  index: z.int().positive().optional(),
  role: z.enum(roles).optional(),
  /** ac: feeds the site's bus. dc: sits behind the inverter named by behind and is in its power already. */
  coupling: z.enum(['ac', 'dc']).optional(),
  /** Device whose inverter component carries this one's power. */
  behind: id.optional(),
  /** Meter that measures this one too. */
  parent: id.optional(),
  /** The one phase a single-phase component is on. */
  phase: z.enum(['l1', 'l2', 'l3']).optional(),
  rated_power_w: z.number().positive().optional(),
  usable_energy_wh: z.number().positive().optional(),
  phases: z.int().min(1).max(3).optional(),
  /** The phases of the grid at its L1, L2 and L3; its quantities are named by those of the grid already. */
  phase_rotation: z
    .string()
    .regex(/^(L[123]){3}$/)
    .optional(),
  quantities: z.record(z.string().max(64), quantityMeta),
  commands: z.record(word, commandMeta).optional(),
  capabilities: z.array(shortText).optional(),
});
export type ComponentMeta = z.infer<typeof componentMeta>;

export const metaSchema = z.looseObject({
  schema: z.literal('meta/1'),
  device: id,
  name: shortText.optional(),
  site: id,
  gateway: id,
  vendor: shortText.optional(),
  model: shortText.optional(),
  serial: shortText.optional(),
  firmware: shortText.optional(),
  protocol: shortText,
  ts: instant.optional(),
  /** What was found out about the device besides: the models that a SunSpec device lists. */
  facts: z.record(z.string().max(64), z.json()).optional(),
  components: z.array(componentMeta).max(256),
});
export type Meta = z.infer<typeof metaSchema>;

export const availabilitySchema = z.looseObject({
  schema: z.literal('availability/1'),
  /** degraded: the bridge is alive, the device answers partly. */
  state: z.enum(['online', 'offline', 'degraded', 'maintenance']),
  reason: shortText.optional(),
  /** Absent in a last will, which is written before it is sent. */
  ts: instant.optional(),
});
export type Availability = z.infer<typeof availabilitySchema>;

export const heartbeatSchema = z.looseObject({
  schema: z.literal('heartbeat/1'),
  ts: instant,
  ...sequence,
  uptime_s: z.number().nonnegative(),
  period_s: z.number().positive(),
  role: word.optional(),
  version: shortText.optional(),
  devices: z.looseObject({ online: z.int().min(0), offline: z.int().min(0) }).optional(),
  broker: shortText.optional(),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;
