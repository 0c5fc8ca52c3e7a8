/**
 * The compact form of a model definition, one file per model in profiles/sunspec/models: a point is one line with its
 * name, its type, its flags, its scale factor, its units and its symbols, and leaves out the last ones that it does not
 * have. The points ID and L, with which every model begins, are not listed.
 */
import { z } from 'zod';
import {
  type ModelDefinition,
  type PointDefinition,
  type PointGroup,
  registersOf,
  type SunSpecType,
  sunSpecTypes,
} from '../messages.ts';

/** m: mandatory, s: static, w: writable. */
const flagsSchema = z.string().regex(/^m?s?w?$/);
/** A type, for a string with the number of its registers: "int16", "string8". */
const typeSchema = z.string().transform((text, context): { type: SunSpecType; size: number } => {
  const size = /^string([1-9]\d*)$/.exec(text)?.[1];
  if (size !== undefined) return { type: 'string', size: Number(size) };
  const type = sunSpecTypes.find((each) => each === text);
  if (type && type !== 'string') return { type, size: registersOf[type] };
  context.addIssue(`"${text}" is no type`);
  return z.NEVER;
});

const pointSchema = z.tuple([
  z.string(),
  typeSchema,
  flagsSchema.optional(),
  z.union([z.string(), z.int()]).optional(),
  z.string().optional(),
  z.record(z.string(), z.string()).optional(),
]);

const groupSchema = z.strictObject({
  name: z.string(),
  type: z.literal('sync').optional(),
  count: z.union([z.int().min(0), z.string()]).optional(),
  points: z.array(pointSchema),
  get groups() {
    return z.array(groupSchema).optional();
  },
});
type CompactGroup = z.infer<typeof groupSchema>;

const modelSchema = z.strictObject({
  id: z.int(),
  label: z.string(),
  length: z.int().optional(),
  group: groupSchema,
});

/** The two points at the head of every model. */
export const headPoints: readonly PointDefinition[] = ['ID', 'L'].map((name) => ({
  name,
  type: 'uint16',
  size: 1,
  isMandatory: true,
  isStatic: true,
  isWritable: false,
}));

const readPoint = (given: CompactGroup['points'][number]): PointDefinition => {
  const [name, { type, size }, flags = '', scaleFactor = '', units = '', symbols] = given;
  return {
    name,
    type,
    size,
    isMandatory: flags.includes('m'),
    isStatic: flags.includes('s'),
    isWritable: flags.includes('w'),
    ...(scaleFactor === '' ? {} : { scaleFactor }),
    ...(units === '' ? {} : { units }),
    ...(symbols ? { symbols } : {}),
  };
};

const readGroup = ({ name, type, count, points, groups = [] }: CompactGroup): PointGroup => ({
  name,
  type: type ?? 'group',
  ...(count === undefined ? {} : { count }),
  points: points.map(readPoint),
  groups: groups.map(readGroup),
});

/** @returns the definition that a file of profiles/sunspec/models holds */
export const readCompactModel = (text: string): ModelDefinition => {
  const { id, label, length, group } = modelSchema.parse(JSON.parse(text));
  const root = readGroup(group);
  return {
    id,
    label,
    ...(length === undefined ? {} : { length }),
    group: { ...root, points: [...headPoints, ...root.points] },
  };
};

const compactPoint = (point: PointDefinition): unknown[] => {
  const { name, type, size, isMandatory, isStatic, isWritable, scaleFactor = '', units = '', symbols = '' } = point;
  const flags = `${isMandatory ? 'm' : ''}${isStatic ? 's' : ''}${isWritable ? 'w' : ''}`;
  const cells = [name, type === 'string' ? `string${size}` : type, flags, scaleFactor, units, symbols];
  return cells.slice(0, cells.findLastIndex((cell) => cell !== '') + 1);
};

/** @returns lines of JSON, one for each point */
const compactGroup = (group: PointGroup, points: readonly PointDefinition[]): string => {
  const { name, type, count, groups } = group;
  const head = JSON.stringify({
    name,
    ...(type === 'sync' ? { type } : {}),
    ...(count === undefined ? {} : { count }),
  });
  const lines = points.map((point) => JSON.stringify(compactPoint(point))).join(',\n');
  const below = groups.map((each) => compactGroup(each, each.points)).join(',\n');
  return `${head.slice(0, -1)},"points":[\n${lines}\n]${below === '' ? '' : `,"groups":[\n${below}\n]`}}`;
};

/** @returns the text of the file of a definition; the inverse of readCompactModel */
export const compactModel = ({ id, label, length, group }: ModelDefinition): string => {
  const { points } = group;
  const head = JSON.stringify({ id, label, ...(length === undefined ? {} : { length }) });
  return `${head.slice(0, -1)},"group":${compactGroup(group, points.slice(headPoints.length))}}\n`;
};
