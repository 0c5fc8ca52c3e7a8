/**
 * The map from commands of the model of this package to points of models, as data: profiles/sunspec/controls.json. Its
 * commands are those of device profiles; "c704.wmaxlimpct" names a point of a model as a command sees it. The first
 * candidate whose points a device implements, and lets be written, carries out the command.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { actuatorSchema, configCommandSchema, settingSchema } from '../../modbus/index.ts';

const names = z.array(z.string().regex(/^c\d+\.[a-z0-9_.]+$/));
/** The component of a command, by what the AC side of the device carries; absent: such a device is not told. */
const componentsSchema = z.strictObject({
  solar: z.string().optional(),
  hybrid: z.string().optional(),
  battery: z.string().optional(),
});

const actuatorCandidate = z.strictObject({
  /** Points without which the candidate is none. */
  needs: names,
  /** Points without which the candidate does not have a command. */
  verbNeeds: z.record(z.string(), names).optional(),
  /** What refers to a point that the device does not implement is left out. */
  actuator: actuatorSchema.omit({ component: true, advice: true }),
});
/** A way to carry out commands that compete. */
export type ActuatorCandidate = z.infer<typeof actuatorCandidate>;

const controlSchema = z.strictObject({
  name: z.string(),
  components: componentsSchema,
  candidates: z.array(actuatorCandidate).min(1),
});
/** Commands that compete, with the ways to carry them out. */
export type MappedControl = z.infer<typeof controlSchema>;

const configSchema = z.strictObject({
  verb: z.string(),
  components: componentsSchema,
  candidates: z.array(z.strictObject({ needs: names, command: configCommandSchema.omit({ component: true }) })).min(1),
});

const baseSetting = settingSchema.omit({ point: true }).extend({
  /** Points that tell the number, the first choice first: "121:WMax". */
  bases: z.array(z.string().regex(/^\d+:\w+$/)).optional(),
});
/** A number that commands need. */
export type MappedSetting = z.infer<typeof baseSetting>;

const mapSchema = z.strictObject({
  schema: z.literal('sunspec-controls/1'),
  sources: z.array(z.string()),
  unsure: z.array(z.string()),
  settings: z.record(z.string(), baseSetting),
  /** What to switch on at devices that do not follow, by a part of the manufacturer in lower case. */
  advice: z.strictObject({
    brands: z.array(z.strictObject({ manufacturer: z.string(), text: z.string() })),
    others: z.string(),
  }),
  controls: z.array(controlSchema),
  config: z.array(configSchema),
});
/** The whole map. */
export type ControlMap = z.infer<typeof mapSchema>;

const file = fileURLToPath(new URL('../../../../profiles/sunspec/controls.json', import.meta.url));

let read: ControlMap | undefined;

/** @returns the map of this package, read when it is asked for the first time */
export const controlMap = (): ControlMap => {
  read ??= mapSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return read;
};
