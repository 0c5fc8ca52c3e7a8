/**
 * Device profiles: what a device family keeps in which register, as data. One JSON file per family in profiles/,
 * or an integrator's own in the user directory or inline; profile-1.json is this schema for editors.
 */
import { z } from 'zod';
import { roles } from '../../model/meta.ts';
import { type Checked, mistakesOf, refuse } from './mistakes.ts';
import { actuator, setting, setup, word } from './profile-controls.ts';
import { address, name, order, point, table } from './profile-point.ts';

export const profileSchema = z.strictObject({
  $schema: z.string().optional(),
  schema: z.literal('profile/1'),
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{1,63}$/, 'an id is lower case with hyphens: eastron-sdm630'),
  title: z.string().min(1).max(100),
  vendor: z.string().optional(),
  model: z.string().optional(),
  class: z.enum(['meter', 'battery', 'hybrid', 'inverter', 'ess', 'wallbox', 'heatpump', 'relay', 'other']),
  sources: z.array(z.string()).optional(),
  notes: z.array(z.string()).optional(),
  unsure: z.array(z.string()).optional(),
  connection: z
    .strictObject({
      transports: z.array(z.enum(['tcp', 'rtu', 'ascii', 'rtu_tcp', 'udp'])).optional(),
      port: z.int().min(1).max(65535).optional(),
      unitId: z.int().min(0).max(255).optional(),
      /** "9600 8N1" */
      serial: z
        .string()
        .regex(/^\d{3,6} [78][NEO][12]$/)
        .optional(),
      maxConnections: z.int().positive().optional(),
      maxInFlight: z.int().min(1).max(32).optional(),
      connectDelayMs: z.int().min(0).optional(),
      interRequestMs: z.int().min(0).optional(),
      timeoutMs: z.int().min(10).optional(),
    })
    .optional(),
  limits: z
    .strictObject({
      maxRegs: z.int().min(1).max(125).optional(),
      maxGap: z.int().min(0).max(124).optional(),
      /** Ranges known to be readable in one request: [address, count]. */
      blocks: z.array(z.tuple([address, z.int().min(1).max(125)])).optional(),
      /** Ranges that must not be touched: [from, to]. */
      forbidden: z.array(z.tuple([address, address])).optional(),
      /** Each value in a request of its own. */
      perPoint: z.boolean().optional(),
    })
    .optional(),
  defaults: z
    .strictObject({
      table: table.optional(),
      wordOrder: order.optional(),
      byteOrder: order.optional(),
    })
    .optional(),
  /** Slow points are read this often, ms. */
  slowMs: z.int().positive().optional(),
  /** What the integrator is asked: { "battery": { "default": "lv", "choices": { "lv": "Low voltage", ... } } } */
  params: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]*$/),
      z.strictObject({ default: z.string(), choices: z.record(z.string(), z.string()), note: z.string().optional() }),
    )
    .optional(),
  /** Changes to points and defaults for chosen params. */
  variants: z
    .array(
      z.strictObject({
        when: z.record(z.string(), z.string()),
        defaults: z.strictObject({ wordOrder: order.optional(), byteOrder: order.optional() }).optional(),
        points: z.record(name, point.omit({ name: true }).partial()).optional(),
        /** Points that the chosen device has not: they are left out, of sums too. */
        without: z.array(name).optional(),
      }),
    )
    .optional(),
  /** Several equal parts in one map: connector n lies at address + (n - 1) * stride. */
  instances: z.strictObject({ stride: z.int().positive(), max: z.int().positive() }).optional(),
  /** What a component ("battery", "solar/2") means for the site, where its type alone does not say it. */
  components: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]*(\/[1-9][0-9]*)?$/),
      z.strictObject({
        role: z.enum(roles).optional(),
        coupling: z.enum(['ac', 'dc']).optional(),
        phases: z.int().min(1).max(3).optional(),
      }),
    )
    .optional(),
  points: z.array(point).min(1).max(2000),
  /**
   * Points that never read 0 while the device works; otherwise all voltages and frequencies of its AC side. While all
   * of them do, a counter of 0 is no value, and nothing is where the whole answer is 0.
   */
  alive: z.array(name).min(1).optional(),
  /** Numbers that commands need and the integrator may set: largest power, current without an EMS. */
  settings: z.record(word, setting).optional(),
  actuators: z.array(actuator).optional(),
  /** Commands that the device keeps for itself: { "set_reserve_soc": ... } */
  config: z.record(word, setup).optional(),
  /** Why nothing can be commanded, where registers might suggest it. */
  commandNote: z.string().optional(),
});

export type Profile = z.infer<typeof profileSchema>;

/** Every key that a profile may have, for those that are misspelt. */
const keys = [
  ...Object.keys(profileSchema.shape),
  ...Object.keys(point.shape),
  ...Object.keys(actuator.shape),
  ...Object.keys(setup.shape),
  ...Object.keys(setting.shape),
  ...Object.keys(profileSchema.shape.connection.unwrap().shape),
  ...Object.keys(profileSchema.shape.limits.unwrap().shape),
];

/** Reads a profile as it comes from a file or a form. */
export const readProfile = (json: unknown): Checked<Profile> => {
  const parsed = profileSchema.safeParse(json);
  return parsed.success ? { ok: true, value: parsed.data } : refuse(mistakesOf(parsed.error, json, keys));
};
