/**
 * The schema of device profiles: the registers of a device family and their meaning, as data. There is one JSON file per
 * family in profiles/; an integrator keeps profiles of their own in the user directory or types one into the form. The
 * build writes this schema as profile-1.json for text editors.
 */
import { z } from 'zod';
import { roles } from '../../../model/meta.ts';
import { maxRequestsInFlight, unitRange } from '../codec/limits.ts';
import { maxReadRegisters } from '../codec/pdu-limits.ts';
import { actuatorSchema, configCommandSchema, settingSchema, wordSchema } from './control-schema.ts';
import { type Checked, type KeysByPart, mistakesOf, refuse } from './mistakes.ts';
import { endianness, pointName, pointSchema, registerAddress, tableName } from './point-schema.ts';

/** A device profile, version 1. */
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
      port: z.int().min(1).max(65_535).optional(),
      unitId: z.int().min(unitRange.min).max(unitRange.max).optional(),
      /** "9600 8N1" */
      serial: z
        .string()
        .regex(/^\d{3,6} [78][NEO][12]$/)
        .optional(),
      maxConnections: z.int().positive().optional(),
      maxInFlight: z.int().min(1).max(maxRequestsInFlight).optional(),
      connectDelayMs: z.int().min(0).optional(),
      interRequestMs: z.int().min(0).optional(),
      timeoutMs: z.int().min(10).optional(),
    })
    .optional(),
  limits: z
    .strictObject({
      maxRegs: z.int().min(1).max(maxReadRegisters).optional(),
      maxGap: z
        .int()
        .min(0)
        .max(maxReadRegisters - 1)
        .optional(),
      /** Ranges known to be readable in one request: [address, count]. */
      blocks: z.array(z.tuple([registerAddress, z.int().min(1).max(maxReadRegisters)])).optional(),
      /** Ranges that must not be touched: [from, to]. */
      forbidden: z.array(z.tuple([registerAddress, registerAddress])).optional(),
      /** The device wants each value in a request of its own. */
      perPoint: z.boolean().optional(),
    })
    .optional(),
  defaults: z
    .strictObject({
      table: tableName.optional(),
      wordOrder: endianness.optional(),
      byteOrder: endianness.optional(),
    })
    .optional(),
  /** Interval of the slow points, ms. */
  slowMs: z.int().positive().optional(),
  /** Choices of the integrator: { "battery": { "default": "lv", "choices": { "lv": "Low voltage", ... } } } */
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
        defaults: z.strictObject({ wordOrder: endianness.optional(), byteOrder: endianness.optional() }).optional(),
        points: z.record(pointName, pointSchema.omit({ name: true }).partial()).optional(),
        /** Points that the chosen device does not have: they are left out, also as terms of sums. */
        without: z.array(pointName).optional(),
      }),
    )
    .optional(),
  /** Several equal parts in one register map: connector n lies at address + (n - 1) * stride. */
  instances: z.strictObject({ stride: z.int().positive(), max: z.int().positive() }).optional(),
  /** The meaning of a component ("battery", "solar/2") for the site, if its type alone does not tell. */
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
  points: z.array(pointSchema).min(1).max(2000),
  /**
   * Points that never read 0 while the device works; by default all voltages and frequencies of its AC side. While all
   * of them read 0, a counter of 0 is no value, and neither is a value from a response that is all zeros.
   */
  alive: z.array(pointName).min(1).optional(),
  /**
   * Points that hold one of these numbers as long as the registers mean what the profile says. While one of them holds
   * another number, nothing that was read counts.
   */
  guards: z.array(z.strictObject({ point: pointName, is: z.array(z.number()).min(1) })).optional(),
  /** Numbers that commands need and the integrator may set: largest power, current without an EMS. */
  settings: z.record(wordSchema, settingSchema).optional(),
  actuators: z.array(actuatorSchema).optional(),
  /** Commands that the device keeps without a lease: { "set_reserve_soc": ... } */
  config: z.record(wordSchema, configCommandSchema).optional(),
  /** The reason why nothing can be commanded although the registers might suggest otherwise. */
  commandNote: z.string().optional(),
});

export type Profile = z.infer<typeof profileSchema>;

/** The keys of each part of a profile, to say where a key belongs, or which one was meant. */
const keysByPart: KeysByPart = {
  'the profile itself': Object.keys(profileSchema.shape),
  points: Object.keys(pointSchema.shape),
  actuators: Object.keys(actuatorSchema.shape),
  config: Object.keys(configCommandSchema.shape),
  settings: Object.keys(settingSchema.shape),
  connection: Object.keys(profileSchema.shape.connection.unwrap().shape),
  limits: Object.keys(profileSchema.shape.limits.unwrap().shape),
};

/**
 * Checks a profile as it comes from a file or a form.
 * @returns the profile, or every mistake in its shape; whether its points fit the model is checked by resolveProfile
 */
export const readProfile = (json: unknown): Checked<Profile> => {
  const parsed = profileSchema.safeParse(json);
  return parsed.success ? { ok: true, value: parsed.data } : refuse(mistakesOf(parsed.error, json, keysByPart));
};
