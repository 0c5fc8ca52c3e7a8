/**
 * The map from points of models to quantities of the model of this package, as data: profiles/sunspec/quantities.json.
 * Families stand in the order in which they are asked for a quantity; the first one that a device implements gives it.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { severities } from '../../../model/event.ts';

const signs = z.enum(['meter_sign', 'battery_sign', 'battery_modules']);
/** A choice of the integrator about a sign that the models leave open. */
export type SignName = z.infer<typeof signs>;

const entrySchema = z.strictObject({
  /** Below the component: "power/l1", "x_state". */
  quantity: z.string().optional(),
  identity: z.enum(['vendor', 'model', 'serial', 'firmware', 'rated_power_w', 'usable_energy_wh']).optional(),
  /** The quantity of the component, without its number, that the point is a part of. */
  total: z.string().optional(),
  /** The part is subtracted. */
  isNegative: z.boolean().optional(),
  sign: signs.optional(),
  /** The quantity as long as nobody has chosen the sign; absent: the quantity itself, with a sign that nobody has proved. */
  otherwise: z.string().optional(),
  /** Takes the place of the units of the model. */
  unit: z.string().optional(),
  percentAbove: z.number().optional(),
  /** Name of the table with the words for the symbols. */
  words: z.string().optional(),
  /** The bits are events of this severity, unless their symbol has one of its own. */
  events: z.enum(severities).optional(),
});
/** The meaning of one point. */
export type MapEntry = z.infer<typeof entrySchema>;

const pointsSchema = z.record(
  z.string(),
  z.union([z.string().transform((quantity): MapEntry => ({ quantity })), entrySchema]),
);

const partSchema = z.strictObject({
  /** Which instances of the repeating group are meant, by a point in them; absent: all that are left. */
  when: z
    .strictObject({
      point: z.string(),
      /** Symbols of an enumeration. */
      is: z.array(z.string()).optional(),
      /** A pattern for a text in lower case. */
      matches: z.string().optional(),
    })
    .optional(),
  /** "solar/{n}": n counts the instances of the group. */
  component: z.string(),
  isSolar: z.boolean().optional(),
  isBattery: z.boolean().optional(),
  points: pointsSchema,
  /** Quantities that two points give by their product, where no point gives them: power by voltage and current. */
  products: z.record(z.string(), z.tuple([z.string(), z.string()])).optional(),
});
/** One kind of the instances of a repeating group. */
export type MapPart = z.infer<typeof partSchema>;

const familySchema = z.strictObject({
  /** Ids of models with the same points, the first choice first. */
  models: z.array(z.int()).min(1),
  /** ac: the component of the AC side, whatever the device is. device: the device as a whole. {n}: number of the model. */
  component: z.string(),
  /** Name of the group that repeats, for a family with parts. */
  repeat: z.string().optional(),
  parts: z.array(partSchema).optional(),
  points: pointsSchema.optional(),
  /** The family is left out beside one of these models. */
  unless: z.array(z.int()).optional(),
  /** The family is left out of a device without storage. */
  isForStorage: z.boolean().optional(),
  group: z.enum(['fast', 'slow', 'once']).optional(),
});
/** Models that mean the same by their points. */
export type MapFamily = z.infer<typeof familySchema>;

const sideSchema = z.strictObject({ component: z.string(), quantities: z.record(z.string(), z.string()) });
/** A device by what its AC side carries: solar power alone, solar power and a battery, a battery alone. */
export type SideName = 'solar' | 'hybrid' | 'battery';

const mapSchema = z.strictObject({
  schema: z.literal('sunspec-quantities/1'),
  sources: z.array(z.string()),
  components: z.strictObject({
    ac: z.strictObject({ solar: sideSchema, hybrid: sideSchema, battery: sideSchema }),
  }),
  /** Words of the model for symbols, by the name of the table and the type of the component. */
  words: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.string()))),
  /** Severities of symbols that are not those of their point. */
  severities: z.record(z.string(), z.enum(severities)),
  families: z.array(familySchema),
  params: z.record(
    signs,
    z.strictObject({
      title: z.string(),
      choices: z.record(z.string(), z.string()),
      /** The choice that turns the sign. */
      negative: z.string(),
    }),
  ),
});
/** The whole map. */
export type QuantityMap = z.infer<typeof mapSchema>;

const file = fileURLToPath(new URL('../../../../profiles/sunspec/quantities.json', import.meta.url));

let read: QuantityMap | undefined;

/** @returns the map of this package, read when it is asked for the first time */
export const quantityMap = (): QuantityMap => {
  read ??= mapSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return read;
};
