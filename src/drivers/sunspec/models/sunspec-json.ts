/**
 * Model definitions in the JSON format of the SunSpec Alliance, in which vendors publish their own models: one file per
 * model, an object with the id and the group of the model.
 */
import { z } from 'zod';
import { errorText } from '../../../common/error-text.ts';
import { type Checked, mistakesOf, refuse } from '../../modbus/index.ts';
import { type ModelDefinition, type PointDefinition, type PointGroup, registersOf, sunSpecTypes } from '../messages.ts';
import { definitionMistakes } from './definition-mistakes.ts';

const name = z.string().regex(/^[A-Za-z][\w-]*$/, 'a name has letters, digits, - and _, and begins with a letter');
const prose = z.unknown().optional();
/** Texts for people, which are read over. */
const proseKeys = { desc: prose, notes: prose, comments: prose, detail: prose, standards: prose };

const symbolSchema = z.strictObject({ ...proseKeys, name: z.string(), value: z.int().min(0), label: prose });

const pointSchema = z.strictObject({
  ...proseKeys,
  name,
  label: prose,
  type: z.enum(sunSpecTypes),
  /** Registers; only a string has to give them. */
  size: z.int().min(1).optional(),
  count: z.literal(1, 'a point with a count is not supported: list its values as points of a group').optional(),
  /** The fixed value of ID, and of L where the definition fixes it. */
  value: z.union([z.int(), z.string()]).optional(),
  sf: z.union([z.int(), z.string()]).optional(),
  units: z.string().optional(),
  symbols: z.array(symbolSchema).optional(),
  access: z.enum(['R', 'RW']).optional(),
  mandatory: z.enum(['M', 'O']).optional(),
  static: z.enum(['S', 'D']).optional(),
});

const groupSchema = z.strictObject({
  desc: prose,
  notes: prose,
  comments: prose,
  detail: prose,
  standards: prose,
  name,
  label: prose,
  type: z.enum(['group', 'sync']).optional(),
  count: z.union([z.int().min(0), name]).optional(),
  points: z.array(pointSchema).optional(),
  get groups() {
    return z.array(groupSchema).optional();
  },
});

const modelSchema = z.strictObject({
  ...proseKeys,
  id: z.int().min(1).max(65_534),
  label: prose,
  group: groupSchema,
});

type JsonPoint = z.infer<typeof pointSchema>;
type JsonGroup = z.infer<typeof groupSchema>;

const keysByPart = {
  'the model itself': Object.keys(modelSchema.shape),
  groups: Object.keys(groupSchema.shape),
  points: Object.keys(pointSchema.shape),
  symbols: Object.keys(symbolSchema.shape),
};

const toPoint = (given: JsonPoint): PointDefinition => {
  const { type, size, sf, units, symbols } = given;
  return {
    name: given.name,
    type,
    size: type === 'string' ? (size ?? 0) : registersOf[type],
    isMandatory: given.mandatory === 'M',
    isStatic: given.static === 'S',
    isWritable: given.access === 'RW',
    ...(sf === undefined ? {} : { scaleFactor: sf }),
    ...(units === undefined ? {} : { units }),
    ...(symbols ? { symbols: Object.fromEntries(symbols.map((symbol) => [symbol.value, symbol.name])) } : {}),
  };
};

const toGroup = ({ name: groupName, type = 'group', count, points = [], groups = [] }: JsonGroup): PointGroup => ({
  name: groupName,
  type,
  ...(count === undefined ? {} : { count }),
  points: points.map(toPoint),
  groups: groups.map(toGroup),
});

/** @returns mistakes that are no longer seen in the definition: sizes that a type does not have, values named twice */
const lostMistakes = (
  { points = [], groups = [] }: JsonGroup,
  path: PropertyKey[],
): { path: PropertyKey[]; text: string; name: string }[] => [
  ...points.flatMap((point, n) => {
    const at = [...path, 'points', n];
    const { type, size, symbols = [] } = point;
    const registers = type === 'string' ? size : registersOf[type];
    const values = symbols.map(({ value }) => value);
    const twice = values.find((value, i) => values.indexOf(value) !== i);
    return [
      ...(registers === undefined ? [{ path: at, name: point.name, text: 'a string needs size, its registers' }] : []),
      ...(size !== undefined && registers !== size
        ? [{ path: [...at, 'size'], name: point.name, text: `${type} has ${registers} registers, not ${size}` }]
        : []),
      ...(twice === undefined
        ? []
        : [{ path: [...at, 'symbols'], name: point.name, text: `two symbols have the value ${twice}` }]),
    ];
  }),
  ...groups.flatMap((group, n) => lostMistakes(group, [...path, 'groups', n])),
];

const labelOf = (...labels: unknown[]): string => String(labels.find((label) => typeof label === 'string') ?? '');

/**
 * Checks a model.
 * @returns the definition, or every mistake in it
 */
export const readSunSpecJson = (json: unknown): Checked<ModelDefinition> => {
  const parsed = modelSchema.safeParse(json);
  if (!parsed.success) return refuse(mistakesOf(parsed.error, json, keysByPart));
  const { id, label, group } = parsed.data;
  const [idPoint, lengthPoint] = group.points ?? [];
  const definition = {
    id,
    label: labelOf(label, group.label, group.name),
    ...(typeof lengthPoint?.value === 'number' ? { length: lengthPoint.value } : {}),
    group: toGroup(group),
  };
  const mistakes = [...lostMistakes(group, ['group']), ...definitionMistakes(definition)];
  if (idPoint?.value !== undefined && idPoint.value !== id)
    mistakes.push({ path: ['id'], text: `the model has the id ${id}, and its point ID the value ${idPoint.value}` });
  return mistakes.length > 0 ? refuse(mistakes) : { ok: true, value: definition };
};

/**
 * Reads the models that an integrator has from a vendor.
 * @param text JSON: a model, or a list of models
 * @returns the definitions by their ids, or in words what is wrong, with the place in the JSON
 */
export const readVendorModels = (text: string): Checked<ReadonlyMap<number, ModelDefinition>> => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refuse([{ path: [], text: `not JSON: ${errorText(error)}` }]);
  }
  const models = new Map<number, ModelDefinition>();
  for (const [n, each] of (Array.isArray(json) ? json : [json]).entries()) {
    const read = readSunSpecJson(each);
    const place = Array.isArray(json) ? [n] : [];
    if (!read.ok) return refuse(read.mistakes.map((mistake) => ({ ...mistake, path: [...place, ...mistake.path] })));
    if (models.has(read.value.id)) return refuse([{ path: place, text: `model ${read.value.id} is there twice` }]);
    models.set(read.value.id, read.value);
  }
  return { ok: true, value: models };
};
